"""The month for the funder: hours per person and employer from signed sheets, and what is missing with who can fix it.

Minutes are summed exactly and rounded once, per person and employer of the day, as the project's rules say.
Only ESF participants are in the sums; everybody else who attended is a number beside them.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import func, select

from courses.attendance import AttendanceEntry
from courses.esf import ledger
from courses.esf.ledger import PERSON, is_counted, is_esf, shown
from courses.esf.sheets import Sheet, sheets
from courses.esf.totals import Entry, Sum, Totals, totals
from lms.db import db
from lms.organisations import Organisation
from lms.people import alphabetical
from lms.plan.model import Rounding
from lms.projects import Project, ProjectOrganisation

WEEKS_TO_REPORT = 4  # SCB: a month is due within four weeks after its end.


@dataclass(frozen=True)
class Line:
    """One person with one employer in the month; `name` is the alias of a protected person."""

    person_id: int
    name: str
    organisation_id: int | None
    organisation: str
    hours: Sum


@dataclass(frozen=True)
class Place:
    """One organisation in the month: the hours of its employees, and the sheets of what was held there."""

    organisation_id: int | None
    name: str
    hours: Sum
    held: int
    unsigned: tuple[Sheet, ...]


@dataclass(frozen=True)
class Month:
    """A calendar month of a project. `others` are people who attended and are not ESF participants."""

    project: Project
    first: date
    rounding: Rounding
    names: Mapping[int, str]
    hours: Mapping[tuple[int, int | None], Sum]
    places: tuple[Place, ...]
    total: Sum
    others: Sum
    sheets: tuple[Sheet, ...]

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Everybody with hours, by employer and name; worked out when asked for: most pages show only sums."""
        places = {place.organisation_id: place.name for place in self.places}
        lines = (Line(person, self.names[person], key, places[key], part) for (person, key), part in self.hours.items())
        return tuple(sorted(lines, key=_by_name))

    @property
    def last(self) -> date:
        return last_day(self.first)

    @property
    def due(self) -> date:
        """The last day to report (SCB: four weeks after the month)."""
        return self.last + timedelta(weeks=WEEKS_TO_REPORT)

    @property
    def unsigned(self) -> tuple[Sheet, ...]:
        return tuple(sheet for sheet in self.sheets if not sheet.is_signed)


def month(project: Project, first: date) -> Month:
    """The month that begins on `first`; a constant number of queries, whatever the number of people."""
    starts, ends = first, last_day(first)
    held = tuple(sheets(project, starts, ends))
    people: dict[int, str] = {}
    counted: dict[bool, list[Entry]] = {True: [], False: []}
    for person_id, organisation_id, esf, minutes, *person in _minutes(project.id, starts, ends):
        people[person_id] = shown(*person)
        counted[bool(esf)].append(Entry(person_id, organisation_id, minutes))
    rounding = project.plan.rules.rounding
    summed = totals(counted[True], rounding)
    names = _places(project, {*summed.organisations, *(sheet.organisation_id for sheet in held)})
    return Month(
        project,
        first,
        rounding,
        people,
        summed.lines,
        tuple(_place(key, name, summed, held) for key, name in names.items()),
        summed.all,
        totals(counted[False], "none").all,
        held,
    )


def _by_name(line: Line) -> tuple[str, str, int]:
    return alphabetical(line.organisation), alphabetical(line.name), line.person_id


def _minutes(project_id: int, starts: date, ends: date) -> Iterable[Any]:
    """Person, employer, whether for the funder, minutes, and the columns of the name."""
    columns = (AttendanceEntry.person_id, AttendanceEntry.organisation_id, is_esf.label("esf"))
    query = (
        ledger.lines(project_id, starts, ends, *columns, func.sum(AttendanceEntry.minutes), *PERSON)
        .where(is_counted)
        .group_by(AttendanceEntry.person_id, AttendanceEntry.organisation_id, is_esf, *PERSON)
    )
    return db.session.execute(query)


def _places(project: Project, others: set[int | None]) -> dict[int | None, str]:
    """The organisations of the project and any other that has hours or sheets, by name; "" is none at all."""
    members = select(ProjectOrganisation.organisation_id).where(ProjectOrganisation.project_id == project.id)
    extra = [number for number in others if number is not None]
    found = db.session.execute(
        select(Organisation.id, Organisation.name)
        .where(Organisation.id.in_(members) | Organisation.id.in_(extra))
    )
    names: dict[int | None, str] = {row.id: row.name for row in sorted(found, key=lambda row: alphabetical(row.name))}
    return names | {None: ""} if None in others else names


def _place(key: int | None, name: str, summed: Totals, held: tuple[Sheet, ...]) -> Place:
    here = [sheet for sheet in held if sheet.organisation_id == key]
    unsigned = tuple(sheet for sheet in here if not sheet.is_signed)
    return Place(key, name, summed.organisations.get(key, Sum()), len(here), unsigned)


def last_day(first: date) -> date:
    """The last day of the month."""
    return first.replace(day=monthrange(first.year, first.month)[1])


def following(first: date) -> date:
    """The first day of the next month."""
    return last_day(first) + timedelta(days=1)
