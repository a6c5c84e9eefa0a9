"""What it takes to earn a certificate, written straight into the books; each thing can be left out by its name."""

from datetime import date
from itertools import count
from typing import Any

from sqlalchemy import select

from courses.activities import Session
from courses.assignments import Review, Submission
from courses.attendance import AttendanceEntry, SignOff
from courses.attendance.chain import append
from courses.horizontal import HorizontalStep
from courses.runs import Run
from courses.surveys import Receipt, Survey
from lms import clock
from lms.db import db
from lms.people import Person
from lms.projects import Project
from tests.factories import make_enrolment

_nonces = count(1)


def attend(session: Session, person: Person, *, by: Person, minutes: int | None = None) -> AttendanceEntry:
    """An entry of the person in the session; the whole session unless minutes are given."""
    row: dict[str, Any] = {
        "project_id": session.activity.project_id,
        "person_id": person.id,
        "organisation_id": person.organisation_id,
        "activity_id": session.activity_id,
        "session_id": session.id,
        "kind": "session",
        "day": clock.local(session.starts_at).date(),
        "minutes": session.minutes if minutes is None else minutes,
        "method": "sheet",
        "recorded_by_id": by.id,
        "happened_at": session.ends_at,
        "recorded_at": session.ends_at,
        "nonce": f"nonce-{next(_nonces)}",
        "reason": "",
    }
    (entry,) = append([row])
    return entry


def sign(session: Session, *, by: Person) -> None:
    """The sheet of the session signed off."""
    row = SignOff(
        session_id=session.id, by_id=by.id, at=clock.now(), entries_hash="0" * 64, people=0, minutes=0, roster=[]
    )
    db.session.add(row)
    db.session.flush()


def hand_in(run: Run, person: Person, *, by: Person | None, outcome: str = "approved", version: int = 1) -> Submission:
    """A submission, reviewed by `by` when there is one."""
    made = Submission(run=run, person=person, version=version, text="Answer", minutes=240, at=clock.now())
    db.session.add(made)
    db.session.flush()
    if by is not None:
        db.session.add(Review(submission_id=made.id, outcome=outcome, feedback="", by_id=by.id, at=clock.now()))
        db.session.flush()
    return made


def complete(project: Project, person: Person, *steps: str) -> None:
    """The steps of the horizontal module (all of them without names)."""
    for step in steps or ("offered", "accepted", "completed"):
        row = HorizontalStep(
            project_id=project.id, person_id=person.id, step=step, day=clock.today(), recorded_at=clock.now()
        )
        db.session.add(row)
    db.session.flush()


def ask(run: Run, person: Person) -> None:
    """The participant survey offered to the person."""
    survey = db.session.scalar(select(Survey).where(Survey.run_id == run.id, Survey.audience == "participant"))
    if survey is None:
        survey = Survey(run_id=run.id, audience="participant", opens=clock.today(), closes=date(2023, 1, 31))
        db.session.add(survey)
        db.session.flush()
    db.session.add(Receipt(survey_id=survey.id, person_id=person.id))
    db.session.flush()


def earn(run: Run, person: Person, *, by: Person, without: str = "") -> Person:
    """Everything that a certificate takes, except what is named; sheets are signed by `sign_all`."""
    make_enrolment(run, person)
    for session in run.sessions:
        if without != "attendance":
            attend(session, person, by=by)
    if without != "assignment":
        hand_in(run, person, by=by)
    if without != "horizontal":
        complete(run.project, person)
    if without != "survey":
        ask(run, person)
    return person


def sign_all(run: Run, *, by: Person) -> None:
    for session in run.sessions:
        sign(session, by=by)
