"""Sums of minutes, exact and rounded: a pure function of who, for which employer, and how long.

The rule that matters most: each sum of a person and employer is rounded down once, and nothing is rounded before.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from lms.plan.model import Rounding

STEP: dict[Rounding, int] = {"none": 1, "quarter": 15, "hour": 60}


@dataclass(frozen=True)
class Entry:
    """Minutes of one person for one employer (None: without)."""

    person_id: int
    organisation_id: int | None
    minutes: int


@dataclass(frozen=True)
class Sum:
    """People, their exact minutes, and the minutes that are reported after rounding."""

    people: int = 0
    minutes: int = 0
    reported: int = 0

    @property
    def lost(self) -> int:
        """Minutes that rounding takes away."""
        return self.minutes - self.reported


@dataclass(frozen=True)
class Totals:
    """Sums per person and employer, per employer, and of all; a person with two employers counts once in `all`."""

    lines: dict[tuple[int, int | None], Sum]
    organisations: dict[int | None, Sum]
    all: Sum


def totals(entries: Iterable[Entry], rounding: Rounding) -> Totals:
    """Sum minutes per person and employer and round each such sum down; the order of entries does not matter."""
    exact: dict[tuple[int, int | None], int] = defaultdict(int)
    for entry in entries:
        exact[entry.person_id, entry.organisation_id] += entry.minutes
    step = STEP[rounding]
    summed = {key: Sum(1, minutes, minutes - minutes % step) for key, minutes in exact.items() if minutes}
    places: dict[int | None, list[Sum]] = defaultdict(list)
    for (_person, organisation_id), part in summed.items():
        places[organisation_id].append(part)
    return Totals(
        summed,
        {place: _added(parts, len(parts)) for place, parts in places.items()},
        _added(summed.values(), len({person for person, _place in summed})),
    )


def _added(parts: Iterable[Sum], people: int) -> Sum:
    kept = list(parts)
    return Sum(people, sum(part.minutes for part in kept), sum(part.reported for part in kept))
