"""Nobody works out a group of fewer than five from the statistics: every world that looks the same is tried."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations_with_replacement, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses.esf.suppression import GENDERS, Arrangement, Counted, Group, Part, Periods, arrange

Cell = tuple[Group, Periods, Group]
Life = tuple[str, str, tuple[int, ...]]
"""Organisation, gender, and the periods in which she attended."""


def parts_of(lives: tuple[Life, ...] | list[Life]) -> list[Part]:
    return [
        Part(number, organisation, gender, period, 60)
        for number, (organisation, gender, periods) in enumerate(lives)
        for period in periods
    ]


def shown_cells(found: Arrangement) -> list[Cell]:
    """Every cell whose people and minutes stand on the page."""
    everybody = tuple(name for unit in found.units for name in unit)
    rows = {found.whole, *found.phases, *found.periods}
    return [
        (names, periods, genders)
        for names in {everybody, *found.groups}
        for periods in rows
        for genders in found.classes
    ]


def published(counted: Counted, found: Arrangement) -> tuple[int, ...]:
    """All counts of people on the page, in a fixed order."""
    heads = [len(counted.heads(*cell)) for cell in sorted(shown_cells(found))]
    everybody = tuple(name for unit in found.units for name in unit)
    spans = [run for row, runs in found.spans for run in (row, *runs)]
    return (
        *heads,
        *(len(counted.heads(unit, found.whole, GENDERS)) for unit in found.units),
        *(len(counted.heads(everybody, run, GENDERS)) for run in spans),
    )


def smallest_cells(found: Arrangement, genders: tuple[str, ...]) -> Iterator[Cell]:
    """Every organisation and gender in every period and in all of them, and everybody of a gender in each period."""
    names = [(name,) for unit in found.units for name in unit]
    everybody = tuple(name for unit in found.units for name in unit)
    for where in {*names, everybody}:
        for periods in {found.whole, *((period,) for period in found.whole)}:
            for gender in genders:
                yield where, periods, (gender,)


def every_world(people: int, names: str, genders: tuple[str, ...], periods: int) -> Iterator[tuple[Life, ...]]:
    some = [tuple(place for place in range(periods) if chosen & 1 << place) for chosen in range(1, 1 << periods)]
    return combinations_with_replacement(list(product(names, genders, some)), people)


@pytest.mark.parametrize(
    ("people", "names", "genders", "periods", "by"),
    [
        (8, "ABC", ("woman", "man"), 1, "organisation"),
        (7, "AB", ("woman", "man", "unknown"), 1, "organisation"),
        (5, "AB", ("woman", "man"), 2, "organisation"),
        (5, "AB", ("woman", "man"), 2, "month"),
        (5, "A", ("woman", "man"), 3, "month"),
    ],
)
def test_no_small_cell_can_be_told_from_all_worlds_that_look_the_same(
    people: int, names: str, genders: tuple[str, ...], periods: int, by: str
) -> None:
    """With two as the smallest group, so that all worlds can be tried: a hidden cell is undetermined by two or more."""
    phases = [(place,) for place in range(periods)]
    worlds = [parts_of(lives) for lives in every_world(people, names, genders, periods)]
    arrangements = [arrange(parts, phases, by, least=2) for parts in worlds]  # type: ignore[arg-type]
    everything = [Counted(parts) for parts in worlds]
    tried, split = 0, False
    for found in set(arrangements) - {None}:
        assert found is not None
        cells = list(smallest_cells(found, genders))
        alike: dict[tuple[int, ...], list[Counted]] = {}
        for counted in everything:
            alike.setdefault(published(counted, found), []).append(counted)
        pages = {published(everything[place], found) for place, each in enumerate(arrangements) if each == found}
        for page in pages:
            for cell in cells:
                sizes = {len(counted.heads(*cell)) for counted in alike[page]}
                assert min(sizes) >= 2 or max(sizes) - min(sizes) >= 2, (found, page, cell, sizes)
                tried += 1
        split = split or bool(found.spans)
    assert tried > 0
    assert split == (periods > 1)


life = st.tuples(
    st.sampled_from("ABCDEF"),
    st.sampled_from(("woman", "woman", "woman", "man", "man", "other", "unknown")),
    st.sets(st.integers(0, 4), min_size=1).map(lambda periods: tuple(sorted(periods))),
)
lives = st.integers(0, 150).flatmap(lambda size: st.lists(life, min_size=size, max_size=size))
PHASES = [(0,), (1, 2), (3, 4)]


@given(lives, st.sampled_from(("organisation", "month")))
@settings(max_examples=100)
def test_every_figure_is_of_five_or_more_and_so_is_every_difference(people: list[Life], by: str) -> None:
    parts = parts_of(people)
    found = arrange(parts, PHASES, by)  # type: ignore[arg-type]
    if found is None:
        assert len(people) < 5
        return
    counted = Counted(parts)
    assert sorted(name for unit in found.units for name in unit) == counted.organisations
    assert sorted(name for group in found.groups for name in group) == counted.organisations
    assert [period for run in found.periods for period in run] == list(found.whole) == [0, 1, 2, 3, 4]
    assert all(any(set(unit) <= set(group) for group in found.groups) for unit in found.units)
    assert all(len(counted.heads(unit, found.whole, GENDERS)) >= 5 for unit in found.units)
    everybody = tuple(counted.organisations)

    def left(run: Periods, outer: Periods) -> frozenset[int]:
        return counted.heads(everybody, outer, GENDERS) - counted.heads(everybody, run, GENDERS)

    for row, runs in found.spans:
        for run in (row, *runs):
            assert len(counted.heads(everybody, run, GENDERS)) >= 5
            assert all(run == outer or len(left(run, outer)) >= 5 for outer in (row, found.whole))
    for names, periods, genders in shown_cells(found):
        here = counted.heads(names, periods, genders)
        assert len(here) >= 5
        for outer in (found.whole, *(phase for phase in found.phases if periods[0] in phase)):
            if set(periods) < set(outer):
                assert len(counted.heads(names, outer, genders) - here) >= 5


@given(lives, st.sampled_from(("organisation", "month")))
@settings(max_examples=25)
def test_no_sum_of_sums_is_a_smaller_cell(people: list[Life], by: str) -> None:
    """Adding and subtracting the minutes that are shown never gives those of an organisation, gender and period."""
    found = arrange(parts_of(people), PHASES, by)  # type: ignore[arg-type]
    if found is None:
        return
    names = [name for unit in found.units for name in unit]
    axes = list(product(names, range(5), GENDERS))
    rows = _reduced([_as_row(cell, axes) for cell in shown_cells(found)])
    told = {cell for cell in shown_cells(found) if all(len(part) == 1 for part in cell)}
    for name, period, gender in axes:
        cell = ((name,), (period,), (gender,))
        assert (cell in told) == (not any(_rest(_as_row(cell, axes), rows)))


def _as_row(cell: Cell, axes: list[tuple[str, int, str]]) -> list[Fraction]:
    return [Fraction(name in cell[0] and period in cell[1] and gender in cell[2]) for name, period, gender in axes]


def _reduced(rows: list[list[Fraction]]) -> list[tuple[int, list[Fraction]]]:
    """The rows in echelon form, each with the place of its first figure."""
    kept: list[tuple[int, list[Fraction]]] = []
    for row in rows:
        rest = _rest(row, kept)
        first = next((place for place, figure in enumerate(rest) if figure), None)
        if first is not None:
            kept.append((first, [figure / rest[first] for figure in rest]))
    return kept


def _rest(row: list[Fraction], rows: list[tuple[int, list[Fraction]]]) -> list[Fraction]:
    for place, other in rows:
        if row[place]:
            factor = row[place]
            row = [figure - factor * minus for figure, minus in zip(row, other, strict=True)]
    return row


def people(count: int, organisation: str, gender: str, *periods: int) -> list[Life]:
    return [(organisation, gender, periods or (0,))] * count


def test_an_organisation_with_few_men_takes_the_smallest_other_with_it() -> None:
    sizes = {"A": (20, 9), "B": (9, 3), "C": (8, 6), "D": (5, 5)}
    lives = [
        life
        for name, (women, men) in sizes.items()
        for life in (*people(women, name, "woman"), *people(men, name, "man"))
    ]
    found = arrange(parts_of(lives), [(0,)], "organisation")
    assert found is not None
    assert found.classes == (("woman",), ("man", "other", "unknown"))
    assert found.units == (("A",), ("B",), ("C",), ("D",))
    assert found.groups == (("A",), ("C",), ("B", "D"))


def test_who_is_other_or_has_not_said_is_told_apart_from_five_on() -> None:
    both = [*people(9, "A", "woman"), *people(7, "A", "man")]

    def classes(*more: Life) -> tuple[Group, ...]:
        found = arrange(parts_of([*both, *more]), [(0,)], "organisation")
        assert found is not None
        return found.classes

    assert classes() == classes(*people(4, "A", "other")) == (("woman",), ("man", "other", "unknown"))
    assert classes(*people(3, "A", "other"), *people(2, "A", "unknown")) == (
        ("woman",), ("man",), ("other", "unknown"),
    )  # fmt: skip
    assert classes(*people(5, "A", "other"), *people(5, "A", "unknown")) == tuple((each,) for each in GENDERS)
    assert classes(*people(5, "A", "other"), *people(4, "A", "unknown"))[2:] == (("other", "unknown"),)


def test_months_that_are_too_thin_are_counted_with_the_next() -> None:
    lives = [*people(8, "A", "woman", 0), *people(8, "A", "man", 0), *people(8, "A", "woman", 1),
             *people(2, "A", "man", 1), *people(9, "A", "woman", 2), *people(9, "A", "man", 2)]  # fmt: skip
    found = arrange(parts_of(lives), [(0, 1, 2)], "month")
    assert found is not None
    assert found.periods == ((0,), (1, 2))


def test_fewer_than_five_are_not_shown_at_all() -> None:
    assert arrange(parts_of(people(4, "A", "woman")), [(0,)], "organisation") is None
    assert arrange([], [(0,)], "month") is None
    found = arrange(parts_of([*people(4, "A", "woman"), *people(1, "B", "man")]), [(0,)], "organisation")
    assert found == Arrangement((GENDERS,), (("A", "B"),), (("A", "B"),), ((0,),), ((0,),))
