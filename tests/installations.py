"""Empty and filled installations for tests of what happens to a whole one: backups, restores, the doctor."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch
from zipfile import ZipFile

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine, make_url, text

from courses.esf.closings import ClosingNumber
from lms import protection
from lms.db import db
from lms.secrets import encrypted
from tests.test_commands import Installation
from tests.world import make_world

NUMBER = "198001019804"
CHANGES_BY_ITSELF = {"audit", "installation_note"}
"""What a backup and a restore write about themselves."""


class Places:
    """Makes installations on both engines; on PostgreSQL each has a database of its own."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder, self.server, self._numbers = folder, server, count(1)

    def empty(self, engine: str = "") -> Installation:
        """An installation without tables, on the engine of this run or another."""
        number = next(self._numbers)
        folder = self.folder / f"place{number}"
        folder.mkdir()
        made = Installation(folder)
        made.environment["LMS_JOBS_URL"] = f"sqlite:///{folder / 'jobs.db'}"
        if (engine or make_url(self.server).get_backend_name()) == "postgresql":
            made.environment["LMS_DATABASE_URL"] = self._database(f"place{number}")
        return made

    def filled(self, engine: str = "", *, month: bool = False) -> Installation:
        """An installation with one of each thing in it; with a month that was closed over hours that never were."""
        made = self.empty(engine)
        assert made.run("init").exit_code == 0
        closed = nullcontext() if month else patch("tests.world._closed_month", lambda *_given: SimpleNamespace(id=0))
        with closed:
            made.ask(_fill)
        return made

    def _database(self, name: str) -> str:
        server = create_engine(self.server, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {name}"))
        server.dispose()
        return make_url(self.server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def places(app: Flask, engine_url: str, tmp_path: Path) -> Iterator[Places]:
    return Places(tmp_path, engine_url)


def _fill() -> None:
    world = make_world()
    person, leader = world.people["participant"], world.people["leader"]
    assert person is not None
    assert leader is not None
    protection.write_personnummer(person, NUMBER, by=leader)
    if world.values["closing_id"]:
        db.session.add(
            ClosingNumber(closing_id=world.values["closing_id"], person_id=leader.id, cipher=encrypted(NUMBER))
        )
    db.session.commit()


def backed_up(place: Installation, name: str = "backup.zip") -> Path:
    """A backup of the place, made by the command."""
    file = place.folder / name
    done = place.run("backup", str(file))
    assert done.exit_code == 0, done.output
    return file


def told(file: Path) -> dict[str, dict[str, object]]:
    """Every table that a backup names, with its columns, rows and hash; without what changes by itself."""
    with ZipFile(file) as archive:
        tables = json.loads(archive.read("manifest.json"))["tables"]
    return {each["name"]: each for each in tables if each["name"] not in CHANGES_BY_ITSELF}


def restored(place: Installation, file: Path, *more: str) -> Result:
    """The place, filled from the file by the command."""
    done = place.run("restore", str(file), *more)
    assert done.exit_code == 0, done.output
    assert "Traceback" not in done.output
    return done

