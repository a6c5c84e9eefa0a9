"""Which figures by gender may be shown: a pure function of who attended, where and when (docs/statistics.md).

The rule that matters most: everything shown is a sum of whole blocks (organisations × periods × gender groups), and
every block holds at least five people; so nothing smaller can be worked out from what is shown.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

LEAST = 5
"""The smallest group that is shown."""

GENDERS = ("woman", "man", "other", "unknown")
Group = tuple[str, ...]
"""Names of organisations, or genders, that are counted together."""

Periods = tuple[int, ...]
"""Places of smallest periods that are counted together, in their order."""

By = Literal["organisation", "month"]


@dataclass(frozen=True)
class Part:
    """The minutes of one person in one smallest period; a person has one organisation and one gender throughout."""

    person: int
    organisation: str
    gender: str
    period: int
    minutes: int


@dataclass(frozen=True)
class Arrangement:
    """What is counted together: blocks are `groups` × `periods` × `classes`; `phases` are rows of periods.

    `units` are the organisations whose people are counted without gender; each group is made of whole units. `spans`
    are the periods whose people are counted without gender, phase by phase; only where gender has one period.
    """

    classes: tuple[Group, ...]
    units: tuple[Group, ...]
    groups: tuple[Group, ...]
    phases: tuple[Periods, ...]
    periods: tuple[Periods, ...]
    spans: tuple[tuple[Periods, tuple[Periods, ...]], ...] = ()

    @property
    def whole(self) -> Periods:
        """Every smallest period."""
        return tuple(period for phase in self.phases for period in phase)


@dataclass(frozen=True)
class Figure:
    """People, each counted once, and their minutes."""

    people: int
    minutes: int


class Counted:
    """The people and minutes of some parts, asked for by organisations, periods and genders."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self.people: dict[tuple[str, int, str], set[int]] = defaultdict(set)
        self.minutes: dict[tuple[str, int, str], int] = defaultdict(int)
        for part in parts:
            if part.minutes > 0:
                key = part.organisation, part.period, part.gender
                self.people[key].add(part.person)
                self.minutes[key] += part.minutes
        self._found: dict[tuple[Group, Periods, Group], frozenset[int]] = {}
        self.organisations = sorted({name for name, _period, _gender in self.people})

    def heads(self, names: Group, periods: Periods, genders: Group) -> frozenset[int]:
        """Everybody of these genders with minutes there and then."""
        asked = names, periods, genders
        if asked not in self._found:
            cells = (self.people.get(key) for key in product(names, periods, genders))
            self._found[asked] = frozenset().union(*(cell for cell in cells if cell))
        return self._found[asked]

    def figure(self, names: Group, periods: Periods, genders: Group) -> Figure:
        """The people, each once, and their minutes."""
        minutes = sum(self.minutes.get(key, 0) for key in product(names, periods, genders))
        return Figure(len(self.heads(names, periods, genders)), minutes)


def arrange(parts: Iterable[Part], phases: Sequence[Periods], by: By, *, least: int = LEAST) -> Arrangement | None:
    """What may be shown of these parts, or None when there are fewer than `least` people.

    `by` says what is kept apart first: organisations (then periods, as far as it goes) or months (then organisations).
    """
    return _Arranging(Counted(parts), tuple(phases), least).arranged(by)


