"""The month for the funder: hours per person and employer from signed sheets, and what is missing with who can fix it.

Minutes are summed exactly and rounded once, per person and employer of the day, as the project's rules say.
Only ESF participants are in the sums; everybody else who attended is a number beside them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlalchemy import func, select

from courses.attendance import AttendanceEntry
from courses.esf import figures, ledger
from courses.esf.days import due, last_day
from courses.esf.figures import Part, Tallies, Tally
from courses.esf.ledger import PERSON, is_counted, is_esf
from courses.esf.rounding import Sum
from courses.esf.sheets import Sheet, sheets
from lms.db import db
from lms.organisations import Organisation
from lms.people import Person, alphabetical, shown_name
from lms.plan.model import Rounding
from lms.projects import Participation, Project, ProjectOrganisation


@dataclass(frozen=True)
class Line:
    """One person with one employer in the month; `name` is the alias of a protected person."""

    person_id: int
    name: str
    organisation_id: int | None
    organisation: str
    hours: Sum
    part: Part


@dataclass(frozen=True)
class Place:
    """One organisation in the month: the hours of its employees, and the sheets of what was held there.

    `confirmed` of its people with hours have confirmed all of them; `objecting` of its people object to something.
    """

    organisation_id: int | None
    name: str
    hours: Sum
    held: int
    unsigned: tuple[Sheet, ...]
    confirmed: int
    objecting: int

    @property
    def unconfirmed(self) -> int:
        """People who have hours left to confirm, or object to some."""
        return self.hours.people - self.confirmed


@dataclass(frozen=True)
class Month:
    """A calendar month of a project. `others` are people who attended and are not ESF participants."""

    project: Project
    first: date
    rounding: Rounding
    tallies: Tallies
    places: tuple[Place, ...]
    total: Sum
    others: Sum
    sheets: tuple[Sheet, ...]

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Everybody with hours, by employer and name; asked for when they are shown."""
        names = _names(self.project)
        return self._lines((part, names[part.person_id]) for part in figures.parts(self.project, self.first))

    def lines_of(self, place: Place) -> tuple[Line, ...]:
        """The same of one organisation."""
        return self._lines(figures.named(self.project, self.first, place.organisation_id))

    def _lines(self, found: Iterable[tuple[Part, str]]) -> tuple[Line, ...]:
        places = {place.organisation_id: place.name for place in self.places}
        lines = [
            Line(
                part.person_id, name, part.organisation_id, places[part.organisation_id],
                Sum(1, part.minutes, figures.reported(part.minutes, self.project)), part,
            )
            for part, name in found
            if part.minutes
        ]  # fmt: skip
        return tuple(sorted(lines, key=_by_name))

    @property
    def last(self) -> date:
        return last_day(self.first)

    @property
    def due(self) -> date:
        """The last day to report (SCB: four weeks after the month)."""
        return due(self.first)

    @property
    def unsigned(self) -> tuple[Sheet, ...]:
        return tuple(sheet for sheet in self.sheets if not sheet.is_signed)


def month(project: Project, first: date) -> Month:
    """The month that begins on `first`; a constant number of queries, whatever the number of people."""
    held = tuple(sheets(project, first, last_day(first)))
    found = figures.tallies(project, first)
    names = _places(project, {sheet.organisation_id for sheet in held} | found.places.keys())
    places = tuple(_place(key, name, found.places.get(key, Tally()), held) for key, name in names.items())
    rounding, total = project.plan.rules.rounding, _sum(found.everybody)
    return Month(project, first, rounding, found, places, total, _others(project, first), held)


def _sum(tally: Tally) -> Sum:
    return Sum(tally.people, tally.minutes, tally.reported)


def _others(project: Project, first: date) -> Sum:
    people, minutes = func.count(AttendanceEntry.person_id.distinct()), func.sum(AttendanceEntry.minutes)
    query = ledger.lines(project.id, first, last_day(first), people, minutes)
    count, total = db.session.execute(query.where(is_counted, ~is_esf, AttendanceEntry.minutes > 0)).one()
    return Sum(count, total or 0, total or 0)


def _by_name(line: Line) -> tuple[str, str, int]:
    return alphabetical(line.organisation), alphabetical(line.name), line.person_id


def _names(project: Project) -> dict[int, str]:
    rows = db.session.execute(
        select(Person.id, *PERSON)
        .join(Participation, Participation.person_id == Person.id)
        .where(Participation.project_id == project.id, Participation.esf)
    )
    return {number: shown_name(given, family, protected, alias) for number, given, family, protected, alias in rows}


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


def _place(key: int | None, name: str, tally: Tally, held: tuple[Sheet, ...]) -> Place:
    here = [sheet for sheet in held if sheet.organisation_id == key]
    unsigned = tuple(sheet for sheet in here if not sheet.is_signed)
    return Place(key, name, _sum(tally), len(here), unsigned, tally.confirmed, tally.objecting)
