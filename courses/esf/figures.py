"""What the funder is told of a month, in few numbers: minutes per person and employer, starts, ends, numbers.

The rule that matters most: a closed month is compared by the digest of exactly this. Signatures of participants are
counted beside it and are no part of it: they change nothing that was reported.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import aliased

from courses.attendance import AttendanceEntry, Objection, ObjectionAnswer, SignedEntry
from courses.esf import ledger
from courses.esf.days import last_day
from courses.esf.ledger import is_counted, is_esf, shown
from courses.esf.totals import STEP
from lms.db import db
from lms.people import Person
from lms.projects import Participation, Project

_own = aliased(SignedEntry, name="own")
unanswered = (
    select(Objection.entry_id, Objection.minutes)
    .outerjoin(ObjectionAnswer, ObjectionAnswer.objection_id == Objection.id)
    .where(ObjectionAnswer.objection_id.is_(None))
    .subquery("unanswered")
)
"""Entries that somebody objects to, with the minutes she means, and that nobody has answered."""


@dataclass(frozen=True, slots=True)
class Part:
    """One person for one employer in the month: minutes, entries that give them, how many of those she has confirmed.

    `objected` also counts an absence that she objects to; whoever has nothing but that has no minutes.
    """

    person_id: int
    organisation_id: int | None
    minutes: int
    entries: int
    confirmed: int
    objected: int


@dataclass(frozen=True, slots=True)
class Member:
    """An ESF participant of the month: with hours, a start or an end in it. Days only when they lie in the month."""

    person_id: int
    name: str
    protected: bool
    placeholder: str
    has_number: bool
    started: date | None
    ended: date | None

    @property
    def lacks(self) -> str:
        """What the file for SCB misses: `number`, `placeholder` or nothing."""
        if self.protected:
            return "" if self.placeholder else "placeholder"
        return "" if self.has_number else "number"


def parts(project: Project, first: date) -> list[Part]:
    """Counted minutes of ESF participants. One query, however many people."""
    person, place = AttendanceEntry.person_id, AttendanceEntry.organisation_id
    gives = case((AttendanceEntry.minutes > 0, 1))
    confirmed = case((and_(AttendanceEntry.minutes > 0, _own.entry_id.is_not(None)), 1))
    columns = (
        person, place, func.sum(AttendanceEntry.minutes), func.count(gives), func.count(confirmed),
        func.count(unanswered.c.entry_id),
    )  # fmt: skip
    query = (
        ledger.lines(project.id, first, last_day(first), *columns)
        .outerjoin(_own, and_(_own.entry_id == AttendanceEntry.id, _own.kind == "participant"))
        .outerjoin(unanswered, unanswered.c.entry_id == AttendanceEntry.id)
        .where(is_counted, is_esf, or_(AttendanceEntry.minutes > 0, unanswered.c.entry_id.is_not(None)))
        .group_by(person, place)
    )
    return [Part(*row) for row in db.session.execute(query)]


def members(project: Project, first: date, found: Iterable[Part]) -> list[Member]:
    """The ESF participants of the month, by id: those with minutes in `found`, a start or an end. One query."""
    counted, last = {part.person_id for part in found if part.minutes}, last_day(first)
    people = []
    for number, given, family, protected, alias, placeholder, has_number, since, until in _participations(project):
        started = since if first <= since <= last else None
        ended = until if until and first <= until <= last else None
        if number in counted or started or ended:
            name = shown(given, family, protected, alias)
            people.append(Member(number, name, protected, placeholder or "", bool(has_number), started, ended))
    return people


def _participations(project: Project) -> Iterable[Any]:
    return db.session.execute(
        select(
            Person.id,
            *ledger.PERSON,
            Participation.placeholder,
            Person.personnummer_hash.is_not(None),
            Participation.since,
            Participation.until,
        )
        .join(Participation, Participation.person_id == Person.id)
        .where(Participation.project_id == project.id, Participation.esf)
        .order_by(Person.id)
    )


def reported(minutes: int, project: Project) -> int:
    """Minutes of one person and employer after the rounding of the project."""
    return minutes - minutes % STEP[project.plan.rules.rounding]


def digest(project: Project, found: Iterable[Part], people: Iterable[Member]) -> str:
    """SHA-256 (hex) of what the funder is told; the order does not matter."""
    hours: dict[int, list[tuple[int, int, int]]] = {}
    for part in (each for each in found if each.minutes):
        told = (part.organisation_id or 0, part.minutes, reported(part.minutes, project))
        hours.setdefault(part.person_id, []).append(told)
    rows = sorted(_told(member, hours) for member in people)
    columns = [(column.heading, column.field, column.value) for column in project.plan.scb]
    return hashlib.sha256(repr((columns, rows)).encode()).hexdigest()


def _told(member: Member, hours: Mapping[int, list[tuple[int, int, int]]]) -> tuple[object, ...]:
    number = member.placeholder if member.protected else member.has_number
    began, ended = str(member.started or ""), str(member.ended or "")
    return member.person_id, member.protected, str(number), began, ended, sorted(hours.get(member.person_id, []))


def now(project: Project, first: date) -> str:
    """The digest as everything stands. Two queries."""
    found = parts(project, first)
    return digest(project, found, members(project, first, found))
