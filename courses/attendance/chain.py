"""The chain of the ledger: each entry carries the hash of the one before, so that a changed byte is found and located.

The rule that matters most: `append` is the only writer. Writers stand in line for the end of the chain (SQLite: one
write transaction at a time; PostgreSQL: a lock until the transaction ends) and take it last of all they lock.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, String, func, insert, select, type_coerce
from sqlalchemy.exc import IntegrityError

from courses.attendance.ledger import AttendanceEntry
from lms.db import db
from lms.refusals import Stale

BEGINNING = "0" * 64
"""What the first entry has as the hash of its predecessor."""
COVERED = tuple(column.name for column in AttendanceEntry.__table__.columns if column.name != "hash")
EMPTY: dict[str, Any] = dict.fromkeys(
    ("organisation_id", "session_id", "came_at", "left_at", "absence", "replaces_id"), None
) | {"reason": ""}
_LOCK = 7_205_759  # any number that no other lock of the database uses
_LAST = select(AttendanceEntry.id, AttendanceEntry.hash).order_by(AttendanceEntry.id.desc()).limit(1)
_CANONICAL = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True)
_AT_A_TIME = 5_000
_TIMES = {"day", "came_at", "left_at", "happened_at", "recorded_at"}
_MOST_GONE = 1_000  # Of a longer gap the first entries are named.
_MOST_FAULTS = 10_000  # Who has rewritten everything is told about the beginning.


@dataclass(frozen=True)
class Head:
    """The end of the chain: number of the last entry (0: there is none) and its hash."""

    entry_id: int = 0
    hash: str = BEGINNING


@dataclass(frozen=True)
class Fault:
    """Where the chain is broken: an entry that is `removed`, `changed`, or `unlinked` from what stands before it.

    Unlinked: the entry before was added, put elsewhere, or changed together with its hash. `person_id` is whom the
    entry is about; nobody knows it of one that is removed.
    """

    entry_id: int
    code: str
    person_id: int | None = None


@dataclass(frozen=True)
class Verified:
    """What a recomputation found: how many entries, the end of the chain, and every fault in order."""

    entries: int
    head: Head
    faults: tuple[Fault, ...]


def append(rows: Sequence[Mapping[str, Any]]) -> list[AttendanceEntry]:
    """Write entries at the end of the chain, in their order; a row has every column but id and the hashes.

    Columns that say nothing (EMPTY) may be left out. Raises Stale `same_moment` when somebody else has written one of
    them first (nonce, first entry, replacement).
    """
    if not rows:
        return []
    _stand_in_line()
    end, linked = head(), []
    for row in rows:
        whole = EMPTY | dict(row) | {"id": end.entry_id + 1, "previous_hash": end.hash}
        whole["hash"] = hash_of_entry(whole)
        end = Head(whole["id"], whole["hash"])
        linked.append(whole)
    try:
        with db.session.begin_nested():
            made = db.session.scalars(insert(AttendanceEntry).returning(AttendanceEntry), linked).all()
    except IntegrityError:
        raise Stale(_("Somebody saved the same sheet at the same moment. Save once more."), "same_moment") from None
    return sorted(made, key=lambda entry: entry.id)


def hold() -> None:
    """Nobody else appends until this transaction ends: what is read now belongs together, up to one `head`."""
    _stand_in_line()


def head() -> Head:
    """The end of the chain now."""
    found = db.session.execute(_LAST).first()
    return Head(*found) if found else Head()


def hash_of_entry(row: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over every column but the hash itself, as canonical JSON; moments in UTC."""
    covered = [[name, _plain(row[name])] for name in COVERED]
    return hashlib.sha256(_CANONICAL.encode(covered).encode()).hexdigest()


def verify(
    told: Callable[[int], object] = lambda _number: None,
    look: Callable[[Mapping[str, Any]], object] = lambda _row: None,
) -> Verified:
    """Recompute the whole chain, oldest first, in constant memory; `told` hears how many entries are done.

    `look` sees the columns of each entry on the way.
    """
    faults: list[Fault] = []
    end, count = Head(), 0
    for row in _every():
        if row["previous_hash"] != end.hash:
            gone = range(end.entry_id + 1, row["id"])
            faults += [Fault(number, "removed") for number in gone[:_MOST_GONE]]
            faults += [] if gone else [Fault(row["id"], "unlinked", row["person_id"])]
        if row["hash"] != hash_of_entry(row):
            faults.append(Fault(row["id"], "changed", row["person_id"]))
        look(row)
        end, count = Head(row["id"], row["hash"]), count + 1
        if count % _AT_A_TIME == 0:
            told(count)
            del faults[_MOST_FAULTS:]
    return Verified(count, end, tuple(faults))


def _every() -> Iterable[Mapping[str, Any]]:
    """All rows in order, some thousand at a time."""
    last = -1
    while rows := rows_where(AttendanceEntry.id > last, at_most=_AT_A_TIME):
        yield from rows
        last = rows[-1]["id"]


def rows_where(*conditions: ColumnElement[bool], at_most: int | None = None) -> list[dict[str, Any]]:
    """The columns of entries by id, also of one that somebody has put something in that is no time at all."""
    query = select(AttendanceEntry.__table__).where(*conditions).order_by(AttendanceEntry.id).limit(at_most)
    try:
        return [row._asdict() for row in db.session.execute(query)]
    except ValueError:
        ids = query.with_only_columns(AttendanceEntry.id)
        return [_row_as_it_is(number) for number in db.session.scalars(ids).all()]


def _row_as_it_is(entry_id: int) -> dict[str, Any]:
    columns = AttendanceEntry.__table__.columns
    read = [type_coerce(each, String).label(each.name) if each.name in _TIMES else each for each in columns]
    for query in (select(*columns), select(*read)):
        try:
            return db.session.execute(query.where(AttendanceEntry.id == entry_id)).one()._asdict()
        except ValueError:
            continue
    raise RuntimeError(f"entry {entry_id} cannot be read")


def _stand_in_line() -> None:
    if db.engine.dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value
