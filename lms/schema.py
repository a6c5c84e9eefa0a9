"""The version of the database: brought up by `lms init`, looked at by every start.

Alembic is imported only where something is brought up: a server has no other use for it.
"""

from pathlib import Path

from flask import Flask
from sqlalchemy import inspect, text

from lms.db import db

MIGRATIONS = Path(__file__).parent / "migrations"


def newest() -> str:
    """The last revision: what the name of its file begins with."""
    return max(file.stem for file in (MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]


def is_current() -> bool:
    """Whether the database is of this version: with another each page would fail, one after the other."""
    if not inspect(db.engine).has_table("alembic_version"):
        return False
    with db.engine.connect() as connection:
        return connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [newest()]


def bring_up(app: Flask) -> None:
    """Bring the database to this version. Needs the application's context."""
    from flask_migrate import Migrate, upgrade  # noqa: PLC0415  see above

    Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True)
    upgrade()
