"""Four hundred people check in at once, on both databases and through a power cut: none lost, none doubled.

How long it takes is measured by benchmarks/check_in.py; here nothing is timed.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

import config
from benchmarks import check_in
from benchmarks.check_in import CROWD, Crowd, Hall, arrive
from courses import attendance
from courses.attendance import AttendanceEntry, CheckIn
from lms.app import create_app
from lms.db import db
from tests.served import ROOT, lms, postgresql, serving, surroundings


def furnish(environment: dict[str, str], people: int = CROWD) -> Hall:
    """An installation with a session that is going on."""
    done = lms(environment, "init")
    assert done.returncode == 0, done.stderr
    command = [sys.executable, "-m", "benchmarks.check_in", str(people)]
    made = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert made.returncode == 0, made.stderr
    return check_in.read(made.stdout)


def came(environment: dict[str, str]) -> set[int]:
    """Who stands in the ledger; every one once, with one line about her check-in, in a chain without a fault."""
    app = create_app(config.read(environment))
    with app.app_context():
        people = list(db.session.scalars(select(AttendanceEntry.person_id)))
        own = list(db.session.scalars(select(CheckIn.person_id)))
        kinds = {tuple(row) for row in db.session.execute(select(AttendanceEntry.method, AttendanceEntry.minutes))}
        entries = db.session.scalar(select(func.count()).select_from(AttendanceEntry))
        found = attendance.verify()
        db.session.remove()
        db.engine.dispose()
    assert len(people) == len(set(people)), "nobody twice"
    assert sorted(people) == sorted(own)
    assert kinds <= {("self", 240)}, "everybody came within ten minutes of the start"
    assert (found.entries, found.faults) == (entries, ())
    return set(people)


def whole(crowd: Crowd) -> None:
    assert set(crowd.outcome.statuses) == {200, 303}, crowd.outcome.statuses
    assert crowd.outcome.statuses[303] == CROWD


def test_four_hundred_at_one_server_with_the_embedded_database(tmp_path: Path) -> None:
    environment = surroundings(tmp_path)
    hall = furnish(environment)
    with serving(environment, tmp_path / "log", "--workers", "1") as served:
        crowd = arrive(hall, [served.port])
    whole(crowd)
    assert came(environment) == set(crowd.told) == set(hall.cookies)
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_four_hundred_at_two_web_processes_on_postgresql(tmp_path: Path) -> None:
    with postgresql() as url:
        environment = surroundings(tmp_path, LMS_DATABASE_URL=url)
        hall = furnish(environment)
        with serving(environment, tmp_path / "log", "--workers", "2") as served:
            crowd = arrive(hall, [served.port])
        whole(crowd)
        assert came(environment) == set(crowd.told) == set(hall.cookies)
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("cut_after", [1, 90])
def test_nobody_who_was_told_is_lost_when_the_power_goes(tmp_path: Path, cut_after: int) -> None:
    """Cut in the middle of the crowd; whoever had her answer stands in the ledger, and everybody can go on."""
    environment = surroundings(tmp_path)
    hall = furnish(environment, 150)
    with serving(environment, tmp_path / "log", "--workers", "1") as served:
        crowd = arrive(
            hall, [served.port], noticed=lambda crowd: served.cut() if len(crowd.told) == cut_after else None
        )
    assert cut_after <= len(crowd.told) < 150
    assert set(crowd.told) <= came(environment)
    with serving(environment, tmp_path / "log", "--workers", "1") as served:
        again = arrive(hall, [served.port])
    assert came(environment) == set(again.told) == set(hall.cookies)
