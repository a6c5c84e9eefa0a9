"""What the ledger says: who is on a sheet, what counts now, what it was before, and which sheets are unsigned."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select

from courses.activities import Activity, Expected, Session
from courses.attendance.ledger import STANDS, AttendanceEntry, SignOff
from courses.enrolment import Enrolment
from courses.runs import Run
from lms import clock
from lms.db import db
from lms.people import Person, alphabetical
from lms.projects import Project

_STAYED = AttendanceEntry.absence.is_distinct_from("moved")


def on_sheet(session: Session, among: Collection[int] | None = None) -> list[Person]:
    """Who stands on the sheet, by name: places in the run or called to the meeting, and whoever has an entry.

    Who was moved to another group stands there only as long as she has a place here as well.

    `among` asks for these people only: one of four hundred who come is not looked for among all of them.
    """
    query = _on_sheet(isinstance(session.activity, Run), among is not None)
    values = {"session": session.id, "activity": session.activity_id}
    return by_name(db.session.scalars(query, values if among is None else values | {"among": among}))


# Statements that every save and check-in asks are built once per process: building one costs more than running it.


@cache
def _on_sheet(is_run: bool, asks_some: bool) -> Any:
    activity: Any = bindparam("activity")
    if is_run:
        expected = select(Enrolment.person_id).where(Enrolment.run_id == activity, Enrolment.state == "registered")
    else:
        expected = select(Expected.person_id).where(Expected.activity_id == activity)
    recorded = select(AttendanceEntry.person_id).where(
        AttendanceEntry.session_id == bindparam("session"), STANDS, _STAYED
    )
    if asks_some:
        among: Any = bindparam("among", expanding=True)
        expected = expected.where(expected.selected_columns[0].in_(among))
        recorded = recorded.where(AttendanceEntry.person_id.in_(among))
    return select(Person).where(Person.id.in_(expected.union(recorded)))


def employers_of(session: Session, among: Collection[int]) -> dict[int, int | None]:
    """person id → her employer today, of those of these people who stand on the sheet: all that a save asks of them."""
    query = _employers(isinstance(session.activity, Run))
    values = {"session": session.id, "activity": session.activity_id, "among": among}
    return {row.id: row.organisation_id for row in db.session.execute(query, values)}


@cache
def _employers(is_run: bool) -> Any:
    return _on_sheet(is_run, asks_some=True).with_only_columns(Person.id, Person.organisation_id)


def by_name(people: Iterable[Person]) -> list[Person]:
    """People as a Swedish list orders them, by the name that is shown."""
    return sorted(people, key=lambda person: (alphabetical(person.name), person.id))


def entries_of(session: Session) -> list[AttendanceEntry]:
    """Every entry of the session, replaced ones too, in the order they were written."""
    return list(db.session.scalars(_entries(), {"session": session.id}))


@cache
def _entries() -> Any:
    return (
        select(AttendanceEntry).where(AttendanceEntry.session_id == bindparam("session")).order_by(AttendanceEntry.id)
    )


def histories(session: Session) -> dict[int, list[AttendanceEntry]]:
    """person id → entries, oldest first: the last one counts."""
    chains: dict[int, list[AttendanceEntry]] = defaultdict(list)
    for entry in entries_of(session):
        chains[entry.person_id].append(entry)
    return dict(chains)


def latest(session: Session, among: Collection[int] | None = None) -> dict[int, AttendanceEntry]:
    """person id → the entry that counts now; of everybody, or of these people."""
    values = {"session": session.id} if among is None else {"session": session.id, "among": among}
    return {entry.person_id: entry for entry in db.session.scalars(_latest(among is not None), values)}


@cache
def _latest(asks_some: bool) -> Any:
    query = select(AttendanceEntry).where(AttendanceEntry.session_id == bindparam("session"), STANDS)
    return query.where(AttendanceEntry.person_id.in_(bindparam("among", expanding=True))) if asks_some else query


def answers(session: Session, people: Collection[Person]) -> dict[int, AttendanceEntry]:
    """person id → the entry that counts now, of those who stand on the sheet; "moved" answers for nobody."""
    ids = {person.id for person in people}
    now = latest(session)
    return {number: entry for number, entry in now.items() if number in ids and entry.absence != "moved"}


def written_with(nonces: Iterable[str]) -> dict[str, AttendanceEntry]:
    """nonce → the entry that was written with it, for those that were."""
    return {entry.nonce: entry for entry in db.session.scalars(_written_with(), {"nonces": list(nonces)})}


@cache
def _written_with() -> Any:
    return select(AttendanceEntry).where(AttendanceEntry.nonce.in_(bindparam("nonces", expanding=True)))


def is_replaced(*entries: AttendanceEntry) -> bool:
    """Whether another entry stands in the place of any of these."""
    later = select(AttendanceEntry.id).where(AttendanceEntry.replaces_id.in_([entry.id for entry in entries]))
    return db.session.scalar(later.limit(1)) is not None


def history(session: Session, person: Person) -> list[AttendanceEntry]:
    """All entries of the person in the session, oldest first."""
    return histories(session).get(person.id, [])


def minutes_in(run: Activity, *, signed_only: bool = False) -> dict[int, dict[int, int]]:
    """person id → {session id: minutes}, as it stands now; with `signed_only` only from sheets signed off."""
    query = select(AttendanceEntry.person_id, AttendanceEntry.session_id, AttendanceEntry.minutes).where(
        AttendanceEntry.activity_id == run.id,
        AttendanceEntry.session_id.is_not(None),
        STANDS,
    )
    if signed_only:
        query = query.where(AttendanceEntry.session_id.in_(select(SignOff.session_id)))
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for person_id, session_id, minutes in db.session.execute(query):
        if session_id is not None:
            found[person_id][session_id] = minutes
    return dict(found)


def signed(session: Session) -> SignOff | None:
    """The sign-off that holds now, or None: the newest one."""
    found: SignOff | None = db.session.scalar(_signed(), {"session": session.id})
    return found


@cache
def _signed() -> Any:
    return select(SignOff).where(SignOff.session_id == bindparam("session")).order_by(SignOff.id.desc()).limit(1)


def is_signed(session: Session) -> bool:
    """Whether the sheet of the session is signed off."""
    return signed(session) is not None


def unsigned(project: Project) -> list[Session]:
    """Sessions of the project that are over and not signed off, oldest first; cancelled activities do not count."""
    return list(
        db.session.scalars(
            select(Session)
            .join(Activity, Session.activity_id == Activity.id)
            .where(
                Activity.project_id == project.id,
                Activity.cancelled_at.is_(None),
                Session.ends_at <= clock.now(),
                Session.id.not_in(select(SignOff.session_id)),
            )
            .order_by(Session.starts_at, Session.id)
        )
    )


@dataclass(frozen=True)
class SheetState:
    """How far a sheet has come: people with an answer who were there, minutes together, signed or not."""

    present: int = 0
    answered: int = 0
    minutes: int = 0
    signed: bool = False


def sheets_of(sessions: Collection[Session]) -> dict[int, SheetState]:
    """session id → how far its sheet has come, for lists; two questions however many there are."""
    ids = [session.id for session in sessions]
    counted = db.session.execute(
        select(
            AttendanceEntry.session_id,
            func.count(),
            func.sum(AttendanceEntry.minutes),
            func.count().filter(AttendanceEntry.minutes > 0),
        )
        .where(AttendanceEntry.session_id.in_(ids), STANDS, _STAYED)
        .group_by(AttendanceEntry.session_id)
    )
    done = set(db.session.scalars(select(SignOff.session_id).where(SignOff.session_id.in_(ids))))
    sums = {number: (count, minutes, present) for number, count, minutes, present in counted}
    return {
        number: SheetState(sums[number][2], sums[number][0], sums[number][1], number in done)
        if number in sums
        else SheetState(signed=number in done)
        for number in ids
    }
