"""`lms keys …` as operators meet it: what is listed, what is asked, what is done, and that no secret is ever shown."""

import base64
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import func, select

from certificates import register
from certificates.proof import keys
from certificates.proof.credentials import Credential
from certificates.proof.keys import SigningKey
from lms import clock
from lms.db import db
from lms.secrets import decrypted
from tests.certificates.test_signing import checked, issue
from tests.conftest import NOON
from tests.factories import make_person
from tests.installations import Places, backed_up, places
from tests.test_commands import Installation

__all__ = ["places"]


@pytest.fixture
def there(tmp_path: Path) -> Installation:
    """An installation with a trainer's certificate and two below it."""
    made = Installation(tmp_path)
    assert made.run("init").exit_code == 0

    def fill() -> None:
        with clock.moved(NOON):
            own = issue(make_person(), "trainer")
            for _each in range(2):
                issue(make_person(), "user", own)
            db.session.commit()

    made.ask(fill)
    return made


def name_of(there: Installation, kind: str) -> str:
    return str(there.ask(lambda: next(keys.name_of(key) for key in keys.every() if key.kind == kind)))


def everything_holds() -> bool:
    with clock.moved(NOON):
        return all(checked(each).passed for each in db.session.scalars(select(register.Certificate)))


def refused(result: Result, *words: str) -> None:
    assert result.exit_code == 1, result.output
    assert all(word in result.stderr for word in words), result.stderr
    assert result.stdout == ""


def test_keys_are_listed_without_their_secrets(there: Installation) -> None:
    result = there.run("keys", "list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["county", "seal", "county", "trainer"]
    assert [line[9:18].strip() for line in lines] == ["in use", "in use", "spare", "in use"]
    assert lines[3].split()[-1].startswith("SMA-U-")
    secrets = there.ask(lambda: [decrypted(each) for each in db.session.scalars(select(SigningKey.cipher))])
    assert not any(secret in result.output for secret in secrets)


def test_the_spare_takes_over_when_somebody_says_so(there: Installation) -> None:
    refused(there.run("keys", "succeed", typed="n\n"), "Let the spare key sign")
    assert there.count(SigningKey) == 4
    result = there.run("keys", "succeed", typed="y\n")
    assert (result.exit_code, there.count(SigningKey)) == (0, 5)
    assert result.stdout.split()[0] == there.ask(lambda: keys.in_use("county").public)
    assert there.run("keys", "succeed", "--yes").exit_code == 0
    assert there.ask(everything_holds)


def test_a_key_is_withdrawn_and_what_rests_on_it_signed_anew(there: Installation) -> None:
    for kind, signed, endorsed in (("seal", 0, 0), ("trainer", 3, 1), ("county", 3, 1)):
        name, before = name_of(there, kind), there.count(Credential)
        asked = there.run("keys", "compromise", name, typed="n\n")
        assert asked.exit_code == 1
        assert f"{signed} certificates rest on it" in asked.stderr
        assert there.count(SigningKey, SigningKey.revoked_at.is_not(None), SigningKey.kind == kind) == 0
        result = there.run("keys", "compromise", name, "--yes")
        assert (result.exit_code, result.stdout) == (0, f"{name} is withdrawn; {signed} certificates are signed anew\n")
        assert there.ask(everything_holds)
        assert there.count(Credential) == before + signed + endorsed
        again = there.run("keys", "compromise", name, "--yes")
        assert again.stdout == f"{name} is withdrawn; 0 certificates are signed anew\n"
        listed = there.run("keys", "list").stdout.splitlines()
        assert [line.split()[1] for line in listed if name in line] == ["withdrawn"]


def test_an_unknown_key_is_refused_and_nothing_is_asked(there: Installation) -> None:
    refused(there.run("keys", "compromise", "z6MkNobody", "--yes"), "z6MkNobody", "lms keys list")


def test_when_signing_fails_in_the_middle_nothing_is_done(there: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    name, before = name_of(there, "county"), there.count(Credential)

    def broken(_of: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr("certificates.proof.status_lists.renew_list", broken)
        assert there.run("keys", "compromise", name, "--yes").exit_code == 1
    assert there.count(Credential) == before
    assert there.ask(lambda: db.session.scalar(select(func.count(SigningKey.revoked_at)))) == 0
    assert there.ask(lambda: keys.in_use("county").public) == name
    assert there.run("keys", "compromise", name, "--yes").exit_code == 0
    assert there.ask(everything_holds)


def test_a_backup_without_its_key_gets_new_keys_and_everything_is_believed_again(places: Places) -> None:
    source, target = places.filled(), places.empty()
    target.environment["LMS_KEY_ENCRYPTION_KEY"] = base64.urlsafe_b64encode(bytes(32)).decode()
    restored = target.run("restore", str(backed_up(source)), "--without-key")
    assert restored.exit_code == 0, restored.output
    assert "cannot sign" in target.run("doctor").stdout
    assert target.run("init").exit_code == 0
    assert target.ask(everything_holds)
    assert {line.split()[1] for line in target.run("keys", "list").stdout.splitlines()} == {"lost", "in", "spare"}
    assert "have successors" in target.run("doctor").stdout


def test_keys_that_nobody_has_made_are_told(tmp_path: Path) -> None:
    refused(Installation(tmp_path).run("keys", "succeed", "--yes"), "lms init")
