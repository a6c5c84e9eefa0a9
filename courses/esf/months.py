"""The months of a project in a row: which are open, wait for somebody, are closed, sent or to be sent again.

Closed months are shown as they were kept; the ledger is asked only about open ones, and whether anything was written
about a closed one since.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import ColumnElement, bindparam, exists, extract, func, literal, select, union_all

from courses.attendance import STANDS, AttendanceEntry
from courses.esf import figures, ledger
from courses.esf.closings import MonthClosing, history
from courses.esf.days import following, last_day
from courses.esf.ledger import is_counted, is_esf
from courses.esf.month import Month
from courses.esf.sending import ToSend, queue_of
from courses.esf.sheets import sheets
from lms import clock
from lms.db import db, rows
from lms.projects import Participation, Project

MonthState = Literal["coming", "open", "unsigned", "ready", "none", "changed", "again", "send", "sent"]


@dataclass(frozen=True)
class MonthOverview:
    """A month in the list: minutes that are signed (or were when it was closed), sheets that are not, its version.

    changed: the ledger says something else than the newest version; again: to be sent once more; send: never sent.
    """

    first: date
    state: MonthState
    minutes: int = 0
    unsigned: int = 0
    version: int = 0
    reports: bool = False

    @property
    def is_corrected(self) -> bool:
        return self.version > 1

    @property
    def is_open(self) -> bool:
        """Whether it has something to report and is not closed."""
        return self.reports and not self.version


def months(project: Project, known: Month | None = None) -> list[MonthOverview]:
    """Every month of the project up to the one after today's, oldest first. Few queries, however many people.

    What is `known` of one month already is not asked for again.
    """
    closings, sendings = history(project)
    newest = {closing.first: closing for closing in closings}
    queue = {item.first: item for item in queue_of(closings, sendings)}
    changed = changed_since(newest.values())
    begun = [first for first in firsts(project) if first <= clock.today() and first not in newest]
    rest = [first for first in begun if known is None or first != known.first]
    minutes, unsigned = _minutes(project, rest), _unsigned(project, rest)
    if known is not None and known.total.minutes:
        minutes[known.first] = known.total.minutes
    if known is not None:
        unsigned[known.first] = len(known.unsigned)
    reports = reporting(project, [first for first in begun if first not in minutes]) | minutes.keys()
    found = []
    for first in firsts(project):
        missing = unsigned[first]
        if closing := newest.get(first):
            state = _closed(closing, queue.get(first), changed)
            found.append(MonthOverview(first, state, closing.minutes, missing, closing.version, reports=True))
        else:
            state = _open(first, missing, first in reports)
            found.append(MonthOverview(first, state, minutes.get(first, 0), missing, reports=first in reports))
    return found


def _closed(closing: MonthClosing, waits: ToSend | None, changed: Collection[date]) -> MonthState:
    if closing.first in changed:
        return "changed"
    return ("again" if waits.is_again else "send") if waits else "sent"


def _open(first: date, unsigned: int, has_something: bool) -> MonthState:
    today = clock.today()
    if first > today:
        return "coming"
    if last_day(first) >= today:
        return "open"
    if unsigned:
        return "unsigned"
    return "ready" if has_something else "none"


def firsts(project: Project) -> Iterator[date]:
    """The first days of the project's months, up to the month after today's."""
    first, stop = project.starts.replace(day=1), min(project.ends, following(clock.today().replace(day=1)))
    while first <= stop:
        yield first
        first = following(first)


def earlier_open(project: Project, first: date) -> list[date]:
    """Months before this one that have something to report and are not closed, the oldest first."""
    query = select(MonthClosing.first).where(MonthClosing.project_id == project.id, MonthClosing.first < first)
    closed = set(db.session.scalars(query))
    before = [each for each in firsts(project) if each < first and each not in closed]
    return sorted(reporting(project, before))


def reporting(project: Project, wanted: Iterable[date]) -> set[date]:
    """Of these months those with minutes, a start or an end of an ESF participant. Two queries."""
    asked = list(wanted)
    if not asked:
        return set()
    moved = _moves(project)
    still = [select(literal(first)).where(_has_minutes(project, first)) for first in asked if first not in moved]
    found = set(db.session.scalars(union_all(*still))) if still else set()
    return found | (moved & set(asked))


def _has_minutes(project: Project, first: date) -> ColumnElement[bool]:
    part = Participation.__table__.alias("part")
    return exists().where(
        AttendanceEntry.project_id == project.id,
        AttendanceEntry.day.between(first, last_day(first)),
        AttendanceEntry.minutes > 0,
        STANDS,
        part.c.person_id == AttendanceEntry.person_id,
        part.c.project_id == project.id,
        part.c.esf,
    )


def _moves(project: Project) -> set[date]:
    """The months in which some ESF participant begins or ends."""
    asked = [
        select(func.min(day))
        .where(Participation.project_id == project.id, Participation.esf, day.is_not(None))
        .group_by(extract("year", day), extract("month", day))
        for day in (Participation.since, Participation.until)
    ]
    return {day.replace(day=1) for day in db.session.scalars(union_all(*asked)) if day}


def changed_since(newest: Iterable[MonthClosing]) -> set[date]:
    """Closed months about which something was written since, and whose figures are others now.

    An end or a mark of ESF that was moved without any new entry shows on the month's own page (`is_changed`).
    """
    closings = list(newest)
    values: dict[str, object] = {}
    for place, closing in enumerate(closings):
        values |= {f"project{place}": closing.project_id, f"head{place}": closing.head_entry_id}
        values |= {f"first{place}": closing.first, f"last{place}": last_day(closing.first)}
    touched = rows(_touched(len(closings)), values) if closings else []
    return {closings[place].first for (place,) in touched if is_changed(closings[place])}


@lru_cache(maxsize=100)
def _touched(count: int) -> Any:
    """Which of so many closed months have entries after their head. Built once per process for each count."""
    days = AttendanceEntry.day.type
    return union_all(
        *(
            select(literal(place)).where(
                exists().where(
                    AttendanceEntry.project_id == bindparam(f"project{place}"),
                    AttendanceEntry.day.between(
                        bindparam(f"first{place}", type_=days), bindparam(f"last{place}", type_=days)
                    ),
                    AttendanceEntry.id > bindparam(f"head{place}"),
                )
            )
            for place in range(count)
        )
    )


def is_changed(closing: MonthClosing) -> bool:
    """Whether the funder would be told something else now. Two queries."""
    return figures.now(closing.project, closing.first) != closing.figures


def _runs(wanted: list[date]) -> Iterator[tuple[date, date]]:
    """First and last day of each unbroken row of months."""
    for _key, group in groupby(enumerate(wanted), key=lambda pair: pair[1].year * 12 + pair[1].month - pair[0]):
        row = [first for _place, first in group]
        yield row[0], last_day(row[-1])


def _minutes(project: Project, wanted: list[date]) -> dict[date, int]:
    """Signed minutes of ESF participants in months that are open."""
    year, number = extract("year", AttendanceEntry.day), extract("month", AttendanceEntry.day)
    found: dict[date, int] = {}
    for starts, ends in _runs(wanted):
        query = ledger.lines(project.id, starts, ends, year, number, func.sum(AttendanceEntry.minutes))
        rows = db.session.execute(query.where(is_counted, is_esf).group_by(year, number))
        found |= {date(int(y), int(m), 1): total for y, m, total in rows if total}
    return found


def _unsigned(project: Project, wanted: list[date]) -> Counter[date]:
    return Counter(
        sheet.day.replace(day=1)
        for starts, ends in _runs(wanted)
        for sheet in sheets(project, starts, ends)
        if not sheet.is_signed
    )
