"""A course day with a signed sheet, for tests of what participants and managers sign; today is the day after."""

from dataclasses import dataclass
from datetime import date

from courses import attendance, hours
from courses.attendance import AttendanceEntry
from lms import clock
from lms.db import db
from lms.people import Person
from tests.courses.sheets import Day, course_day, whole


@dataclass(frozen=True)
class Certified:
    """The day, and everybody's entry."""

    day: Day
    entries: list[AttendanceEntry]

    @property
    def first(self) -> date:
        return self.entries[0].day.replace(day=1)

    @property
    def person(self) -> Person:
        return self.day.people[0]

    @property
    def entry(self) -> AttendanceEntry:
        return self.entries[0]


def signed_day(people: int = 3, *, days_ago: int = 1, sign: bool = True) -> Certified:
    """Everybody was there all the time; the trainer has signed."""
    day = course_day(people, days_ago=days_ago)
    done = attendance.record(day.session, [whole(each) for each in day.people], by=day.trainer, nonce="day-000001")
    if sign:
        attendance.sign_off(day.session, by=day.trainer)
    db.session.flush()
    by_person = {entry.person_id: entry for entry in done.entries}
    return Certified(day, [by_person[person.id] for person in day.people])


def confirm_month(person: Person, first: date | None = None) -> list[attendance.HoursSignature]:
    """Confirm everything that is open, as the page does it."""
    month = hours.hours_of(person, first or clock.today().replace(day=1))
    ids = [line.entry.id for line in month.open]
    return hours.confirm(person, ids, month.seen, "signed_in", by=person)
