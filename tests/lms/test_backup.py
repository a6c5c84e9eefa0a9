"""A backup holds one moment of a running installation, and an empty one filled from it is the same on either engine."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlalchemy import func, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from certificates.files import making as certificate_files
from certificates.register import Certificate
from lms import accounts, backup, clock, files, notes
from lms.accounts import SessionToken, SignInCode
from lms.audit import Audit
from lms.backup.contents import KINDS, kind_of
from lms.db import Base, db
from lms.files import StoredFile, path_of
from lms.jobs import Heartbeat
from lms.people import Person, add_person
from lms.refusals import Refused
from lms.secrets import decrypted
from tests.conftest import NOON
from tests.installations import NUMBER, Places, backed_up, places, restored, told
from tests.test_commands import Installation, refused
from tests.world import PDF

__all__ = ["places"]


@pytest.fixture
def engines(request: pytest.FixtureRequest) -> list[tuple[str, str]]:
    """From which engine to which: on PostgreSQL both ways as well."""
    if request.config.getoption("--engine") == "sqlite":
        return [("sqlite", "sqlite")]
    return [("postgresql", "postgresql"), ("sqlite", "postgresql"), ("postgresql", "sqlite")]


def _papers() -> dict[str, bytes]:
    """Every certificate as the PDF that is served."""
    found = db.session.scalars(select(Certificate).order_by(Certificate.id))
    stamp, held = certificate_files.stamp(), certificate_files.stored(list(found))
    return {each.statement.code: certificate_files.sealed_pdf(each, stamp) for each in held}


def _credentials() -> list[tuple[str, str]]:
    """What is served verbatim."""
    rows = db.session.execute(text("SELECT token, text FROM credential ORDER BY id"))
    return [(row.token, row.text) for row in rows]


def _refuses_change() -> bool:
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(update(Audit).values(act="x"))
    return True


def _a_new_person() -> int:
    """New rows go on after the restored ones."""
    most = db.session.scalar(select(func.max(Person.id))) or 0
    person = add_person("Ny", "Person", email="ny@habo.example", by=None)
    db.session.commit()
    return person.id - most


def _personnummer() -> list[str]:
    return [decrypted(cipher) for cipher in db.session.scalars(select(Person.personnummer_cipher)) if cipher]


def test_a_restored_installation_is_the_same(places: Places, engines: list[tuple[str, str]]) -> None:
    for here, there in engines:
        source, target = places.filled(here), places.empty(there)
        file = backed_up(source)
        done = restored(target, file)
        assert "nothing is wrong" in done.stdout
        again = backed_up(target)
        documents = {name for name, each in told(file).items() if "json" in dict(each["columns"]).values()}  # type: ignore[call-overload]
        for name, table in told(file).items():
            if here == there or name not in documents:
                assert told(again)[name] == table, name
            else:  # PostgreSQL orders the keys of a document
                assert told(again)[name]["rows"] == table["rows"], name
        for question in (_papers, _credentials, _personnummer):
            assert target.ask(question) == source.ask(question), question
        assert source.ask(_personnummer) == [NUMBER]
        assert source.ask(_papers)
        assert target.ask(_refuses_change)
        assert target.ask(_a_new_person) == 1
        assert target.run("ledger", "verify").exit_code == 0
        assert target.run("init").exit_code == 0
        assert target.ask(_uploads) == {PDF}


def test_a_ledger_that_disagreed_is_restored_as_it_was_and_told(places: Places) -> None:
    source, target = places.filled(month=True), places.empty()
    before = source.run("ledger", "verify").stdout.splitlines()[1:]
    done = target.run("restore", str(backed_up(source)))
    assert (done.exit_code, [line for line in before if line not in done.stderr]) == (1, [])
    assert "everything is restored" in done.stderr
    assert target.ask(_personnummer) == [NUMBER]


def _uploads() -> set[bytes]:
    return {path_of(each.sha256).read_bytes() for each in db.session.scalars(select(StoredFile))}


def test_every_column_is_of_a_kind_that_a_backup_knows() -> None:
    kinds = {kind_of(column) for table in Base.metadata.sorted_tables for column in table.columns}
    assert kinds == set(KINDS)


def test_documents_stay_as_they_are_written(places: Places) -> None:
    """A missing document and one that says null are two things; so are text, days and moments at their ends."""
    source, target = places.filled(), places.empty()
    details = {"z": 1, "a": [None, "å\u2028\"\\", 1.5, True], "": {}}

    def write() -> None:
        db.session.add(Audit(at=clock.now(), act="x.y", subject_kind="x", details=details))
        db.session.commit()

    def read() -> object:
        return db.session.scalar(select(Audit.details).where(Audit.act == "x.y"))

    source.ask(write)
    restored(target, backed_up(source))
    assert target.ask(read) == details
    shown = "SELECT CAST(details AS TEXT) FROM audit WHERE act = 'x.y'"
    assert target.ask(lambda: db.session.scalar(text(shown))) == source.ask(lambda: db.session.scalar(text(shown)))


def test_nobody_is_signed_in_by_a_restore(places: Places) -> None:
    source, target = places.filled(), places.empty()

    def sign_in() -> None:
        accounts.start_session(db.session.scalars(select(Person).limit(1)).one())
        accounts.ask_for_code("nobody@habo.example")
        db.session.commit()

    source.ask(sign_in)
    assert (source.count(SessionToken), source.count(SignInCode), source.count(Heartbeat)) == (1, 1, 1)
    restored(target, backed_up(source))
    assert (target.count(SessionToken), target.count(SignInCode), target.count(Heartbeat)) == (0, 0, 0)


def test_a_backup_is_of_one_moment_while_others_write(places: Places) -> None:
    """Between any two tables somebody uploads a file and hands it in: all of it is in the backup, or nothing."""
    source, target = places.filled(), places.empty()
    file = source.folder / "busy.zip"
    before = source.count(StoredFile)

    def busy() -> None:
        written = 0

        def write(_table: str) -> None:
            nonlocal written
            written += 1
            _upload_and_audit(written)

        with clock.moved(NOON):
            backup.make(file, write)
        assert written > 40

    source.ask(busy)
    restored(target, file)
    assert target.count(StoredFile) == before
    assert target.count(Audit, Audit.act == "busy") == 0
    assert source.count(Audit, Audit.act == "busy") == source.count(StoredFile) - before > 40


def _upload_and_audit(number: int) -> None:
    """What a request does, in a session of its own beside the transaction of the backup."""
    by = db.session.scalars(select(Person).limit(1)).one()
    files.store(PDF + str(number).encode() + b"\n%%EOF\n", "b.pdf", by=by)
    db.session.add(Audit(at=clock.now(), act="busy", subject_kind="x", details={}))
    db.session.commit()


def test_the_file_says_what_is_not_in_it(places: Places) -> None:
    source = places.filled()
    file = source.folder / "backup.zip"
    done = source.run("backup", str(file))
    assert done.stdout.startswith(f"{file}: ")
    assert "NOT in the backup" in done.stderr
    with ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        everything = b"".join(archive.read(name) for name in archive.namelist())
    key = str(source.environment["LMS_KEY_ENCRYPTION_KEY"])
    (name, values), *others = manifest["keys"].items()
    assert name in done.stderr
    assert (values > 3, others, manifest["unreadable"], manifest["lacking"]) == (True, [], 0, [])
    assert key.encode() not in everything
    assert b"198001019804" not in everything
    assert file.stat().st_mode & 0o077 == 0, "others on the machine may not read it"
    assert source.ask(lambda: notes.read("backup").value) == "backup.zip"  # type: ignore[union-attr]
    assert source.count(Audit, Audit.act == "backup.made") == 1


def test_nothing_is_overwritten_and_nothing_half_is_left(places: Places) -> None:
    source = places.filled()
    file = backed_up(source)
    kept = file.read_bytes()
    refused(source.run("backup", str(file)), "never overwrites")
    assert file.read_bytes() == kept
    refused(source.run("backup", str(source.folder / "no" / "folder.zip")), "cannot be written")
    assert source.run("backup").exit_code == 2
    refused(places.empty().run("backup", str(source.folder / "empty.zip")), "lms init")
    assert sorted(path.name for path in source.folder.glob("*.zip")) == ["backup.zip"]
    assert list(source.folder.glob(".*")) == []


def test_a_file_that_appears_meanwhile_is_not_overwritten(places: Places) -> None:
    source = places.filled()
    file = source.folder / "late.zip"

    def meanwhile() -> str:
        with pytest.raises(Refused) as caught:
            backup.make(file, lambda _told: file.write_text("somebody else's"))
        return caught.value.code

    assert source.ask(meanwhile) == "exists"
    assert file.read_text() == "somebody else's"
    assert list(source.folder.glob(".*")) == []


def test_uploads_that_are_gone_or_damaged_are_told_and_do_not_stop_a_backup(places: Places) -> None:
    source, target = places.filled(), places.empty()

    def harm() -> list[str]:
        by = db.session.scalars(select(Person).limit(1)).one()
        gone, changed = (files.store(PDF + each + b"\n%%EOF\n", "c.pdf", by=by).sha256 for each in (b"1", b"2"))
        db.session.commit()
        path_of(gone).unlink()
        path_of(changed).write_bytes(b"something else")
        return sorted([gone, changed])

    lacking = source.ask(harm)
    file = source.folder / "harmed.zip"
    done = source.run("backup", str(file))
    assert (done.exit_code, "2 uploads are gone or damaged" in done.stderr) == (0, True)
    with ZipFile(file) as archive:
        assert json.loads(archive.read("manifest.json"))["lacking"] == lacking
    assert "2 uploads were not in the backup" in restored(target, file).stderr
    assert target.ask(lambda: [path_of(each).exists() for each in lacking]) == [False, False]


def _refuses(place: Installation, file: Path, *words: str, more: tuple[str, ...] = ()) -> None:
    """The restore is refused in one line, and the installation is as empty as before."""
    result = place.run("restore", str(file), *more)
    refused(result, *words)
    assert result.stderr.count("\n") == 1, result.stderr
    assert place.ask(_tables) == []
    uploads = Path(str(place.environment["LMS_INSTANCE"])) / "uploads"
    assert [path for path in uploads.rglob("*") if path.is_file()] == []


def _tables() -> list[str]:
    return sorted(inspect(db.engine).get_table_names())


def test_only_an_empty_installation_is_filled(places: Places) -> None:
    source = places.filled()
    file = backed_up(source)
    refused(source.run("restore", str(file)), "not empty")
    prepared = places.empty()
    prepared.run("init")
    refused(prepared.run("restore", str(file)), "not empty", "lms init")
    target = places.empty()
    restored(target, file)
    refused(target.run("restore", str(file)), "not empty")
    assert target.run("restore", "nowhere.zip").exit_code == 2
