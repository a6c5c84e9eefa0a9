"""A person's own hours in a month, line by line: what was recorded, by whom, what it was before, and who has signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import case, extract, func, or_, select
from sqlalchemy.orm import aliased

from courses.activities import Activity, Session
from courses.attendance import AttendanceEntry, HoursApproval, SignedEntry, SignOff, hash_of
from courses.attendance.signing import LAST_PART
from courses.esf.days import last_day
from courses.hours.states import NOTHING, Signature, State, entries, is_open, states_of
from lms import clock
from lms.db import db
from lms.filters import parse_number
from lms.people import Person, name_columns, shown_name
from lms.projects import Project

MOST_IDS = 20_000
"""Lines in one form: a month of the staff of a large employer; SQLite takes 32 766 values in a question."""
_before = aliased(AttendanceEntry, name="before")
_signed_before = aliased(SignedEntry, name="signed_before")
_recorder = aliased(Person, name="recorder")
_next_sign_off = aliased(SignOff, name="next_sign_off")


@dataclass(frozen=True)
class Line:
    """One entry that stands. `before` are the minutes it replaces, when a correction was made with a reason or after
    she had confirmed; `recorded_by` is then who corrected it.
    """

    entry: AttendanceEntry
    title: str
    project: str
    starts_at: datetime | None
    ends_at: datetime | None
    recorded_by: str
    before: int | None
    was_confirmed: bool
    trainer: Signature | None = None
    state: State = NOTHING

    @property
    def is_over(self) -> bool:
        return self.ends_at is None or self.ends_at <= clock.now() + LAST_PART

    @property
    def is_open(self) -> bool:
        """Whether it waits for the person's own signature."""
        return self.entry.minutes > 0 and self.is_over and self.state.participant is None and not self.state.is_objected

    @property
    def seen(self) -> str:
        """The hash of this line alone, for who takes an objection back and confirms it after all."""
        return hash_of([self.entry])

    @property
    def may_be_disputed(self) -> bool:
        """Whether she may say that it is wrong: what she has confirmed she stands by, and once is enough."""
        return self.is_over and self.state.participant is None and self.state.objection is None


@dataclass(frozen=True)
class Hours:
    """The lines of one person in one month, by day."""

    first: date
    lines: tuple[Line, ...]

    @cached_property
    def open(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.is_open)

    @property
    def minutes(self) -> int:
        return sum(line.entry.minutes for line in self.lines)

    @property
    def open_minutes(self) -> int:
        return sum(line.entry.minutes for line in self.open)

    @property
    def confirmed(self) -> int:
        """Lines under her signature."""
        return sum(line.state.participant is not None for line in self.lines)

    @property
    def ids(self) -> str:
        """The open entries as a form carries them."""
        return as_text([line.entry.id for line in self.open])

    @property
    def seen(self) -> str:
        """The hash over the open entries: what is on the page, and nothing else, will be signed."""
        return hash_of([line.entry for line in self.open])


@dataclass(frozen=True)
class MonthCount:
    """A month with hours: how many lines, and how many of them wait for a signature."""

    first: date
    lines: int
    open: int


def hours_of(person: Person, first: date) -> Hours:
    """What was recorded of the person in the month that begins on `first`. Five questions however many lines."""
    query = (
        entries(
            AttendanceEntry, Activity.title, Project.name, Session.starts_at, Session.ends_at, *name_columns(_recorder),
            _before.minutes, _signed_before.entry_id,
        )
        .join(Project, Project.id == AttendanceEntry.project_id)
        .join(_recorder, _recorder.id == AttendanceEntry.recorded_by_id)
        .outerjoin(_before, _before.id == AttendanceEntry.replaces_id)
        .outerjoin(
            _signed_before, (_signed_before.entry_id == _before.id) & (_signed_before.kind == "participant")
        )
        .where(AttendanceEntry.person_id == person.id, AttendanceEntry.day.between(first, last_day(first)))
        .where(or_(AttendanceEntry.absence.is_(None), AttendanceEntry.absence != "moved"))
        .order_by(AttendanceEntry.day, Session.starts_at, AttendanceEntry.id)
    )  # fmt: skip
    rows = db.session.execute(query).all()
    found = [row[0] for row in rows]
    states, signers = states_of([entry.id for entry in found]), _signers(found)
    lines = []
    for entry, title, project, starts_at, ends_at, given, family, protected, alias, before, confirmed in rows:
        corrected = before is not None and (bool(entry.reason) or confirmed is not None)
        lines.append(
            Line(
                entry, title, project, starts_at, ends_at, shown_name(given, family, protected, alias),
                before if corrected else None, confirmed is not None, signers.get(entry.id),
                states.get(entry.id, NOTHING),
            )
        )  # fmt: skip
    return Hours(first, tuple(lines))


