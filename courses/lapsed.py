"""Planned runs whose trainer cannot certify when they are over: said early, since the gate refuses on the day itself.

The rule is the gate's own (courses/gate.py), asked about the last day of the run; nothing is taken from anybody here.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from courses import gate, runs
from courses.gate import Book
from courses.runs import Run
from lms import clock, filters
from lms.db import db
from lms.people import Person


@dataclass(frozen=True)
class Lapse:
    """A run that is not over, its trainers who cannot certify it, each with the reason; `whole`: nobody else can."""

    run: Run
    reasons: tuple[tuple[Person, str], ...]
    whole: bool


def of_runs(asked: Collection[Run]) -> dict[int, Lapse]:
    """Run id → what is wrong, for those of the runs where something is. A constant number of questions a project."""
    coming = [
        run
        for run in asked
        if run.cancelled_at is None and run.sessions and not runs.is_over(run) and run.programme.led_by == "trainer"
    ]
    found: dict[int, Lapse] = {}
    for project_id in {run.project_id for run in coming}:
        mine = [run for run in coming if run.project_id == project_id]
        book = gate.book(_trainers(mine), mine[0].project)
        found |= {run.id: lapse for run in mine if (lapse := _of_run(run, book))}
    return found


def _of_run(run: Run, book: Book) -> Lapse | None:
    last = max(clock.today(), *(clock.local(session.ends_at).date() for session in run.sessions))
    reasons = tuple((person, why) for person in run.trainers if (why := _why(person, book, last)))
    return Lapse(run, reasons, len(reasons) == len(run.trainers)) if reasons else None


def _why(person: Person, book: Book, last: date) -> str:
    held = book.standing(person, last)
    answer = gate.decide("trainer", held)
    if answer:
        return ""
    if held.proof == "expired" and held.since is not None and held.since > clock.today():
        day = filters.plain_day(held.since, filters.spoken())
        return str(_("The trainer certificate ends before the run is over: it does not hold from %(day)s.", day=day))
    return answer.reason


def _trainers(asked: Collection[Run]) -> list[Person]:
    """The trainers with their roles, in one question."""
    ids = {person.id for run in asked for person in run.trainers}
    return list(db.session.scalars(select(Person).where(Person.id.in_(ids)).options(selectinload(Person.roles))))
