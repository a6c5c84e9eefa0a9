"""A backup is made while the server runs: everything is read in one transaction that sees one moment.

The rule that matters most: the file has its name only when it is whole; until then it is called `.<name>.….part`.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from flask import current_app
from sqlalchemy import Connection, Table, Text, cast, false, select, text, type_coerce

from lms import clock, schema
from lms.backup.contents import (
    MANIFEST,
    Manifest,
    TableContents,
    kind_of,
    member_of_table,
    member_of_upload,
    writer,
)
from lms.db import Base, db, only_reading
from lms.files import StoredFile, path_of
from lms.refusals import Refused
from lms.rotation import cipher_columns
from lms.secrets import fingerprint, is_under, keys

Say = Callable[[str], object]
_AT_A_TIME = 500
OF_THE_MOMENT = {"bundle_progress", "heartbeat", "session_token", "sign_in_code"}
"""Tables whose rows mean nothing later; and nobody who has signed out since is signed in again by a restore."""


@dataclass(frozen=True)
class Made:
    """A backup that is whole: where it is, its size in bytes, and what it says of itself."""

    path: Path
    size: int
    manifest: Manifest


@dataclass
class Ciphers:
    """Counts under which of the keys that are set the values stand."""

    under: dict[str, int] = field(default_factory=lambda: dict.fromkeys(map(fingerprint, keys()), 0))
    unreadable: int = 0
    known: list[tuple[str, str]] = field(default_factory=lambda: [(fingerprint(key), key) for key in keys()])

    def look(self, cipher: bytes | None) -> None:
        if not cipher:
            return
        for name, key in self.known:
            if is_under(key, cipher):
                self.under[name] += 1
                return
        self.unreadable += 1


def make(target: Path, say: Say = lambda _told: None) -> Made:
    """Write a backup to `target`; `say` hears which table is on its way. It leaves nothing behind when it fails.

    Refused `exists` (nothing is overwritten), `not_prepared` (a database of another version), `cannot_write`.
    """
    if target.exists():
        raise Refused(f"{target} exists. A backup never overwrites", "exists")
    try:
        with _whole_or_not_at_all(target) as part:
            manifest = _write(part, say)
        return Made(target, target.stat().st_size, manifest)
    except OSError as error:
        raise Refused(f"{target} cannot be written: {error.strerror or error}", "cannot_write") from error


@contextmanager
def _whole_or_not_at_all(target: Path) -> Iterator[Path]:
    """A new file beside the target that gets its name, flushed to disk, when the block ends well."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        if target.exists():
            raise Refused(f"{target} exists. A backup never overwrites", "exists")
        part.replace(target)
        _flush(target.parent)
    finally:
        part.unlink(missing_ok=True)


def _flush(folder: Path) -> None:
    """The name, too, must survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(part: Path, say: Say) -> Manifest:
    made_at, ciphers = clock.now(), Ciphers()
    with ZipFile(part, "w") as archive, one_moment() as connection:
        if schema.version(connection) != schema.newest():
            raise Refused("the database is not prepared for this version. Run: lms init", "not_prepared")
        tables = tuple(_write_table(archive, connection, each, ciphers, say) for each in Base.metadata.sorted_tables)
        lacking, uploads = _write_uploads(archive, connection, say)
        manifest = Manifest(
            made_at=made_at.isoformat(timespec="seconds"),
            schema=schema.newest(),
            base_url=current_app.config["SETTINGS"].base_url,
            keys=ciphers.under,
            unreadable=ciphers.unreadable,
            tables=tables,
            uploads=uploads,
            lacking=tuple(lacking),
        )
        archive.writestr(_member(MANIFEST), manifest.to_json())
    return manifest


@contextmanager
def one_moment() -> Iterator[Connection]:
    """A connection whose whole transaction sees the database as it is now, beside which others write."""
    with only_reading(), db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        connection.execute(text("SELECT 1 FROM alembic_version"))  # the moment is that of the first question
        yield connection
        connection.rollback()


def _write_table(
    archive: ZipFile, connection: Connection, table: Table, ciphers: Ciphers, say: Say
) -> TableContents:
    say(table.name)
    columns = tuple((column.name, kind_of(column)) for column in table.columns)
    line, digest, rows = writer([kind for _name, kind in columns]), sha256(), 0
    secret = [place for place, column in enumerate(table.columns) if column in cipher_columns()]
    with archive.open(_member(member_of_table(table.name)), "w", force_zip64=True) as member:
        for some in _portions(connection, table):
            for row in some:
                for place in secret:
                    ciphers.look(row[place])
            lines = b"".join(map(line, some))
            member.write(lines)
            digest.update(lines)
            rows += len(some)
    return TableContents(table.name, columns, rows, digest.hexdigest())


def _portions(connection: Connection, table: Table) -> Iterator[Any]:
    """The rows by primary key, some hundred at a time; documents as the text that the database has."""
    postgres = connection.dialect.name == "postgresql"
    wanted = [
        column if kind_of(column) != "json" else cast(column, Text) if postgres else type_coerce(column, Text)
        for column in table.columns
    ]
    query = select(*wanted).order_by(*table.primary_key)
    if table.name in OF_THE_MOMENT:
        query = query.where(false())
    yield from connection.execute(query, execution_options={"yield_per": _AT_A_TIME}).partitions()


def _write_uploads(archive: ZipFile, connection: Connection, say: Say) -> tuple[list[str], int]:
    """Every file that the rows name: which were gone or damaged, and how many are written.

    Files are written before their rows and never changed, so those of the rows of a moment are all there.
    """
    lacking, written = [], 0
    say("uploads")
    for digest in connection.scalars(select(StoredFile.sha256).distinct().order_by(StoredFile.sha256)).all():
        try:
            data = path_of(digest).read_bytes()
        except FileNotFoundError:
            data = b""
        if sha256(data).hexdigest() != digest:
            lacking.append(digest)
            continue
        archive.writestr(_member(member_of_upload(digest), ZIP_STORED), data)
        written += 1
    return lacking, written


def _member(name: str, how: int = ZIP_DEFLATED) -> ZipInfo:
    made = ZipInfo(name, clock.now().timetuple()[:6])
    made.compress_type = how
    made.external_attr = 0o600 << 16
    return made
