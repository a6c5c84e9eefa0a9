"""Hours per employer and month for the economist: sums of organisations, never a person.

The figures are those of the month pages: signed, ESF participants only, rounded once per person, employer and month.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, extract, func, select

from courses.attendance import AttendanceEntry
from courses.esf import ledger
from courses.esf.ledger import is_counted, is_esf
from courses.esf.months import firsts
from courses.esf.rounding import rounded
from lms import clock
from lms.db import db
from lms.organisations import Organisation
from lms.people import alphabetical
from lms.projects import Project, ProjectOrganisation


@dataclass(frozen=True)
class Employer:
    """Reported minutes of one employer, one figure per month of the table; name "" is no employer."""

    name: str
    minutes: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.minutes)


@dataclass(frozen=True)
class Table:
    """Employers by name over the months of a project that have begun."""

    months: tuple[date, ...]
    employers: tuple[Employer, ...]

    @property
    def sums(self) -> tuple[int, ...]:
        """Minutes of all employers, per month."""
        return tuple(
            sum(employer.minutes[place] for employer in self.employers) for place in range(len(self.months))
        )

    def of_year(self, year: int) -> "Table":
        """The same table with the months of one year only."""
        kept = [place for place, first in enumerate(self.months) if first.year == year]
        return Table(
            tuple(self.months[place] for place in kept),
            tuple(Employer(each.name, tuple(each.minutes[place] for place in kept)) for each in self.employers),
        )


def employers(project: Project) -> Table:
    """Reported minutes per employer and month; every member of the project has a row. Two queries."""
    today = clock.today()
    months = tuple(first for first in firsts(project) if first <= today)
    found: dict[str, dict[date, int]] = {name: {} for name in _members(project)}
    for name, year, number, minutes in db.session.execute(_sums(project)):
        found.setdefault(name, {})[date(int(year), int(number), 1)] = int(minutes)
    rows = (Employer(name, tuple(by_month.get(first, 0) for first in months)) for name, by_month in found.items())
    return Table(months, tuple(sorted(rows, key=lambda row: (row.name == "", alphabetical(row.name)))))


def _members(project: Project) -> list[str]:
    return list(
        db.session.scalars(
            select(Organisation.name)
            .join(ProjectOrganisation, ProjectOrganisation.organisation_id == Organisation.id)
            .where(ProjectOrganisation.project_id == project.id)
        )
    )


def _sums(project: Project) -> Select[Any]:
    """Name, year, month and reported minutes; the database rounds each person's sum."""
    year, number = extract("year", AttendanceEntry.day), extract("month", AttendanceEntry.day)
    minutes = func.sum(AttendanceEntry.minutes)
    place = AttendanceEntry.organisation_id
    each = (
        ledger.lines(
            project.id, project.starts, project.ends, place.label("place"), year.label("year"),
            number.label("number"), rounded(minutes, project.plan.rules.rounding).label("reported"),
        )
        .where(is_counted, is_esf)
        .group_by(AttendanceEntry.person_id, place, year, number)
        .subquery()
    )  # fmt: skip
    name = func.coalesce(Organisation.name, "")
    return (
        select(name, each.c.year, each.c.number, func.sum(each.c.reported))
        .select_from(each)
        .outerjoin(Organisation, Organisation.id == each.c.place)
        .group_by(name, each.c.year, each.c.number)
    )
