"""What strangers, holders and former trainers try against certificates: their files, codes, chain, keys and lists."""

import copy
import io
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import cbor2
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from certificates import deciding, keys, register, renaming, revoking, signing, signing_anew
from certificates.examining import Trusted, examine, scanned
from certificates.keys import SigningKey
from certificates.reading import UnreadableError, read
from certificates.register import Certificate
from certificates.revoking import CertificateDecision, Outcome
from certificates.standards import integrity, paper
from certificates.standards.checking import check
from certificates.standards.integrity import Document, ProofError
from lms import clock
from lms.backup.opening import opened
from lms.commands import main as commands
from lms.db import db
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused
from tests.certificates.branches import Branch, make_branch
from tests.certificates.credentials import METHOD, NOW, World, world
from tests.certificates.test_signing import checked
from tests.courses.test_attendance_at_once import at_once


@pytest.fixture(scope="module")
def here() -> World:
    return world()


@pytest.fixture(scope="module")
def signed(here: World) -> Document:
    return here.certificate()


def put(document: Document, value: object, *path: str | int) -> Document:
    """A copy with another value at the end of a path."""
    made: Any = copy.deepcopy(document)
    place = made
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return dict(made)


# --- a stranger with a file -----------------------------------------------------------------------------------

HOLDER = ("credentialSubject", "identifier", 0, "identityHash")
NONSENSE = ("\ud800", 10**400, 1e400, "urn:x<y>", "http://[", "urn:a\\b", {"id": "urn:a\\b"}, {"@value": "x"}, "a\nb")


@pytest.mark.parametrize("path", [("id",), ("name",), ("issuer", "name"), HOLDER, ("type", 0), ("evidence", 0, "id")])
def test_no_value_makes_a_check_stumble(here: World, signed: Document, path: tuple[str | int, ...]) -> None:
    """Addresses, numbers and signs that are none are told to be so, whoever the document says it is from."""
    foreign = json.loads(json.dumps(signed).replace("kurs.example", "other.example"))
    for document in (signed, foreign):
        for value in NONSENSE:
            given = json.dumps(put(document, value, *path)).encode()
            told = examine(read(given), Trusted(here.trust), here.lists().get, NOW)
            assert told.verdict == "refused" or (document is foreign and not told.proven), (path, value)


def test_what_a_changed_file_says_can_be_shown(client: FlaskClient, signed: Document) -> None:
    """Half a sign has no bytes: a page that repeats it could not be sent."""
    for name in ("\\ud800", "\\udc00x", "<script>"):
        text = json.dumps(put(signed, "NAME", *HOLDER)).replace("NAME", name)
        answer = client.post("/verify", data={"file": (io.BytesIO(text.encode()), "x")})
        assert answer.status_code == 200
        assert "<script>" not in answer.text


@pytest.mark.parametrize("encoding", ["foo", "hex", "undefined", "utf-7", "idna"])
def test_a_picture_in_an_unheard_encoding_is_damaged(encoding: str) -> None:
    given = f'<?xml version="1.0" encoding="{encoding}"?><svg xmlns="http://www.w3.org/2000/svg"/>'
    with pytest.raises(UnreadableError):
        read(given.encode())


def test_a_picture_is_not_parsed_for_seconds() -> None:
    """Nothing else in the process goes on while it is parsed."""
    many = b" ".join(b'a%d="1"' % number for number in range(250_000))
    with pytest.raises(UnreadableError) as refused:
        read(b'<svg xmlns="http://www.w3.org/2000/svg" ' + many + b"/>")
    assert refused.value.code == "size"


DID = {
    "id": "did:web:kurs.example",
    "verificationMethod": [{"id": METHOD, "publicKeyMultibase": "z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"}],
    "assertionMethod": [METHOD],
}


def commanded(folder: Path, thing: bytes | str) -> Result:
    """`lms certificate verify` of a file, or of what was scanned."""
    (folder / "trust.json").write_text(json.dumps(DID))
    (folder / "file").write_bytes(thing if isinstance(thing, bytes) else b"")
    name = thing if isinstance(thing, str) else str(folder / "file")
    asked = ["certificate", "verify", name, "--trust", str(folder / "trust.json")]
    return CliRunner().invoke(commands, asked, color=True)


