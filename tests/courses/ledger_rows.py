"""Ledger lines and sign-offs as the product writes them, for tests that need many or odd ones."""

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from courses.activities import Activity, Session
from courses.attendance import AttendanceEntry, SignOff
from courses.attendance.chain import append
from lms import clock
from lms.db import db
from lms.people import Person

_numbers = count(1)


def attended(
    session: Session,
    person: Person,
    minutes: int = 240,
    *,
    recorded_at: datetime | None = None,
    replaces: AttendanceEntry | None = None,
    organisation_id: int | None = -1,
) -> AttendanceEntry:
    """A line of the sheet of a session; the employer is the person's of now unless one is given."""
    return _entry(
        session.activity,
        person,
        minutes,
        clock.local(session.starts_at).date(),
        session=session,
        recorded_at=recorded_at or session.ends_at,
        replaces_id=replaces.id if replaces else None,
        organisation_id=organisation_id,
    )


def approved(activity: Activity, person: Person, minutes: int, day: date) -> AttendanceEntry:
    """The line of an approved home assignment."""
    return _entry(activity, person, minutes, day, kind="assignment", method="review")


def imported(activity: Activity, person: Person, minutes: int, day: date) -> AttendanceEntry:
    """A line without a sheet that nobody has approved."""
    return _entry(activity, person, minutes, day, method="import")


def signed(session: Session, by: Person, at: datetime | None = None) -> SignOff:
    """The sheet signed off, an hour after the session when nothing else is said."""
    before = (
        db.session.query(SignOff).filter_by(session_id=session.id).order_by(SignOff.id.desc()).limit(1).one_or_none()
    )
    made = SignOff(
        session_id=session.id,
        by_id=by.id,
        at=at or session.ends_at + timedelta(hours=1),
        entries_hash="0" * 64,
        people=0,
        minutes=0,
        roster=[],
        replaces_id=before.id if before else None,
    )
    db.session.add(made)
    db.session.flush()
    return made


def _entry(
    activity: Activity,
    person: Person,
    minutes: int,
    day: date,
    *,
    session: Session | None = None,
    kind: str = "session",
    method: str = "sheet",
    recorded_at: datetime | None = None,
    replaces_id: int | None = None,
    organisation_id: int | None = -1,
) -> AttendanceEntry:
    row: dict[str, Any] = {
        "project_id": activity.project_id,
        "person_id": person.id,
        "organisation_id": person.organisation_id if organisation_id == -1 else organisation_id,
        "activity_id": activity.id,
        "session_id": session.id if session else None,
        "kind": kind,
        "day": day,
        "minutes": minutes,
        "method": method,
        "recorded_by_id": activity.created_by_id,
        "happened_at": recorded_at or clock.now(),
        "recorded_at": recorded_at or clock.now(),
        "nonce": f"test-{next(_numbers)}",
        "replaces_id": replaces_id,
        "reason": "",
    }
    (made,) = append([row])
    return made
