"""Minutes with time away in between: bounded by the clocks, and kept when a sheet sends back what it showed."""

from datetime import time, timedelta

from flask import Flask

from courses import attendance, sheet
from courses.attendance import Mark
from lms import clock
from lms.people import Person
from tests.courses.sheets import Day, course_day, part


def _mark(day: Day, person: Person, minutes: int | None, came: str = "08:20", left: str = "12:40") -> Mark:
    made = part(day.session, person, came, left)
    return Mark(person.id, "part", None, made.came, made.left, minutes=minutes)


def _minutes(day: Day, *marks: Mark) -> list[int]:
    return [entry.minutes for entry in attendance.record(day.session, marks, by=day.trainer, nonce="gaps-0001").entries]


def test_minutes_are_never_more_than_the_clocks_give_nor_less_than_none(app: Flask) -> None:
    day = course_day(3)
    a, b, c = day.people
    marks = [_mark(day, a, 200), _mark(day, b, 9999), _mark(day, c, 60, "12:00", "12:30")]
    assert _minutes(day, *marks) == [200, 240, 30]
    states = {e.person_id: attendance.state_of(e) for e in attendance.latest(day.session).values()}
    assert states == {a.id: "part", b.id: "whole", c.id: "part"}


def test_a_sheet_saved_as_it_was_shown_changes_nothing(app: Flask) -> None:
    """Clocks are shown to the minute: seconds and time away would else be lost by looking."""
    day = course_day(2)
    a, b = day.people
    came = clock.at(clock.local(day.session.starts_at).date(), time(8, 55, 31))
    _minutes(day, _mark(day, a, 200), Mark(b.id, "part", None, came, came + timedelta(minutes=100)))
    shown = {}
    for row in sheet.sheet_of(day.session).rows:
        shown |= {f"seen{row.person.id}": str(row.seen), f"state{row.person.id}": row.state}
        shown |= {f"came{row.person.id}": row.came, f"left{row.person.id}": row.left}
    marks, errors = sheet.read(day.session, shown)
    assert errors == {}
    again = attendance.record(day.session, marks, by=day.trainer, nonce="gaps-0002")
    assert (again.entries, again.conflicts) == ([], [])


def test_the_sheet_says_how_long_somebody_was_away(app: Flask) -> None:
    day = course_day(1)
    _minutes(day, _mark(day, day.people[0], 200, "08:40", "12:30"))
    (row,) = sheet.sheet_of(day.session).rows
    assert (row.late, row.early, row.away) == (10, 0, 30)
