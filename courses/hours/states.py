"""What has been said about entries of the ledger: confirmed, countersigned, objected to; and which are open.

The rule that matters most: only the entry that stands counts. A correction is a new entry, and nobody has signed it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import aliased

from courses.activities import Activity, Session
from courses.attendance import STANDS, AttendanceEntry, HoursSignature, Objection, ObjectionAnswer, SignedEntry
from courses.attendance.signing import LAST_PART
from lms import clock
from lms.db import db
from lms.people import Person, name_columns, shown_name
from lms.projects import Participation

AT_A_TIME = 5_000
"""Ids in one question; SQLite takes 32 766 values at most."""
_own = aliased(SignedEntry, name="own")


@dataclass(frozen=True)
class Signature:
    """Who signed, under the name that is shown, when and how (`WAYS` of signatures.py, or what the trainer did)."""

    by_id: int
    name: str
    at: datetime
    way: str


@dataclass(frozen=True)
class Disputed:
    """The minutes a participant means instead and why; `answer` is why the entry was kept, where somebody said so."""

    id: int
    minutes: int
    comment: str
    at: datetime
    answer: str | None = None
    answered_by: str = ""


@dataclass(frozen=True)
class State:
    """What has been said about one entry."""

    participant: Signature | None = None
    manager: Signature | None = None
    objection: Disputed | None = None

    @property
    def is_objected(self) -> bool:
        """Whether an objection waits for its answer."""
        return self.participant is None and self.objection is not None and self.objection.answer is None


NOTHING = State()


def states_of(entry_ids: Collection[int]) -> dict[int, State]:
    """entry id → what has been said about it; entries nobody has said anything about are left out.

    Two questions for each five thousand entries.
    """
    found: dict[int, State] = {}
    for some in _parts(sorted(entry_ids)):
        for entry_id, kind, signature in _signatures(some):
            before = found.get(entry_id, NOTHING)
            mine = kind == "participant"
            found[entry_id] = replace(before, participant=signature) if mine else replace(before, manager=signature)
        for entry_id, objection in _objections(some):
            found[entry_id] = replace(found.get(entry_id, NOTHING), objection=objection)
    return found


def _parts(ids: list[int]) -> Iterator[list[int]]:
    for first in range(0, len(ids), AT_A_TIME):
        yield ids[first : first + AT_A_TIME]


def _signatures(ids: list[int]) -> Iterator[tuple[int, str, Signature]]:
    query = (
        select(
            SignedEntry.entry_id, SignedEntry.kind, HoursSignature.by_id, HoursSignature.at, HoursSignature.way,
            *name_columns(Person),
        )
        .join(HoursSignature, HoursSignature.id == SignedEntry.signature_id)
        .join(Person, Person.id == HoursSignature.by_id)
        .where(SignedEntry.entry_id.in_(ids))
    )  # fmt: skip
    for entry_id, kind, by_id, at, way, *name in db.session.execute(query):
        yield entry_id, kind, Signature(by_id, shown_name(*name), at, way)


def _objections(ids: list[int]) -> Iterator[tuple[int, Disputed]]:
    query = (
        select(
            Objection.entry_id, Objection.id, Objection.minutes, Objection.comment, Objection.at,
            ObjectionAnswer.comment, *name_columns(Person),
        )
        .outerjoin(ObjectionAnswer, ObjectionAnswer.objection_id == Objection.id)
        .outerjoin(Person, Person.id == ObjectionAnswer.by_id)
        .where(Objection.entry_id.in_(ids))
    )  # fmt: skip
    for entry_id, number, minutes, comment, at, answer, *name in db.session.execute(query):
        yield entry_id, Disputed(number, minutes, comment, at, answer, "" if answer is None else shown_name(*name))


# --- conditions over `entries` ------------------------------------------------------------------------------


def entries(*columns: Any) -> Select[Any]:
    """Select `columns` of entries that stand and belong to participants, with all that the conditions below need.

    Who was moved to another group has nothing to say about the sheet she left.
    """
    return (
        select(*columns)
        .select_from(AttendanceEntry)
        .join(Activity, Activity.id == AttendanceEntry.activity_id)
        .join(
            Participation,
            and_(
                Participation.person_id == AttendanceEntry.person_id,
                Participation.project_id == AttendanceEntry.project_id,
            ),
        )
        .outerjoin(Session, Session.id == AttendanceEntry.session_id)
        .outerjoin(_own, and_(_own.entry_id == AttendanceEntry.id, _own.kind == "participant"))
        .outerjoin(Objection, Objection.entry_id == AttendanceEntry.id)
        .outerjoin(ObjectionAnswer, ObjectionAnswer.objection_id == Objection.id)
        .where(STANDS, AttendanceEntry.absence.is_distinct_from("moved"))
    )


IS_OBJECTED: ColumnElement[bool] = and_(
    _own.entry_id.is_(None), Objection.id.is_not(None), ObjectionAnswer.objection_id.is_(None)
)
"""Of `entries`: an objection waits for its answer."""
IS_CONFIRMED: ColumnElement[bool] = _own.entry_id.is_not(None)


def is_unconfirmed(until: Any = None) -> ColumnElement[bool]:
    """Of `entries`: hours to certify that the person has not, objected to or not; `until` as in `is_over`."""
    return and_(_own.entry_id.is_(None), AttendanceEntry.minutes > 0, is_over(until))


def is_open(until: Any = None) -> ColumnElement[bool]:
    """Of `entries`: hours that wait for the person herself; `until` as in `is_over`."""
    return and_(is_unconfirmed(until), ~IS_OBJECTED)


def is_over(until: Any = None) -> ColumnElement[bool]:
    """Of `entries`: from the half hour before the end on, as the sheet is signed; hours without a session at once.

    A statement that is built once and kept gets `until`, a parameter for `over_until()`.
    """
    return or_(AttendanceEntry.session_id.is_(None), Session.ends_at <= (over_until() if until is None else until))


def over_until() -> datetime:
    """Sessions that end by then may be certified now."""
    return clock.now() + LAST_PART
