"""The days of a month, and the day it is due (SCB: four weeks after it is over)."""

from calendar import monthrange
from datetime import date, timedelta

WEEKS_TO_REPORT = 4


def last_day(first: date) -> date:
    """The last day of the month."""
    return first.replace(day=monthrange(first.year, first.month)[1])


def following(first: date) -> date:
    """The first day of the next month."""
    return last_day(first) + timedelta(days=1)


def due(first: date) -> date:
    """The last day to report the month."""
    return last_day(first) + timedelta(weeks=WEEKS_TO_REPORT)
