"""Moves a whole plan in time, so that a demonstration of a past project happens today.

The rule that matters most: a plan moves by whole months and the last day of a month stays the last day of
one, so that phases keep their month boundaries and no gap opens or closes.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from typing import Any, cast

from lms.plan.model import Phase, Plan


def shift(plan: Plan, months: int) -> Plan:
    """The same plan, every date `months` later (earlier when negative)."""
    return cast(Plan, _shifted(plan, months))


def months_to(planned: date, wanted: date) -> int:
    """The number of whole months that brings the day `planned` nearest to the day `wanted`."""
    months = (wanted.year - planned.year) * 12 + wanted.month - planned.month
    return min((months - 1, months, months + 1), key=lambda each: abs(moved(planned, each) - wanted))


def point(phase: Phase, percent: int) -> date:
    """The day when `percent` of the days of a phase have passed (0 the first day, 100 the last)."""
    return phase.starts + timedelta(days=round((phase.ends - phase.starts).days * percent / 100))


def moved(day: date, months: int) -> date:
    """The day `months` later: a last day of a month becomes the last, a day too late for its month too."""
    month = day.year * 12 + day.month - 1 + months
    last = monthrange(month // 12, month % 12 + 1)[1]
    was_last = day.day == monthrange(day.year, day.month)[1]
    return date(month // 12, month % 12 + 1, last if was_last else min(day.day, last))


def _shifted(part: object, months: int) -> object:
    if isinstance(part, date):
        return moved(part, months)
    if isinstance(part, tuple):
        return tuple(_shifted(each, months) for each in part)
    if is_dataclass(part) and not isinstance(part, type):
        names = [field.name for field in fields(part)]
        values: dict[str, Any] = {name: _shifted(getattr(part, name), months) for name in names}
        return replace(part, **values)
    return part
