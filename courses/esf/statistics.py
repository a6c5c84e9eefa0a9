"""Statistics of a project by gender, organisation and period, with nothing in it that tells of fewer than five.

The rule that matters most: only months that are over count, and everybody stands in one place: with the employer of
her latest hours. What may be shown is decided in courses/esf/suppression.py; people are counted, never named.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, func

from courses.attendance import AttendanceEntry
from courses.esf import ledger
from courses.esf.days import last_day
from courses.esf.ledger import is_counted, is_esf
from courses.esf.suppression import GENDERS, Arrangement, Counted, Figure, Group, Part, Periods, arrange
from lms import clock
from lms.db import db
from lms.organisations import Organisation
from lms.people import Person
from lms.projects import Project


@dataclass(frozen=True)
class Piece:
    """A smallest period: a month, or the part of it that belongs to one phase (None: to none); both days included."""

    starts: date
    ends: date
    phase: str | None


@dataclass(frozen=True)
class Row:
    """A line of a table: which organisations, from which day to which, and a figure per gender group."""

    names: Group
    starts: date
    ends: date
    phases: Group
    figures: tuple[Figure, ...]

    @property
    def total(self) -> Figure:
        """Everybody of the row: a person has one gender, so the figures add up."""
        return Figure(sum(each.people for each in self.figures), sum(each.minutes for each in self.figures))

    @property
    def every(self) -> tuple[Figure, ...]:
        """The gender groups and then everybody."""
        return (*self.figures, self.total)


@dataclass(frozen=True)
class Statistics:
    """What is shown. `phases` hold their rows and, where they can be told apart, rows of shorter periods within.

    `units` count people per organisation and `spans` per period, without gender. `both` has a row per group and period
    when they can be crossed. Without anything to show `whole` is None.
    """

    classes: tuple[Group, ...] = ()
    whole: Row | None = None
    phases: tuple[tuple[Row, tuple[Row, ...]], ...] = ()
    groups: tuple[Row, ...] = ()
    both: tuple[Row, ...] = ()
    units: tuple[tuple[Group, int], ...] = ()
    spans: tuple[tuple[Row, tuple[Row, ...]], ...] = ()

    @property
    def periods(self) -> tuple[tuple[Row, bool], ...]:
        """Phases and the periods within them, and whether each is a phase; not the whole project over again."""
        rows = [(row, place == 0) for phase, within in self.phases for place, row in enumerate((phase, *within))]
        return tuple(row for row in rows if len(self.phases) > 1 or not row[1])


def statistics(project: Project) -> Statistics:
    """The statistics of the months that are over. One query."""
    pieces = list(_pieces(project, _until(project)))
    if not pieces:
        return Statistics()
    parts = _parts(project, pieces)
    found = arrange(parts, _segments(pieces), project.plan.rules.statistics or "organisation")
    return _told(Counted(parts), found, pieces) if found else Statistics()


def _told(counted: Counted, found: Arrangement, pieces: list[Piece]) -> Statistics:
    everybody = tuple(counted.organisations)

    def row(names: Group, periods: Periods, classes: tuple[Group, ...] = found.classes) -> Row:
        phases = dict.fromkeys(pieces[period].phase or "" for period in periods)
        figures = tuple(counted.figure(names, periods, genders) for genders in classes)
        return Row(names, pieces[periods[0]].starts, pieces[periods[-1]].ends, tuple(phases), figures)

    within = {phase: tuple(run for run in found.periods if run[0] in phase) for phase in found.phases}
    phases = tuple(
        (row(everybody, phase), tuple(row(everybody, run) for run in runs) if len(runs) > 1 else ())
        for phase, runs in within.items()
    )
    crossed = len(found.groups) > 1 and len(found.periods) > 1
    return Statistics(
        found.classes,
        row(everybody, found.whole),
        phases,
        tuple(row(group, found.whole) for group in found.groups) if len(found.groups) > 1 else (),
        tuple(row(group, run) for group in found.groups for run in found.periods) if crossed else (),
        tuple((unit, counted.figure(unit, found.whole, tuple(g for c in found.classes for g in c)).people)
              for unit in found.units),
        tuple((row(everybody, phase, (GENDERS,)), tuple(row(everybody, run, (GENDERS,)) for run in runs))
              for phase, runs in found.spans),
    )  # fmt: skip


def _until(project: Project) -> date:
    """The last day of the last month that is over, or of the project."""
    return min(project.ends, clock.today().replace(day=1) - timedelta(days=1))


def _pieces(project: Project, until: date) -> Iterator[Piece]:
    """The smallest periods from the start of the project, in order: months, cut where a phase begins or ends."""
    starts = project.starts
    while starts <= until:
        phase = next((each for each in project.plan.phases if each.starts <= starts <= each.ends), None)
        later = [each.starts - timedelta(days=1) for each in project.plan.phases if each.starts > starts]
        ends = min([last_day(starts.replace(day=1)), until, *later, *([phase.ends] if phase else [])])
        yield Piece(starts, ends, phase.key if phase else None)
        starts = ends + timedelta(days=1)


def _segments(pieces: list[Piece]) -> list[Periods]:
    """Neighbours of the same phase."""
    segments: list[Periods] = []
    for place, piece in enumerate(pieces):
        if place and piece.phase == pieces[place - 1].phase:
            segments[-1] += (place,)
        else:
            segments.append((place,))
    return segments


def _parts(project: Project, pieces: list[Piece]) -> list[Part]:
    starts = [piece.starts for piece in pieces]
    rows = list(db.session.execute(_lines(project, pieces[0].starts, pieces[-1].ends)))
    home = {person: name for person, name, _gender, _day, _minutes in rows}  # the latest day comes last
    return [
        Part(person, home[person], gender, bisect_right(starts, day) - 1, int(minutes))
        for person, _name, gender, day, minutes in rows
    ]


def _lines(project: Project, starts: date, ends: date) -> Select[Any]:
    """Person, employer, gender, day and minutes of what counts towards the funder, by day."""
    name = func.coalesce(Organisation.name, "")
    columns = (AttendanceEntry.person_id, name, Person.gender, AttendanceEntry.day)
    return (
        ledger.lines(project.id, starts, ends, *columns, func.sum(AttendanceEntry.minutes))
        .outerjoin(Organisation, Organisation.id == AttendanceEntry.organisation_id)
        .where(is_counted, is_esf)
        .group_by(*columns)
        .having(func.sum(AttendanceEntry.minutes) > 0)
        .order_by(AttendanceEntry.day, name)
    )
