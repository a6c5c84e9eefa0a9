"""A backup is restored into an empty installation: one transaction, all or nothing.

The rule that matters most: a key that the backup needs and the installation does not have is a refusal. Without it what
stands encrypted is lost, and whoever accepts that says so.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Boolean, Connection, Date, LargeBinary, Text, column, func, inspect, select, text
from sqlalchemy import table as named_table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.sql.expression import TableClause, cast, insert
from sqlalchemy.types import TypeDecorator, TypeEngine

from lms import schema, triggers
from lms.backup import losing
from lms.backup.contents import Manifest, TableContents, reader
from lms.backup.opening import Opened, opened
from lms.db import Base, UtcTime, db, reading
from lms.files import path_of, write
from lms.refusals import Refused
from lms.secrets import fingerprint, keys

Say = Callable[[str], object]
_AT_A_TIME = 500


@dataclass
class Restored:
    """What was restored. `lost`: how many values of which column nobody can read any more; `migrated`: the backup
    was of an earlier version."""

    manifest: Manifest
    lost: dict[str, int] = field(default_factory=dict)
    migrated: bool = False


class _Document(TypeDecorator[str]):
    """A JSON document that is already text."""

    impl = Text
    cache_ok = True

    def bind_expression(self, bindparam: Any) -> Any:
        return cast(bindparam, JSONB) if db.engine.dialect.name == "postgresql" else bindparam


_TYPES: dict[str, TypeEngine[Any]] = {
    "moment": UtcTime(),
    "day": Date(),
    "bytes": LargeBinary(),
    "boolean": Boolean(),
    "json": _Document(),
}


def restore(app: Flask, file: Path, *, without_key: bool = False, say: Say = lambda _told: None) -> Restored:
    """Fill the empty installation from `file`; `say` hears how far it is. Needs the application's context.

    Refused `no_backup`, `damaged`, `newer`, `wrong_key`, `not_empty`, `does_not_fit` or `cannot_write`: then nothing
    has changed. An older backup is brought to this version in the same transaction.
    """
    with opened(file, say) as found:
        if found.manifest.schema not in schema.revisions():
            raise Refused(f"the backup is of a later version ({found.manifest.schema}). Install that version", "newer")
        missing = _missing_keys(found.manifest)
        if missing and not without_key:
            raise Refused(_no_key(found.manifest, missing), "wrong_key")
        done = Restored(found.manifest, migrated=found.manifest.schema < schema.newest())
        with _new_files() as files, _one_transaction() as connection:
            _fill(app, connection, found, done, say)
            _put_uploads(connection, found, files, say)
        return done


def _missing_keys(manifest: Manifest) -> list[str]:
    """Fingerprints of keys that the backup needs and the settings do not have."""
    present = {fingerprint(key) for key in keys()}
    writing = next(iter(manifest.keys), "")
    return [name for name, values in manifest.keys.items() if (values or name == writing) and name not in present]


def _no_key(manifest: Manifest, missing: list[str]) -> str:
    values = sum(manifest.keys[name] for name in missing)
    return (
        f"the backup needs the LMS_KEY_ENCRYPTION_KEY with the fingerprint {' and '.join(missing)}; set is "
        f"{' and '.join(map(fingerprint, keys()))}. If it is gone for ever, --without-key restores the rest and loses "
        f"{values} values: every personnummer and every key that signs certificates. Nothing was changed"
    )


@contextmanager
def _one_transaction() -> Iterator[Connection]:
    """A transaction that holds everything, tables included; SQLite asks for order between tables at its end only."""
    reading(only=False)
    with db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        raw: Any = connection.connection.dbapi_connection
        if sqlite:
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
        except DBAPIError as error:
            why = str(error.orig).splitlines()[0]
            raise Refused(f"the database refuses the backup: {why}. Nothing was changed", "does_not_fit") from error
        except (StatementError, ValueError, TypeError) as error:
            raise Refused("the backup is damaged: a row in it is none. Nothing was changed", "damaged") from error
        finally:
            if sqlite:
                raw.execute("PRAGMA foreign_keys=ON")


def _fill(app: Flask, connection: Connection, found: Opened, done: Restored, say: Say) -> None:
    _check_empty(connection)
    say("making tables")
    schema.bring_up(app, connection=connection, revision=found.manifest.schema)
    _check_fits(connection, found.manifest)
    with _without_references(connection, found.manifest):
        for table in found.manifest.tables:
            say(f"restoring {table.name}")
            _fill_table(connection, found, table, done)
    _set_sequences(connection, found.manifest)
    if done.migrated:
        say("bringing it to this version")
        schema.bring_up(app, connection=connection)
    _check_sound(connection)


def _check_empty(connection: Connection) -> None:
    ours = {*Base.metadata.tables, "alembic_version"}
    if ours & set(inspect(connection).get_table_names()):
        raise Refused(
            "the installation is not empty: its database has tables. A backup is restored before lms init, into a "
            "new database (with SQLite: no file in LMS_INSTANCE). Nothing was changed",
            "not_empty",
        )


def _check_fits(connection: Connection, manifest: Manifest) -> None:
    """Refused when the tables of that version are not those of the file: a row would lose something."""
    inspector = inspect(connection)
    written = {table.name: {name for name, _kind in table.columns} for table in manifest.tables}
    ours = {*Base.metadata.tables, *written} & set(inspector.get_table_names())
    if {name: {each["name"] for each in inspector.get_columns(name)} for name in ours} != written:
        raise Refused("the tables in the backup are not those of its version. Nothing was changed", "does_not_fit")


def _fill_table(connection: Connection, found: Opened, table: TableContents, done: Restored) -> None:
    target = _target(table)
    count = 0
    with closing(found.lines(table)) as lines:
        rows: Iterator[dict[str, Any]] = map(reader(table.columns), lines)
        if _missing_keys(found.manifest):
            rows = losing.without_key(table, rows, done.lost)
        while some := list(islice(rows, _AT_A_TIME)):
            connection.execute(insert(target), some)
            count += len(some)
    stand = connection.scalar(select(func.count()).select_from(target))
    if stand != count:
        raise Refused(f"{table.name}: {stand} rows instead of {count}. Nothing was changed", "does_not_fit")


def _target(table: TableContents) -> TableClause:
    return named_table(table.name, *(column(name, _TYPES.get(kind)) for name, kind in table.columns))


@contextmanager
def _without_references(connection: Connection, manifest: Manifest) -> Iterator[None]:
    """PostgreSQL asks for order between rows at once: its references are taken away and made again, and so checked."""
    if connection.dialect.name == "sqlite":
        yield
        if lost := connection.execute(text("PRAGMA foreign_key_check")).fetchall():
            raise Refused(f"{lost[0][0]}: rows point at rows that are not there. Nothing was changed", "damaged")
        return
    found = connection.execute(
        text(
            "SELECT r.oid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid) FROM pg_constraint c "
            "JOIN pg_class r ON r.oid = c.conrelid WHERE c.contype = 'f' AND r.relname = ANY(:ours) "
            "AND c.connamespace = current_schema()::regnamespace ORDER BY 1, 2"
        ),
        {"ours": [table.name for table in manifest.tables]},
    ).all()
    for table, name, _definition in found:
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    yield
    for table, name, definition in found:
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def _set_sequences(connection: Connection, manifest: Manifest) -> None:
    """New rows of PostgreSQL go on after the last one; SQLite looks at the rows themselves."""
    if connection.dialect.name == "sqlite":
        return
    for table in manifest.tables:
        for name, kind in table.columns:
            place = {"table": table.name, "column": name}
            if kind != "integer" or not (
                own := connection.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), place)
            ):
                continue
            last = connection.scalar(select(func.max(column(name))).select_from(_target(table)))
            connection.execute(
                text("SELECT setval(:own, :last, :used)"), {"own": own, "last": last or 1, "used": last is not None}
            )


def _check_sound(connection: Connection) -> None:
    if lacking := triggers.missing(connection):
        raise Refused(f"{', '.join(lacking)} would not be append-only. Nothing was changed", "does_not_fit")
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE"))  # without its statistics PostgreSQL reads large tables from end to end


@contextmanager
def _new_files() -> Iterator[list[Path]]:
    """Files that were not there before, taken away again when the block fails."""
    made: list[Path] = []
    try:
        yield made
    except OSError as error:
        _remove(made)
        why = error.strerror or error
        raise Refused(f"uploads cannot be written: {why}. Nothing was changed", "cannot_write") from error
    except BaseException:
        _remove(made)
        raise


def _remove(made: list[Path]) -> None:
    for path in made:
        path.unlink(missing_ok=True)


def _put_uploads(connection: Connection, found: Opened, made: list[Path], say: Say) -> None:
    """The files first, then the end of the transaction: what the database names is there."""
    say("restoring uploads")
    named = set(connection.scalars(text("SELECT DISTINCT sha256 FROM stored_file")))
    if named != {*found.uploads, *found.manifest.lacking}:
        raise Refused("the uploads in the backup are not those that its rows name. Nothing was changed", "damaged")
    for digest in found.uploads:
        path = path_of(digest)
        if path.exists() and sha256(path.read_bytes()).hexdigest() == digest:
            continue
        path.unlink(missing_ok=True)
        made.append(path)
        write(path, found.upload(digest))
