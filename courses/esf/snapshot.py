"""What a closed month says: everything its files are made from, as frozen records with one spelling (lms/records.py).

The rule that matters most: nothing here is looked up again. Names, employers, rules, signatures and the column map are
those of the moment of closing; only the personnummer lies apart, encrypted (ClosingNumber). Protected people stand
under their alias.
"""

import hashlib
import zlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from lms import records
from lms.plan.model import Emblem, Rounding, ScbColumn, Text


@dataclass(frozen=True)
class Facts:
    """The project as the plan had it."""

    name: str
    dnr: str
    owner: str
    emblem: Emblem
    publicity: Text
    rounding: Rounding
    countersignature: bool
    scb: tuple[ScbColumn, ...]


@dataclass(frozen=True)
class Signed:
    """Who signed, when, and how: `way` as in courses/attendance/signatures.py, "sheet" for a trainer's sign-off."""

    name: str
    at: datetime
    way: Literal["sheet", "review", "approval", "signed_in", "code", "handed_in"]


@dataclass(frozen=True)
class Line:
    """One counted entry of an ESF participant. Minutes are whole minutes; days are days in Stockholm."""

    entry_id: int
    person_id: int
    employer: str
    day: date
    kind: str
    activity: str
    session_id: int | None
    minutes: int
    method: str
    entry_hash: str
    trainer: Signed | None
    participant: Signed | None
    manager: Signed | None
    objects: int | None
    """The minutes she means instead, when she has objected and nobody has answered."""


@dataclass(frozen=True)
class Hours:
    """Minutes for one employer in the month: exact, and reported after rounding once."""

    employer: str
    minutes: int
    reported: int


@dataclass(frozen=True)
class Participant:
    """An ESF participant with hours, a start or an end in the month; `started` and `ended` only when they lie in it."""

    person_id: int
    name: str
    protected: bool
    placeholder: str
    has_number: bool
    started: date | None
    ended: date | None
    hours: tuple[Hours, ...]

    @property
    def minutes(self) -> int:
        return sum(each.minutes for each in self.hours)

    @property
    def reported(self) -> int:
        return sum(each.reported for each in self.hours)


@dataclass(frozen=True)
class Row:
    """Somebody on a signed sheet; `name` is empty for people who are not ESF participants."""

    person_id: int
    name: str
    employer: str
    state: Literal["whole", "part", "absent"]
    minutes: int
    entry_id: int


@dataclass(frozen=True)
class SignedSheet:
    """A sheet as it was signed off: who stood on it, who signed, over which entries (hash)."""

    session_id: int
    sign_off_id: int
    activity: str
    place: str
    day: date
    starts_at: datetime
    ends_at: datetime
    by: str
    at: datetime
    deputy_reason: str
    head_count: int | None
    entries_hash: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Snapshot:
    """A closed month. `head_entry_id` and `head_hash` are the end of the ledger's chain at that moment."""

    format: int
    project: Facts
    first: date
    version: int
    reason: str
    closed_at: datetime
    closed_by: str
    head_entry_id: int
    head_hash: str
    participants: tuple[Participant, ...]
    lines: tuple[Line, ...]
    sheets: tuple[SignedSheet, ...]
    others: int
    """People who attended and are not ESF participants."""

    @property
    def minutes(self) -> int:
        return sum(each.minutes for each in self.participants)


def kept(snapshot: Snapshot) -> tuple[bytes, str]:
    """The canonical text, compressed for the database, and its digest: a month of many people is written once."""
    text = records.to_json(snapshot).encode()
    return zlib.compress(text, 6), hashlib.sha256(text).hexdigest()


def unpacked(data: bytes) -> Snapshot:
    """The snapshot that `kept` wrote. Raises RecordError or zlib.error for anything else."""
    return records.from_json(Snapshot, zlib.decompress(data).decode())


def digest(snapshot: Snapshot) -> str:
    """SHA-256 (hex) of the canonical text."""
    return hashlib.sha256(records.to_json(snapshot).encode()).hexdigest()
