"""`lms doctor` says one line for each thing, with what to do, and nobody loses the key without having been told."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

import config
from lms import clock, doctor, files, jobs, kept, notes
from lms.audit import Audit
from lms.db import db
from lms.doctor import Finding
from lms.files import StoredFile, path_of
from lms.mail import OutboxMail
from lms.refusals import Refused
from lms.secrets import encrypted, fingerprint
from tests.conftest import NOON
from tests.factories import make_person
from tests.installations import Places, backed_up, places
from tests.smtp_sink import SmtpSink
from tests.test_commands import Installation, refused
from tests.world import PDF

__all__ = ["places"]

OTHER = base64.urlsafe_b64encode(bytes(32)).decode()
SECRET = "0123456789abcdef" * 4


@pytest.fixture
def set_(app: Flask) -> Iterator[Callable[..., None]]:
    """Changes settings of the running application; its key is nobody's demo key."""
    before = app.config["SETTINGS"]

    def change(**values: object) -> None:
        app.config["SETTINGS"] = replace(app.config["SETTINGS"], **values)

    change(key_encryption_key=OTHER, secret_key=SECRET, base_url="https://kurs.example")
    db.session.execute(text("DELETE FROM signing_key"))  # they are under the key of the other tests
    yield change
    app.config["SETTINGS"] = before


def _says(found: Finding, state: str, *words: str) -> None:
    assert found.state == state, found
    assert [word for word in words if word not in found.line()] == []
    assert "\n" not in found.line()
    assert bool(found.remedy) == (state != "ok"), "what to do, when there is something to do"


def test_settings(set_: Callable[..., None]) -> None:
    _says(doctor.settings(), "ok", "https://kurs.example")
    set_(base_url="http://kurs.example")
    _says(doctor.settings(), "warning", "without https")
    set_(secret_key="short")
    _says(doctor.settings(), "warning", "LMS_SECRET_KEY", "python3 -c")
    set_(secret_key=config.DEMO_SECRET)
    _says(doctor.settings(), "fault", "LMS_SECRET_KEY", "python3 -c")
    set_(key_encryption_key=config.DEMO_KEY)
    _says(doctor.settings(), "fault", "LMS_KEY_ENCRYPTION_KEY", "python3 -c")
    set_(demo=True)
    _says(doctor.settings(), "warning", "demo")


def test_append_only_tables(app: Flask) -> None:
    _says(doctor.append_only(), "ok")
    lost = {"sqlite": "DROP TRIGGER audit_no_update", "postgresql": "DROP TRIGGER audit_append_only ON audit"}
    db.session.execute(text(lost[db.engine.dialect.name]))
    _says(doctor.append_only(), "fault", "audit")
    db.session.rollback()
    _says(doctor.append_only(), "ok")


def test_encryption_key(set_: Callable[..., None]) -> None:
    person = make_person()
    person.personnummer_cipher = encrypted("198001019804")
    db.session.flush()
    _says(doctor.encryption_key(), "ok", "all 1 values", fingerprint(OTHER))
    set_(key_encryption_key=config.DEMO_KEY, key_encryption_key_old=OTHER)
    _says(doctor.encryption_key(), "warning", "1 values", "lms keys rotate")
    person.personnummer_cipher = encrypted("198001019804")
    db.session.flush()
    _says(doctor.encryption_key(), "warning", "0 values", "restart")
    set_(key_encryption_key=OTHER, key_encryption_key_old="")
    _says(doctor.encryption_key(), "fault", "1 of person.personnummer_cipher", "LMS_KEY_ENCRYPTION_KEY_OLD")
    person.personnummer_cipher = b""
    db.session.flush()
    _says(doctor.encryption_key(), "ok")


def test_the_key_is_kept_elsewhere_until_it_is_another_key(set_: Callable[..., None]) -> None:
    _says(doctor.key_kept(), "warning", "nobody", "lms keys confirm-kept")
    assert fingerprint(OTHER) in kept.warning()
    for wrong in ("", config.DEMO_KEY, fingerprint(config.DEMO_KEY), OTHER[:-2], fingerprint(OTHER)[:-1]):
        with pytest.raises(Refused, match="neither") as caught:
            kept.confirm(wrong)
        assert caught.value.code == "another_key"
        assert OTHER not in str(caught.value)
    for right in (OTHER, f" {OTHER}\n", fingerprint(OTHER), fingerprint(OTHER).replace("-", " ").upper() + "\n"):
        kept.confirm(right)
        _says(doctor.key_kept(), "ok", "2022-10-12")
        assert kept.warning() == ""
    details = db.session.scalars(select(Audit.details).where(Audit.act == "keys.confirmed_kept")).all()
    assert details == [{"fingerprint": fingerprint(OTHER)}] * 4
    set_(key_encryption_key=config.DEMO_KEY, key_encryption_key_old=OTHER)
    _says(doctor.key_kept(), "warning", "another key")
    assert "confirm-kept" in kept.warning()
    set_(demo=True)
    _says(doctor.key_kept(), "ok")
    assert kept.warning() == ""


def test_last_backup(app: Flask) -> None:
    _says(doctor.last_backup(), "warning", "never")
    notes.write("backup", "natt.zip")
    db.session.commit()
    _says(doctor.last_backup(), "ok", "natt.zip", "2022-10-12")
    with clock.moved(NOON + timedelta(days=7)):
        _says(doctor.last_backup(), "ok")
    with clock.moved(NOON + timedelta(days=8)):
        _says(doctor.last_backup(), "warning", "8 days old")


