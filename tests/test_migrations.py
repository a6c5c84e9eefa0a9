"""The migrations make exactly the tables of the models, triggers included, on the engine of this run."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import Migrate, upgrade
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

import config
from courses.attendance import AttendanceEntry, SignOff, verify
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
def empty(app: Flask, engine_url: str, tmp_path) -> Flask:  # type: ignore[no-untyped-def]
    """An application on a second database without tables."""
    url = f"sqlite:///{tmp_path / 'migrated.db'}"
    if engine_url.startswith("postgresql"):
        url = _second_database(engine_url)
    settings = config.read(
        {"LMS_DEMO": "1", "LMS_INSTANCE": str(tmp_path), "LMS_DATABASE_URL": url, "LMS_JOBS_URL": "sqlite:///:memory:"}
    )
    return create_app(settings)


@pytest.fixture
def migrated(empty: Flask) -> Iterator[Engine]:
    """A second, empty database brought up by the migrations alone."""
    with empty.app_context():
        schema.bring_up(empty)
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


ROWS = (
    "INSERT INTO organisation (id, name, kind) VALUES (1, 'Tierp', 'municipality')",
    "INSERT INTO project (id, dnr, name, owner, starts, ends, document)"
    " VALUES (1, '1', 'P', 'O', '2022-01-01', '2023-04-30', '{}')",
    "INSERT INTO person (id, given_name, family_name, gender, protected, language, theme, job_title, created_at)"
    " VALUES (1, 'Elin', 'Forsman', 'woman', false, 'sv', '', '', '2022-09-01 10:00:00')",
    "INSERT INTO activity (id, kind, project_id, title, created_by_id, created_at, revision, sequence)"
    " VALUES (1, 'network', 1, 'N', 1, '2022-09-01 10:00:00', 1, 1)",
    "INSERT INTO session (id, activity_id, number, starts_at, ends_at, mode, place, link)"
    " VALUES (1, 1, 1, '2022-10-03 06:30:00', '2022-10-03 10:30:00', 'digital', '', '')",
    *(
        "INSERT INTO attendance_entry (id, project_id, person_id, organisation_id, activity_id, session_id, kind, day,"
        " minutes, method, recorded_by_id, happened_at, recorded_at, nonce, replaces_id, reason)"
        f" VALUES ({number}, 1, 1, 1, 1, 1, 'network', '2022-10-03', {minutes}, 'sheet', 1,"
        f" '2022-10-03 06:30:00', '2022-10-03 10:31:00.25', 'n{number}', {replaces}, '')"
        for number, minutes, replaces in ((3, 240, "NULL"), (7, 180, 3))
    ),
    "INSERT INTO sign_off (id, session_id, by_id, at, entries_hash, people, minutes, roster)"
    " VALUES (1, 1, 1, '2022-10-03 10:32:00', 'x', 1, 180, '[]')",
)


def test_hours_from_before_the_chain_are_linked_as_they_were_written(empty: Flask) -> None:
    with empty.app_context():
        Migrate(empty, db, directory=str(schema.MIGRATIONS), render_as_batch=True)
        upgrade(revision="0001")
        with db.engine.begin() as connection:
            for row in ROWS:
                connection.execute(text(row))
        schema.bring_up(empty)
        found = verify()
        assert (found.entries, found.head.entry_id, found.faults) == (2, 7, ())
        entry = db.session.get_one(AttendanceEntry, 7)
        assert (entry.minutes, entry.replaces_id, entry.previous_hash) == (
            180, 3, db.session.get_one(AttendanceEntry, 3).hash,
        )  # fmt: skip
        assert db.session.get_one(SignOff, 1).deputy_reason == ""
        with pytest.raises(DBAPIError, match="append-only"):
            db.session.execute(text("UPDATE attendance_entry SET minutes = 240 WHERE id = 7"))
        db.session.rollback()
        db.engine.dispose()
