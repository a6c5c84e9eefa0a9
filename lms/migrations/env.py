"""How Alembic reaches the tables: one connection, batch mode for SQLite, types written as plain SQLAlchemy ones."""

from contextlib import nullcontext

from alembic import context
from flask import current_app

from lms.db import Base, UtcTime

engine = current_app.extensions["migrate"].db.engine


def render_item(kind, item, autogen_context):
    """Our own types as what they are in the database, so that migrations never import the product."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and type(item).__name__ == "JSON":
        autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False


given = context.config.attributes.get("connection")  # with a transaction of its own, see lms/backup

with nullcontext(given) if given is not None else engine.connect() as connection:
    raw = connection.connection.dbapi_connection
    if engine.dialect.name == "sqlite":  # tables are made anew and the old ones dropped while others point at them
        raw.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_as_batch=True, render_item=render_item
    )
    with context.begin_transaction():
        context.run_migrations()
        if engine.dialect.name == "sqlite" and (lost := raw.execute("PRAGMA foreign_key_check").fetchall()):
            raise RuntimeError(f"rows would lose what they point at: {lost[:3]}")
    if given is None:
        connection.commit()
    if engine.dialect.name == "sqlite":
        raw.execute("PRAGMA foreign_keys=ON")
