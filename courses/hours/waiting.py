"""What waits for a person's signature or answer now, in one question: for her home, which asks for a lot already."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select

from courses.activities import Activity
from courses.attendance import STANDS, AttendanceEntry, Objection, ObjectionAnswer, SignedEntry
from courses.hours.states import entries, is_open, name_of, shown
from courses.runs import RunTrainer
from lms.db import db
from lms.people import Person

MOST = 200


@dataclass(frozen=True)
class Unanswered:
    """An objection that waits for a trainer: what is recorded, and the minutes the participant means."""

    objection_id: int
    name: str
    title: str
    day: date
    minutes: int
    meant: int
    at: datetime


@dataclass(frozen=True)
class Waits:
    """The person's own open entries with the title of each, oldest first, and objections that she has to answer."""

    own: tuple[tuple[AttendanceEntry, str], ...]
    objections: tuple[Unanswered, ...]


def waiting_on(person: Person, *, leads: bool = True) -> Waits:
    """What waits for the person; without `leads` nothing is asked about objections. One question."""
    wanted: Any = entries(AttendanceEntry.id).where(AttendanceEntry.person_id == person.id, is_open())
    if leads:
        wanted = wanted.union_all(_asked(person))
    some = wanted.subquery()
    query = (
        select(AttendanceEntry, Activity.title, Objection.id, Objection.minutes, Objection.at, *name_of(Person))
        .join(Activity, Activity.id == AttendanceEntry.activity_id)
        .join(Person, Person.id == AttendanceEntry.person_id)
        .outerjoin(Objection, Objection.entry_id == AttendanceEntry.id)
        .where(AttendanceEntry.id.in_(select(some.c[0])))
        .order_by(AttendanceEntry.day, AttendanceEntry.id)
        .limit(MOST)
    )
    rows = db.session.execute(query).all()
    own = tuple((row[0], row[1]) for row in rows if row[0].person_id == person.id)
    return Waits(own, tuple(_unanswered(*row) for row in rows if row[0].person_id != person.id))


def _unanswered(entry: AttendanceEntry, title: str, number: int, meant: int, at: datetime, *name: Any) -> Unanswered:
    return Unanswered(number, shown(*name), title, entry.day, entry.minutes, meant, at)


def _asked(person: Person) -> Any:
    """Entries with an objection that waits for the person; it begins with the objections, which are few."""
    return (
        select(Objection.entry_id)
        .join(AttendanceEntry, AttendanceEntry.id == Objection.entry_id)
        .join(Activity, Activity.id == AttendanceEntry.activity_id)
        .outerjoin(ObjectionAnswer, ObjectionAnswer.objection_id == Objection.id)
        .outerjoin(SignedEntry, and_(SignedEntry.entry_id == Objection.entry_id, SignedEntry.kind == "participant"))
        .where(ObjectionAnswer.objection_id.is_(None), SignedEntry.entry_id.is_(None), STANDS)
        .where(Objection.person_id != person.id, _leads(person))
    )


def _leads(person: Person) -> ColumnElement[bool]:
    """The activity is a run she trains, or a meeting she called."""
    trained = exists().where(RunTrainer.run_id == Activity.id, RunTrainer.person_id == person.id)
    return or_(trained, and_(Activity.kind != "course", Activity.created_by_id == person.id))
