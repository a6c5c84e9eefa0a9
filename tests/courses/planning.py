"""Plans of runs for tests: sessions, a run that is planned, a change of it, and what went out by mail."""

from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import select

from courses import materials, programmes, runs
from courses.runs import Run, Slot
from lms import clock
from lms.db import db
from lms.mail import OutboxMail
from lms.organisations import add_organisation
from lms.people import Person
from lms.projects import Project

FIRST = date(2022, 11, 3)


def slot(day: date = FIRST, start: time = time(8, 30), end: time = time(12, 30), **where: str) -> Slot:
    return Slot(clock.at(day, start), clock.at(day, end), **({"place": "Kommunhuset, Sal 2"} | where))


def two(first: date = FIRST) -> list[Slot]:
    second = slot(first + timedelta(days=7), mode="digital", place="", link="https://mote.example/rum")
    return [slot(first), second]


def published(key: str = "smail-utbildare") -> materials.Material:
    return materials.publish(programmes.load(programmes.CONTENT / key))


def plan(project: Project, trainer: Person, key: str = "smail-utbildare", **changed: Any) -> Run:
    values: dict[str, Any] = {
        "organisation": add_organisation("Håbo"), "title": "", "sessions": two(), "capacity": 12,
        "register_by": FIRST - timedelta(days=7), "trainers": [trainer], "by": trainer,
    } | changed  # fmt: skip
    return runs.schedule(project, published(key), **values)


def alter(run: Run, by: Person, **changed: Any) -> Run:
    values: dict[str, Any] = {
        "title": run.title, "organisation": run.organisation, "sessions": two(), "capacity": run.capacity,
        "register_by": run.register_by, "trainers": list(run.trainers), "revision": run.revision, "by": by,
    } | changed  # fmt: skip
    return runs.change(run, **values)


def letters_of(person: Person) -> list[OutboxMail]:
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.person_id == person.id).order_by(OutboxMail.id)))
