"""A month of many people closed and fetched: how long it takes, how it grows, and how much memory it needs.

`python -m benchmarks.month_files close DNR` signs what is left, closes the month before this one (and those before it)
and prints one JSON document; `… fetch DNR` makes all of its files, streamed as a download is, and counts them. Two
processes, so that each has a peak of its own.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select

from benchmarks import data
from benchmarks.servers import call
from courses.activities import Activity, Session
from courses.attendance import AttendanceEntry, SignOff
from courses.esf import bundle, files, scb
from courses.esf.closing import close
from courses.esf.closings import latest
from courses.esf.months import earlier_open
from lms import clock
from lms.app import create_app
from lms.db import db
from lms.people import holders
from lms.projects import Project, project_with

ACCEPTED = ("unconfirmed", "objections", "numbers", "placeholders")
MOST_MEMORY = 300
MOST_EACH = 40  # ms, the same for any number of people: a PDF takes 15 where nothing else runs


def last_month() -> date:
    return (clock.today().replace(day=1) - timedelta(days=1)).replace(day=1)


def close_month(project: Project) -> dict[str, float]:
    """Close it, after every month before it that has something to report; the seconds are those of the last."""
    (leader,) = holders("project_leader", project_id=project.id)
    trainer = holders("trainer", project_id=project.id)[0]
    for session in _unsigned(project):
        entries = db.session.scalars(select(AttendanceEntry).where(AttendanceEntry.session_id == session.id)).all()
        data.sign(session, entries, trainer)
    db.session.commit()
    for first in earlier_open(project, last_month()):
        close(project, first, by=leader, accepted=ACCEPTED)
        db.session.commit()
    begun = time.perf_counter()
    made = close(project, last_month(), by=leader, accepted=ACCEPTED)
    db.session.commit()
    return _told(begun, made.people)


def _unsigned(project: Project) -> Iterator[Session]:
    signed = select(SignOff.session_id)
    query = select(Session).join(Activity).where(Activity.project_id == project.id, Session.id.not_in(signed))
    yield from db.session.scalars(query.where(Session.ends_at < clock.now())).all()


def fetch(project: Project) -> dict[str, float]:
    """Everything in one ZIP, thrown away as it comes."""
    closing = latest(project, last_month())
    if closing is None:
        raise SystemExit("the month is not closed")
    begun = time.perf_counter()
    month = files.snapshot_of(closing)
    digits = scb.numbers(closing)
    db.session.remove()
    total = files.announced(month)
    size = sum(map(len, bundle.zipped(files.files(month, digits), total, month.closed_at)))
    return _told(begun, total) | {"bytes": size}


def _told(begun: float, number: int) -> dict[str, float]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": time.perf_counter() - begun, "number": number, "peak": peak}


def measure(folder: Path, number: int) -> dict[str, dict[str, float]]:
    """Both, on an instance that benchmarks.data has filled with a month of so many people."""
    return {
        what: json.loads(call(folder, "benchmarks.month_files", what, f"2000/{number:05}"))
        for what in ("close", "fetch")
    }


def lines(folder: Path, number: int) -> Iterator[tuple[str, str, float, str, float | None]]:
    """What the table shows of a month of `number` people: key, words, value, unit, goal."""
    found = measure(folder, number)
    close, fetch = found["close"], found["fetch"]
    each = fetch["seconds"] * 1000 / fetch["number"]
    yield f"close_{number}", f"Closing a month of {number} people", close["seconds"], "s", None
    yield f"close_peak_{number}", "… memory, at most", close["peak"], "MiB", MOST_MEMORY
    yield f"fetch_{number}", f"Its {fetch['number']:.0f} files as one ZIP", fetch["seconds"], "s", None
    yield f"fetch_each_{number}", "… each of them", each, "ms", MOST_EACH
    yield f"fetch_peak_{number}", "… memory, at most", fetch["peak"], "MiB", MOST_MEMORY


if __name__ == "__main__":
    app = create_app()
    with app.app_context():
        found = project_with(sys.argv[2])
        if found is None:
            raise SystemExit("there is no such project")
        print(json.dumps({"close": close_month, "fetch": fetch}[sys.argv[1]](found)))
