"""One person's month, entry by entry: what counts, what waits, what it was before, who recorded and who signed it.

This is how a figure is followed from the month's total to a signed sheet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from courses.activities import Activity
from courses.attendance import AttendanceEntry, HoursApproval, HoursSignature, Objection, SignedEntry, SignOff
from courses.esf import ledger
from courses.esf.days import last_day
from courses.esf.figures import is_objected, with_objections
from courses.esf.ledger import is_counted
from courses.esf.snapshot import Signed
from lms.db import db
from lms.organisations import Organisation
from lms.people import Person, name_columns, shown_name
from lms.projects import Project

_who = aliased(Person, name="who")
WHO = name_columns(_who)
_approval = aliased(HoursApproval, name="approval")
_approver = aliased(Person, name="approver")
APPROVER = name_columns(_approver)


@dataclass(frozen=True)
class Entry:
    """A line of the ledger: `absence` is the kind, or None for who was there; `counts` in the month's sums."""

    entry_id: int
    minutes: int
    absence: str | None
    method: str
    by: str
    at: datetime
    reason: str
    counts: bool


@dataclass(frozen=True)
class Chain:
    """All entries about the same hours, oldest first, with the signatures of the one that counts.

    `objects` are the minutes the person means instead, while nobody has answered her.
    """

    day: date
    kind: str
    activity: str
    session_id: int | None
    employer: str
    entries: tuple[Entry, ...]
    trainer: Signed | None
    participant: Signed | None
    manager: Signed | None
    objects: int | None

    @property
    def counted(self) -> Entry | None:
        """The entry in the month's sums, or None while it waits for a signature."""
        return next((entry for entry in self.entries if entry.counts), None)

    @property
    def minutes(self) -> int:
        return self.counted.minutes if self.counted else 0

    @property
    def waits(self) -> bool:
        """Whether the newest entry is not signed yet."""
        return not self.entries[-1].counts


def chains(project: Project, person: Person, first: date) -> list[Chain]:
    """Everything recorded about the person's days of the month, by day. Four queries."""
    found: dict[int, list[Any]] = {}
    root: dict[int, int] = {}
    for row in _rows(project, person, first):
        root[row.id] = root.get(row.replaces_id, row.id)
        found.setdefault(root[row.id], []).append(row)
    sessions = [rows[0].session_id for rows in found.values() if rows[0].session_id is not None]
    sheets, signatures, objections = _sheets(sessions), _signatures(project, person, first), _objections(person)
    made = [_chain(rows, sheets, signatures, objections) for rows in found.values()]
    return sorted(made, key=lambda chain: (chain.day, chain.entries[0].entry_id))


def _rows(project: Project, person: Person, first: date) -> Iterable[Any]:
    entry = AttendanceEntry
    columns = (
        entry.id, entry.replaces_id, entry.day, entry.kind, Activity.title, entry.session_id,
        func.coalesce(Organisation.name, "").label("employer"), entry.minutes, entry.absence, entry.method,
        entry.recorded_at, entry.reason, is_counted.label("counted"), _approval.at.label("approved_at"),
        *(column.label(f"approver_{number}") for number, column in enumerate(APPROVER)), *WHO,
    )  # fmt: skip
    return db.session.execute(
        ledger.lines(project.id, first, last_day(first), *columns)
        .join(Activity, Activity.id == entry.activity_id)
        .outerjoin(Organisation, Organisation.id == entry.organisation_id)
        .outerjoin(_approval, _approval.entry_id == entry.id)
        .outerjoin(_approver, _approver.id == _approval.by_id)
        .join(_who, _who.id == entry.recorded_by_id)
        .where(entry.person_id == person.id)
        .order_by(entry.id)
    )


def _chain(
    rows: list[Any], sheets: dict[int, Signed], signatures: dict[tuple[int, str], Signed], objections: dict[int, int]
) -> Chain:
    head = rows[0]
    entries = tuple(
        Entry(
            row.id, row.minutes, row.absence, row.method, shown_name(*row[-4:]), row.recorded_at, row.reason,
            bool(row.counted),
        )
        for row in rows
    )  # fmt: skip
    last = next((row for row in rows if row.counted), rows[-1])
    trainer = sheets.get(head.session_id) if head.session_id is not None else _without_sheet(last)
    return Chain(
        head.day, head.kind, head.title, head.session_id, head.employer, entries, trainer if last.counted else None,
        signatures.get((last.id, "participant")), signatures.get((last.id, "manager")), objections.get(last.id),
    )  # fmt: skip


def _without_sheet(row: Any) -> Signed | None:
    """Who answers for hours without a sheet: who approved them, or who assessed the assignment."""
    if row.approved_at is not None:
        return Signed(shown_name(*row[-8:-4]), row.approved_at, "approval")
    return Signed(shown_name(*row[-4:]), row.recorded_at, "review")


def _sheets(sessions: list[int]) -> dict[int, Signed]:
    """session id → the newest signature of its sheet."""
    rows: Iterable[Any] = db.session.execute(
        select(SignOff.session_id, SignOff.at, *WHO)
        .join(_who, _who.id == SignOff.by_id)
        .where(SignOff.session_id.in_(sessions))
        .order_by(SignOff.id)
    )
    return {number: Signed(shown_name(*who), at, "sheet") for number, at, *who in rows}


def _signatures(project: Project, person: Person, first: date) -> dict[tuple[int, str], Signed]:
    rows: Iterable[Any] = db.session.execute(
        select(SignedEntry.entry_id, SignedEntry.kind, HoursSignature.at, HoursSignature.way, *WHO)
        .join(HoursSignature, HoursSignature.id == SignedEntry.signature_id)
        .join(_who, _who.id == HoursSignature.by_id)
        .where(HoursSignature.person_id == person.id, HoursSignature.project_id == project.id)
    )
    return {(number, kind): Signed(shown_name(*who), at, way) for number, kind, at, way, *who in rows}


def _objections(person: Person) -> dict[int, int]:
    every = select(AttendanceEntry.id, Objection.minutes).select_from(AttendanceEntry)
    query = with_objections(every).where(AttendanceEntry.person_id == person.id, is_objected)
    return {row.id: row.minutes for row in db.session.execute(query)}
