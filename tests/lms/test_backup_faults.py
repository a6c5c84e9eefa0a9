"""What is wrong with a backup is one line, and what was there stays: damaged files, wrong keys, a power cut."""

import base64
import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from flask import current_app
from sqlalchemy import Connection, MetaData, Table, Text, inspect, select, text, type_coerce

from certificates.proof.keys import SigningKey
from courses.attendance import AttendanceEntry
from courses.esf.closings import ClosingNumber
from lms import schema
from lms.backup.contents import writer
from lms.backup.opening import opened
from lms.db import db
from lms.pending import PendingUpload
from lms.people import Person
from lms.refusals import Refused
from tests.installations import Places, backed_up, places, restored
from tests.served import ROOT
from tests.test_commands import Installation, refused
from tests.test_migrations import ROWS

__all__ = ["places"]

OTHER, THIRD = (base64.urlsafe_b64encode(bytes([each]) * 32).decode() for each in (1, 2))


def _refuses(place: Installation, file: Path, *words: str, **more: str) -> None:
    """The restore is refused in one line, and the installation is as empty as before."""
    result = place.run("restore", str(file), **more)
    refused(result, *words)
    assert result.stderr.count("\n") == 1, result.stderr
    assert place.ask(lambda: inspect(db.engine).get_table_names()) == []
    uploads = Path(str(place.environment["LMS_INSTANCE"])) / "uploads"
    assert [path for path in uploads.rglob("*") if path.is_file()] == []


Members = dict[str, bytes]


def _changed(file: Path, change: Callable[[Members], object]) -> Path:
    """The same backup with its members changed by somebody who makes the ZIP right again."""
    with ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    made = file.with_name("changed.zip")
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made


def _manifest(members: Members, change: Callable[[dict[str, object]], object]) -> None:
    read = json.loads(members["manifest.json"])
    change(read)
    members["manifest.json"] = json.dumps(read).encode()


def _rewritten(members: Members, table: str, lines: bytes) -> None:
    """Other rows, with the manifest made to agree."""
    members[f"tables/{table}.jsonl"] = lines

    def agree(manifest: dict[str, object]) -> None:
        entry = next(each for each in manifest["tables"] if each["name"] == table)  # type: ignore[attr-defined]
        entry |= {"rows": lines.count(b"\n"), "sha256": hashlib.sha256(lines).hexdigest()}

    _manifest(members, agree)


def _upload(members: Members) -> str:
    return next(name for name in members if name.startswith("uploads/"))


PERSON = "tables/person.jsonl"
DAMAGES: dict[str, tuple[Callable[[Members], object], str]] = {
    "a row changed": (lambda m: m.update({PERSON: m[PERSON].replace(b"Pia", b"Mia")}), "person"),
    "a row less": (lambda m: m.update({PERSON: m[PERSON].partition(b"\n")[2]}), "person"),
    "a table less": (lambda m: m.pop(PERSON), "manifest"),
    "a file more": (lambda m: m.update({"uploads/../../../etc/passwd": b"x"}), "manifest"),
    "an upload less": (lambda m: m.pop(_upload(m)), "manifest"),
    "an upload changed": (lambda m: m.update({_upload(m): b"x"}), "uploads/"),
    "no manifest": (lambda m: m.pop("manifest.json"), "not a backup"),
    "a manifest that is none": (lambda m: m.update({"manifest.json": b"[]"}), "not a backup"),
    "a later format": (lambda m: _manifest(m, lambda read: read.update(version=2)), "later version"),
    "a later database": (lambda m: _manifest(m, lambda read: read.update(schema="9999")), "later version"),
    "a row that is none": (lambda m: _rewritten(m, "heartbeat", b"{}\n"), "damaged"),
    "a moment that is none": (lambda m: _rewritten(m, "heartbeat", b'[1,"yesterday"]\n'), "damaged"),
    "a row twice": (lambda m: _rewritten(m, "person", m[PERSON] * 2), "refuses"),
    "rows that are pointed at gone": (lambda m: _rewritten(m, "project", b""), ""),
    "uploads that no row names": (lambda m: _rewritten(m, "stored_file", b""), ""),
    "columns of another table": (
        lambda m: _manifest(m, lambda read: read["tables"][0]["columns"].pop()), "not those of its version"
    ),
}  # fmt: skip


