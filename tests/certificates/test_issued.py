"""What is really issued fits the schema, is believed by others' code, and no changed copy of it is believed."""

import copy
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from hypothesis import HealthCheck, event, given, settings
from hypothesis import example as example_of_a_name
from hypothesis import strategies as st
from sqlalchemy import select

from certificates import register
from certificates.acts import issuing, revoking
from certificates.proof import keys, signing
from certificates.proof.credentials import Achievement, Credential, Kind, StatusList, newest
from certificates.register import Certificate
from certificates.standards import checking, integrity, multikey, status_list
from certificates.standards.integrity import Document
from lms import clock
from lms.db import db
from lms.refusals import Refused
from tests.certificates import independent
from tests.certificates.examples import EXAMPLE, example
from tests.certificates.test_checking import tampered
from tests.certificates.test_signing import checked, issue, lists
from tests.factories import make_person

SCHEMA = json.loads((Path(__file__).parent / "data" / "ob_v3p0_achievementcredential_schema.json").read_text())
ENDORSEMENT = {
    "$schema": SCHEMA["$schema"], "$ref": "#/$defs/EndorsementCredential", "$defs": SCHEMA["$defs"]
}  # fmt: skip
DAY = date(2022, 10, 12)


def held(certificate: Certificate, kind: Kind = "certificate") -> Document:
    found = newest(certificate, kind)
    assert found is not None
    return integrity.read(found.text)


def believed(document: Document, **more: Document) -> bool:
    return checking.check(document, keys.trust(), (lists() | more).get, clock.now()).passed


def made(name: str, under: Certificate | None = None, **values: Any) -> Certificate:
    """A certificate of the example with some values replaced."""
    holder = make_person()
    draft = example(**{"number": register.DRAFT, "issued_on": DAY, "holder_name": holder.name, **values})
    return issuing.issue(draft, holder=holder, ground=name, issuer_certificate=under, by=holder)


def everything() -> dict[str, Certificate]:
    """One of each kind that is ever issued."""
    trainer = made("trainer", level="trainer", valid_until=DAY + timedelta(days=730))
    user = made("user", trainer)
    by = replace(EXAMPLE.certified_by, certificate_number=None, certificate_code=None, exemption="Första omgången")
    found = {
        "trainer": trainer,
        "user": user,
        "english": made("english", trainer, language="en"),
        "exemption": made("exemption", certified_by=by),
        "without parts": made("without", parts=()),
        "limited": made("limited", trainer, valid_until=DAY),
        "long": made("long", trainer, holder_name="Anna-Karin " + "Ö" * 140),
        "kept": made("kept", trainer),
    }
    values = {"issuer_certificate": trainer, "by": user.holder, "holder": user.holder, "replaces": user}
    draft = example(number=register.DRAFT, issued_on=DAY, holder_name="Nytt Namn")
    found["renewed"] = issuing.issue(draft, ground="renewed", **values)
    signing.sign_anew(found["kept"], by_county=True)
    return found


@pytest.mark.one_engine
def test_every_kind_fits_the_schema_and_is_believed_here_and_elsewhere(app: Flask) -> None:
    for name, certificate in everything().items():
        document = held(certificate)
        faults = list(jsonschema.Draft201909Validator(SCHEMA).iter_errors(document))
        assert [fault.message for fault in faults] == [], name
        assert checked(certificate).passed, name
        assert independent.holds(document), name
        for word in document["issuer"].get("endorsement", []):
            assert independent.holds(word), name


def test_endorsements_fit_their_part_of_the_schema(app: Flask) -> None:
    trainer = made("trainer", level="trainer", valid_until=DAY + timedelta(days=730))
    for certificate in (trainer, made("without end", level="trainer")):
        word = held(certificate, "endorsement")
        assert [fault.message for fault in jsonschema.Draft201909Validator(ENDORSEMENT).iter_errors(word)] == []
        assert ("validUntil" in word) == (certificate is trainer)
        assert independent.holds(word)
    assert list(jsonschema.Draft201909Validator(ENDORSEMENT).iter_errors(held(trainer)))


@pytest.mark.one_engine
def test_lists_and_achievements_hold_elsewhere_too(app: Flask) -> None:
    everything()
    assert len(lists()) == 2
    assert all(independent.holds(listed) for listed in lists().values())
    for achievement in db.session.scalars(select(Achievement)):
        assert json.loads(achievement.text)["id"].endswith(f"/achievements/{achievement.slug}")


def test_a_predecessor_is_named_and_leads_to_no_other_name(app: Flask) -> None:
    """What is renewed names what it follows by its address; after a change of name by its number alone."""
    holder, first = make_person(), made("first")
    values = {"issuer_certificate": None, "by": holder, "holder": holder}
    again = example(number=register.DRAFT, issued_on=DAY, holder_name=register.statement_of(first).holder_name)
    second = issuing.issue(again, ground="second", replaces=first, **values)
    third = issuing.issue(replace(again, holder_name="Nytt Namn"), ground="third", replaces=second, **values)
    (follows,), (named,) = (
        [each for each in held(certificate)["evidence"] if each["genre"] == "predecessor"]
        for certificate in (second, third)
    )
    assert follows == {"id": held(first)["id"], "type": ["Evidence"], "name": first.number, "genre": "predecessor"}
    assert named == {"type": ["Evidence"], "name": second.number, "genre": "predecessor"}
    assert held(second)["id"] not in json.dumps(held(third))


