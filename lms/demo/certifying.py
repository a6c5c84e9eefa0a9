"""What participants certify in the story: months that are over are confirmed, the last one not by all, one objects."""

from collections import defaultdict
from datetime import date, timedelta
from functools import partial

from sqlalchemy import select

from courses import hours
from courses.attendance import AttendanceEntry
from courses.esf.days import last_day
from courses.hours.confirming import sign
from courses.hours.states import entries, is_open
from lms import clock
from lms.db import db
from lms.demo.personas import PARTICIPANT, TRAINER
from lms.demo.stage import Stage
from lms.people import Person
from lms.plan.moving import moved as months_later

COMMENT = "Jag gick redan 11.45 för att hinna med bussen hem."
MEANS = 195
ONE_IN = 9
"""So many have one among them who forgot the last month."""


def begin(stage: Stage) -> None:
    """Confirmations on the fourth of each month, an objection last week, and yesterday's confirmations."""
    first = stage.plan.starts.replace(day=1)
    while first <= stage.today:
        stage.agenda.at(first.replace(day=4), 19.0, partial(_confirm, stage, first - timedelta(days=1)))
        first = months_later(first, 1)
    latest = next((day for day in (20, 10, 3) if day < stage.today.day), None)
    if latest:
        stage.agenda.at(stage.today.replace(day=latest), 8.0, hours.remind_due)
    stage.agenda.at(stage.today - timedelta(days=6), 20.0, partial(_object, stage))
    stage.agenda.at(stage.today - timedelta(days=1), 20.0, partial(_confirm, stage, stage.today))


def _confirm(stage: Stage, until: date) -> None:
    """Everybody's open hours up to the day; of the last month and this one some are forgotten."""
    begins = months_later(stage.today.replace(day=1), -1)
    query = entries(AttendanceEntry).where(AttendanceEntry.project_id == stage.project.id, is_open())
    waiting: dict[int, list[AttendanceEntry]] = defaultdict(list)
    for entry in db.session.scalars(query.where(AttendanceEntry.day <= min(until, last_day(until)))):
        if entry.day < begins or not _forgets(stage, entry.person_id, entry.day):
            waiting[entry.person_id].append(entry)
    people = {each.id: each for each in db.session.scalars(select(Person).where(Person.id.in_(waiting)))}
    for place, (number, mine) in enumerate(sorted(waiting.items())):
        person = people[number]
        if person.email != PARTICIPANT:
            sign(person, mine, "code" if place % 4 else "signed_in", clock.now() + timedelta(minutes=place), by=person)


def _forgets(stage: Stage, person_id: int, day: date) -> bool:
    """One in nine forgets the last month; of the current one two in five have not got so far yet."""
    is_now = day >= stage.today.replace(day=1)
    return person_id % 5 in (0, 1) if is_now else person_id % ONE_IN == 0


def _object(stage: Stage) -> None:
    """Somebody in the course that the trainer leads now says that she left earlier than the sheet has it."""
    trainer = stage.person(TRAINER)
    query = (
        entries(AttendanceEntry)
        .join(Person, Person.id == AttendanceEntry.person_id)
        .where(is_open(), AttendanceEntry.recorded_by_id == trainer.id, AttendanceEntry.session_id.is_not(None))
        .where(AttendanceEntry.minutes > MEANS, Person.email != PARTICIPANT)
        .order_by(AttendanceEntry.day.desc(), AttendanceEntry.person_id.desc())
    )
    entry = db.session.scalars(query).first()
    if entry is not None:
        hours.object_to(entry, MEANS, COMMENT, by=entry.person)
