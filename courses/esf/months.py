"""The months of a project in a row: which are signed, which wait for somebody, which are still to come."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import extract, func

from courses.attendance import AttendanceEntry
from courses.esf import ledger
from courses.esf.ledger import is_counted, is_esf
from courses.esf.month import following, last_day
from courses.esf.sheets import Sheet, sheets
from lms import clock
from lms.db import db
from lms.projects import Project

MonthState = Literal["coming", "open", "unsigned", "signed", "none"]


@dataclass(frozen=True)
class MonthOverview:
    """A month in the list: reported people aside, how many minutes are signed and how many sheets are not."""

    first: date
    state: MonthState
    minutes: int
    unsigned: int


def months(project: Project) -> list[MonthOverview]:
    """Every month of the project up to the one after today's, oldest first. A constant number of queries."""
    year, number = extract("year", AttendanceEntry.day), extract("month", AttendanceEntry.day)
    signed = db.session.execute(
        ledger.lines(project.id, project.starts, project.ends, year, number, func.sum(AttendanceEntry.minutes))
        .where(is_counted, is_esf)
        .group_by(year, number)
    )
    minutes = {(int(y), int(m)): total for y, m, total in signed}
    held: dict[tuple[int, int], list[Sheet]] = defaultdict(list)
    for sheet in sheets(project, project.starts, project.ends):
        held[sheet.day.year, sheet.day.month].append(sheet)
    return [
        MonthOverview(first, _state(first, unsigned, total), total, unsigned)
        for first in firsts(project)
        for total in (minutes.get((first.year, first.month), 0),)
        for unsigned in (sum(not sheet.is_signed for sheet in held[first.year, first.month]),)
    ]


def _state(first: date, unsigned: int, minutes: int) -> MonthState:
    today = clock.today()
    if first > today:
        return "coming"
    if unsigned:
        return "unsigned"
    if last_day(first) >= today:
        return "open"
    return "signed" if minutes else "none"


def firsts(project: Project) -> Iterator[date]:
    """The first days of the project's months, up to the month after today's."""
    first, stop = project.starts.replace(day=1), min(project.ends, following(clock.today().replace(day=1)))
    while first <= stop:
        yield first
        first = following(first)
