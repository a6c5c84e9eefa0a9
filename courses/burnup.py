"""Certified people month by month against the plan, as numbers and as places on a drawing.

A chart never stands without its table: both are made of the same months, words stand in the template.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from certificates.register import Certificate, CertificateEvent
from courses.goals import GoalState, expected_by, not_revoked
from lms import clock
from lms.db import db
from lms.projects import Project


@dataclass(frozen=True)
class PaceMonth:
    """The end of a month (or today) with what the plan says and what was reached; None is still to come."""

    day: date
    plan: int
    reached: int | None


def pace(project: Project, state: GoalState) -> list[PaceMonth]:
    """Month by month from start to last day of a goal of certified people: plan beside outcome. One query.

    The outcome of a day counts those who held a certificate that day; one that was revoked later never counts, one that
    was replaced counts until its successor does.
    """
    goal, today = state.goal, clock.today()
    gone = aliased(CertificateEvent)
    replaced = and_(gone.certificate_id == Certificate.id, gone.kind == "replaced")
    held = db.session.execute(
        select(Certificate.holder_id, Certificate.issued_on, Certificate.valid_until, gone.on)
        .outerjoin(gone, replaced)
        .where(*not_revoked(project), Certificate.level == goal.level)
    ).all()

    def holders(day: date) -> int:
        return len({
            who
            for who, since, until, replaced_on in held
            if since <= day and (until is None or until >= day) and (replaced_on is None or replaced_on > day)
        })

    return [
        PaceMonth(
            day,
            expected_by(day, goal.target or 0, starts=state.starts, by=goal.by),
            holders(day) if day <= today else None,
        )
        for day in _month_ends(state.starts, goal.by, today)
    ]


def _month_ends(starts: date, by: date, today: date) -> list[date]:
    """The last day of every month between, the last day itself, and today when it lies between them."""
    days, day = {by}, starts
    while day < by:
        following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        days.add(min(following - timedelta(days=1), by))
        day = following
    if starts <= today <= by:
        days.add(today)
    return sorted(days)


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
