"""A course day for tests of the sheet: a county trainer, a run held yesterday, and people with a place in it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from courses.activities import Session
from courses.attendance import Mark
from courses.runs import Run
from lms import clock
from lms.db import db
from lms.people import Person
from lms.projects import Project
from tests import factories


@dataclass(frozen=True)
class Day:
    """Everything around one session."""

    project: Project
    trainer: Person
    run: Run
    session: Session
    people: list[Person]


def course_day(people: int = 3, *, days_ago: int = 1) -> Day:
    """A trainer course 08.30–12.30, led by a county trainer (who passes the gate by her role)."""
    project = factories.make_project()
    trainer = factories.make_role("county_trainer", project)
    first = clock.today() - timedelta(days=days_ago)
    run = factories.make_run(project, trainer, programme="smail-utbildare", first_day=first, capacity=max(16, people))
    there = [factories.make_participant(project) for _number in range(people)]
    for person in there:
        factories.make_enrolment(run, person)
    return Day(project, trainer, run, run.sessions[0], there)


def whole(person: Person, seen: int | None = None) -> Mark:
    return Mark(person.id, "whole", seen)


def part(session: Session, person: Person, came: str, left: str, seen: int | None = None) -> Mark:
    """There between two clocks of the session's first day, «08:55»."""
    day = clock.local(session.starts_at).date()
    return Mark(
        person.id, "part", seen, clock.at(day, time.fromisoformat(came)), clock.at(day, time.fromisoformat(left))
    )


def absent(person: Person, seen: int | None = None, kind: str = "ill") -> Mark:
    return Mark(person.id, "absent", seen, absence=kind)


def move(session: Session, starts: str, ends: str, *, days: int = 0) -> None:
    """Hold the session between two local moments, «2022-10-29T22:00»."""
    session.starts_at = datetime.fromisoformat(starts).replace(tzinfo=clock.STOCKHOLM)
    session.ends_at = datetime.fromisoformat(ends).replace(tzinfo=clock.STOCKHOLM)
    db.session.flush()
    db.session.expire(session)
