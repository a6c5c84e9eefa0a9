"""What the funder is told of a month, in few numbers: minutes per person and employer, starts, ends, numbers.

The rule that matters most: a closed month is compared by the digest of exactly this. Signatures of participants are
counted beside it and are no part of it: they change nothing that was reported.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from courses.attendance import AttendanceEntry, Objection, ObjectionAnswer, SignedEntry
from courses.esf import ledger
from courses.esf.days import last_day
from courses.esf.ledger import is_counted, is_esf
from courses.esf.rounding import rounded
from lms.db import db
from lms.people import Person, shown_name
from lms.projects import Participation, Project

_own = aliased(SignedEntry, name="own")
is_objected: ColumnElement[bool] = and_(
    Objection.id.is_not(None), ObjectionAnswer.objection_id.is_(None), _own.entry_id.is_(None)
)
"""Of `with_objections`: somebody objects to the entry, nobody has answered, and she has not confirmed it."""
_LACKS_NUMBER = and_(~Person.protected, Person.personnummer_hash.is_(None))
_LACKS_PLACEHOLDER = and_(Person.protected, func.coalesce(Participation.placeholder, "") == "")
NO = (literal(0), literal(0))


class Part(NamedTuple):
    """One person for one employer in the month: minutes, entries that give them, how many of those she has confirmed.

    `objected` also counts an absence that she objects to; whoever has nothing but that has no minutes.
    """

    person_id: int
    organisation_id: int | None
    minutes: int
    entries: int
    confirmed: int
    objected: int


class Member(NamedTuple):
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


class Tally(NamedTuple):
    """People with hours in the month and their minutes, exact and reported, for one employer or all of them.

    `confirmed` of them have confirmed everything; `objecting` people object to something, be it an absence.
    """

    people: int = 0
    minutes: int = 0
    reported: int = 0
    confirmed: int = 0
    objecting: int = 0


class Tallies(NamedTuple):
    """The month per employer (None: without) and of everybody, where a person with two employers counts once.

    `members` are the ESF participants to report: with hours, a start or an end. Some lack what SCB's file needs.
    """

    places: dict[int | None, Tally]
    everybody: Tally
    members: int
    without_number: int
    without_placeholder: int


def parts(project: Project, first: date) -> list[Part]:
    """Counted minutes of ESF participants. One query, however many people."""
    return [Part._make(row) for row in db.session.execute(_parts(project, first))]


def named(project: Project, first: date, organisation_id: int | None) -> list[tuple[Part, str]]:
    """The parts of one employer with the names of the people. One query."""
    query = _parts(project, first, *ledger.PERSON).where(
        AttendanceEntry.organisation_id == organisation_id
        if organisation_id is not None
        else AttendanceEntry.organisation_id.is_(None)
    )
    size = len(Part._fields)
    return [(Part._make(row[:size]), shown_name(*row[size:])) for row in db.session.execute(query)]


def tallies(project: Project, first: date) -> Tallies:
    """The sums of the month, worked out by the database. One query, a row per employer."""
    each = _parts(project, first, _LACKS_NUMBER.label("number"), _LACKS_PLACEHOLDER.label("placeholder")).cte("each")
    has, all_confirmed = each.c.minutes > 0, each.c.confirmed == each.c.entries
    sums = (func.sum(each.c.minutes), func.sum(rounded(each.c.minutes, project.plan.rules.rounding)))
    lacking = (_people(each, each.c.number, has), _people(each, each.c.placeholder, has))
    objecting = _people(each, each.c.objected > 0)
    rows: CompoundSelect[Any] = union_all(
        select(
            literal("place"), each.c.place, _people(each, has), *sums, _people(each, has, all_confirmed), objecting, *NO
        ).group_by(each.c.place),
        select(
            literal("all"), null(), _people(each, has), *sums, _people(each, has, ~all_confirmed), objecting, *lacking
        ),
        select(literal("moved"), null(), func.count(), *NO, *NO, *_lacking())
        .select_from(Participation)
        .join(Person, Person.id == Participation.person_id)
        .where(*_moved(project, first), Person.id.not_in(select(each.c.person_id).where(has))),
    )
    return _tallied(db.session.execute(rows))


def _tallied(rows: Iterable[Any]) -> Tallies:
    """The rows of `tallies`; sums of sums are decimals where PostgreSQL adds them, and minutes are whole."""
    places: dict[int | None, Tally] = {}
    everybody, members, lacking = Tally(), 0, [0, 0]
    for what, place, people, minutes, told, confirmed, objecting, *lacks in rows:
        lacking = [before + (more or 0) for before, more in zip(lacking, lacks, strict=True)]
        members += people if what != "place" else 0
        if what == "place":
            places[place] = Tally(people, int(minutes), int(told), confirmed, objecting)
        elif what == "all":
            everybody = Tally(people, int(minutes or 0), int(told or 0), people - confirmed, objecting)
    return Tallies(places, everybody, members, *lacking)


def _people(each: CTE, *which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((and_(*which), each.c.person_id)).distinct())


def _lacking() -> tuple[ColumnElement[int], ...]:
    return tuple(func.count(case((lacks, 1))) for lacks in (_LACKS_NUMBER, _LACKS_PLACEHOLDER))


def _moved(project: Project, first: date) -> tuple[ColumnElement[bool], ...]:
    """ESF participants with a start or an end in the month."""
    last = last_day(first)
    moves = or_(Participation.since.between(first, last), Participation.until.between(first, last))
    return Participation.project_id == project.id, Participation.esf.is_(True), moves


def _parts(project: Project, first: date, *more: Any) -> Select[Any]:
    person, place = AttendanceEntry.person_id, AttendanceEntry.organisation_id
    gives = case((AttendanceEntry.minutes > 0, 1))
    confirmed = case((and_(AttendanceEntry.minutes > 0, _own.entry_id.is_not(None)), 1))
    columns = (
        person, place.label("place"), func.sum(AttendanceEntry.minutes).label("minutes"),
        func.count(gives).label("entries"), func.count(confirmed).label("confirmed"),
        func.count(case((is_objected, 1))).label("objected"),
    )  # fmt: skip
    return (
        with_objections(ledger.lines(project.id, first, last_day(first), *columns, *more))
        .where(is_counted, is_esf, or_(AttendanceEntry.minutes > 0, is_objected))
        .group_by(person, place, *more)
    )


def with_objections(lines: Any) -> Select[Any]:
    """Lines of the ledger with the participant's signature and objection, each joined by a key of its own."""
    joined: Select[Any] = (
        lines.outerjoin(_own, and_(_own.entry_id == AttendanceEntry.id, _own.kind == "participant"))
        .outerjoin(Objection, Objection.entry_id == AttendanceEntry.id)
        .outerjoin(ObjectionAnswer, ObjectionAnswer.objection_id == Objection.id)
    )
    return joined


def members(project: Project, first: date, found: Iterable[Part]) -> list[Member]:
    """The ESF participants of the month, by id: those with minutes in `found`, a start or an end. One query."""
    counted, last = {part.person_id for part in found if part.minutes}, last_day(first)
    people = []
    for number, given, family, protected, alias, placeholder, has_number, since, until in _participations(project):
        started = since if first <= since <= last else None
        ended = until if until and first <= until <= last else None
        if number in counted or started or ended:
            name = shown_name(given, family, protected, alias)
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
    return rounded(minutes, project.plan.rules.rounding)


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
