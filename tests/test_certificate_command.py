"""`lms certificate verify` answers without network, database, settings or application; what is missing is refused."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from certificates.acts import revoking
from certificates.answering import examined
from certificates.proof import signing
from certificates.proof.credentials import list_address, newest
from certificates.proof.status_lists import renew_due
from certificates.register import Certificate
from lms import clock
from lms.commands import main
from lms.db import db
from tests.certificates.baked import attach, saved_anew
from tests.certificates.test_checking_pages import chain, file_of
from tests.conftest import NOON
from tests.factories import make_person

Verify = Callable[..., Result]
ALONE = """
import sys, socket
def no(*_a, **_k): raise AssertionError("no network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = no
from lms.commands import main
try:
    main(sys.argv[1:], standalone_mode=True)
finally:
    heavy = {"flask", "sqlalchemy", "lms.app", "lms.db", "config", "psycopg"} & set(sys.modules)
    assert not heavy, heavy
"""


@pytest.fixture
def verify(app: Flask, tmp_path: Path) -> Verify:
    """verify(data or address, *options): the command with a trust file of this moment, judged at noon."""

    def run(thing: bytes | str, *options: str, trust: str = "") -> Result:
        (tmp_path / "trust.json").write_text(trust or examined.trust_file())
        (tmp_path / "file").write_bytes(thing if isinstance(thing, bytes) else b"")
        name = thing if isinstance(thing, str) else str(tmp_path / "file")
        at = () if "--at" in options else ("--at", f"{NOON:%Y-%m-%dT%H:%M:%SZ}")
        return CliRunner().invoke(
            main, ["certificate", "verify", name, "--trust", str(tmp_path / "trust.json"), *at, *options]
        )

    return run


@pytest.mark.parametrize("kind", ["json", "pdf", "png", "svg"])
def test_every_kind_of_file(verify: Verify, kind: str) -> None:
    own, made = chain()
    for certificate in (own, made):
        told = verify(file_of(certificate, kind))
        assert told.exit_code == 0, told.output
        assert told.stdout.splitlines()[-1].startswith("genuine: ")
        assert "failed" not in told.stdout
        assert told.stderr == ""


def test_it_tells_programs_too(verify: Verify) -> None:
    own, made = chain()
    told = json.loads(verify(file_of(made, "pdf"), "--json").stdout)
    assert set(told) == {
        "verdict", "valid", "kind", "issuer", "checks", "proven", "facts", "not_on_page", "chain", "at", "title",
    }  # fmt: skip
    assert (told["verdict"], told["valid"], told["kind"], told["proven"]) == ("genuine", True, "pdf", True)
    codes = ["shape", "endorsement", "endorsement-status", "chain", "signature", "dates", "status", "seal", "page"]
    assert [(each["code"], each["outcome"]) for each in told["checks"]] == [(code, "passed") for code in codes]
    assert (told["facts"]["number"], told["facts"]["issued"]) == (made.number, "2022-10-12")
    assert [(each["role"], each["number"]) for each in told["chain"]] == [
        ("county", ""), ("trainer", own.number), ("certificate", made.number),
    ]  # fmt: skip
    broken = verify(b"nothing", "--json")
    assert (broken.exit_code, json.loads(broken.stdout)["code"]) == (1, "kind")


def test_what_is_not_good_is_refused(verify: Verify) -> None:
    own, made = chain()
    held, pdf = file_of(made), file_of(made, "pdf")
    changed = held.replace(made.number.encode(), b"SMA-A-2022-9999")
    swapped = saved_anew(pdf, lambda file: attach(file, changed.decode()))
    for data, verdict in (
        (changed, "refused"), (swapped, "refused"), (saved_anew(pdf, lambda _file: None), "unsealed"),
        (b'{"a":1,"a":1}', "refused"),
    ):  # fmt: skip
        told = verify(data)
        assert (told.exit_code, told.stdout.splitlines()[-1].split(":")[0]) == (1, verdict)
    revoking.revoke(own, reason_code="conduct", by=make_person())
    assert verify(held).stdout.splitlines()[-1].startswith("doubted: ")
    assert verify(file_of(own)).stdout.splitlines()[-1].startswith("revoked: ")
    signing.sign_anew(made, by_county=True)
    assert verify(file_of(made)).exit_code == 0
    assert verify(file_of(made), "--at", "2021-01-01").exit_code == 1


def test_it_fails_closed_and_says_what_to_give(verify: Verify, tmp_path: Path) -> None:
    _own, made = chain()
    held, whole = file_of(made), json.loads(examined.trust_file())
    only_keys = json.dumps(whole["didDocument"])
    told = verify(held, trust=only_keys)
    assert (told.exit_code, told.stdout.splitlines()[-1].split(":")[0]) == (1, "unknown")
    addresses = [each["id"] for each in whole["statusLists"]]
    assert all(f"--status with what {address} serves" in told.stderr for address in addresses)
    for number, each in enumerate(whole["statusLists"]):
        (tmp_path / f"{number}").write_text(json.dumps(each))
    given = [word for number in range(len(addresses)) for word in ("--status", str(tmp_path / f"{number}"))]
    assert verify(held, *given, trust=only_keys).exit_code == 0
    assert verify(held, *given[:2], trust=only_keys).exit_code == 1
    assert verify(held, *given, "--at", "2022-10-25", trust=only_keys).exit_code == 1
    assert "clock" in verify(held, *given, "--at", "2022-10-25", trust=only_keys).stdout
    pdf = verify(file_of(made, "pdf"), *given, trust=only_keys)
    assert pdf.exit_code == 0
    assert "whose it is cannot be told" in pdf.stdout
    with clock.moved(NOON + timedelta(days=6)):
        renew_due()
        newer = examined.trust_file()
    assert verify(held, *given, "--at", "2022-10-22", trust=newer).exit_code == 0, "the newest of both lists counts"


def test_a_paper_without_a_file(verify: Verify, tmp_path: Path) -> None:
    own, made = chain()
    paper = newest(made).paper  # type: ignore[union-attr]
    address = f"http://localhost/v/{made.code}#{paper}"
    told = verify(address)
    assert told.exit_code == 0, told.output
    assert made.number in told.stdout
    assert verify(address[:-1] + ("1" if paper[-1] != "1" else "2")).exit_code == 1
    assert verify(f"http://localhost/v/{made.code}").exit_code == 1
    whole = json.loads(examined.trust_file())
    lists = {each["id"]: each for each in whole["statusLists"]}
    listed = lists[list_address(_list_of(made))]
    (tmp_path / "list").write_text(json.dumps(listed))
    alone = verify(address, "--status", str(tmp_path / "list"), trust=json.dumps(whole["didDocument"]))
    assert alone.exit_code == 1, "a list that a trainer signed proves nothing by itself"
    revoking.revoke(made, reason_code="holder", by=make_person())
    assert verify(address).stdout.splitlines()[-1].startswith("revoked: ")
    assert own.id


def _list_of(certificate: Certificate) -> str:
    held = newest(certificate)
    assert held is not None
    (name,) = (each["id"].rpartition("/")[2] for each in json.loads(examined.trust_file())["statusLists"]
               if each["id"] == json.loads(held.text)["credentialStatus"]["statusListCredential"])  # fmt: skip
    return str(name)


def test_wrong_usage(verify: Verify, tmp_path: Path) -> None:
    _own, made = chain()
    held = file_of(made)
    nobody, strange = '{"id":"did:web:a","verificationMethod":[]}', '{"didDocument":{},"format":"x"}'
    for trust in ("[]", "{}", "nothing", nobody, strange):
        assert verify(held, trust=trust).exit_code == 2
    assert verify(held, "--at", "tomorrow").exit_code == 2
    assert verify("no/such/file").exit_code == 2
    (tmp_path / "list").write_text(held.decode())
    assert verify(held, "--status", str(tmp_path / "list")).exit_code == 2
    assert CliRunner().invoke(main, ["certificate", "verify", "x"]).exit_code == 2
    assert verify(b"").exit_code == 1


def test_another_countys_trust_says_whose_it_is(verify: Verify) -> None:
    _own, made = chain()
    other = json.loads(examined.trust_file())["didDocument"]
    text = json.dumps(other).replace("did:web:localhost", "did:web:lan.example")
    told = verify(file_of(made), trust=text)
    assert told.exit_code == 1
    assert told.stdout.splitlines()[-1].startswith("foreign: ")


@pytest.mark.one_engine
def test_it_needs_nothing_but_the_files(app: Flask, tmp_path: Path) -> None:
    """Its own process, empty environment, no network; not even the settings of an installation are read."""
    _own, made = chain()
    for kind in ("json", "pdf"):
        (tmp_path / kind).write_bytes(file_of(made, kind))
    (tmp_path / "trust").write_text(examined.trust_file())
    db.session.rollback()
    for kind in ("json", "pdf"):
        done = subprocess.run(
            [sys.executable, "-c", ALONE, "certificate", "verify", str(tmp_path / kind), "--trust",
             str(tmp_path / "trust"), "--at", f"{NOON:%Y-%m-%dT%H:%M:%SZ}"],
            env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1].startswith("genuine: ")