def test_the_other_verifier_sees_what_ours_sees(app: Flask) -> None:
    document = held(made("one"))
    changed = copy.deepcopy(document)
    changed["credentialSubject"]["identifier"][0]["identityHash"] += "x"
    assert not independent.holds(changed)
    proof = document["proof"][0] | {"created": "2022-10-12T10:00:01Z"}
    assert not independent.holds(document | {"proof": [proof]})


@pytest.mark.one_engine
@pytest.mark.parametrize("name", ["user", "trainer", "kept"])
def test_no_changed_copy_of_what_was_issued_is_believed(app: Flask, name: str) -> None:
    document, trust, at = held(everything()[name]), keys.trust(), clock.now()
    known = lists()
    assert checking.check(document, trust, known.get, at).passed
    copies = [*tampered(document), *_redated(document), *_recontexted(document)]
    assert len(copies) > 200
    wrong = [told for told, each in copies if checking.check(each, trust, known.get, at).passed]
    assert wrong == []


def _redated(document: Document) -> Iterator[tuple[str, Document]]:
    """Every date a year earlier or later, alone and all at once."""
    text = json.dumps(document)
    moments = sorted(set(re.findall(r"\d{4}(?=-\d\d-\d\dT)", text)))
    for year in moments:
        for other in (int(year) - 1, int(year) + 1):
            yield f"all {year} as {other}", json.loads(re.sub(rf"{year}(?=-\d\d-\d\dT)", str(other), text))
    for match in re.finditer(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text):
        for other in ("2021-01-01T00:00:00Z", "2030-01-01T00:00:00Z", match[0].replace("Z", "+00:00"), ""):
            yield f"{match.start()} as {other}", json.loads(text[: match.start()] + other + text[match.end() :])


def _recontexted(document: Document) -> Iterator[tuple[str, Document]]:
    """Other contexts at the top and in every object."""
    given = (integrity.CONTEXTS, [integrity.VC], {"name": None}, {"@vocab": "https://x.example/"}, [], None, "")
    for contexts in given:
        for place, _each in enumerate(integrity.objects(document)):
            made = copy.deepcopy(document)
            part = list(integrity.objects(made))[place]
            if part.get("@context") != contexts:
                part["@context"] = contexts
                yield f"{contexts} in object {place}", made


def test_what_belongs_to_another_is_not_believed(app: Flask) -> None:
    """The proof, the endorsement, the list, the place and the issuer of one trainer beside the work of another."""
    trainers = [made(f"trainer {number}", level="trainer") for number in (1, 2)]
    one, other = (held(made(f"user {number}", trainer)) for number, trainer in enumerate(trainers))
    word = held(trainers[1], "endorsement")
    swapped: list[Document] = [
        one | {"proof": other["proof"]},
        one | {"proof": one["proof"] + other["proof"]},
        one | {"proof": [one["proof"][0] | {"verificationMethod": other["proof"][0]["verificationMethod"]}]},
        one | {"issuer": other["issuer"]},
        one | {"issuer": one["issuer"] | {"endorsement": other["issuer"]["endorsement"]}},
        one | {"issuer": one["issuer"] | {"endorsement": one["issuer"]["endorsement"] + [word]}},
        one | {"issuer": one["issuer"] | {"endorsement": [held(trainers[0])]}},
        one | {"issuer": {name: value for name, value in one["issuer"].items() if name != "endorsement"}},
        one | {"credentialStatus": other["credentialStatus"]},
        one | {"credentialSubject": other["credentialSubject"]},
        one | {"id": other["id"]},
    ]
    assert believed(one)
    assert believed(other)
    assert [number for number, each in enumerate(swapped) if believed(each)] == []


def test_the_list_of_a_trainer_signed_by_another_is_refused(app: Flask) -> None:
    trainers = [made(f"trainer {number}", level="trainer") for number in (1, 2)]
    document = held(made("user", trainers[0]))
    address = document["credentialStatus"]["statusListCredential"]
    named = keys.did(keys.for_trainer(trainers[0].id))
    for signer in (keys.for_trainer(trainers[1].id), keys.in_use("county")):
        for issuer in (named, keys.did(signer)):
            clean = status_list.document(address, issuer, (), clock.now())
            forged = integrity.read(keys.signed(clean, signer, clock.now()))
            assert not believed(document, **{address: forged}), (signer.kind, issuer)
    clean, signer = status_list.document(address, named, (), clock.now()), keys.for_trainer(trainers[0].id)
    assert believed(document, **{address: integrity.read(keys.signed(clean, signer, clock.now()))})


