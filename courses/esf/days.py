"""The days of a month, and the day it is due (SCB: four weeks after it is over)."""

import re
from calendar import monthrange
from datetime import date, timedelta

WEEKS_TO_REPORT = 4


def month_named(name: str) -> date | None:
    """The first day of the month written YYYY-MM, or None when it is written otherwise."""
    found = re.fullmatch(r"([12]\d{3})-(0[1-9]|1[0-2])", name, re.ASCII)
    return date(int(found[1]), int(found[2]), 1) if found else None


def last_day(first: date) -> date:
    """The last day of the month."""
    return first.replace(day=monthrange(first.year, first.month)[1])


def following(first: date) -> date:
    """The first day of the next month."""
    return last_day(first) + timedelta(days=1)


def due(first: date) -> date:
    """The last day to report the month."""
    return last_day(first) + timedelta(weeks=WEEKS_TO_REPORT)
