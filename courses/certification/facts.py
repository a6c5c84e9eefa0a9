"""The facts about everybody in a run, read from the ledger and the other books in a constant number of queries."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import aliased, lazyload

from certificates import register
from certificates.register import Certificate
from courses import horizontal
from courses.activities import Activity, Session
from courses.assignments import Review, Submission
from courses.attendance import STANDS, AttendanceEntry, SignOff
from courses.attendance.questions import by_name
from courses.certification.rule import Facts, Horizontal, Issued, SessionFact, Survey, Work
from courses.enrolment import Enrolment
from courses.materials import Material
from courses.runs import Run
from courses.surveys import Receipt
from courses.surveys import Survey as SurveyRow
from lms import clock
from lms.db import db
from lms.people import Person


@dataclass
class Presence:
    """Signed minutes of one person at one session number: own, made up, and the sessions they come from."""

    attended: int = 0
    made_up: int = 0
    sources: list[tuple[int, date]] = field(default_factory=list)


@dataclass(frozen=True)
class Steps:
    """What is taken from the horizontal module."""

    step: Horizontal = ""
    day: date | None = None


def ground(run_id: int, person_id: int) -> str:
    """What a certificate from a run is earned by: unique, so that a person gets one from each run at most."""
    return f"run:{run_id}:person:{person_id}"


def facts(run: Run, *, only: int | None = None) -> dict[int, Facts]:
    """Person id → facts, for everybody with a place in the run, by family name; or for one person's id."""
    people = [person for person in participants(run) if only in (None, person.id)]
    ids = [person.id for person in people]
    present, works = presence(run, ids), _works(run, ids)
    signed, steps = _signed(run), _steps(run, ids)
    asked, issued = _asked(run), _issued(run, ids)
    programme = run.programme
    survey: Survey = "not_offered" if "participant" in programme.surveys else "none"
    return {
        person.id: Facts(
            person_id=person.id,
            name=person.name,
            organisation=person.organisation.name if person.organisation else "",
            protected=person.protected,
            requires=frozenset(programme.requires),
            share=programme.minimum_share,
            sessions=_sessions(run, present[person.id], signed),
            horizontal=steps[person.id].step,
            horizontal_day=steps[person.id].day,
            survey="offered" if person.id in asked else survey,
            certificate=issued.get(person.id, ("", None))[0],
            certificate_id=issued.get(person.id, ("", None))[1],
            work=works.get(person.id, Work()),
        )
        for person in people
    }


def participants(run: Run) -> list[Person]:
    """Everybody with a place in the run, by the name that is shown: an alias betrays nothing by where it stands."""
    query = (
        select(Person)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(Enrolment.run_id == run.id, Enrolment.state == "registered")
    )
    return by_name(db.session.scalars(query))


def presence(run: Run, ids: Collection[int]) -> dict[int, dict[int, Presence]]:
    """Person id → session number → signed minutes, in this run and in other runs of the same programme."""
    values = {"ids": ids, "programme": run.material.key, "project": run.project_id}
    rows = db.session.execute(_presence_query(), values)
    found: dict[int, dict[int, Presence]] = defaultdict(lambda: defaultdict(Presence))
    for person_id, minutes, session_id, number, starts_at, activity_id in rows:
        place = found[person_id][number]
        if activity_id == run.id:
            place.attended += minutes
        else:
            place.made_up += minutes
        place.sources.append((session_id, clock.local(starts_at).date()))
    return found


@cache
def _presence_query() -> Any:
    """Built once per process: homes ask it too, and building costs more than running."""
    return (
        select(
            AttendanceEntry.person_id, AttendanceEntry.minutes, Session.id, Session.number, Session.starts_at,
            Session.activity_id,
        )
        .join(Session, Session.id == AttendanceEntry.session_id)
        .join(Activity, Activity.id == Session.activity_id)
        .join(Material, Material.id == Activity.__table__.c.material_id)
        .where(
            AttendanceEntry.person_id.in_(bindparam("ids", expanding=True)),
            AttendanceEntry.minutes > 0,
            Material.key == bindparam("programme"),
            Activity.project_id == bindparam("project"),
            Activity.cancelled_at.is_(None),
            exists().where(SignOff.session_id == Session.id),
            STANDS,
        )
        .order_by(Session.starts_at)
    )  # fmt: skip