@pytest.mark.one_engine
def test_a_damaged_file_changes_nothing(places: Places) -> None:
    file, target = backed_up(places.filled()), places.empty()
    for name, (damage, word) in DAMAGES.items():
        changed = _changed(file, damage).rename(file.with_name(f"{name}.zip"))
        _refuses(target, changed, word)
    whole = file.read_bytes()
    for cut in (0, 1, len(whole) // 2, len(whole) - 10):
        file.write_bytes(whole[:cut])
        _refuses(target, file, "not a backup")


def test_any_byte_that_changes_is_found_or_means_nothing(places: Places) -> None:
    file = backed_up(places.filled())
    whole, flipped = file.read_bytes(), file.with_name("flipped.zip")
    with opened(file) as found:
        manifest = found.manifest
    refusals = 0
    for place in range(0, len(whole), len(whole) // 300):
        flipped.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        try:
            with opened(flipped) as found:
                assert found.manifest == manifest, place
        except Refused:
            refusals += 1
    assert refusals > 200


@pytest.mark.parametrize("data", [b"", b"text", b"PK\x05\x06" + bytes(18)])
def test_a_file_of_something_else(places: Places, data: bytes) -> None:
    target = places.empty()
    file = target.folder / "other.zip"
    file.write_bytes(data)
    _refuses(target, file, "not a backup")


def test_the_key_of_something_else_is_refused(places: Places) -> None:
    source, target = places.filled(month=True), places.empty()
    file = backed_up(source)
    target.environment["LMS_KEY_ENCRYPTION_KEY"] = OTHER
    result = target.run("restore", str(file))
    _refuses(target, file, "--without-key", *_fingerprints(file))
    assert "values" in result.stderr
    target.environment["LMS_KEY_ENCRYPTION_KEY_OLD"] = source.environment["LMS_KEY_ENCRYPTION_KEY"]
    assert target.run("restore", str(file)).exit_code == 1, "the ledger disagrees, as in the backup"
    assert target.run("keys", "rotate").exit_code == 0
    assert target.ask(_losses) == source.ask(_losses)


def _fingerprints(file: Path) -> list[str]:
    with ZipFile(file) as archive:
        return list(json.loads(archive.read("manifest.json"))["keys"])


def _losses() -> dict[str, tuple[int, int]]:
    """How many values of each kind there are, and how many are empty."""
    tables = {"person": Person.personnummer_cipher, "pending": PendingUpload.cipher,
              "closed": ClosingNumber.cipher, "key": SigningKey.cipher}  # fmt: skip
    found = {name: list(db.session.scalars(select(column))) for name, column in tables.items()}
    return {name: (len(values), sum(not value for value in values)) for name, values in found.items()}


def test_without_the_key_the_rest_is_restored_and_the_loss_is_told(places: Places) -> None:
    source, target = places.filled(month=True), places.empty()
    had = source.ask(_losses)
    target.environment["LMS_KEY_ENCRYPTION_KEY"] = OTHER
    result = target.run("restore", str(backed_up(source)), "--without-key")
    lost = sorted(line for line in result.stderr.splitlines() if line.startswith("lost: "))
    assert lost == [
        f"lost: {had['closed'][0]} values of closing_number.cipher",
        "lost: 1 values of person.personnummer_cipher",
        f"lost: {had['pending'][0]} values of pending_upload.cipher",
        f"lost: {had['key'][0]} values of signing_key.cipher",
    ]
    people, keys = had["person"][0], had["key"][0]
    assert target.ask(_losses) == {"person": (people, people), "pending": (0, 0), "closed": (0, 0), "key": (keys, keys)}
    assert target.ask(lambda: db.session.scalars(select(Person.personnummer_hash).distinct()).all()) == [None]


def test_a_backup_in_the_middle_of_a_rotation_needs_both_keys(places: Places) -> None:
    source, target = places.filled(), places.empty()
    first = str(source.environment["LMS_KEY_ENCRYPTION_KEY"])
    source.environment |= {"LMS_KEY_ENCRYPTION_KEY": OTHER, "LMS_KEY_ENCRYPTION_KEY_OLD": first}
    file = source.folder / "both.zip"
    assert "lms keys rotate" in source.run("backup", str(file)).stderr
    for key, old in ((first, ""), (OTHER, ""), (THIRD, first)):
        _refuses(target, file, *_fingerprints(file)[:1], LMS_KEY_ENCRYPTION_KEY=key, LMS_KEY_ENCRYPTION_KEY_OLD=old)
    target.environment |= {"LMS_KEY_ENCRYPTION_KEY": OTHER, "LMS_KEY_ENCRYPTION_KEY_OLD": first}
    restored(target, file)
    source.environment["LMS_KEY_ENCRYPTION_KEY"] = THIRD
    source.environment["LMS_KEY_ENCRYPTION_KEY_OLD"] = ""
    done = source.run("backup", str(source.folder / "unreadable.zip"))
    assert (done.exit_code, "under no key that is set" in done.stderr) == (0, True)


KINDS_BY_NAME = {
    "DATETIME": "moment", "DATE": "day", "BLOB": "bytes", "BOOLEAN": "boolean", "INTEGER": "integer", "JSON": "json"
}  # fmt: skip


def _old_backup(places: Places) -> Path:
    """What the first version would have written: hours from before the chain, tables of revision 0001."""
    place = places.empty("sqlite")
    file = place.folder / "old.zip"

    def write() -> None:
        schema.bring_up(current_app._get_current_object(), revision="0001")  # type: ignore[attr-defined]
        with db.engine.begin() as connection, ZipFile(file, "w") as archive:
            for row in ROWS[:-1]:  # without the signature that is none
                connection.execute(text(row))
            known = MetaData()
            known.reflect(connection)
            tables = [each for each in known.sorted_tables if each.name != "alembic_version"]
            told = [_old_table(archive, each, _rows(connection, each)) for each in tables]
            manifest = {"format": "parlband-backup", "version": 1, "made_at": "2022-11-01T10:00:00+00:00"}
            manifest |= {"schema": "0001", "base_url": "http://127.0.0.1:8000", "keys": {}, "unreadable": 0}
            archive.writestr("manifest.json", json.dumps(manifest | {"tables": told, "uploads": 0, "lacking": []}))

    place.ask(write)
    return file


def _rows(connection: Connection, table: Table) -> Sequence[Any]:
    shown = [type_coerce(each, Text) if str(each.type) == "JSON" else each for each in table.columns]
    return connection.execute(select(*shown)).all()


def _old_table(archive: ZipFile, table: Table, rows: Sequence[Any]) -> dict[str, object]:
    kinds = [KINDS_BY_NAME.get(str(column.type), "text") for column in table.columns]
    aware = ([_aware(value) for value in row] for row in rows)
    lines = b"".join(map(writer(kinds), aware))
    archive.writestr(f"tables/{table.name}.jsonl", lines)
    columns = [[column.name, kind] for column, kind in zip(table.columns, kinds, strict=True)]
    return {"name": table.name, "columns": columns, "rows": len(rows), "sha256": hashlib.sha256(lines).hexdigest()}


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if hasattr(value, "hour") else value


def test_an_older_backup_is_brought_to_this_version(places: Places) -> None:
    target = places.empty()
    done = restored(target, _old_backup(places))
    assert "2 entries" in done.stdout
    assert target.ask(lambda: (schema.is_current(), db.session.get_one(AttendanceEntry, 7).minutes)) == (True, 180)
    assert target.run("init").exit_code == 0
    backed_up(target)


CUT = """
import time
from lms import commands
from lms.backup import {module}
def slow(*given):
    print("half", flush=True)
    time.sleep(60)
{module}.{function} = slow
commands.main({arguments!r})
"""


def _cut(place: Installation, module: str, function: str, *arguments: str) -> None:
    """The command until it is halfway, and then the power goes."""
    environment = {name: value for name, value in place.environment.items() if value}
    code = CUT.format(module=module, function=function, arguments=list(arguments))
    running = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stdout.readline() == b"half\n"
    running.send_signal(signal.SIGKILL)
    running.wait(timeout=10)
    running.stdout.close()


def test_a_power_cut_leaves_no_half_backup_and_no_half_installation(places: Places) -> None:
    source, target = places.filled(), places.empty()
    file = source.folder / "cut.zip"
    _cut(source, "making", "_write_uploads", "backup", str(file))
    assert not file.exists()
    assert backed_up(source, "cut.zip") == file
    for function in ("_set_sequences", "_put_uploads", "write"):
        _cut(target, "restoring", function, "restore", str(file))
        assert target.ask(lambda: inspect(db.engine).get_table_names()) == []
    restored(target, file)


def test_a_disk_that_is_full_leaves_nothing(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = places.filled(), places.empty()
    file = backed_up(source)

    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lms.backup.restoring.write", full)
    _refuses(target, file, "No space left")
    monkeypatch.undo()
    monkeypatch.setattr("lms.backup.making.writer", full)
    refused(source.run("backup", str(source.folder / "full.zip")), "No space left")
    assert [path.name for path in source.folder.iterdir() if "full" in path.name] == []