class _Arranging:
    """The search for an arrangement of what was counted."""

    def __init__(self, counted: Counted, phases: tuple[Periods, ...], least: int) -> None:
        self.counted, self.phases, self.least = counted, phases, least
        self.whole = tuple(period for phase in phases for period in phase)
        self.everybody = tuple(counted.organisations)
        self.classes = self._classes()

    def arranged(self, by: By) -> Arrangement | None:
        if not self.classes:
            return None
        units = _merged([(name,) for name in self.everybody], lambda group: self._size(group) >= self.least, self._size)
        if by == "organisation":
            groups = self._groups(units, (self.whole,), (self.whole,))
            rows, apart = self._periods(groups, self.classes)
        else:
            rows, apart = self._periods((self.everybody,), self.classes)
            groups = self._groups(units, rows, apart)
        return Arrangement(self.classes, units, groups, rows, apart, self._spans() if len(apart) == 1 else ())

    def _spans(self) -> tuple[tuple[Periods, tuple[Periods, ...]], ...]:
        """Periods with enough people of any gender, within phases with enough; () when there is only the whole."""
        rows, apart = self._periods((self.everybody,), (GENDERS,))
        return tuple((row, tuple(run for run in apart if run[0] in row)) for row in rows) if len(apart) > 1 else ()

    def _classes(self) -> tuple[Group, ...]:
        """The finest gender groups that are large enough; "other" and "not stated" join the smaller of the two."""
        size = {gender: len(self.counted.heads(self.everybody, self.whole, (gender,))) for gender in GENDERS}
        less, more = ("man", "woman") if size["man"] <= size["woman"] else ("woman", "man")
        choices: tuple[tuple[Group, ...], ...] = (
            (("woman",), ("man",), ("other",), ("unknown",)),
            (("woman",), ("man",), ("other", "unknown")),
            ((more,), (less, "other", "unknown")),
            (GENDERS,),
        )
        return next((each for each in choices if all(sum(size[g] for g in one) >= self.least for one in each)), ())

    def _size(self, names: Group) -> int:
        return len(self.counted.heads(names, self.whole, GENDERS))

    def _groups(
        self, units: tuple[Group, ...], rows: tuple[Periods, ...], apart: tuple[Periods, ...]
    ) -> tuple[Group, ...]:
        """Units with too few of some gender group are counted together."""
        runs = [(run, [row for row in rows if run[0] in row]) for run in apart] + [(row, []) for row in rows]

        def fits(group: Group) -> bool:
            return all(self._is_shown(group, run, self.classes, self.whole, *around) for run, around in runs)

        return _merged(list(units), fits, self._size)

    def _periods(
        self, groups: tuple[Group, ...], classes: tuple[Group, ...]
    ) -> tuple[tuple[Periods, ...], tuple[Periods, ...]]:
        """Phases, and periods within them, each long enough for every group."""

        def fit(parts: Sequence[Periods], *within: Periods) -> tuple[Periods, ...]:
            return _runs(parts, lambda run: all(self._is_shown(group, run, classes, *within) for group in groups))

        rows = fit(self.phases, self.whole)
        return rows, tuple(run for row in rows for run in fit([(period,) for period in row], self.whole, row))

    def _is_shown(self, names: Group, periods: Periods, classes: tuple[Group, ...], *around: Periods) -> bool:
        """Whether every gender group is large enough, and so is what is left of it in the longer periods around."""
        for genders in classes:
            here = self.counted.heads(names, periods, genders)
            left = (self.counted.heads(names, outer, genders) - here for outer in around if outer != periods)
            if len(here) < self.least or any(len(rest) < self.least for rest in left):
                return False
        return True


def _merged(groups: list[Group], fits: Callable[[Group], bool], size: Callable[[Group], int]) -> tuple[Group, ...]:
    """Those that do not fit become one group; a lone one takes the smallest other with it."""
    while len(groups) > 1 and (poor := [group for group in groups if not fits(group)]):
        rest = sorted((group for group in groups if group not in poor), key=lambda group: (size(group), group))
        if len(poor) == 1:
            poor.append(rest.pop(0))
        groups = [*rest, tuple(sorted(name for group in poor for name in group))]
    return tuple(sorted(groups, key=lambda group: (len(group) > 1, group)))


def _runs(parts: Sequence[Periods], fits: Callable[[Periods], bool]) -> tuple[Periods, ...]:
    """Neighbours are counted together until they fit; what is left over joins the last ones."""
    runs: list[Periods] = []
    waiting: Periods = ()
    for part in parts:
        waiting += part
        if fits(waiting):
            runs.append(waiting)
            waiting = ()
    if waiting or not runs:
        runs.append(waiting)
    while len(runs) > 1 and not fits(runs[-1]):
        last = runs.pop()
        runs[-1] += last
    return tuple(runs)
