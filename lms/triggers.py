"""Whether the database still refuses to change what is appended: the triggers of every append-only table."""

from sqlalchemy import Connection, text

from lms.db import APPEND_ONLY, trigger_statements

_POSTGRES = text(
    "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
    "WHERE t.tgenabled IN ('O', 'A') AND t.tgname = c.relname || '_append_only' AND p.proname = 'refuse_change' "
    "AND p.prosrc LIKE '%RAISE EXCEPTION%' AND pg_table_is_visible(c.oid)"
)
_SQLITE = text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")


def missing(connection: Connection) -> list[str]:
    """Append-only tables, by name, that would let a row be changed or removed."""
    if connection.dialect.name == "postgresql":
        there = set(connection.scalars(_POSTGRES))
    else:
        written = {_plain(statement) for statement in connection.scalars(_SQLITE)}
        wanted = {table: {_plain(each) for each in trigger_statements(table, "sqlite")} for table in APPEND_ONLY}
        there = {table for table, statements in wanted.items() if statements <= written}
    return sorted(APPEND_ONLY - there)


def _plain(statement: str) -> str:
    return " ".join(statement.split()).rstrip(";")
