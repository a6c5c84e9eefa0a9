"""What strangers, holders and former trainers try against certificates: their files, codes, chain, keys and lists."""

import copy
import io
import json
from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import cbor2
import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from certificates.examining import Trusted, examine, scanned
from certificates.reading import UnreadableError, read
from certificates.standards import integrity, paper
from certificates.standards.checking import check
from certificates.standards.integrity import Document, ProofError
from lms.backup.opening import opened
from lms.commands import main as commands
from lms.refusals import Refused
from tests.certificates.credentials import METHOD, NOW, World, world


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


def nameless(branches: int, depth: int, numbers: Iterator[int]) -> Document:
    """A tree whose leaves alone differ: nothing but other nameless parts tells its branches apart."""
    if depth == 0:
        return {"type": ["Profile"], "name": str(next(numbers))}
    return {"type": ["Profile"], "parentOrg": [nameless(branches, depth - 1, numbers) for _each in range(branches)]}


def test_a_small_file_is_not_endless_work(here: World, signed: Document) -> None:
    """Putting these in order tries every order of them, years for seven branches: where many are alike, none is."""
    for branches, depth, verdict in ((3, 2, "refused"), (5, 3, "foreign"), (9, 2, "foreign")):
        foreign = json.loads(json.dumps(signed).replace("kurs.example", "other.example"))
        above = {"type": ["Profile"], "name": "X", "parentOrg": nameless(branches, depth, count())}
        foreign["credentialSubject"]["source"] = above
        foreign["issuer"] = {"id": here.did, "type": ["Profile"], "name": "X"}
        told = examine(read(json.dumps(foreign).encode()), Trusted(here.trust), here.lists().get, NOW)
        assert (told.verdict, told.proven) == (verdict, False), (branches, depth)
        too_much = "The credential is built in a way that no certificate is."
        assert (told.lines[-1].words.message == too_much) == (verdict == "foreign")


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

NO_ADDRESSES = (
    "1:1", "2035-01-01T00:00:00Z", "a b:c", "x", "", "//a.example/x", "@x", "_:x", "urn:a|b",
    "urn:a\u00a0b", "urn:a\u2028",
)  # fmt: skip


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
