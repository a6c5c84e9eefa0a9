"""The attendance sheet as a form: rows out of the ledger, what was typed on top of them, and marks out of that.

The rule that matters most: what somebody typed is shown again as typed, whatever is wrong or taken.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from flask_babel import gettext as _

from courses.activities import Session
from courses.attendance import (
    PARTS,
    AttendanceEntry,
    Conflict,
    Mark,
    histories,
    minutes_within,
    moments,
    on_sheet,
    state_of,
)
from lms.db import db
from lms.filters import clock as clock_text
from lms.filters import parse_clock, parse_number
from lms.people import Person


@dataclass
class Row:
    """One person: what is chosen and typed, the entries so far (oldest first), and what is wrong or taken.

    `seen` is the entry that the page shows and sends back; after an error it stays what the browser had seen.
    `late`, `early` and `away`: minutes missed at the beginning, at the end and in between, as the ledger has it.
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
    away: int = 0

    @cached_property
    def entry(self) -> AttendanceEntry | None:
        """The entry that counts now; who was moved away and has come back has no answer yet."""
        last = self.chain[-1] if self.chain else None
        return None if last is None or last.absence == "moved" else last


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
    def people(self) -> list[Person]:
        return [row.person for row in self.rows]

    @property
    def errors(self) -> list[Row]:
        return [row for row in self.rows if row.error]

    @property
    def taken(self) -> list[Row]:
        """Rows that somebody else wrote first."""
        return [row for row in self.rows if row.stands is not None]

    @property
    def present(self) -> int:
        """How many were there, all the time or a part of it."""
        return self.count("whole") + self.count("part")

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
    begins, ends = clock_text(session.starts_at), clock_text(session.ends_at)
    rows = [Row(person, chains.get(person.id, []), came=begins, left=ends) for person in on_sheet(session)]
    for row in rows:
        _fill(row, session)
    return Sheet(session, rows)


def _fill(row: Row, session: Session) -> None:
    """What the person's entry says."""
    row.seen = row.chain[-1].id if row.chain else None
    if row.entry is not None:
        row.state, row.absence = state_of(row.entry), row.entry.absence or "unknown"
    if row.entry is not None and (row.entry.came_at or row.entry.left_at):
        came, left = row.entry.came_at or session.starts_at, row.entry.left_at or session.ends_at
        row.came, row.left = clock_text(came), clock_text(left)
        row.late = max(0, int((came - session.starts_at).total_seconds() // 60))
        row.early = max(0, int((session.ends_at - left).total_seconds() // 60))
        if row.state == "part":
            row.away = minutes_within(session, came, left) - row.entry.minutes


def typed(session: Session, values: Mapping[str, str], *, fill: bool = False, errors: Mapping[int, str]) -> Sheet:
    """The sheet with what was typed on top, and what is wrong at the rows it is about."""
    sheet = sheet_of(session)
    for row in sheet.rows:
        if f"seen{row.person.id}" in values:  # Not somebody who came onto the sheet after this page was loaded.
            answer = _answer(values, row.person.id, fill=fill)
            _put(row, answer)
            row.seen = answer.seen
        row.error = errors.get(row.person.id, "")
    sheet.reason = values.get("reason", "")
    return sheet


def renewed(session: Session, values: Mapping[str, str], conflicts: list[Conflict]) -> Sheet:
    """The sheet after a save in which somebody else was first: both values at those rows, and what was typed."""
    sheet = sheet_of(session)
    taken = {conflict.person_id for conflict in conflicts}
    for row in sheet.rows:
        if row.person.id in taken:
            _put(row, _answer(values, row.person.id, fill=True))
            row.stands = row.chain[-1]
    sheet.reason = values.get("reason", "")
    return sheet


@dataclass(frozen=True)
class Answer:
    """One row as the browser sent it."""

    state: str
    came: str
    left: str
    absence: str
    seen: int | None


def _put(row: Row, answer: Answer) -> None:
    row.state, row.came, row.left, row.absence = answer.state, answer.came, answer.left, answer.absence


def _answer(values: Mapping[str, str], number: int, *, fill: bool) -> Answer:
    state = values.get(f"state{number}", "")
    return Answer(
        state if state in PARTS else ("whole" if fill else ""),
        values.get(f"came{number}", ""),
        values.get(f"left{number}", ""),
        values.get(f"absence{number}", "unknown"),
        parse_number(values.get(f"seen{number}", "")),
    )


def read(
    session: Session, values: Mapping[str, str], *, fill: bool = False, prefilled: bool = True
) -> tuple[list[Mark], dict[int, str]]:
    """What the rows mean, and what makes no sense by person id.

    `fill` answers «whole» where nothing is chosen. `prefilled` clocks say nothing by themselves: whoever chooses «part»
    and leaves them as they were has still to write when the person came or left.
    """
    marks: list[Mark] = []
    errors: dict[int, str] = {}
    for key in values:
        number = parse_number(key[4:]) if key.startswith("seen") else None
        if number is not None:
            answer = _answer(values, number, fill=fill)
            mark = _mark(session, number, answer)
            if isinstance(mark, Mark) and prefilled and _says_nothing(session, answer):
                mark = str(_("Write when the person came or left."))
            if isinstance(mark, str):
                errors[number] = mark
            elif mark is not None:
                marks.append(mark)
    return marks, errors


def _mark(session: Session, number: int, answer: Answer) -> Mark | str | None:
    """The mark of a row, nothing for an empty one, or what is wrong in words."""
    if not answer.state:
        return None
    if answer.state != "part":
        return _without_clocks(number, answer)
    came, left = parse_clock(answer.came), parse_clock(answer.left)
    if any(text.strip() and found is None for text, found in ((answer.came, came), (answer.left, left))):
        return str(_("Write the time as 08.55."))
    if came is None and left is None:
        return str(_("Write when the person came or left."))
    both = moments(session, came, left)
    if both is None:
        begun = answer.came.strip() or clock_text(session.starts_at)
        return str(_("Left must be after came, at %(came)s.", came=begun))
    return Mark(number, "part", answer.seen, both[0], both[1])


def _says_nothing(session: Session, answer: Answer) -> bool:
    """Whether «part» was chosen with the clocks of the whole session, and the row was no part before."""
    whole = (clock_text(session.starts_at), clock_text(session.ends_at))
    typed_clocks = (answer.came.strip() or whole[0], answer.left.strip() or whole[1])
    if answer.state != "part" or [parse_clock(each) for each in typed_clocks] != [parse_clock(each) for each in whole]:
        return False
    before = db.session.get(AttendanceEntry, answer.seen) if answer.seen is not None else None
    return before is None or state_of(before) != "part"


def _without_clocks(number: int, answer: Answer) -> Mark | str:
    """There from start to end, or absent; who is moved gets a place in the other group, so no answer says that."""
    absence = answer.absence if answer.state == "absent" else None
    if absence == "moved":
        return str(_("Choose whole, part or absent."))
    return Mark(number, answer.state, answer.seen, absence=absence)
