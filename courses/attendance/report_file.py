"""Reads an attendance file: our own export, or what Teams and Zoom hand out after a meeting.

The rule that matters most: columns are known by many headings, Swedish and English, and a time that cannot be read is a
problem with its row, never a guess.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from courses.attendance.merging import Interval
from courses.attendance.report_times import minutes_of, moment_of, says_utc, zone_of
from lms.message import N_, Message
from lms.table_file import Cell, Line, Unreadable, read_sheets

MOST_PEOPLE = 1_000
_EXACT = {
    "name": "name namn fullname fullständigtnamn displayname visningsnamn username användarnamn participant deltagare"
    " nameoriginalname namnursprungligtnamn namnoriginalnamn namnetursprungligtnamn attendeename participantname",
    "email": "email emailaddress epost epostadress mail mejl useremail attendeeemail användarepost användarensepost",
    "upn": "participantidupn deltagaridupn upn userprincipalname",
    "action": "useraction action användaråtgärd åtgärd händelse",
    "at": "timestamp tidsstämpel tidpunkt time",
    "waiting": "inwaitingroom iväntrum iväntrummet",
    "code": "kod code",
    "state": "närvaro attendance",
    "came": "kom came",
    "left": "gick left",
    "away": "bortadäremellan awayinbetween",
    "absence": "frånvaro absence",
}
_OF_HEADING = {word: kind for kind, words in _EXACT.items() for word in words.split()}
_PARTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("first", ("first", "först"), ("join", "ansl")),
    ("last", ("last", "sist", "sena"), ("leave", "left", "lämn", "avg")),
    ("join", ("join", "ansl", "inträd"), ("",)),
    ("leave", ("leave", "left", "lämn", "avgå", "avgick", "utträd"), ("",)),
    ("length", ("duration", "varaktighet", "längd"), ("",)),
    ("email", ("epost", "email"), ("",)),
)
_TABLES = (("own", {"code", "state"}), ("own", {"name", "state"}), ("own", {"email", "state"}),
           ("connections", {"name", "join", "leave"}), ("events", {"name", "action", "at"}),
           ("people", {"name", "first", "last"}))  # fmt: skip
_AS_GUEST = re.compile(r"\s*\((guest|gäst|external|extern|unverified|ej verifierad|overifierad)\)", re.IGNORECASE)
_YES = {"yes", "ja", "true", "sant"}


@dataclass(frozen=True)
class Attendee:
    """Somebody in a file, and where: when she was connected, or (`typed`) what our own columns say of her.

    `at_most`: minutes there altogether, where the file has only the first and the last moment beside.
    """

    name: str
    email: str
    lines: tuple[int, ...]
    intervals: tuple[Interval, ...] = ()
    at_most: int | None = None
    typed: dict[str, str] | None = field(default=None, hash=False)


@dataclass(frozen=True)
class Report:
    """What a file says: the people, what cannot be read, and in which time its clocks were taken."""

    own: bool = False
    attendees: tuple[Attendee, ...] = ()
    problems: tuple[tuple[int, Message], ...] = ()
    utc: bool = False


def read_report(data: bytes, *, near: date, utc: bool = False) -> Report:
    """Read a CSV or XLSX file about a session of the day `near`; `utc` when it does not say so itself but is."""
    try:
        sheets = read_sheets(data)
    except Unreadable as error:
        return Report(problems=((error.line, error.message),))
    reading = _Reading(near, utc)
    for lines in sheets:
        reading.go_through(lines)
    return reading.report()


def _letters(text: str) -> str:
    return re.sub(r"[\W_\d]", "", unicodedata.normalize("NFC", text)).casefold()


def _kind(cell: Cell) -> str:
    """Which column a heading begins, or nothing."""
    if not isinstance(cell, str) or len(cell) > 80:
        return ""
    word = _letters(re.sub(r"\b(utc|gmt)\b", "", cell, flags=re.IGNORECASE))
    if word in _OF_HEADING:
        return _OF_HEADING[word]
    return next(
        (kind for kind, some, others in _PARTS if any(a in word for a in some) and any(b in word for b in others)), ""
    )


@dataclass
class _Table:
    kind: str
    columns: dict[str, int]
    utc: bool


@dataclass
class _Row:
    line: int
    name: str
    email: str
    begins: datetime | None = None
    ends: datetime | None = None
    length: int | None = None


class _Reading:
    """Goes through the lines once: headings begin a table, and a line that is no row of it ends it."""

    def __init__(self, near: date, utc: bool) -> None:
        self.near, self.utc, self.said_utc = near, utc, False
        self.rows: dict[str, list[_Row]] = {"connections": [], "people": [], "events": []}
        self.own: list[Attendee] = []
        self.problems: list[tuple[int, Message]] = []
        self.tables = 0

    def go_through(self, lines: Sequence[Line]) -> None:
        table: _Table | None = None
        for line in lines:
            if headings := self._headings(line):
                table = headings
            elif table is not None and not self._take(table, line):
                table = None

    def _headings(self, line: Line) -> _Table | None:
        kinds = [_kind(cell) for cell in line.cells]
        kind = next((name for name, needed in _TABLES if needed <= set(kinds)), None)
        if kind is None:
            return None
        self.tables += 1
        columns = {each: place for place, each in reversed(list(enumerate(kinds))) if each}
        utc = any(says_utc(cell) for cell in line.cells if isinstance(cell, str))
        self.said_utc = self.said_utc or utc
        return _Table(kind, columns, utc)

    def _take(self, table: _Table, line: Line) -> bool:
        """Read a row; no when the line stands outside the table (a heading of what comes next)."""
        if len([cell for cell in line.cells if cell]) < 2:
            return False
        if table.kind == "own":
            self._own(table, line)
        elif _text(table, line, "waiting").casefold() not in _YES:
            self._row(table, line)
        return True

    def _own(self, table: _Table, line: Line) -> None:
        typed = {name: _text(table, line, name) for name in ("code", "state", "came", "left", "away", "absence")}
        name, email = _text(table, line, "name"), _text(table, line, "email").lower()
        self.own.append(Attendee(_plain_name(name), email, (line.number,), typed=typed))

    def _row(self, table: _Table, line: Line) -> None:
        name, email = _text(table, line, "name"), _text(table, line, "email") or _text(table, line, "upn")
        row = _Row(line.number, name, email.lower() if "@" in email else "")
        if table.kind == "events":
            moment = self._moment(table, line, "at")
            left = any(word in _letters(_text(table, line, "action")) for word in ("left", "lämn"))
            row.begins, row.ends = (None, moment) if left else (moment, None)
        else:
            first, last = ("first", "last") if table.kind == "people" else ("join", "leave")
            row.begins, row.ends = self._moment(table, line, first), self._moment(table, line, last)
            row.length = minutes_of(_cell(table, line, "length"))
        if (name or email) and (row.begins or row.ends):
            self.rows[table.kind].append(row)

    def _moment(self, table: _Table, line: Line, column: str) -> datetime | None:
        cell = _cell(table, line, column)
        found = moment_of(cell, self.near, zone_of(self.utc or table.utc))
        if found is None and cell and _letters(str(cell)) not in ("", "na"):
            told = N_("The time «%(time)s» cannot be read. Write it as 2022-11-03 08:30.")
            self.problems.append((line.number, Message(told, {"time": str(cell)[:40]})))
        return found

    def report(self) -> Report:
        attendees = self.own or self._attendees()
        if not self.tables:
            told = N_("No columns were found: names with join and leave times, or our own with Kod and Närvaro.")
            self.problems.append((0, Message(told)))
        elif not attendees and not self.problems:
            self.problems.append((0, Message(N_("There is nobody in the file."))))
        elif len(attendees) > MOST_PEOPLE:
            told = N_("The file has more than %(most)s people; it is not about one session.")
            self.problems.append((0, Message(told, {"most": MOST_PEOPLE})))
            attendees = []
        return Report(bool(self.own), tuple(attendees), tuple(self.problems), self.utc or self.said_utc)

    def _attendees(self) -> list[Attendee]:
        """One per person: connections where the file has them, else events, else first and last moments."""
        addresses = _addresses([*self.rows["people"], *self.rows["connections"]])
        chosen = next((kind for kind in ("connections", "events", "people") if self.rows[kind]), "people")
        grouped: dict[str, list[_Row]] = {}
        for row in self.rows[chosen]:
            row.email = row.email or addresses.get(row.name.casefold(), "")
            grouped.setdefault(row.email or row.name.casefold(), []).append(row)
        latest = max((moment for row in self.rows[chosen] for moment in (row.begins, row.ends) if moment), default=None)
        return [_attendee(chosen, rows, latest) for rows in grouped.values()]


def _attendee(kind: str, rows: list[_Row], latest: datetime | None) -> Attendee:
    """Who never left was there until the last thing that the file knows."""
    lines = tuple(row.line for row in rows)
    if kind == "events":
        intervals = _between(rows, latest)
    else:
        ended = [(row.begins, row.ends or latest) for row in rows]
        intervals = [(begins, ends) for begins, ends in ended if begins is not None and ends is not None]
    lengths = [row.length for row in rows if row.length is not None]
    at_most = sum(lengths) if kind == "people" and len(lengths) == len(rows) else None
    return Attendee(_plain_name(rows[0].name), rows[0].email, lines, tuple(intervals), at_most)


def _between(rows: list[_Row], latest: datetime | None) -> list[Interval]:
    """Each coming with the next leaving; coming twice without leaving is one stay."""
    moments = sorted((row.begins or row.ends, row.begins is not None) for row in rows if row.begins or row.ends)
    intervals: list[Interval] = []
    begun: datetime | None = None
    for moment, comes in moments:
        if comes:
            begun = begun or moment
        elif begun is not None and moment is not None:
            intervals.append((begun, moment))
            begun = None
    return [*intervals, (begun, latest)] if begun is not None and latest is not None else intervals


def _addresses(rows: Sequence[_Row]) -> dict[str, str]:
    """name → e-mail, where the file has one and no other for that name."""
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.email:
            found.setdefault(row.name.casefold(), set()).add(row.email)
    return {name: next(iter(emails)) for name, emails in found.items() if len(emails) == 1}


def _cell(table: _Table, line: Line, column: str) -> Cell:
    place = table.columns.get(column)
    return line.cells[place] if place is not None and place < len(line.cells) else ""


def _text(table: _Table, line: Line, column: str) -> str:
    cell = _cell(table, line, column)
    return cell.isoformat() if isinstance(cell, date) else unicodedata.normalize("NFC", cell)[:200]


def _plain_name(name: str) -> str:
    """A name without the apostrophe that keeps a spreadsheet from calculating, and without «(Guest)»."""
    return _AS_GUEST.sub("", name).lstrip("'")
