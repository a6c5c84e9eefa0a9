"""The version of the database: brought up by `lms init`, looked at by every start.

Alembic is imported only where something is brought up: a server has no other use for it.
"""

from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Connection, inspect, text

from lms.db import db

MIGRATIONS = Path(__file__).parent / "migrations"


def revisions() -> list[str]:
    """Every revision, oldest first: what the names of their files begin with."""
    return sorted(file.stem.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def newest() -> str:
    """The last revision."""
    return revisions()[-1]


def is_current() -> bool:
    """Whether the database is of this version: with another each page would fail, one after the other."""
    with db.engine.connect() as connection:
        return version(connection) == newest()


def version(connection: Connection) -> str:
    """The revision of the database; empty when it was never prepared."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def bring_up(app: Flask, *, connection: Connection | None = None, revision: str = "head") -> None:
    """Bring the database to this version, or to an earlier one. Needs the application's context.

    With a connection everything happens in the transaction that it has begun.
    """
    from flask_migrate import Migrate, upgrade  # noqa: PLC0415  see above

    migrate = Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True)

    @migrate.configure
    def _there(settings: Any) -> Any:
        settings.attributes["connection"] = connection
        return settings

    upgrade(revision=revision)
