"""Which lines of the attendance ledger count towards the funder, and which still wait for somebody.

A line counts as it stood when its sheet was last signed: what is recorded or corrected afterwards waits for the
next sign-off. Home assignments have no sheet; their line is written when a trainer approves the work. Other hours
without a sheet count when somebody has approved them.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from courses.attendance import AttendanceEntry, HoursApproval, SignOff
from lms.db import db
from lms.people import Person, name_columns
from lms.projects import Participation

_signed = (
    select(SignOff.session_id, func.max(SignOff.at).label("at")).group_by(SignOff.session_id).subquery("signed")
)
_later = aliased(AttendanceEntry, name="later")
_approved = and_(
    AttendanceEntry.session_id.is_(None),
    or_(
        and_(AttendanceEntry.kind == "assignment", AttendanceEntry.method.in_(("review", "sheet"))),
        exists().where(HoursApproval.entry_id == AttendanceEntry.id),
    ),
)
is_counted: ColumnElement[bool] = or_(
    and_(_approved, _later.id.is_(None)),
    and_(
        AttendanceEntry.recorded_at <= _signed.c.at,
        or_(_later.id.is_(None), _later.recorded_at > _signed.c.at),
    ),
)
_waits: ColumnElement[bool] = and_(
    _later.replaces_id.is_(None),  # asked of the joined column: PostgreSQL knows then that most lines are left
    or_(
        and_(AttendanceEntry.session_id.is_(None), ~_approved, AttendanceEntry.minutes > 0),
        and_(
            AttendanceEntry.session_id.is_not(None),
            or_(_signed.c.at.is_(None), AttendanceEntry.recorded_at > _signed.c.at),
        ),
    ),
)
is_esf: ColumnElement[bool] = func.coalesce(Participation.esf, False)
PERSON = name_columns()


def lines(project_id: int, starts: date, ends: date, *columns: Any) -> Select[Any]:
    """Select `columns` of the ledger lines of the days `starts` to `ends`, both included, with person and part."""
    return (
        select(*columns)
        .select_from(AttendanceEntry)
        .join(Person, Person.id == AttendanceEntry.person_id)
        .outerjoin(
            Participation,
            and_(Participation.person_id == Person.id, Participation.project_id == AttendanceEntry.project_id),
        )
        .outerjoin(_signed, _signed.c.session_id == AttendanceEntry.session_id)
        .outerjoin(_later, _later.replaces_id == AttendanceEntry.id)
        .where(AttendanceEntry.project_id == project_id, AttendanceEntry.day.between(starts, ends))
    )


@dataclass(frozen=True)
class Waiting:
    """Lines of one sheet (or of one activity, without a session) that nobody has signed: ESF people and minutes."""

    activity_id: int
    session_id: int | None
    day: date
    people: int
    minutes: int


def waiting(project_id: int, starts: date, ends: date) -> list[Waiting]:
    """What was recorded in these days and waits for a sign-off, per sheet."""
    minutes = case((is_esf, AttendanceEntry.minutes), else_=0)
    attended = case((and_(is_esf, AttendanceEntry.minutes > 0), AttendanceEntry.person_id))
    query = (
        lines(
            project_id,
            starts,
            ends,
            AttendanceEntry.activity_id,
            AttendanceEntry.session_id,
            func.min(AttendanceEntry.day),
            func.count(attended.distinct()),
            func.sum(minutes),
        )
        .where(_waits)
        .group_by(AttendanceEntry.activity_id, AttendanceEntry.session_id)
    )
    return [Waiting(*row) for row in db.session.execute(query)]


def signed_at() -> Any:
    """The latest sign-off of every session, as a table of session_id and at."""
    return _signed
