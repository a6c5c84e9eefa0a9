"""Meetings: what a project meets for beside courses, each with one session and the people who are called to it.

The rule that matters most: a meeting may be entered afterwards, as long as it lies in the project, and one that
somebody attended stays.
"""

from collections.abc import Iterable
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select

from courses.activities import KINDS, Activity, Expected, Session, check_link
from courses.attendance import minutes_in
from lms import audit, clock
from lms.db import db
from lms.organisations import Organisation
from lms.people import Person, holders
from lms.projects import Project, check_open
from lms.refusals import Refused

MEETINGS = KINDS[1:]
PER_PAGE = 20

# --- operations ---------------------------------------------------------------------------------------------


def call(
    project: Project,
    kind: str,
    *,
    title: str,
    starts: datetime,
    ends: datetime,
    mode: str = "physical",
    place: str = "",
    link: str = "",
    organisation: Organisation | None = None,
    people: Iterable[Person] | None = None,
    by: Person,
) -> Activity:
    """A meeting of the project with one session; `people` stand on its sheet (default: `usual_group`).

    Times are aware. Raises Refused: `kind`, `title`, `ends_before_start`, `too_long` (over 16 hours), `place`,
    `link`, and what `check_open` refuses.
    """
    if kind not in MEETINGS:
        raise Refused(_("Choose what kind of meeting it is."), "kind")
    _check_meeting(project, title, starts, ends)
    _check_where(mode, place, link)
    meeting = Activity(
        kind=kind,
        project_id=project.id,
        organisation=organisation,
        title=title.strip(),
        created_by=by,
        created_at=clock.now(),
        sessions=[
            Session(number=1, starts_at=starts, ends_at=ends, mode=mode, place=place.strip(), link=link.strip())
        ],
    )
    db.session.add(meeting)
    db.session.flush()
    called = usual_group(project, kind, before=meeting) if people is None else people
    db.session.add_all(
        Expected(activity_id=meeting.id, person_id=person_id) for person_id in sorted({person.id for person in called})
    )
    db.session.flush()
    audit.record("meeting.called", meeting, by=by, details={"kind": kind, "starts": starts.isoformat()})
    return meeting


def cancel(meeting: Activity, *, by: Person) -> None:
    """Cancel a meeting that nobody attended; cancelling twice is fine. Raises Refused: `kind`, `recorded`."""
    if meeting.kind not in MEETINGS:
        raise Refused(_("Choose what kind of meeting it is."), "kind")
    if minutes_in(meeting):
        raise Refused(_("Attendance is recorded: the meeting took place and stays."), "recorded")
    if meeting.cancelled_at is None:
        meeting.cancelled_at = clock.now()
        meeting.revision += 1
        meeting.sequence += 1
        audit.record("meeting.cancelled", meeting, by=by)


def _check_meeting(project: Project, title: str, starts: datetime, ends: datetime) -> None:
    if not title.strip():
        raise Refused(_("Write what the meeting is called."), "title")
    if ends <= starts:
        raise Refused(_("The end must be after the start."), "ends_before_start")
    if (ends - starts).total_seconds() > 16 * 3600:
        raise Refused(_("A meeting is at most 16 hours long."), "too_long")
    check_open(project, clock.local(starts).date())


def _check_where(mode: str, place: str, link: str) -> None:
    """People must be able to find it: a place, or a link that is one."""
    if mode == "physical" and not place.strip():
        raise Refused(_("Write where it is held."), "place")
    if mode == "digital" or link.strip():
        check_link(link)


# --- questions ----------------------------------------------------------------------------------------------


def usual_group(project: Project, kind: str, *, before: Activity | None = None) -> list[Person]:
    """Who a meeting of this kind is for: trainers (network), the steering group, else the last meeting's people."""
    if kind == "network":
        both = [*holders("trainer", project_id=project.id), *holders("county_trainer", project_id=project.id)]
        return list({person.id: person for person in both}.values())
    if kind == "steering_group":
        return holders("steering_group", project_id=project.id)
    if kind in ("coaching", "horizontal", "lecture", "conference"):
        return []
    last = select(func.max(Activity.id)).where(
        Activity.project_id == project.id,
        Activity.kind == kind,
        Activity.cancelled_at.is_(None),
        Activity.id != (before.id if before else 0),
    )
    called = select(Expected.person_id).where(Expected.activity_id == last.scalar_subquery())
    return list(db.session.scalars(select(Person).where(Person.id.in_(called))).unique())


def count(project: Project) -> int:
    """How many meetings the project has that are no courses."""
    return db.session.scalar(select(func.count()).select_from(Activity).where(*_of(project))) or 0


def listed(project: Project, *, page: int = 1, per_page: int = PER_PAGE) -> list[Activity]:
    """One page of those meetings, newest first."""
    rows = db.session.scalars(
        select(Activity)
        .join(Session, Session.activity_id == Activity.id)
        .where(*_of(project))
        .order_by(Session.starts_at.desc(), Activity.id.desc())
        .offset((page - 1) * per_page)
        .limit(per_page)
    )
    return list(rows.unique())


def _of(project: Project) -> tuple[ColumnElement[bool], ...]:
    return (Activity.project_id == project.id, Activity.kind.in_(MEETINGS))
