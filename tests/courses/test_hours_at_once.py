"""Two taps at the same moment, on whichever engine runs the tests: one signature, one objection, one answer."""

from collections.abc import Callable

from flask import Flask
from sqlalchemy import func, select

from courses import hours
from courses.attendance import AttendanceEntry, HoursSignature, Objection, ObjectionAnswer, SignedEntry, hash_of
from lms.db import db
from lms.people import Person
from lms.refusals import Stale
from tests.courses.certifying import signed_day
from tests.courses.test_attendance_at_once import at_once
from tests.factories import make_role


def count(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_two_browsers_of_the_same_person_confirm(app: Flask) -> None:
    day = signed_day(1)
    number, entry, seen = day.person.id, day.entry.id, hash_of([day.entry])
    db.session.commit()

    def act() -> list[int]:
        person = db.session.get_one(Person, number)
        return [made.id for made in hours.confirm(person, [entry], seen, "signed_in", by=person)]

    results = at_once(app, act, act, act)
    assert results[0] == results[1] == results[2]
    assert count(HoursSignature) == count(SignedEntry) == 1


def test_the_same_objection_from_two_browsers(app: Flask) -> None:
    day = signed_day(1)
    number, entry = day.person.id, day.entry.id
    db.session.commit()

    def act() -> int:
        row, person = db.session.get_one(AttendanceEntry, entry), db.session.get_one(Person, number)
        return hours.object_to(row, 100, "Gick tidigt.", by=person).id

    first, second = at_once(app, act, act)
    assert first == second
    assert count(Objection) == 1


def test_two_trainers_answer(app: Flask) -> None:
    day = signed_day(1)
    other = make_role("trainer", day.day.project)
    objection = hours.object_to(day.entry, 100, "Gick tidigt.", by=day.person).id
    numbers = [day.day.trainer.id, other.id]
    db.session.commit()

    def act(number: int) -> Callable[[], int]:
        def answer() -> int:
            row, person = db.session.get_one(Objection, objection), db.session.get_one(Person, number)
            return hours.keep(row, f"Svar från {number}", by=person).by_id

        return answer

    results = at_once(app, *(act(number) for number in numbers))
    assert sum(isinstance(result, Stale) for result in results) == 1
    assert count(ObjectionAnswer) == 1
