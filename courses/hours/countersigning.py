"""Managers countersign the hours of their staff, where the project's rules say so.

The rule that matters most: a manager signs what both the participant and the trainer have certified, never her own
hours, and only those of people who were employed by her organisation on that day.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Row, and_, exists, extract, func, or_, select

from courses.activities import Activity
from courses.attendance import STANDS, AttendanceEntry, HoursSignature, SignedEntry, hash_of
from courses.esf import ledger
from courses.esf.days import last_day
from courses.esf.ledger import PERSON, is_counted
from courses.hours.confirming import sign
from courses.hours.lines import MonthCount
from lms import clock
from lms.db import db
from lms.people import Person, alphabetical, managed_staff, shown_name
from lms.projects import Project
from lms.refusals import Refused, Stale

_confirmed = exists().where(SignedEntry.entry_id == AttendanceEntry.id, SignedEntry.kind == "participant")
_countersigned = exists().where(SignedEntry.entry_id == AttendanceEntry.id, SignedEntry.kind == "manager")


@dataclass(frozen=True)
class StaffLine:
    """Hours of one of the staff that both have certified, and whether the manager has signed them too."""

    entry: AttendanceEntry
    name: str
    title: str
    signed: bool


@dataclass(frozen=True)
class StaffMonth:
    """A month of one's staff: the lines by name and day."""

    project: Project
    first: date
    lines: tuple[StaffLine, ...]

    @property
    def open(self) -> tuple[StaffLine, ...]:
        return tuple(line for line in self.lines if not line.signed)


# --- operation ----------------------------------------------------------------------------------------------


def countersign(
    project: Project, first: date, entry_ids: Collection[int], seen_hash: str, *, by: Person
) -> list[HoursSignature]:
    """Sign the hours of the own staff that were on the screen; one signature per person. Twice is once.

    Raises Refused `nothing` and `not_yours`; Stale `changed` when a line was corrected or is new since.
    """
    if project.id not in {each.id for each in projects_of(by)}:
        raise Refused(_("This project asks no manager to sign hours."), "not_yours")
    lines = {line.entry.id: line.entry for line in month(project, first, by).lines}
    wanted = [lines[number] for number in entry_ids if number in lines]
    if not entry_ids:
        raise Refused(_("There are no hours to sign."), "nothing")
    if len(wanted) != len(entry_ids) or hash_of(wanted) != seen_hash:
        raise Stale(_("The hours changed while you looked at them. Look at them again before you sign."), "changed")
    by_person: dict[int, list[AttendanceEntry]] = defaultdict(list)
    for entry in wanted:
        by_person[entry.person_id].append(entry)
    now = clock.now()
    return [made for some in by_person.values() for made in sign(some[0].person, some, "signed_in", now, by=by)]


# --- questions ----------------------------------------------------------------------------------------------


def projects_of(person: Person) -> list[Project]:
    """The projects that ask this manager to sign; none for everybody else. At most one question."""
    staff = managed_staff(person)
    if not staff:
        return []
    query = select(Project).where(Project.id.in_({project for project, _place in staff})).order_by(Project.id)
    return [project for project in db.session.scalars(query) if project.plan.rules.countersignature]


def month(project: Project, first: date, manager: Person) -> StaffMonth:
    """What the manager may sign or has signed in the month. One question."""
    query = (
        ledger.lines(project.id, first, last_day(first), AttendanceEntry, Activity.title, _countersigned, *PERSON)
        .join(Activity, Activity.id == AttendanceEntry.activity_id)
        .where(*_mine(manager), AttendanceEntry.project_id == project.id)
        .order_by(AttendanceEntry.day, AttendanceEntry.id)
    )
    found = [_line(row) for row in db.session.execute(query)]
    found.sort(key=lambda line: (alphabetical(line.name), line.entry.person_id))
    return StaffMonth(project, first, tuple(found))


def months(project: Project, manager: Person) -> list[MonthCount]:
    """The months with hours of the staff, newest first, and how many lines are not signed yet. One question."""
    year, number = extract("year", AttendanceEntry.day), extract("month", AttendanceEntry.day)
    waits = func.count().filter(~_countersigned)
    query = (
        ledger.lines(project.id, project.starts, project.ends, year, number, func.count(), waits)
        .where(*_mine(manager))
        .group_by(year, number)
        .order_by(year.desc(), number.desc())
    )
    return [MonthCount(date(int(y), int(n), 1), lines, open_) for y, n, lines, open_ in db.session.execute(query)]


def _line(row: Row[AttendanceEntry, str, bool, str, str, bool, str | None]) -> StaffLine:
    entry, title, signed, given, family, protected, alias = row
    return StaffLine(entry, shown_name(given, family, protected, alias), title, bool(signed))


def _mine(manager: Person) -> tuple[ColumnElement[bool], ...]:
    """Lines of the own staff that the trainer and the participant have certified."""
    pairs = (
        and_(AttendanceEntry.project_id == project, AttendanceEntry.organisation_id == place)
        for project, place in sorted(managed_staff(manager))
    )
    mine = AttendanceEntry.person_id != manager.id
    return mine, or_(False, *pairs), AttendanceEntry.minutes > 0, STANDS, is_counted, _confirmed
