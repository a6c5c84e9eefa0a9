"""Who has not confirmed the hours of a month, per employer: what the project leader and the reminders go by."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from courses.attendance import AttendanceEntry
from courses.esf.days import last_day
from courses.hours.states import IS_CONFIRMED, IS_OBJECTED, entries, is_over, is_unconfirmed
from lms.db import db
from lms.organisations import Organisation
from lms.people import Person, alphabetical, name_columns, shown_name
from lms.projects import Participation, Project


@dataclass(frozen=True)
class Missing:
    """An ESF participant with hours in the month that she has not confirmed, for one employer (of that day).

    `lines` and `minutes` wait for her; `objected` lines wait for a trainer. `name` is the alias of a protected person.
    """

    person_id: int
    name: str
    organisation_id: int | None
    organisation: str
    lines: int
    minutes: int
    objected: int
    has_address: bool


@dataclass(frozen=True)
class Tally:
    """Of one employer in the month: people with hours, those who have confirmed all of them, and objected lines."""

    people: int
    confirmed: int
    objected: int


def missing(project: Project, first: date) -> list[Missing]:
    """ESF participants with unconfirmed or objected lines in the month, by employer and name. One question."""
    waits = and_(is_unconfirmed(), ~IS_OBJECTED)
    where = func.coalesce(Organisation.name, "")
    query = (
        entries(
            Person.id, AttendanceEntry.organisation_id, where, Person.email.is_not(None),
            func.sum(case((waits, 1), else_=0)), func.sum(case((waits, AttendanceEntry.minutes), else_=0)),
            func.sum(case((IS_OBJECTED, 1), else_=0)), *name_columns(Person),
        )
        .join(Person, Person.id == AttendanceEntry.person_id)
        .outerjoin(Organisation, Organisation.id == AttendanceEntry.organisation_id)
        .where(*_in_month(project, first), or_(is_unconfirmed(), IS_OBJECTED))
        .group_by(Person.id, AttendanceEntry.organisation_id, where, Person.email, *name_columns(Person))
    )  # fmt: skip
    found = [
        Missing(person_id, shown_name(*name), number, employer, int(lines), int(minutes), int(objected), bool(address))
        for person_id, number, employer, address, lines, minutes, objected, *name in db.session.execute(query)
    ]
    return sorted(found, key=lambda row: (alphabetical(row.organisation), alphabetical(row.name), row.person_id))


def tallies(project: Project, first: date) -> dict[int | None, Tally]:
    """Employer → how far its people's confirmations have come in the month. One question, one row per employer."""
    hours = and_(AttendanceEntry.minutes > 0, is_over())
    each = (
        entries(
            AttendanceEntry.organisation_id.label("place"),
            AttendanceEntry.person_id.label("person"),
            func.sum(case((hours, 1), else_=0)).label("lines"),
            func.sum(case((and_(hours, IS_CONFIRMED), 1), else_=0)).label("confirmed"),
            func.sum(case((IS_OBJECTED, 1), else_=0)).label("objected"),
        )
        .where(*_in_month(project, first))
        .group_by(AttendanceEntry.organisation_id, AttendanceEntry.person_id)
        .subquery()
    )
    has, done = each.c.lines > 0, and_(each.c.lines > 0, each.c.lines == each.c.confirmed)
    query = select(
        each.c.place,
        func.sum(case((has, 1), else_=0)),
        func.sum(case((done, 1), else_=0)),
        func.sum(each.c.objected),
    ).group_by(each.c.place)
    return {place: Tally(int(people), int(done), int(odd)) for place, people, done, odd in db.session.execute(query)}


def _in_month(project: Project, first: date) -> tuple[ColumnElement[bool], ...]:
    return (
        AttendanceEntry.project_id == project.id,
        AttendanceEntry.day.between(first, last_day(first)),
        Participation.esf.is_(True),
    )
