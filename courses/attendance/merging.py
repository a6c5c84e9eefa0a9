"""Connections to a meeting become presence: pure arithmetic over moments, for reports of Teams and Zoom.

The rule that matters most: a minute counts once, however many devices were connected, and only inside the session.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Present:
    """First and last moment of somebody who was there, and whole minutes of the session without the gaps."""

    came: datetime
    left: datetime
    minutes: int


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time in intervals that neither touch nor overlap, in order; what ends before it begins is gone."""
    joined: list[Interval] = []
    for begins, ends in sorted(each for each in intervals if each[0] < each[1]):
        if joined and begins <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        else:
            joined.append((begins, ends))
    return joined


def present(intervals: Iterable[Interval], starts: datetime, ends: datetime) -> Present | None:
    """When somebody was there between two moments; None when at no whole minute of it."""
    during = [each for each in union(intervals) if each[0] < ends and each[1] > starts]
    seconds = sum((min(left, ends) - max(came, starts) for came, left in during), timedelta())
    minutes = int(seconds.total_seconds() // 60)
    return Present(during[0][0], during[-1][1], minutes) if minutes else None


def together(several: Sequence[Present]) -> Present:
    """Somebody of whom only first, last and sum are known, more than once: never more than lies between."""
    came, left = min(each.came for each in several), max(each.left for each in several)
    return Present(came, left, sum(each.minutes for each in several))
