"""A ledger of a million entries behind everything else: how long it takes to write, to prove, and what memory it needs.

`python -m benchmarks.ledger fill 1000000` fills the instance of the environment up to so many entries, in a project of
its own; `… prove` does what `lms ledger verify` does. Each prints one JSON document.
"""

import json
import resource
import secrets
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from benchmarks import data
from benchmarks.servers import call
from courses.activities import Activity, Session
from courses.attendance import AttendanceEntry, append
from courses.proof import prove
from lms import clock
from lms.app import create_app
from lms.db import db

ENTRIES = 1_000_000
MOST_MEMORY = 300
_PEOPLE = 1_000
_AT_A_TIME = 1_000
_DAYS_BACK = 200  # months before the ones that are measured


def fill(total: int) -> dict[str, float]:
    """Meetings of a thousand people until the ledger has so many entries."""
    begun = time.perf_counter()
    group = data.make_group(0)
    everybody = data.make_people(_PEOPLE, group.organisations)
    ids = [(person.id, person.organisation_id) for person in everybody]
    left = total - (db.session.scalar(select(func.count()).select_from(AttendanceEntry)) or 0)
    for number, start in enumerate(range(0, left, _AT_A_TIME)):
        session = _meeting(group, number)
        append([_row(group, session, *person) for person in ids[: left - start]])
        db.session.commit()
        db.session.expunge_all()
        group = data.Group(*(db.session.merge(each) for each in (group.project, group.leader, group.trainer)), ())
    return {"seconds": time.perf_counter() - begun, "number": max(left, 0)}


def _meeting(group: data.Group, number: int) -> Session:
    begin = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=_DAYS_BACK, hours=number % 1000)
    session = Session(number=1, starts_at=begin, ends_at=begin + timedelta(hours=1), mode="digital")
    db.session.add(
        Activity(
            kind="lecture",
            project_id=group.project.id,
            title="Föreläsning",
            created_by_id=group.leader.id,
            sessions=[session],
        )
    )
    db.session.flush()
    return session


def _row(group: data.Group, session: Session, person_id: int, organisation_id: int | None) -> dict[str, Any]:
    return {
        "project_id": group.project.id,
        "person_id": person_id,
        "organisation_id": organisation_id,
        "activity_id": session.activity_id,
        "session_id": session.id,
        "kind": "lecture",
        "day": clock.local(session.starts_at).date(),
        "minutes": 60,
        "method": "sheet",
        "recorded_by_id": group.trainer.id,
        "happened_at": session.starts_at,
        "recorded_at": session.ends_at,
        "nonce": secrets.token_urlsafe(12),
    }


def prove_all() -> dict[str, float]:
    """The whole ledger, held against everything that says what it was."""
    begun = time.perf_counter()
    found = prove()
    if found.findings:
        raise SystemExit(f"the ledger does not agree with itself: {found.findings[:3]}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": time.perf_counter() - begun, "number": found.entries, "peak": peak}


def lines(folder: Path) -> Iterator[tuple[str, str, float, str, float | None]]:
    """What the table shows: key, words, value, unit, goal."""
    filled = json.loads(call(folder, "benchmarks.ledger", "fill", str(ENTRIES)))
    if filled["number"]:
        each = filled["seconds"] * 1000 / filled["number"]
        yield "ledger_write", "Writing an entry into a ledger of a million", each, "ms", None
    proved = json.loads(call(folder, "benchmarks.ledger", "prove"))
    yield "ledger_prove", f"Proving {proved['number']:.0f} entries", proved["seconds"], "s", None
    yield "ledger_peak", "… memory, at most", proved["peak"], "MiB", MOST_MEMORY


if __name__ == "__main__":
    app = create_app()
    with app.app_context():
        print(json.dumps(fill(int(sys.argv[2])) if sys.argv[1] == "fill" else prove_all()))