def test_somebody_who_was_certified_as_a_user_certifies_nobody(app: Flask) -> None:
    """Her key, her name, and her own certificate where the county's word should stand."""
    user = held(made("user", made("trainer", level="trainer")))
    thief = Ed25519PrivateKey.generate()
    did = multikey.did_key(thief.public_key())
    for word in (user, user | {"type": ["VerifiableCredential", "EndorsementCredential"]}):
        forged = {name: value for name, value in user.items() if name != "proof"}
        forged["issuer"] = {"id": did, "type": ["Profile"], "name": "Tom Tjuv", "endorsement": [word]}
        assert not believed(integrity.sign(forged, thief, multikey.method_of(did), clock.now()))


def test_what_a_key_has_signed_that_is_none_of_the_countys(app: Flask) -> None:
    document = held(made("one"))
    other = Ed25519PrivateKey.generate()
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    for method in (document["proof"][0]["verificationMethod"], "did:web:localhost#unknown", "did:web:elsewhere#key-1"):
        found = checking.check(
            integrity.sign(unsigned, other, method, clock.now()), keys.trust(), lists().get, clock.now()
        )
        assert [(each.code, each.passed) for each in found.checks] == [("signature", False)]


@pytest.mark.parametrize("days", [-1, 1, 8])
def test_a_clock_that_is_wrong_believes_too_little_and_says_that_it_may_be_the_clock(app: Flask, days: int) -> None:
    certificate = made("one", valid_until=DAY + timedelta(days=300))
    document, known = held(certificate), lists()
    found = checking.check(document, keys.trust(), known.get, clock.now() + timedelta(days=days))
    assert found.passed == (days == 1), "a list is believed for a week"
    if not found.passed:
        assert "clock" in next(each.words for each in found.checks if not each.passed)


def test_revoked_while_it_is_checked(app: Flask) -> None:
    """Who has fetched the list before the revocation believes it until the list is fetched again, a week at most."""
    certificate = made("one")
    document, before = held(certificate), lists()
    revoking.revoke(certificate, reason_code="mistake", by=make_person())
    assert checking.check(document, keys.trust(), before.get, clock.now()).passed
    assert not checking.check(document, keys.trust(), lists().get, clock.now()).passed
    later = clock.now() + timedelta(days=7, seconds=1)
    assert not checking.check(document, keys.trust(), before.get, later).passed


# --- names --------------------------------------------------------------------------------------------------

LETTERS = [
    chr(sign)
    for first, last in ((0x41, 0x24F), (0x300, 0x33F), (0x386, 0x3CE), (0x400, 0x45F), (0x1E00, 0x1EF9))
    for sign in range(first, last + 1)
]
UNSEEN = "\v\f\x00\x1f\x7f\u0085\u200b\u202e\ufeff\n\t  "
NAMES = st.text(st.sampled_from([*LETTERS, *UNSEEN * 9]), min_size=1, max_size=9).filter(lambda it: "\\" not in it)
"""Without the backslash, which PyLD reads wrongly in N-Quads: the other verifier would see another name."""


@pytest.mark.one_engine
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example_of_a_name(name="Ćirković Ωμέγα Ґалина e\u0301\v\u202e-x")
@given(name=NAMES)
def test_any_name_is_signed_as_it_is_printed_or_refused_before(app: Flask, name: str) -> None:
    try:
        certificate = made(f"name {db.session.query(Certificate).count()}", holder_name=name)
    except (Refused, ValueError):  # letters that no typeface has; nothing but signs that cannot be seen
        db.session.rollback()
        return
    event("issued")
    document = held(certificate)
    (said,) = document["credentialSubject"]["identifier"]
    assert said["identityHash"] == register.statement_of(certificate).holder_name
    assert said["identityHash"] == unicodedata.normalize("NFC", said["identityHash"])
    assert not any(unicodedata.category(sign) in ("Cc", "Cs", "Cn") for sign in said["identityHash"])
    assert believed(document)
    assert independent.holds(document)
    assert document == integrity.read(json.dumps(document, ensure_ascii=True))


@settings(max_examples=40)
@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_any_text_at_all_is_canonical_in_one_way(name: str) -> None:
    """Also signs that no name has: what is signed is what is checked, here and through JSON of another spelling."""
    secret = Ed25519PrivateKey.generate()
    document = {"@context": integrity.CONTEXTS, "id": "urn:x:1", "type": ["VerifiableCredential"], "name": name}
    signed = integrity.sign(document, secret, "did:key:x#x", clock.now())
    assert integrity.check(integrity.read(json.dumps(signed)), secret.public_key())
    assert integrity.check(integrity.read(json.dumps(signed, ensure_ascii=False)), secret.public_key())


def test_places_are_never_given_twice(app: Flask) -> None:
    trainer = made("trainer", level="trainer")
    for number in range(12):
        issue(make_person(), "user", trainer, ground=f"many {number}")
    rows = db.session.execute(select(Credential.list_id, Credential.place)).all()
    assert len(set(rows)) == len(rows) == 14
    assert db.session.query(StatusList).count() == 2