def test_worker(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    _says(doctor.worker(), "fault", "none has ever run", "lms work")
    jobs.beat()
    db.session.commit()
    _says(doctor.worker(), "ok")
    with clock.moved(NOON + timedelta(hours=1)):
        _says(doctor.worker(), "fault", "2022-10-12 10:00 UTC")

    def down() -> int:
        raise ConnectionError

    monkeypatch.setattr(app.extensions[jobs.EXTENSION], "pending_count", down)
    _says(doctor.worker(), "fault", "queue", "LMS_JOBS_URL")


def _letter(**values: object) -> None:
    now = clock.now()
    row = OutboxMail(recipient="a@b.example", subject="", text="", html="", created_at=now, not_before=now, **values)
    db.session.add(row)
    db.session.flush()


def test_mail(set_: Callable[..., None]) -> None:
    _letter()
    _says(doctor.mail_transport(), "warning", "1 mails wait", "LMS_SMTP_URL")
    set_(smtp_url="smtp://127.0.0.1:1")
    _says(doctor.mail_transport(), "fault", "1 wait")
    with SmtpSink() as sink:
        set_(smtp_url=sink.url)
        _says(doctor.mail_transport(), "ok", "1 wait")
        _letter(failed_at=clock.now())
        _says(doctor.mail_transport(), "warning", "1 mails were given up")
        set_(smtp_url=sink.url.replace("smtp://", "smtp+starttls://"))
        _says(doctor.mail_transport(), "fault")
    set_(smtp_url="", demo=True)
    _says(doctor.mail_transport(), "ok", "/demo/outbox")


def test_uploads(set_: Callable[..., None], tmp_path: Path) -> None:
    by = make_person()
    stored = [files.store(PDF + bytes([48 + number]) + b"\n%%EOF\n", "a.pdf", by=by) for number in range(3)]
    files.store(PDF + b"0\n%%EOF\n", "b.pdf", by=by)
    _says(doctor.uploads(), "ok", "files in it: 3, none gone")
    path_of(stored[0].sha256).unlink()
    path_of(stored[1].sha256).write_bytes(b"half")
    _says(doctor.uploads(), "fault", "2 of 3", stored[0].sha256[:12], stored[1].sha256[:12])
    (tmp_path / "uploads").write_text("in the way")
    set_(instance=tmp_path)
    _says(doctor.uploads(), "fault", "cannot be written")
    assert db.session.query(StoredFile).count() == 4


@pytest.mark.one_engine
def test_typefaces(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    _says(doctor.typefaces(), "ok")
    monkeypatch.setattr("lms.press.families", lambda: ["Libertinus Serif", "DejaVu Sans Mono"])
    _says(doctor.typefaces(), "fault", "Ubuntu")


def test_what_packages_add_is_asked_and_may_fail(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    def their_own() -> Finding:
        return Finding("ok", "theirs", "fine")

    def broken_check() -> Finding:
        db.session.execute(text("SELECT secret FROM nowhere"))
        raise AssertionError

    monkeypatch.setattr(doctor, "CHECKS", [broken_check, their_own, doctor.append_only])
    place = places.empty()
    place.run("init")
    done = place.run("doctor")
    assert "ok       theirs: fine" in done.stdout
    assert "fault    broken check: could not be asked" in done.stdout
    assert "ok       append-only tables" in done.stdout
    assert "secret" not in done.output


def test_the_command(places: Places) -> None:
    place = places.empty()
    place.environment["LMS_KEY_ENCRYPTION_KEY"] = OTHER
    empty = place.run("doctor")
    assert (empty.exit_code, empty.stderr) == (1, "faults: 1\n")
    assert "fault    database: is not prepared. Run: lms init" in empty.stdout
    assert empty.stdout.count("\n") == 2, "what needs the database is not asked"
    told = place.run("init").stderr
    assert (told.count("\n"), "lms keys confirm-kept" in told, OTHER in told) == (1, True, False)
    refused(place.run("keys", "confirm-kept", typed=config.DEMO_KEY), "neither")
    confirmed = place.run("keys", "confirm-kept", typed=OTHER + "\n")
    assert (confirmed.exit_code, fingerprint(OTHER) in confirmed.stdout, confirmed.stderr) == (0, True, "")
    assert place.run("init").stderr == ""
    backed_up(place)
    place.ask(_beat)
    healthy = place.run("doctor")
    assert (healthy.exit_code, healthy.stderr) == (0, ""), healthy.output
    assert [line for line in healthy.stdout.splitlines() if line.startswith("fault")] == []
    assert OTHER not in healthy.output
    place.ask(_set_back)
    refused_ = place.run("doctor")
    assert (refused_.exit_code, "is of version 0002" in refused_.stdout) == (1, True)


def _set_back() -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    db.session.commit()


def _beat() -> None:
    with clock.moved(NOON):
        jobs.beat()
        db.session.commit()


def test_a_database_that_does_not_answer(places: Places) -> None:
    place = places.empty()
    done = place.run("doctor", LMS_DATABASE_URL="postgresql+psycopg://user:hemligt@127.0.0.1:1/nothing")
    assert (done.exit_code, "hemligt" in done.output) == (1, False)
    assert "fault    database: does not answer" in done.stdout
    broken = place.folder / "broken.db"
    broken.write_bytes(b"not a database" * 100)
    done = place.run("doctor", LMS_DATABASE_URL=f"sqlite:///{broken}")
    assert (done.exit_code, "Traceback" in done.output) == (1, False)
    assert "fault    database" in done.stdout


def test_a_missing_setting_is_one_line(tmp_path: Path) -> None:
    refused(Installation(tmp_path).run("doctor", LMS_KEY_ENCRYPTION_KEY=None), "LMS_KEY_ENCRYPTION_KEY", "python3 -c")
