"""Surveys for tests: a run that has ended, people who are asked, and acts that happen at the same moment."""

import threading
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from courses import surveys
from courses.runs import Run
from courses.surveys import Survey
from lms import clock
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused
from tests.factories import make_enrolment, make_person, make_run

KEY = "smail-anvandare"


def on(day: date, hour: int = 18) -> datetime:
    return clock.at(day, time(hour))


def make_ended(project: Project, people: int, *, trainers: int = 1, days_ago: int = 0) -> tuple[Run, list[Person]]:
    """A run whose last session was today at 08.30 (the clock of the tests stands at noon), or days ago."""
    run = make_run(
        project,
        *(make_person() for _each in range(trainers)),
        first_day=clock.today() - timedelta(days=7 + days_ago),
    )
    for session in run.sessions:
        session.ends_at -= timedelta(hours=1)
    participants = [make_person() for _each in range(people)]
    for person in participants:
        make_enrolment(run, person)
    return run, participants


def the_survey(run: Run, audience: str = "participant") -> Survey:
    return db.session.scalars(select(Survey).filter_by(run_id=run.id, audience=audience)).one()


def opened(project: Project, people: int, **values: int) -> tuple[Survey, list[Person]]:
    run, participants = make_ended(project, people, **values)
    surveys.open_due(clock.today())
    return the_survey(run), participants


def say(survey: Survey, people: Sequence[Person], step: int | None = 4, words: str = "") -> None:
    for person in people:
        given = {"knows_enough": step} | ({"change": f"{words} {person.id}"} if words else {})
        surveys.answer(survey, person, given, by=person)


def close_all(*, after: int = 15) -> None:
    with clock.moved(clock.now() + timedelta(days=after)):
        surveys.close_due(clock.today())


def mails(prefix: str) -> list[OutboxMail]:
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.key.startswith(prefix)).order_by(OutboxMail.id)))


def at_once(app: Flask, *acts: Any) -> list[str]:
    """Run the acts in threads of their own, each with its transaction; returns what became of each."""
    db.session.commit()
    gate = threading.Barrier(len(acts))
    told: list[str] = []
    moment = clock.now()

    def run(act: Any) -> None:
        with app.app_context(), clock.moved(moment):
            gate.wait()
            try:
                act()
                db.session.commit()
                told.append("done")
            except Refused as refusal:
                db.session.rollback()
                told.append(refusal.code)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(told)
