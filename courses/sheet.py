"""The attendance sheet as a form: rows out of the ledger, what was typed on top of them, and marks out of that.

The rule that matters most: what somebody typed is shown again as typed, whatever is wrong or taken.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import lazyload

from courses.activities import Session
from courses.attendance import PARTS, AttendanceEntry, Conflict, Mark, histories, moments, on_sheet, state_of
from lms.db import db
from lms.filters import clock as clock_text
from lms.filters import parse_clock
from lms.people import Person


@dataclass
class Row:
    """One person: what is chosen and typed, the entries so far (oldest first), and what is wrong or taken.

    `late` and `early`: minutes missed at the beginning and the end, as the ledger has it.
    """

    person: Person
    chain: list[AttendanceEntry]
    state: str = ""
    came: str = ""
    left: str = ""
    absence: str = "unknown"
    seen: int | None = None
    error: str = ""
    stands: AttendanceEntry | None = None
    late: int = 0
    early: int = 0

    @property
    def entry(self) -> AttendanceEntry | None:
        """The entry that counts now."""
        return self.chain[-1] if self.chain else None


@dataclass
class Sheet:
    """A whole sheet; `errors` is what the page's title and summary go by."""

    session: Session
    rows: list[Row]
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    reason: str = ""
    reason_error: str = ""
    refusal: str = ""

    @property
    def errors(self) -> list[Row]:
        return [row for row in self.rows if row.error]

    @property
    def taken(self) -> list[Row]:
        """Rows that somebody else wrote first."""
        return [row for row in self.rows if row.stands is not None]

    def count(self, state: str) -> int:
        return sum(1 for row in self.rows if row.entry is not None and state_of(row.entry) == state)

    @property
    def filled(self) -> int:
        return sum(1 for row in self.rows if row.entry is not None)

    @property
    def minutes(self) -> int:
        """Minutes of everybody, as the ledger has them."""
        return sum(row.entry.minutes for row in self.rows if row.entry is not None)


def sheet_of(session: Session) -> Sheet:
    """The sheet as the ledger has it."""
    chains = histories(session)
    _load({entry.recorded_by_id for chain in chains.values() for entry in chain})
    return Sheet(session, [_row(session, person, chains.get(person.id, [])) for person in on_sheet(session)])


def _load(person_ids: set[int]) -> None:
    """Bring who wrote the entries into memory in one question."""
    db.session.scalars(select(Person).where(Person.id.in_(person_ids)).options(lazyload(Person.roles))).all()


def _row(session: Session, person: Person, chain: list[AttendanceEntry]) -> Row:
    row = Row(person, chain, came=clock_text(session.starts_at), left=clock_text(session.ends_at))
    if row.entry is not None:
        row.state, row.seen, row.absence = state_of(row.entry), row.entry.id, row.entry.absence or "unknown"
        came, left = row.entry.came_at or session.starts_at, row.entry.left_at or session.ends_at
        row.came, row.left = clock_text(came), clock_text(left)
        row.late = max(0, int((came - session.starts_at).total_seconds() // 60))
        row.early = max(0, int((session.ends_at - left).total_seconds() // 60))
    return row


def typed(session: Session, values: Mapping[str, str], *, fill: bool = False) -> Sheet:
    """The sheet with what was typed; `fill` answers «whole» where nothing is chosen."""
    sheet = sheet_of(session)
    for row in sheet.rows:
        number = row.person.id
        if f"seen{number}" not in values:
            continue  # Somebody came onto the sheet after this page was loaded.
        state = values.get(f"state{number}", "")
        row.state = state if state in PARTS else ("whole" if fill else "")
        row.came, row.left = values.get(f"came{number}", ""), values.get(f"left{number}", "")
        row.absence = values.get(f"absence{number}", "unknown")
        seen = values[f"seen{number}"]
        row.seen = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else None
    sheet.reason = values.get("reason", "")
    return sheet


def marks_of(sheet: Sheet) -> list[Mark]:
    """What the rows mean; rows that make no sense get an error and no mark."""
    found = [_mark(sheet.session, row) for row in sheet.rows if row.state]
    return [mark for mark in found if mark is not None]


def _mark(session: Session, row: Row) -> Mark | None:
    if row.state != "part":
        absence = row.absence if row.state == "absent" else None
        return Mark(row.person.id, row.state, row.seen, absence=absence)
    came, left = _reading(row, row.came), _reading(row, row.left)
    if not row.error and came is None and left is None:
        row.error = _("Write when the person came or left.")
    if row.error:
        return None
    both = moments(session, came, left)
    if both is None:
        row.error = _("Left must be after came, at %(came)s.", came=row.came.strip() or clock_text(session.starts_at))
        return None
    return Mark(row.person.id, "part", row.seen, both[0], both[1])


def _reading(row: Row, text: str) -> time | None:
    """The clock that was typed; nothing typed means from the start, or to the end."""
    reading = parse_clock(text)
    if text.strip() and reading is None:
        row.error = _("Write the time as 08.55.")
    return reading


def refuse(sheet: Sheet, errors: Mapping[int, str]) -> None:
    """Put what the ledger refused at the rows it is about."""
    for row in sheet.rows:
        row.error = errors.get(row.person.id, row.error)


def renewed(sheet: Sheet, conflicts: list[Conflict]) -> Sheet:
    """The sheet after a save in which somebody else was first: both values at those rows, and what was typed."""
    fresh = sheet_of(sheet.session)
    mine = {row.person.id: row for row in sheet.rows}
    taken = {conflict.person_id: conflict for conflict in conflicts}
    for row in fresh.rows:
        if row.person.id not in taken or row.person.id not in mine:
            continue
        written = mine[row.person.id]
        row.state, row.came, row.left, row.absence = written.state, written.came, written.left, written.absence
        row.stands = row.entry
    fresh.reason = sheet.reason
    return fresh
