"""The line of certified people against the plan, as places on a drawing; words and numbers stand in the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from courses.goals import PaceMonth


@dataclass(frozen=True)
class Point:
    """A month's end: where it lies on the drawing and what it says."""

    x: float
    y: float
    day: date
    value: int


@dataclass(frozen=True)
class Drawing:
    """Paths and places of one chart, in its own units; `left`, `right`, `top` and `bottom` frame the lines."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    actual: str
    plan: str
    points: tuple[Point, ...]
    target_y: float
    grid: tuple[tuple[int, float], ...]
    labels: tuple[tuple[float, date], ...]
    today: float | None


def draw(months: Sequence[PaceMonth], starts: date, target: int, today: date, *, narrow: bool = False) -> Drawing:
    """The chart of `goals.pace`; the narrow one has every other label and the same size of text."""
    width, height, left, room = (340, 300, 32, 60) if narrow else (700, 380, 40, 70)
    top, bottom, right = 22, height - 32, width - room
    last = months[-1].day
    most = max([target, *(month.reached or 0 for month in months)]) * 1.12

    def x(day: date) -> float:
        return round(left + (right - left) * ((day - starts).days + 1) / ((last - starts).days + 1), 1)

    def y(value: float) -> float:
        return round(bottom - (bottom - top) * value / most, 1)

    points = tuple(
        Point(x(month.day), y(month.reached), month.day, month.reached)
        for month in months
        if month.reached is not None
    )
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000) if most / size <= 5)
    ends = [month.day for month in months if month.day != today or month.day == last]
    return Drawing(
        width, height, left, right, top, bottom,
        "M" + "L".join([f"{left} {bottom}", *(f"{point.x} {point.y}" for point in points)]),
        f"M{left} {bottom}L{right} {y(target)}",
        points,
        y(target),
        tuple((value, y(value)) for value in range(0, int(most) + 1, step)),
        tuple((x(day), day) for place, day in enumerate(ends) if not narrow or (len(ends) - place) % 3 == 1),
        x(today) if starts <= today <= last else None,
    )  # fmt: skip
