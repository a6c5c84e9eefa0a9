"""What a trainer marks in a row, and the minutes that follow from it: pure arithmetic in UTC.

The rule that matters most: minutes are the overlap of presence and session, never negative, never above the session.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from courses.activities import Session
from courses.attendance.ledger import AttendanceEntry
from lms import clock

PARTS = ("whole", "part", "absent")
_REACH = timedelta(hours=6)  # A clock further from the session than this is not about the session.


@dataclass(frozen=True)
class Mark:
    """A row of a sheet: the entry that was on the screen; whole, part (moments, aware) or absent (with its kind).

    `minutes` are fewer than those between the moments for somebody who was away in between.
    """

    person_id: int
    state: str
    seen_entry_id: int | None = None
    came: datetime | None = None
    left: datetime | None = None
    absence: str | None = None
    minutes: int | None = None


@dataclass(frozen=True)
class Presence:
    """A mark worked out: what an entry stores. Two equal presences say the same thing."""

    minutes: int
    came: datetime | None
    left: datetime | None
    absence: str | None


def presence_of(mark: Mark, session: Session) -> Presence:
    """The minutes of a mark; being there from start to end is whole, however it was written."""
    if mark.state == "absent":
        return Presence(0, None, None, mark.absence or "unknown")
    came, left = mark.came or session.starts_at, mark.left or session.ends_at
    most = session.minutes if mark.state == "whole" else minutes_within(session, came, left)
    minutes = most if mark.minutes is None else max(0, min(mark.minutes, most))
    if mark.state == "whole" or minutes == session.minutes:
        return Presence(session.minutes, None, None, None)
    return Presence(minutes, came, left, None)


def says_again(mark: Mark, entry: AttendanceEntry) -> bool:
    """Whether a mark repeats the clocks that a sheet shows of an entry: seconds and time away in between stay."""
    if mark.state != "part" or mark.minutes is not None or entry.came_at is None or entry.left_at is None:
        return False
    shown = [moment.replace(second=0, microsecond=0) for moment in (entry.came_at, entry.left_at)]
    return [mark.came, mark.left] == shown


def said_by(entry: AttendanceEntry) -> Presence:
    """What an entry already says."""
    return Presence(entry.minutes, entry.came_at, entry.left_at, entry.absence)


def state_of(entry: AttendanceEntry) -> str:
    """whole, part or absent."""
    if entry.absence is not None:
        return "absent"
    return "part" if entry.came_at is not None else "whole"


def minutes_within(session: Session, came: datetime, left: datetime) -> int:
    """Whole minutes of the session between two moments (aware): 0 to session.minutes."""
    overlap = min(left, session.ends_at) - max(came, session.starts_at)
    return max(0, int(overlap.total_seconds() // 60))


def local_day(session: Session) -> date:
    """The day in Stockholm on which the session begins; a session past midnight belongs to it as a whole."""
    return clock.local(session.starts_at).date()


def moments(session: Session, came: time | None, left: time | None) -> tuple[datetime | None, datetime | None] | None:
    """Clocks as read on the wall become moments (UTC) around the session; None when left is not after came.

    A missing clock means the session's start or end. Sessions past midnight and the hour that autumn repeats are
    read so that they lie in the session when that is possible at all.
    """
    begun = _nearest(session, came, after=None) if came else session.starts_at
    if begun is None:
        return None
    ended = _nearest(session, left, after=begun) if left else session.ends_at
    if ended is None or ended <= begun:
        return None
    return begun, ended


def is_about(session: Session, moment: datetime) -> bool:
    """Whether a moment is near enough to be about the session."""
    return _distance(session, moment) <= _REACH


def _nearest(session: Session, reading: time, *, after: datetime | None) -> datetime | None:
    """The moment with this clock that lies nearest to the session, later than `after`; None when all are far away."""
    possible = [moment for moment in _moments_of(session, reading) if after is None or moment > after]
    best = min(possible, key=lambda moment: (_distance(session, moment), moment), default=None)
    return best if best is not None and is_about(session, best) else None


def _moments_of(session: Session, reading: time) -> Iterator[datetime]:
    first = local_day(session)
    for days in (-1, 0, 1, 2):
        for fold in (0, 1):
            yield clock.at(first + timedelta(days=days), reading.replace(fold=fold))


def _distance(session: Session, moment: datetime) -> timedelta:
    return max(session.starts_at - moment, moment - session.ends_at, timedelta(0))
