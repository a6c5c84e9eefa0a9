"""Examining files: the good ones are good, and each way of changing one is told by its own verdict and check."""

import copy
import io
import json
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from typing import Any, get_args

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certificates import reading
from certificates.examining import Examined, Trusted, examine, words
from certificates.examining.outcome import Verdict
from certificates.files import seal
from certificates.files.seal import Seal
from certificates.reading import UnreadableError
from certificates.standards import integrity, multikey, status_list
from certificates.standards.checking import Lists
from certificates.standards.integrity import Document
from tests.certificates.baked import (
    AT,
    attach,
    county_seal,
    page,
    png,
    saved_anew,
    sealed,
    svg,
    text_chunk,
)
from tests.certificates.credentials import COUNTY, LIST, METHOD, NOW, TRAINER_LIST, World, statement, world
from tests.certificates.test_checking import _places
from tests.effort import calls


def examined(here: World, data: bytes, *revoked: int, lists: Lists | None = None, **values: object) -> Examined:
    given = {"seals": (county_seal().certificate,), "at": NOW} | values
    trusted = Trusted(here.trust, given["seals"])  # type: ignore[arg-type]
    return examine(reading.read(data), trusted, lists or here.lists(*revoked).get, given["at"])  # type: ignore[arg-type]


def outcomes(found: Examined) -> dict[str, str]:
    return {line.code: line.outcome for line in found.lines}


def written(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False)


@pytest.mark.parametrize("level", ["user", "trainer"])
@pytest.mark.parametrize("kind", ["json", "png", "svg", "pdf"])
def test_every_kind_of_file_proves_itself(kind: str, level: str) -> None:
    here = world()
    text = written(here.certificate(level=level))
    file = {
        "json": text.encode,
        "png": lambda: png(text_chunk(text)),
        "svg": lambda: svg(text),
        "pdf": lambda: sealed(page(statement(level), text)),
    }[kind]()
    found = examined(here, file)
    assert set(outcomes(found).values()) == {"passed"}
    assert (found.verdict, found.good, found.kind, found.proven) == ("genuine", True, kind, True)
    assert [step.role for step in found.chain] == ["county", "trainer", "certificate"][:: 1 if level == "user" else 2]
    facts = {fact.code: fact.plain() for fact in found.facts}
    assert facts["name"] == "Anna-Karin Öberg Łukasz"
    assert (facts["programme"], facts["level"], facts["issued"]) == ("SMAIL för användare", level, "2022-12-01")
    if kind == "pdf":
        assert [fact.code for fact in found.facts if fact.found] == ["name", "number", "programme", "issued", "days"]


def changed(document: Document, **subject: object) -> str:
    return written(document | {"credentialSubject": document["credentialSubject"] | subject})


def test_what_was_changed_after_signing_is_refused_and_nothing_is_told_as_signed() -> None:
    here = world()
    found = examined(here, changed(here.certificate(), licenseNumber="SMA-A-2022-0999").encode())
    assert (found.verdict, found.proven) == ("refused", False)
    assert outcomes(found)["signature"] == "failed"
    assert outcomes(found)["status"] == "open"
    assert outcomes(found)["endorsement"] == "passed"


@pytest.mark.parametrize(
    ("place", "verdict", "code"), [(77, "revoked", "status"), (11, "doubted", "endorsement-status")]
)
def test_revoked_and_doubted(place: int, verdict: str, code: str) -> None:
    here = world()
    found = examined(here, written(here.certificate()).encode(), place)
    assert (found.verdict, found.proven) == (verdict, True)
    assert outcomes(found)[code] == "failed"


def test_expired_is_no_forgery() -> None:
    here = world()
    own = here.certificate(level="trainer")
    signed = integrity.sign(own | {"validUntil": "2022-12-03T22:59:59Z"}, here.county, METHOD, NOW)
    after = NOW + timedelta(days=5)
    assert examined(here, written(signed).encode(), at=after).verdict == "expired"
    assert examined(here, written(signed).encode(), at=NOW + timedelta(days=1)).verdict == "genuine"


@pytest.mark.parametrize("days", [8, -1, -400])
def test_lists_and_clocks_that_are_wrong_leave_it_open(days: int) -> None:
    """The list is too old, or of a time to come because the clock here is wrong by a day or a year."""
    here = world()
    document, lists = here.certificate(at=NOW - timedelta(days=500)), here.lists()
    earlier = replace(here, endorsed=NOW - timedelta(days=600))
    document = earlier.certificate(at=NOW - timedelta(days=500))
    found = examined(here, written(document).encode(), lists=lists.get, at=NOW + timedelta(days=days))
    assert (found.verdict, found.good) == ("unknown", False)
    assert outcomes(found)["endorsement-status"] == "open"
    assert examined(here, written(document).encode(), lists=lambda _address: None).verdict == "unknown"