def _sessions(run: Run, present: dict[int, Presence], signed: set[int]) -> tuple[SessionFact, ...]:
    now = clock.now()
    return tuple(
        SessionFact(
            id=session.id,
            number=session.number,
            day=clock.local(session.starts_at).date(),
            planned=session.minutes,
            over=session.ends_at <= now,
            signed=session.id in signed,
            attended=present[session.number].attended,
            made_up=present[session.number].made_up,
        )
        for session in run.sessions
    )


def _signed(run: Run) -> set[int]:
    query = select(SignOff.session_id).join(Session, Session.id == SignOff.session_id)
    return set(db.session.scalars(query.where(Session.activity_id == run.id)))


def _works(run: Run, ids: Collection[int]) -> dict[int, Work]:
    """Person id → her assignment; one approved in an earlier run of the same programme counts."""
    reviewer = aliased(Person)
    rows = db.session.execute(
        select(Submission.id, Submission.person_id, Submission.minutes, Review.outcome, Review.at, reviewer)
        .join(Activity, Activity.id == Submission.run_id)
        .join(Material, Material.id == Activity.__table__.c.material_id)
        .outerjoin(Review, Review.submission_id == Submission.id)
        .outerjoin(reviewer, reviewer.id == Review.by_id)
        .where(
            Submission.person_id.in_(ids), Material.key == run.material.key, Activity.project_id == run.project_id
        )
        .order_by(Submission.id)
    )
    found: dict[int, Work] = {}
    for submission_id, person_id, minutes, outcome, at, by in rows:
        if person_id not in found or found[person_id].state != "approved":
            found[person_id] = _work(submission_id, minutes, outcome, at, by)
    return found


def _work(submission_id: int, minutes: int, outcome: str | None, at: datetime | None, by: Person | None) -> Work:
    if outcome == "approved" and at is not None and by is not None:
        return Work("approved", submission_id, minutes, by.name, clock.local(at).date())
    return Work("returned" if outcome else "waiting", submission_id, minutes)


def _steps(run: Run, ids: Collection[int]) -> dict[int, Steps]:
    found: dict[int, Steps] = defaultdict(Steps)
    order: tuple[Horizontal, ...] = ("offered", "accepted", "completed")
    for person_id, taken in horizontal.steps_of(ids, run.project).items():
        last = next((step for step in reversed(order) if step in taken), None)
        if last is not None:
            found[person_id] = Steps(last, taken[last])
    return found


def _asked(run: Run) -> set[int]:
    query = select(Receipt.person_id).join(SurveyRow, SurveyRow.id == Receipt.survey_id)
    return set(db.session.scalars(query.where(SurveyRow.run_id == run.id, SurveyRow.audience == "participant")))


def _issued(run: Run, ids: Collection[int]) -> dict[int, tuple[Issued, int]]:
    """Person id → what this programme has given her: from this run, or a valid one from another."""
    today = clock.today()
    query = (
        select(Certificate)
        .where(
            Certificate.holder_id.in_(ids),
            Certificate.project_dnr == run.project.dnr,
            Certificate.programme_key == run.material.key,
        )
        .options(lazyload(Certificate.holder))
        .order_by(Certificate.id)
    )
    found: dict[int, tuple[Issued, int]] = {}
    for certificate in db.session.scalars(query):
        person_id, state = certificate.holder_id, register.state(certificate, today)
        of_run = certificate.ground == ground(run.id, person_id)
        if of_run or (certificate.replaces_id and certificate.replaces_id == found.get(person_id, ("", 0))[1]):
            found[person_id] = ("revoked" if state == "revoked" else "here", certificate.id)
        elif state == "valid" and found.get(person_id, ("",))[0] != "here":
            found[person_id] = ("elsewhere", certificate.id)
    return found
