"""The migrations make exactly the tables of the models, triggers included, on the engine of this run."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Engine, create_engine, make_url, text

import config
from lms import schema
from lms.app import create_app
from lms.db import APPEND_ONLY, Base, db


def _second_database(engine_url: str) -> str:
    server = create_engine(engine_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS migrated WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE migrated"))
    server.dispose()
    return make_url(engine_url).set(database="migrated").render_as_string(hide_password=False)


@pytest.fixture
def migrated(app: Flask, engine_url: str, tmp_path) -> Iterator[Engine]:  # type: ignore[no-untyped-def]
    """A second, empty database brought up by the migrations alone."""
    url = f"sqlite:///{tmp_path / 'migrated.db'}"
    if engine_url.startswith("postgresql"):
        url = _second_database(engine_url)
    settings = config.read(
        {"LMS_DEMO": "1", "LMS_INSTANCE": str(tmp_path), "LMS_DATABASE_URL": url, "LMS_JOBS_URL": "sqlite:///:memory:"}
    )
    other = create_app(settings)
    with other.app_context():
        schema.bring_up(other)
        assert schema.is_current()
        yield db.engine
        db.engine.dispose()


def test_the_newest_revision_is_known_without_alembic() -> None:
    assert schema.newest() == ScriptDirectory(str(schema.MIGRATIONS)).get_current_head()


def test_migrations_make_the_models_tables(migrated: Engine) -> None:
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_append_only_tables_refuse_changes_also_after_migrating(migrated: Engine) -> None:
    with migrated.connect() as connection:
        if connection.dialect.name == "sqlite":
            names = set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")))
            wanted = {f"{table}_no_{act}" for table in APPEND_ONLY for act in ("update", "delete")}
        else:
            names = set(connection.scalars(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")))
            wanted = {f"{table}_append_only" for table in APPEND_ONLY}
    assert names == wanted