def test_a_clock_that_is_behind_names_itself() -> None:
    here = world()
    document = here.certificate()
    found = examined(here, written(document).encode(), lists=here.lists(at=NOW - timedelta(days=2)).get,
                     at=NOW - timedelta(days=1))  # fmt: skip
    assert not found.good
    assert sum("clock" in (line.words.render() if line.words else "") for line in found.lines) == 1


def test_a_page_that_says_something_else_is_exposed() -> None:
    """The name on the page is another; the credential and even our seal's shape are as they were."""
    here = world()
    text = written(here.certificate())
    for said, code in (
        (statement(holder_name="Bo Falk"), "name"),
        (statement(number="SMA-A-2022-0999"), "number"),
        (statement(issued_on=NOW.date() - timedelta(days=1)), "issued"),
    ):
        for file in (page(said, text), sealed(page(said, text), Seal(*seal.new("kurs.example", AT)))):
            found = examined(here, file)
            assert (found.verdict, found.proven) == ("differs", True)
            assert [fact.code for fact in found.facts if fact.found is False] == [code]


def test_a_pdf_that_was_opened_and_saved_tells_so() -> None:
    here = world()
    text = written(here.certificate())
    good = sealed(page(statement(), text))
    unsealed = examined(here, saved_anew(good, lambda _file: None))
    assert unsealed.verdict == "unsealed"
    assert (outcomes(unsealed)["seal"], outcomes(unsealed)["page"]) == ("failed", "passed")
    assert examined(here, sealed(page(statement(), text), Seal(*seal.new("kurs.example", AT)))).verdict == "unsealed"
    assert examined(here, page(statement(), text)).verdict == "unsealed"
    unknown = examined(here, good, seals=())
    assert (unknown.verdict, outcomes(unknown)["seal"]) == ("genuine", "open")


def test_another_credential_in_a_sealed_pdf() -> None:
    here = world()
    good, other = sealed(page(statement(), written(here.certificate()))), world()
    swapped = saved_anew(good, lambda file: attach(file, changed(here.certificate(), licenseNumber="X-1")))
    assert examined(here, swapped).verdict == "refused"
    theirs = saved_anew(good, lambda file: attach(file, written(other.certificate())))
    assert examined(here, theirs).verdict == "refused"
    assert examined(here, page(statement(holder_name="Bo Falk"), written(here.certificate()))).verdict == "differs"


def test_what_is_added_after_the_seal_is_seen() -> None:
    here = world()
    good = sealed(page(statement(), written(here.certificate())))
    start = int(good.rsplit(b"startxref", 1)[1].split()[0])
    update = b"\n9999 0 obj\n<</Type/Annot>>\nendobj\nxref\n9999 1\n%010d 00000 n \ntrailer\n" % (len(good) + 1)
    root = good.rsplit(b"/Root", 1)[1].split(b"R")[0] + b"R"
    place = len(good) + update.index(b"xref\n9999")
    tail = b"<</Size 10000/Root%s/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (root, start, place)
    found = examined(here, good + update + tail)
    assert (found.verdict, outcomes(found)["seal"]) == ("differs", "failed")
    with pikepdf.open(io.BytesIO(good + update + tail)) as opened:
        assert len(opened.pages) == 2, "other readers open it as if nothing had happened"
    assert examined(here, good.replace(b"Enk", b"Enp", 1) if b"Enk" in good else good[:-1] + b" ").verdict == "differs"


def test_other_issuers_are_named_and_not_vouched_for() -> None:
    here, other = world(), replace(world(), county=Ed25519PrivateKey.generate())
    theirs = json.loads(written(other.certificate()).replace("kurs.example", "lan.example"))
    del theirs["proof"]
    theirs = integrity.sign(theirs, other.trainer, multikey.method_of(other.did), NOW)
    found = examined(here, written(theirs).encode())
    assert (found.verdict, found.good, found.issuer) == ("foreign", False, "Eva Lind")
    assert outcomes(found) == {"issuer": "open", "signature": "passed"}
    assert examined(here, changed(theirs, licenseNumber="1").encode()).verdict == "refused"
    county = json.loads(written(other.certificate(level="trainer")).replace("kurs.example", "lan.example"))
    found = examined(here, written(county).encode())
    assert (found.verdict, outcomes(found)["signature"], found.proven) == ("foreign", "open", False)
    strange = {"@context": ["https://other.example/c"], "type": ["VerifiableCredential"], "issuer": other.did,
               "credentialSubject": {}, "proof": {"type": "Other"}}  # fmt: skip
    assert examined(here, written(strange).encode()).verdict == "foreign"


