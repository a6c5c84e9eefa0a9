"""The agenda of the story: acts with the moment they happen at, done in order until the day it is told.

What lies on the day of telling or later is not done: it is what the people of the demo have before them.
"""

import heapq
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import count

from lms import clock
from lms.plan.moving import moved as months_later

Act = Callable[[], object]
MORNING = 8.5
"""Half past eight: when courses begin."""
_SUMMER = ((6, 18), (8, 16))
_HOLIDAYS = {(1, 1), (1, 5), (1, 6), (5, 1), (6, 6), *((12, day) for day in range(22, 32))}


class Agenda:
    """Acts wait here for their moment; an act may put further acts into the agenda."""

    def __init__(self, today: date) -> None:
        self.today = today
        self._waiting: list[tuple[datetime, int, Act]] = []
        self._order = count()

    def at(self, day: date, hours: float, act: Act) -> None:
        """Do `act` on the day at so many hours (9.5 is half past nine) in Stockholm, if that is before today."""
        if day < self.today:
            at = time(int(hours), round(hours % 1 * 60) % 60)
            heapq.heappush(self._waiting, (clock.at(day, at), next(self._order), act))

    def tell(self, say: Callable[[str], None]) -> None:
        """Do everything in order of time, each under a clock moved to its moment; says which month it is."""
        month = ""
        while self._waiting:
            moment, _number, act = heapq.heappop(self._waiting)
            if month != (month := f"{clock.local(moment):%Y-%m}"):
                say(f"the demo tells {month}")
            with clock.moved(moment):
                act()


def around(moment: datetime) -> float:
    """When the session of today begins, in hours, so that a visitor of the demo can check in to its four hours.

    Courses begin in the morning; from eleven on, and before half past eight, at the half hour before the moment. At
    night, from 21 to 6, nobody is expected.
    """
    local = clock.local(moment)
    hours = local.hour + local.minute / 60
    if not 6 <= hours < 21 or MORNING <= hours < 11:
        return MORNING
    return min(19.5, hours // 0.5 / 2)


def working_day(day: date) -> date:
    """The day itself, or the first one after it that is neither a weekend nor a holiday of a fixed date."""
    while day.weekday() > 4 or (day.month, day.day) in _HOLIDAYS:
        day += timedelta(days=1)
    return day


def working_day_before(day: date) -> date:
    """The last working day before the day."""
    day -= timedelta(days=1)
    while working_day(day) != day:
        day -= timedelta(days=1)
    return day


def course_days(first: date, last: date, wanted: int) -> list[date]:
    """So many working days from the first to the last, evenly spread, outside the summer when there is room."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    working = [day for day in days if working_day(day) == day]
    outside = [day for day in working if not _SUMMER[0] <= (day.month, day.day) <= _SUMMER[1]]
    free = outside if len(outside) >= 4 * wanted else working
    return [free[number * (len(free) - 1) // max(1, wanted - 1)] for number in range(wanted)]


def every(months: int, nearest: date, since: date) -> list[date]:
    """Working days every so many months, backwards from `nearest` until `since`, the earliest first."""
    found = []
    step = 0
    while (day := months_later(nearest, -months * step)) >= since:
        found.append(working_day(day))
        step += 1
    return found[::-1]
