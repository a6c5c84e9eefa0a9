"""`lms ledger verify` as scripts meet it, and a chain that several processes write at the same moment."""

import subprocess
import sys

import pytest
from flask import Flask

from courses import attendance, proof
from lms.db import db
from tests.courses import tampering
from tests.courses.sheets import Day, course_day, whole
from tests.courses.test_attendance_at_once import at_once, saving
from tests.served import ROOT, surroundings

WRITER = """
import sys
from courses import attendance
from courses.activities import Session
from courses.attendance import Mark
from lms import clock
from lms.app import create_app
from lms.db import db
from lms.people import Person
from tests.conftest import NOON
session_id, by, *people = map(int, sys.argv[1:])
with create_app().app_context(), clock.moved(NOON):
    for number in people:
        session, trainer = db.session.get_one(Session, session_id), db.session.get_one(Person, by)
        attendance.record(session, [Mark(number, "whole")], by=trainer, nonce=f"writer-{session_id}")
        db.session.commit()
"""


def _environment(app: Flask, engine_url: str) -> dict[str, str]:
    return surroundings(app.config["SETTINGS"].instance, LMS_DATABASE_URL=engine_url)


def _verify(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Not through `lms`, which asks whether migrations made the tables: the tests make them."""
    command = [sys.executable, "-m", "lms", "ledger", "verify"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def days(app: Flask) -> list[Day]:
    made = [course_day(8) for _number in range(3)]
    db.session.commit()
    return made


def test_a_whole_ledger_is_told_in_two_lines_and_exits_0(app: Flask, engine_url: str, days: list[Day]) -> None:
    day = days[0]
    attendance.record(day.session, [whole(p) for p in day.people], by=day.trainer, nonce="command-1")
    db.session.commit()
    told = _verify(_environment(app, engine_url))
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines() == [f"8 entries, head 8 {attendance.head().hash}", "nothing is wrong"]


def test_faults_are_listed_and_exit_1(app: Flask, engine_url: str, days: list[Day]) -> None:
    day = days[0]
    attendance.record(day.session, [whole(p) for p in day.people], by=day.trainer, nonce="command-1")
    tampering.change(3, "minutes", 7)
    told = _verify(_environment(app, engine_url))
    assert told.returncode == 1
    person = day.people[2].id
    assert told.stdout.splitlines()[1:] == [
        f"entry 3, person {person}: The entry is changed: it no longer gives its hash."
    ]
    assert told.stderr == "the ledger does not agree with itself; faults: 1\n"


def test_threads_write_one_chain(app: Flask, days: list[Day]) -> None:
    acts = [
        saving(day.session.id, day.trainer.id, [whole(person)], f"threads-{day.session.id}")
        for day in days
        for person in day.people
    ]
    db.session.commit()
    assert at_once(app, *acts) == [(1, 0)] * 24
    found = proof.prove()
    assert (found.entries, found.head.entry_id, found.findings) == (24, 24, ())


def test_processes_write_one_chain(app: Flask, engine_url: str, days: list[Day]) -> None:
    environment = _environment(app, engine_url)
    told_each = [[str(row.id) for row in (day.session, day.trainer, *day.people)] for day in days]
    db.session.commit()  # A question on SQLite holds the lock that writers need.
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, *told], cwd=ROOT, env=environment, stderr=subprocess.PIPE)
        for told in told_each
    ]
    told = [writer.communicate(timeout=60)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0], told
    db.session.rollback()
    found = proof.prove()
    assert (found.entries, found.head.entry_id, found.findings) == (24, 24, ())