def test_no_file_speaks_to_the_terminal(tmp_path: Path, signed: Document) -> None:
    """A name could erase what stands above it, or be a line of its own."""
    name = "X\x1b[2J\x1b]0;x\x07\ngenuine: Genuine and valid\r\u202e"
    document = json.loads(json.dumps(signed).replace("kurs.example", "other.example"))
    told = commanded(tmp_path, json.dumps(document | {"issuer": {"id": "did:web:x", "name": name}}).encode())
    assert told.exit_code == 1
    assert all(line.isprintable() for line in told.stdout.splitlines())
    assert not any(line.startswith("genuine") for line in told.stdout.splitlines())


@pytest.mark.parametrize("length", [300, 5_000])
def test_what_is_longer_than_any_name_of_a_file_is_told_so(tmp_path: Path, length: int) -> None:
    assert commanded(tmp_path, "1" * length).exit_code == 2


# --- a holder who wants to be somebody else -------------------------------------------------------------------

NO_ADDRESSES = ("1:1", "2035-01-01T00:00:00Z", "a b:c", "x", "", "//a.example/x", "@x", "_:x", "urn:a|b", "a\u00a0b:c")


def believed(here: World, document: Document) -> bool:
    return check(document, here.trust, here.lists().get, NOW).passed


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_nothing_is_said_about_what_has_no_address(here: World, signed: Document, address: str) -> None:
    """JSON-LD drops what is said about a name that is no address, and all of it would be unsigned: another holder."""
    somebody = {"type": "IdentityObject", "hashed": False, "identityHash": "Kalle Oärlig", "identityType": "name"}
    holders = signed["credentialSubject"]["identifier"]
    more = {"type": ["Evidence"], "name": "Har lett hundra omgångar"}
    forged = {
        "another holder": put(signed, [somebody | {"id": address}, *holders], *HOLDER[:2]),
        "more evidence": put(signed, [*signed["evidence"], more | {"id": address}], "evidence"),
        "a kind": put(signed, ["Profile", address], "issuer", "type"),
        "a link": put(signed, address, "termsOfUse"),
        "a picture": put(signed, address, "image"),
        "a name for nothing": put(signed, holders[0] | {"id": address}, *HOLDER[:3]),
    }
    assert believed(here, signed)
    for name, document in forged.items():
        assert not believed(here, document), name
        with pytest.raises(ProofError):
            integrity.check(document, here.trainer.public_key())


def test_half_of_an_address_is_not_the_address(here: World, signed: Document) -> None:
    """Without its scheme it means the same to JSON-LD, and the register would not know the certificate."""
    for path in (("id",), ("issuer", "endorsement", 0, "id"), ("credentialStatus", "statusListCredential")):
        value: Any = signed
        for step in path:
            value = value[step]
        document = put(signed, value.removeprefix("https:"), *path)
        assert not believed(here, document), path
        with pytest.raises(ProofError):
            integrity.canonical({name: each for name, each in document.items() if name != "proof"})


@pytest.mark.parametrize("path", [HOLDER[:2], HOLDER[:3], ("credentialSubject", "achievement", "tag"), ("evidence",)])
def test_a_list_in_a_list_is_not_as_we_write(here: World, signed: Document, path: tuple[str | int, ...]) -> None:
    """It means the same, and a reader of the JSON finds no name in it."""
    value: Any = signed
    for step in path:
        value = value[step]
    assert not believed(here, put(signed, [value], *path))


# --- digits -----------------------------------------------------------------------------------------------------


def digits(data: bytes) -> str:
    return str(int.from_bytes(b"\x01" + data))


