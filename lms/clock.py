"""What time it is: UTC in the database, Europe/Stockholm for people. The demo tells its story by moving this clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_moved: ContextVar[datetime | None] = ContextVar("moved", default=None)


def now() -> datetime:
    """This moment, aware, in UTC."""
    return _moved.get() or datetime.now(UTC)


def today() -> date:
    """The day it is in Stockholm."""
    return local(now()).date()


def local(moment: datetime) -> datetime:
    """The same moment with the hands of a clock in Stockholm."""
    return moment.astimezone(STOCKHOLM)


def at(day: date, clock: time) -> datetime:
    """A day and a clock in Stockholm as a moment in UTC; the hour that summer time skips moves forward."""
    return datetime.combine(day, clock, STOCKHOLM).astimezone(UTC)


@contextmanager
def moved(moment: datetime) -> Iterator[None]:
    """Everything inside happens at `moment` (used by the demo and by tests)."""
    token = _moved.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _moved.reset(token)
