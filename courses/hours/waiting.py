"""What waits for a person's signature or answer now, in one question: for her home, which asks for a lot already."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select

from courses.activities import Activity, Session
from courses.attendance import STANDS, AttendanceEntry, Objection, ObjectionAnswer, SignedEntry
from courses.hours.states import entries, is_open, over_until
from courses.runs import RunTrainer
from lms.db import db
from lms.people import Person, name_columns, shown_name

MOST = 200
ME: Any = bindparam("me")
UNTIL: Any = bindparam("until", type_=Session.ends_at.type)


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
    rows = db.session.execute(_query(leads), {"me": person.id, "until": over_until()}).all()
    own = tuple((row[0], row[1]) for row in rows if row[0].person_id == person.id)
    return Waits(own, tuple(_unanswered(*row) for row in rows if row[0].person_id != person.id))


@cache
def _query(leads: bool) -> Select[Any]:
    """Built once per process: every home asks it, and building costs more than running."""
    wanted: Any = entries(AttendanceEntry.id).where(AttendanceEntry.person_id == ME, is_open(UNTIL))
    some = (wanted.union_all(_asked()) if leads else wanted).subquery()
    return (
        select(AttendanceEntry, Activity.title, Objection.id, Objection.minutes, Objection.at, *name_columns(Person))
        .join(Activity, Activity.id == AttendanceEntry.activity_id)
        .join(Person, Person.id == AttendanceEntry.person_id)
        .outerjoin(Objection, Objection.entry_id == AttendanceEntry.id)
        .where(AttendanceEntry.id.in_(select(some.c[0])))
        .order_by(AttendanceEntry.day, AttendanceEntry.id)
        .limit(MOST)
    )


def _unanswered(entry: AttendanceEntry, title: str, number: int, meant: int, at: datetime, *name: Any) -> Unanswered:
    return Unanswered(number, shown_name(*name), title, entry.day, entry.minutes, meant, at)


def _asked() -> Any:
    """Entries with an objection that waits for the person; it begins with the objections, which are few."""
    return (
        select(Objection.entry_id)
        .join(AttendanceEntry, AttendanceEntry.id == Objection.entry_id)
        .join(Activity, Activity.id == AttendanceEntry.activity_id)
        .outerjoin(ObjectionAnswer, ObjectionAnswer.objection_id == Objection.id)
        .outerjoin(SignedEntry, and_(SignedEntry.entry_id == Objection.entry_id, SignedEntry.kind == "participant"))
        .where(ObjectionAnswer.objection_id.is_(None), SignedEntry.entry_id.is_(None), STANDS)
        .where(Objection.person_id != ME, _leads())
    )


def _leads() -> ColumnElement[bool]:
    """The activity is a run she trains, or a meeting she called."""
    trained = exists().where(RunTrainer.run_id == Activity.id, RunTrainer.person_id == ME)
    return or_(trained, and_(Activity.kind != "course", Activity.created_by_id == ME))
