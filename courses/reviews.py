"""Reviews: the trainer's side of home assignments; one outcome per version, whoever presses first.

Only what is read is decided: a version that a newer one has replaced is refused, and nothing typed is lost.
"""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.exc import IntegrityError

from courses import attendance, hours
from courses.assignments import AssignmentDraft, Review, Submission, latest, locked_draft, one_kind_of_lines
from courses.enrolment import Enrolment
from courses.runs import Run
from lms import audit, clock, mail
from lms.db import db
from lms.people import Person, shown_order
from lms.refusals import Refused, Stale

PER_PAGE = 25
STATES = ("waiting", "returned", "draft", "nothing", "approved")

# --- operations ---------------------------------------------------------------------------------------------


def review(submission: Submission, outcome: str, feedback: str, *, by: Person) -> Review:
    """Approve a version (its minutes go into the ledger on the day it was handed in), or return it with feedback.

    One outcome per version: the same decision again gives the first one, a different one by anybody is told of it
    (Stale `reviewed`, `review`); so is who reads a version that a newer one has replaced (Stale `newer`, `newest`).
    """
    if by.id == submission.person_id:
        raise Refused(_("Nobody assesses their own assignment."), "own_submission")
    if outcome not in ("approved", "returned"):
        raise Refused(_("Approve the assignment or return it."), "outcome")
    feedback = one_kind_of_lines(feedback).strip()
    if outcome == "returned" and not feedback:
        raise Refused(_("Write what is missing, so that the participant knows what to do."), "feedback")
    run, person = submission.run, submission.person
    locked_draft(run, person)
    newest = latest(run, person)
    if newest is not None and newest.id != submission.id:
        raise Stale(_("A newer version has been handed in."), "newer", newest=newest)
    made = _decide(submission, outcome, feedback, by)
    if made is not None:
        _tell(submission, made, by)
        return made
    first = db.session.scalars(select(Review).where(Review.submission_id == submission.id)).one()
    if (first.outcome, first.feedback, first.by_id) == (outcome, feedback, by.id):
        return first
    raise Stale(_("%(name)s has already assessed this version.", name=first.by.name), "reviewed", review=first)


def _decide(submission: Submission, outcome: str, feedback: str, by: Person) -> Review | None:
    """The decision, or None when there already is one; the database lets only one in."""
    try:
        with db.session.begin_nested():
            made = Review(
                submission_id=submission.id, outcome=outcome, feedback=feedback, by_id=by.id, by=by, at=clock.now()
            )
            db.session.add(made)
    except IntegrityError:
        return None
    return made


def _tell(submission: Submission, made: Review, by: Person) -> None:
    run, person = submission.run, submission.person
    audit.record("submission.reviewed", submission, by=by, details={"outcome": made.outcome})
    if made.outcome == "approved":
        day = clock.local(submission.at).date()
        entry = attendance.record_assignment(run, person, minutes=submission.minutes, day=day, by=by)
        if entry.minutes == submission.minutes:
            hours.handed_in(entry, submission.at)
    mail.enqueue(person, made.outcome, submission=submission, review=made, run=run)
    db.session.flush()
    db.session.expire(submission, ["review"])


# --- questions ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One participant in the queue; `state` is one of STATES, the rest belongs to her newest version."""

    person: Person
    state: str
    submission_id: int | None
    version: int
    at: datetime | None
    minutes: int


@dataclass(frozen=True)
class Queue:
    """A page of the queue, what waits first; `counts` says how many there are of each state, in all."""

    lines: list[Line]
    counts: dict[str, int]
    page: int
    pages: int

    @property
    def people(self) -> int:
        return sum(self.counts.values())


def queue(run: Run, page: int = 1) -> Queue:
    """Everybody in the run with the state of her assignment: waiting (longest first), returned, the others."""
    states = _states(run).subquery()
    counts = dict.fromkeys(STATES, 0)
    for state, people in db.session.execute(select(states.c.state, func.count()).group_by(states.c.state)):
        counts[state] = people
    pages = max(1, -(-sum(counts.values()) // PER_PAGE))
    page = min(max(1, page), pages)
    rank = case({state: number for number, state in enumerate(STATES)}, value=states.c.state)
    rows = db.session.execute(
        select(Person, states.c.state, states.c.id, states.c.version, states.c.at, states.c.minutes)
        .join(states, states.c.person_id == Person.id)
        .order_by(rank, states.c.at, *shown_order())
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return Queue([_line(row) for row in rows], counts, page, pages)


def waiting(runs: list[int]) -> dict[int, int]:
    """How many versions wait for a decision in each of these runs (ids); runs without any are left out."""
    newest = _newest().where(Submission.run_id.in_(runs)).subquery()
    rows = db.session.execute(
        select(Submission.run_id, func.count())
        .join(newest, newest.c.id == Submission.id)
        .join(Review, Review.submission_id == Submission.id, isouter=True)
        .where(Review.id.is_(None))
        .group_by(Submission.run_id)
    )
    return {run_id: number for run_id, number in rows}  # noqa: C416  rows are not pairs to the type checker


def next_waiting(submission: Submission) -> int | None:
    """The id of another version of the same run that waits, the longest waiting first."""
    states = _states(submission.run).subquery()
    return db.session.scalar(
        select(states.c.id)
        .where(states.c.state == "waiting", states.c.id != submission.id)
        .order_by(states.c.at, states.c.id)
        .limit(1)
    )


def _line(row: Row[Person, str, int | None, int | None, datetime | None, int | None]) -> Line:
    person, state, submission_id, version, at, minutes = row
    return Line(person, state, submission_id, version or 0, at, minutes or 0)


def _newest() -> Select[int]:
    """Ids of the newest version of each person in each run: versions are handed in one after the other."""
    return select(func.max(Submission.id).label("id")).group_by(Submission.run_id, Submission.person_id)


def _states(run: Run) -> Select[int, str, int | None, int | None, datetime | None, int | None]:
    """Who has a place in the run or has handed in something, and how far she is."""
    newest = _newest().where(Submission.run_id == run.id).subquery()
    state = case(
        (Review.outcome == "approved", "approved"),
        (Review.outcome == "returned", "returned"),
        (Submission.id.is_not(None), "waiting"),
        (AssignmentDraft.id.is_not(None), "draft"),
        else_="nothing",
    )
    return (
        select(
            Enrolment.person_id,
            state.label("state"),
            Submission.id,
            Submission.version,
            Submission.at,
            Submission.minutes,
        )
        .select_from(Enrolment)
        .join(
            Submission,
            (Submission.person_id == Enrolment.person_id) & Submission.id.in_(select(newest.c.id)),
            isouter=True,
        )
        .join(Review, Review.submission_id == Submission.id, isouter=True)
        .join(
            AssignmentDraft,
            (AssignmentDraft.person_id == Enrolment.person_id) & (AssignmentDraft.run_id == run.id),
            isouter=True,
        )
        .where(Enrolment.run_id == run.id, (Enrolment.state == "registered") | Submission.id.is_not(None))
    )