def test_somebody_else_with_our_name() -> None:
    """Another key that calls itself our county, and a user who endorses herself."""
    here, other = world(), world()
    assert examined(here, written(other.certificate(level="trainer")).encode()).verdict == "refused"
    thief = replace(here, trainer=Ed25519PrivateKey.generate())
    own = replace(thief, county=thief.trainer).endorsement()
    for word in (here.certificate(), here.certificate(level="trainer"), here.endorsement(), own):
        assert examined(here, written(thief.certificate(endorsement=word)).encode()).verdict == "refused"
    list_of_thief = status_list.document(TRAINER_LIST, thief.did, (), NOW)
    signed = integrity.sign(list_of_thief, thief.trainer, multikey.method_of(thief.did), NOW)
    lists = here.lists(77) | {TRAINER_LIST: signed}
    assert examined(here, written(here.certificate()).encode(), lists=lists.get).verdict == "unknown"


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"a":1,"a":2}', "{", '{"a":NaN}', '{"issuer":"did:web:kurs.example"}', f'{{"issuer":"{COUNTY}","proof":[]}}',
        '{"a":' * 900 + "1" + "}" * 900, '{"a":' * 100_000, f'{{"id":"{COUNTY}","a":[{"[]," * 9000}1]}}',
        f'{{"issuer":{{"id":"{COUNTY}"}},"credentialSubject":{{"id":"_:a"}}}}',
        f'{{"issuer":{{"id":"{LIST}"}},"type":7}}',
        '{"issuer":"did:key:z6Mk","credentialSubject":{}}', '{"issuer":{"id":5},"credentialSubject":[]}',
    ],
)  # fmt: skip
def test_what_is_no_credential_is_refused_and_breaks_nothing(text: str) -> None:
    found = examined(world(), text.encode())
    assert not found.good
    assert found.verdict in ("refused", "foreign")


def test_something_else_that_we_sign_is_named() -> None:
    here = world()
    for document in (here.endorsement(), here.lists()[LIST]):
        with pytest.raises(UnreadableError, match="instead"):
            examined(here, written(document).encode())
    assert not examined(here, json.dumps({"type": [["EndorsementCredential"], {}]}).encode()).good


def test_values_of_every_other_kind_are_refused_and_break_nothing() -> None:
    here = world()
    lists, document = here.lists(), here.certificate()
    strange = cycle([[], {}, 5, None, True, [[]], [{}], "did:key:z6Mk", ""])
    for path in _places(document):
        changed_copy = copy.deepcopy(document)
        place: Any = changed_copy
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = next(strange)
        try:
            assert not examined(here, written(changed_copy).encode(), lists=lists.get).good, path
        except UnreadableError:
            continue


def test_every_check_and_verdict_has_words() -> None:
    here = world()
    found = examined(here, sealed(page(statement(), written(here.certificate()))))
    codes = {line.code for line in found.lines} | {"issuer", "paper", "code"}
    assert codes == set(words.CHECKS)
    assert set(get_args(Verdict)) | {"replaced", "kept"} == set(words.VERDICTS) == set(words.LOOKS)
    assert {fact.code for fact in found.facts} <= set(words.FACTS)


def test_a_document_tied_into_knots_costs_no_time() -> None:
    """Blank nodes that all point at each other: to order them is endless work."""
    here = world()
    knots = [{"id": f"_:b{n}", "type": ["Profile"], "endorsement": [{"id": f"_:b{m}"} for m in range(12) if m != n]}
             for n in range(12)]  # fmt: skip
    many = [{"type": ["Evidence"], "name": f"{n}"} for n in range(2_000)]
    for more in ({"evidence": knots}, {"evidence": many}, {"@context": integrity.CONTEXTS * 300}):
        given = written(here.certificate() | more).encode()
        found: list[Examined] = []
        work = calls(lambda given=given, found=found: found.append(examined(here, given)))
        assert (found[0].verdict, [(line.code, line.outcome) for line in found[0].lines]) == (
            "refused",
            [("shape", "failed")],
        )
        assert work < 200_000