def months_of(person: Person) -> list[MonthCount]:
    """The months in which anything was recorded of the person, newest first. One question."""
    year, number = extract("year", AttendanceEntry.day), extract("month", AttendanceEntry.day)
    query = (
        entries(year, number, func.count(), func.sum(case((is_open(), 1), else_=0)))
        .where(AttendanceEntry.person_id == person.id)
        .where(or_(AttendanceEntry.absence.is_(None), AttendanceEntry.absence != "moved"))
        .group_by(year, number)
        .order_by(year.desc(), number.desc())
    )
    return [MonthCount(date(int(y), int(n), 1), lines, open_) for y, n, lines, open_ in db.session.execute(query)]


def _signers(found: Sequence[AttendanceEntry]) -> dict[int, Signature]:
    """entry id → who answers for it besides the person: the sheet's signature, the review, or the approval."""
    sheets = {entry.session_id for entry in found if entry.session_id}
    query = (
        select(SignOff.session_id, SignOff.by_id, SignOff.at, *name_columns(Person))
        .join(Person, Person.id == SignOff.by_id)
        .outerjoin(_next_sign_off, _next_sign_off.replaces_id == SignOff.id)
        .where(SignOff.session_id.in_(sheets), _next_sign_off.id.is_(None))
    )
    by_sheet = {
        number: Signature(by_id, shown_name(*name), at, "sheet")
        for number, by_id, at, *name in db.session.execute(query)
    }
    signers = {}
    for entry in found:
        sheet = by_sheet.get(entry.session_id or 0)
        if sheet is not None and entry.recorded_at <= sheet.at:
            signers[entry.id] = sheet
    return signers | _approvers([entry for entry in found if entry.session_id is None])


def _approvers(loose: Sequence[AttendanceEntry]) -> dict[int, Signature]:
    """Of hours without a sheet: who assessed the assignment or approved the hours."""
    if not loose:
        return {}
    people = {each.id: each for each in db.session.scalars(
        select(Person).where(Person.id.in_({entry.recorded_by_id for entry in loose}))
    )}  # fmt: skip
    signers = {
        entry.id: Signature(entry.recorded_by_id, people[entry.recorded_by_id].name, entry.recorded_at, "review")
        for entry in loose
        if entry.kind == "assignment"
    }
    query = (
        select(HoursApproval.entry_id, HoursApproval.by_id, HoursApproval.at, *name_columns(Person))
        .join(Person, Person.id == HoursApproval.by_id)
        .where(HoursApproval.entry_id.in_([entry.id for entry in loose]))
    )
    for entry_id, by_id, at, *name in db.session.execute(query):
        signers[entry_id] = Signature(by_id, shown_name(*name), at, "approval")
    return signers


# --- forms --------------------------------------------------------------------------------------------------


def around(months: Sequence[MonthCount], first: date, most: int = 8) -> Sequence[MonthCount]:
    """Of months newest first so many, the chosen one among them."""
    place = next((number for number, each in enumerate(months) if each.first == first), 0)
    start = max(0, min(place - most // 2, len(months) - most))
    return months[start : start + most]


def as_text(ids: Sequence[int]) -> str:
    """Ids as one field of a form carries them: 12-13-19."""
    return "-".join(str(number) for number in ids)


def from_text(text: str) -> list[int]:
    """What `as_text` wrote; anything else is nothing."""
    parts = [parse_number(part, 9) for part in text.split("-")]
    return [part for part in parts if part is not None] if None not in parts and len(parts) <= MOST_IDS else []
