"""Hours without a sheet as they stand: what a person may declare for, what she has, and what waits for an answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import contains_eager

from courses.activities import Activity, Expected, Session
from courses.attendance.ledger import KINDS, STANDS, AttendanceEntry
from courses.attendance.signatures import HoursApproval
from courses.enrolment import Enrolment
from courses.runs import RunTrainer
from lms.db import db
from lms.people import Person, alphabetical
from lms.projects import Project

DECLARED = tuple(kind for kind in KINDS if kind not in ("session", "assignment"))
_is_declared: ColumnElement[bool] = and_(AttendanceEntry.session_id.is_(None), AttendanceEntry.kind.in_(DECLARED))
WAITS: ColumnElement[bool] = and_(
    _is_declared,
    STANDS,
    AttendanceEntry.minutes > 0,
    ~exists().where(HoursApproval.entry_id == AttendanceEntry.id),
)
"""Declared hours that stand and that nobody has decided on."""


@dataclass(frozen=True)
class Own:
    """Declared hours as they stand: waiting, approved (by whom), refused (the entry says why) or withdrawn."""

    entry: AttendanceEntry
    approval: HoursApproval | None

    @property
    def state(self) -> str:
        if self.entry.minutes == 0:
            return "withdrawn" if self.entry.recorded_by_id == self.entry.person_id else "refused"
        return "approved" if self.approval else "waiting"


def activities(person: Person, project: Project) -> list[tuple[Activity, bool]]:
    """What the person may declare hours for and whether she leads it: what she leads first, the newest first."""
    trained = exists().where(RunTrainer.run_id == Activity.id, RunTrainer.person_id == person.id)
    leads = or_(trained, and_(Activity.kind != "course", Activity.created_by_id == person.id))
    place = exists().where(
        Enrolment.run_id == Activity.id, Enrolment.person_id == person.id, Enrolment.state == "registered"
    )
    called = exists().where(Expected.activity_id == Activity.id, Expected.person_id == person.id)
    begins = select(func.max(Session.starts_at)).where(Session.activity_id == Activity.id).scalar_subquery()
    query = (
        select(Activity, leads.label("leads"))
        .where(Activity.project_id == project.id, Activity.cancelled_at.is_(None), or_(leads, place, called))
        .order_by(leads.desc(), begins.desc(), Activity.id.desc())
    )
    return [(activity, bool(led)) for activity, led in db.session.execute(query).unique()]


def own(person: Person, project: Project, most: int = 100) -> list[Own]:
    """The person's declared hours in the project, the latest day first."""
    query = (
        select(AttendanceEntry, HoursApproval)
        .outerjoin(HoursApproval, HoursApproval.entry_id == AttendanceEntry.id)
        .where(AttendanceEntry.person_id == person.id, AttendanceEntry.project_id == project.id, _is_declared, STANDS)
        .order_by(AttendanceEntry.day.desc(), AttendanceEntry.id.desc())
        .limit(most)
    )
    return [Own(entry, approval) for entry, approval in db.session.execute(query)]


def waiting(project: Project) -> list[AttendanceEntry]:
    """Declared hours that nobody has decided on, by name and day, with people and activities."""
    query = (
        select(AttendanceEntry)
        .join(AttendanceEntry.person)
        .join(AttendanceEntry.activity)
        .options(contains_eager(AttendanceEntry.person), contains_eager(AttendanceEntry.activity))
        .where(AttendanceEntry.project_id == project.id, WAITS)
    )
    return sorted(db.session.scalars(query), key=lambda each: (alphabetical(each.person.name), each.day, each.id))


def otherwise(entries: Sequence[AttendanceEntry]) -> dict[int, int]:
    """entry id → minutes that the same person has on the same day beside it, in all projects."""
    people = {entry.person_id for entry in entries}
    days = {entry.day for entry in entries}
    query = (
        select(AttendanceEntry.person_id, AttendanceEntry.day, func.sum(AttendanceEntry.minutes))
        .where(AttendanceEntry.person_id.in_(people), AttendanceEntry.day.in_(days), STANDS)
        .group_by(AttendanceEntry.person_id, AttendanceEntry.day)
    )
    sums = {(person_id, day): minutes for person_id, day, minutes in db.session.execute(query)}
    return {entry.id: sums[entry.person_id, entry.day] - entry.minutes for entry in entries}


def approved_of(ids: Collection[int]) -> set[int]:
    """Which of these entries somebody has answered for."""
    return set(db.session.scalars(select(HoursApproval.entry_id).where(HoursApproval.entry_id.in_(ids))))
