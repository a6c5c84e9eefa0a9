"""The typed base of every table, and the two engines: what is appended is never updated or deleted.

Writers on SQLite begin IMMEDIATE (a read that turns into a write would fail with "database is locked");
requests that only read say so with `reading()` and begin deferred.
"""

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DDL, JSON, DateTime, Dialect, Engine, Executable, MetaData, Table, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcTime(TypeDecorator[datetime]):
    """An aware moment, kept as UTC on both engines."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Document = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """Parent of every table of the product."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcTime(), dict[str, Any]: Document, list[Any]: Document}  # noqa: RUF012


db = SQLAlchemy(metadata=Base.metadata)

APPEND_ONLY: set[str] = set()


def append_only(*tables: type[Base] | Table) -> None:
    """Register tables whose rows are never changed; the triggers refuse UPDATE and DELETE on both engines.

    Migrations call `trigger_statements` for the same tables; a test compares the two.
    """
    for item in tables:
        table = item if isinstance(item, Table) else item.__table__
        assert isinstance(table, Table)
        APPEND_ONLY.add(table.name)
        for dialect in ("sqlite", "postgresql"):
            for statement in trigger_statements(table.name, dialect):
                ddl = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
                event.listen(table, "after_create", ddl.execute_if(dialect=dialect))


def trigger_statements(table: str, dialect: str) -> Sequence[str]:
    """The statements that make `table` append-only on one engine."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for act in ("update", "delete")
        ]
    return [
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]


_reading: ContextVar[bool] = ContextVar("reading", default=False)


def reading(only: bool) -> None:
    """Say whether this request only reads; decides how SQLite begins its transactions."""
    _reading.set(only)


@contextmanager
def only_reading() -> Iterator[None]:
    """What is inside only reads and holds up nobody who writes, outside of requests."""
    reading(only=True)
    try:
        yield
    finally:
        reading(only=False)


ALONE = "one_statement"
"""Execution option of a connection that reads with a single statement, which needs no transaction around it."""

PRAGMAS = ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=15000", "synchronous=FULL", "cache_size=-512")


def prepare_sqlite(engine: Engine) -> None:
    """WAL, foreign keys, patience with other writers, few pages kept, and IMMEDIATE write transactions."""

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        if not connection.get_execution_options().get(ALONE):
            connection.exec_driver_sql("BEGIN" if _reading.get() else "BEGIN IMMEDIATE")


def rows(statement: Executable, values: Mapping[str, object]) -> Sequence[Any]:
    """What a question about columns answers, straight from the connection of the session.

    Half the work of `session.execute`, which is ready for objects to be made; nothing that waits is flushed first.
    """
    return db.session.connection().execute(statement, values).all()


def without_values(error: DBAPIError) -> str:
    """Where it happened and the first line of it: the lines after that quote the row (PostgreSQL's DETAIL)."""
    return "\n".join([str(error).partition("\n")[0], *traceback.format_tb(error.__traceback__)])


def spellings(word: str) -> list[str]:
    """A word in the capitals that it is looked for in: SQLite knows those of a–z only, so å, ä and ö need each."""
    return [word] if word.isascii() else sorted({word, word.lower(), word.capitalize(), word.title(), word.upper()})
