"""What hours are worth as an employer's contribution, where the plan of the project has a rate for employer and day.

The rule that matters most: nothing is invented. Minutes without a rate stand as minutes without a rate; amounts are
exact decimals, rounded to whole öre once per line (employer, month and rate), halves up.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Select, func

from courses.attendance import AttendanceEntry
from courses.esf import ledger
from courses.esf.ledger import is_counted, is_esf
from courses.esf.rounding import rounded
from lms import clock
from lms.db import db
from lms.organisations import Organisation, short_name
from lms.people import alphabetical
from lms.plan import Rate
from lms.projects import Project

ORE = Decimal("0.01")


@dataclass(frozen=True)
class Line:
    """Reported minutes of one employer ("" is none) in one month under one rate, or under none."""

    employer: str
    first: date
    rate: Rate | None
    minutes: int

    @property
    def amount(self) -> Decimal | None:
        """SEK in whole öre; None without a rate."""
        return worth(self.minutes, self.rate.sek_per_hour) if self.rate else None


def worth(minutes: int, sek_per_hour: Decimal) -> Decimal:
    """SEK of so many minutes, rounded to whole öre, halves up."""
    return (sek_per_hour * minutes / 60).quantize(ORE, ROUND_HALF_UP)


def rate_for(rates: Iterable[Rate], employer: str, day: date) -> Rate | None:
    """The rate that counts: the employer's own before that of all, and of these the latest that has begun."""
    begun = [rate for rate in rates if rate.starts <= day and (rate.organisation is None or _is(rate, employer))]
    return max(begun, key=lambda rate: (rate.organisation is not None, rate.starts), default=None)


def shared(minutes: Sequence[int], reported: int) -> list[int]:
    """Reported minutes shared over parts of a month in order: what rounding takes away is taken from the last ones."""
    parts = []
    for exact in minutes:
        parts.append(min(exact, reported))
        reported -= parts[-1]
    return parts


def lines(project: Project) -> tuple[Line, ...]:
    """Every employer, month and rate with reported minutes, in this order; () when the plan has no rates. One query."""
    rates = project.plan.rates
    if not rates:
        return ()
    exact: dict[tuple[int, str, date], dict[Rate | None, int]] = defaultdict(dict)
    for person, employer, day, minutes in db.session.execute(_days(project)):
        parts = exact[person, employer, day.replace(day=1)]
        rate = rate_for(rates, employer, day)
        parts[rate] = parts.get(rate, 0) + int(minutes)
    rule, sums = project.plan.rules.rounding, defaultdict[tuple[str, date, Rate | None], int](int)
    for (_person, employer, first), parts in exact.items():
        total = sum(parts.values())
        for rate, part in zip(parts, shared(list(parts.values()), rounded(total, rule)), strict=True):
            sums[employer, first, rate] += part
    found = (Line(*key, minutes) for key, minutes in sums.items() if minutes)
    return tuple(sorted(found, key=_by_employer_and_month))


@dataclass(frozen=True)
class Worth:
    """What an employer's hours are worth, SEK per month of a table; None where there are hours and no rate at all."""

    employer: str
    amounts: tuple[Decimal | None, ...]
    unrated: int
    """Minutes without a rate."""

    @property
    def total(self) -> Decimal:
        return sum((amount or Decimal(0) for amount in self.amounts), Decimal(0))

    @property
    def is_rated(self) -> bool:
        """Whether any of its hours has a rate; the others are only named."""
        return any(self.amounts)


def table(found: Sequence[Line], months: Sequence[date]) -> tuple[Worth, ...]:
    """The lines as a row per employer over these months, with months side by side."""
    rows = []
    for employer in dict.fromkeys(line.employer for line in found if line.first in months):
        own = [line for line in found if line.employer == employer and line.first in months]
        amounts = tuple(_of_month([line for line in own if line.first == first]) for first in months)
        rows.append(Worth(employer, amounts, sum(line.minutes for line in own if line.rate is None)))
    return tuple(rows)


def _of_month(own: Sequence[Line]) -> Decimal | None:
    """The sum of whole öre; 0 without hours."""
    amounts = [line.amount for line in own if line.amount is not None]
    return None if own and not amounts else sum(amounts, Decimal(0))


def _is(rate: Rate, employer: str) -> bool:
    return short_name(rate.organisation or "").casefold() == employer.casefold()


def _by_employer_and_month(line: Line) -> tuple[bool, str, date, date]:
    starts = line.rate.starts if line.rate else date.min
    return line.employer == "", alphabetical(line.employer), line.first, starts


def _days(project: Project) -> Select[Any]:
    """Person, employer, day and minutes of what counts, by day, from months that have begun."""
    name = func.coalesce(Organisation.name, "")
    columns = (AttendanceEntry.person_id, name, AttendanceEntry.day)
    until = min(project.ends, clock.today())
    return (
        ledger.lines(project.id, project.starts, until, *columns, func.sum(AttendanceEntry.minutes))
        .outerjoin(Organisation, Organisation.id == AttendanceEntry.organisation_id)
        .where(is_counted, is_esf)
        .group_by(*columns)
        .order_by(AttendanceEntry.day)
    )