STRANGE = {
    "a list as a key": cbor2.dumps([cbor2.dumps({1: -8, 4: [1]}), {}, b"x", b"y"]),
    "a map as a key": cbor2.dumps([cbor2.dumps({1: -8, 4: {}}), {}, b"x", b"y"]),
    "a message": b"\x84\xd8\x24\x60\xa0\x40\x40",
    "itself": b"\x84\xd8\x1c\x81\xd8\x1d\x00\xa0\x40\x40",
    "a number beyond all": b"\x84\xc5\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01\xa0\x40\x40",
    "deep": b"\x84" + b"\x81" * 700 + b"\x00\xa0\x40\x40",
    "more than there is": b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_digits_are_no_paper(here: World, client: FlaskClient, name: str) -> None:
    given = digits(STRANGE[name])
    assert scanned.examine(given, here.trust, lambda _name: None, NOW).verdict == "refused"
    answer = client.post("/verify", data={"code": f"http://localhost/v/{'A' * 16}#{given}"})
    assert answer.status_code == 200


def test_the_browser_reads_papers_that_are_as_long_as_we_print_them() -> None:
    """A genuine paper with a long name would be called a forgery there."""
    script = Path("lms/static/paper.js").read_text()
    assert f"const LONGEST = {paper.LONGEST}," in script


# --- two at once ------------------------------------------------------------------------------------------------


@pytest.fixture
def branch(app: Flask) -> Branch:
    made = make_branch(2, 1)
    db.session.commit()
    return made


def together(app: Flask, *acts: Callable[[], object]) -> list[object]:
    """At once, when no lock of the test stands in their way."""
    db.session.commit()
    return at_once(app, *acts)


def person_of(leader: int) -> Person:
    return db.session.get_one(Person, leader)


def revoking_(number: int, by: int) -> Callable[[], object]:
    def act() -> None:
        revoking.revoke(db.session.get_one(Certificate, number), reason_code="conduct", by=person_of(by))

    return act


def renaming_(number: int, by: int, name: str = "Åkerström") -> Callable[[], object]:
    def act() -> int:
        certificate = db.session.get_one(Certificate, number)
        return renaming.rename(certificate, given_name="Elin", family_name=name, by=person_of(by)).id

    return act


def deciding_(project: int, by: int, choices: dict[int, Outcome]) -> Callable[[], object]:
    def act() -> object:
        return deciding.decide(db.session.get_one(Project, project), choices, by=person_of(by))

    return act


def stands(number: int) -> bool:
    """Whether the newest file of a certificate proves itself; the register must say the same."""
    db.session.rollback()
    certificate = db.session.get_one(Certificate, number)
    assert checked(certificate).passed == (register.state(certificate, clock.today()) != "revoked")
    return checked(certificate).passed


@pytest.mark.parametrize("turn", [1, -1])
def test_nobody_saves_a_certificate_by_another_name_while_it_is_revoked(app: Flask, branch: Branch, turn: int) -> None:
    number, by = branch.early[0].id, branch.leader.id
    results = together(app, *[revoking_(number, by), renaming_(number, by)][::turn])
    assert len([each for each in results if isinstance(each, Refused)]) == 1, "whoever is second is told"
    db.session.rollback()
    newer = register.replacement(db.session.get_one(Certificate, number))
    assert (newer is None) != stands(number), "revoked, or replaced by one that holds"


def test_two_names_at_once_are_one(app: Flask, branch: Branch) -> None:
    number, by = branch.early[0].id, branch.leader.id
    results = together(app, renaming_(number, by, "Ek"), renaming_(number, by, "Alm"), renaming_(number, by, "Ek"))
    made = {each for each in results if isinstance(each, int)}
    assert len(made) == 1
    assert all(isinstance(each, int | Refused) for each in results)
    assert stands(made.pop())


def test_two_decide_otherwise_in_the_same_moment(app: Flask, branch: Branch) -> None:
    one, two, by, project = *(each.id for each in branch.early), branch.leader.id, branch.project.id
    revoking_(branch.trainer.id, by)()
    db.session.commit()
    mine = deciding_(project, by, {one: "keep", two: "revoke"})
    yours = deciding_(project, by, {one: "revoke", two: "keep"})
    results = together(app, mine, yours)
    assert len([each for each in results if isinstance(each, Refused)]) == 1
    assert stands(one) != stands(two)
    assert db.session.scalar(select(func.count()).select_from(CertificateDecision)) == 2


def test_a_certificate_is_kept_and_revoked_in_the_same_moment(app: Flask, branch: Branch) -> None:
    one, by, project = branch.early[0].id, branch.leader.id, branch.project.id
    revoking_(branch.trainer.id, by)()
    db.session.commit()
    results = together(app, deciding_(project, by, {one: "keep"}), revoking_(one, by))
    assert not stands(one), "whoever revokes has the last word"
    assert not isinstance(results[1], Refused)


def test_the_trainer_is_revoked_while_one_under_her_gets_another_name(app: Flask, branch: Branch) -> None:
    one, by = branch.early[0].id, branch.leader.id
    results = together(app, revoking_(branch.trainer.id, by), renaming_(one, by))
    db.session.rollback()
    last = db.session.get_one(Certificate, results[1] if isinstance(results[1], int) else one)
    assert revoking.is_under_review(last), "nobody leaves the review by another name"
    assert last in [doubt.certificate for doubt in deciding.waiting(db.session.get_one(Project, branch.project.id))]


def test_nobody_gets_a_name_that_cannot_be_seen(branch: Branch) -> None:
    for given, family in (("\u200b", ""), ("\x00", "\u202e"), (" ", "\u2060")):
        with pytest.raises(Refused) as refused:
            renaming.rename(branch.early[0], given_name=given, family_name=family, by=branch.leader)
        assert refused.value.code == "name"
    made = renaming.rename(branch.early[0], given_name="E\u202elin", family_name="Ek\u200b", by=branch.leader)
    assert made.holder.full_name == register.statement_of(made).holder_name == "Elin Ek"


# --- a revoked certificate that is signed again -----------------------------------------------------------------


def test_what_is_revoked_stays_so_when_its_trainers_key_is_lost(app: Flask, branch: Branch) -> None:
    """Another edition has another place, whose bit the list must have from the same moment on."""
    one, two = branch.early
    revoking_(one.id, branch.leader.id)()
    db.session.execute(update(SigningKey).where(SigningKey.certificate_id == branch.trainer.id).values(cipher=b""))
    keys.make_missing()
    assert signing_anew.after_loss() > 0
    db.session.commit()
    assert not stands(one.id)
    assert stands(two.id)


def test_what_is_revoked_stays_so_when_its_trainers_key_is_withdrawn(app: Flask, branch: Branch) -> None:
    one, two = branch.early
    revoking_(one.id, branch.leader.id)()
    name = db.session.scalars(select(SigningKey.public).where(SigningKey.certificate_id == branch.trainer.id)).one()
    assert signing_anew.compromised(keys.named(name), by=None) > 0
    db.session.commit()
    assert not stands(one.id)
    assert stands(two.id)


def test_what_was_revoked_before_there_were_keys_is_revoked_in_its_first_list(app: Flask) -> None:
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr(signing, "sign_first", lambda *_args, **_values: None)
        branch = make_branch(2, 0)
        revoking_(branch.early[0].id, branch.leader.id)()
    assert signing.sign_missing() == 3
    db.session.commit()
    assert [stands(each.id) for each in branch.early] == [False, True]


# --- a backup that somebody has made ------------------------------------------------------------------------------


def manifest(**values: Any) -> bytes:
    """A manifest with one table of one column."""
    whole = {
        "format": "parlband-backup", "version": 1, "made_at": "2022-10-12T10:00:00+00:00", "schema": "0003",
        "base_url": "",
        "keys": {}, "unreadable": 0, "uploads": 0, "lacking": [],
        "tables": [{"name": "person", "columns": [["id", "integer"]], "rows": 0, "sha256": sha256(b"").hexdigest()}],
    }  # fmt: skip
    return json.dumps(whole | values).encode()


KINDLESS = [{"name": "person", "columns": [["id", "nokind"]], "rows": 0, "sha256": sha256(b"").hexdigest()}]
BACKUPS: dict[str, dict[str, bytes]] = {
    "out of the folder": {"manifest.json": manifest(uploads=1), "tables/person.jsonl": b"", "uploads/../../x": b"x"},
    "beside what is named": {"manifest.json": manifest(), "tables/person.jsonl": b"", "../x": b"x"},
    "a kind that is none": {"manifest.json": manifest(tables=KINDLESS), "tables/person.jsonl": b""},
    "a manifest without end": {"manifest.json": b"{" + b" " * (17 << 20) + b"}"},
    "a list for a manifest": {"manifest.json": b"[1]"},
}


@pytest.mark.parametrize("name", BACKUPS)
def test_a_backup_that_somebody_has_made_is_none(tmp_path: Path, name: str) -> None:
    with ZipFile(tmp_path / "it", "w", ZIP_DEFLATED) as archive:
        for member, data in BACKUPS[name].items():
            archive.writestr(member, data)
    with pytest.raises(Refused), opened(tmp_path / "it"):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["it"]
