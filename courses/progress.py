"""Progress: where one participant is in one run, as facts; the string of pearls on her page is drawn from them.

What is voluntary (lessons read, surveys) is shown but never counted as a part of the way to the certificate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from certificates.register import Certificate
from courses import assignments, attendance, certification, horizontal, lessons
from courses.activities import Session
from courses.attendance import SignOff
from courses.certification import Facts, Unmet
from courses.enrolment import Enrolment
from courses.programmes import Lesson, Programme
from courses.runs import Run
from courses.surveys import Receipt, Survey
from lms import clock
from lms.db import db
from lms.people import Person


@dataclass(frozen=True)
class Meeting:
    """A session of the run and what the sheet says about the person; `minutes` None: nothing recorded.

    `made_up` are minutes of the same session in other runs.
    """

    session: Session
    minutes: int | None
    signed: bool
    made_up: int = 0

    def state(self, now: datetime) -> str:
        """klar (there all the time, or made up), saknas (minutes are missing), pagar (not recorded) or kommande."""
        if (self.minutes or 0) + self.made_up >= self.session.minutes:
            return "klar"
        if self.minutes is not None:
            return "saknas"
        return "pagar" if self.session.ends_at <= now else "kommande"


@dataclass(frozen=True)
class Progress:
    """Everything the participant's page shows. `assignment` is a state of courses.reviews, "" without one.

    `missing` is what the rule of certification says (courses/certification/rule.py), for who has a place.
    """

    programme: Programme
    place: str
    meetings: tuple[Meeting, ...]
    ticked: frozenset[str]
    assignment: str
    horizontal: str
    survey: Survey | None
    survey_answered: bool
    certificate: Certificate | None
    now: datetime
    missing: tuple[Unmet, ...] = ()

    @property
    def next_lesson(self) -> Lesson | None:
        return lessons.where_was(self.programme, self.ticked)

    @property
    def read(self) -> int:
        """How many lessons are ticked."""
        return sum(lesson.slug in self.ticked for lesson in self.programme.lessons)

    def unread_minutes(self, language: str) -> int:
        """Minutes it takes to read the lessons that are not ticked."""
        unread = (lesson for lesson in self.programme.lessons if lesson.slug not in self.ticked)
        return sum(lesson.reading_minutes(language) for lesson in unread)

    @property
    def minutes(self) -> int:
        """Minutes written down in the sessions of this run."""
        return sum(meeting.minutes or 0 for meeting in self.meetings)

    @property
    def survey_open(self) -> bool:
        today = clock.local(self.now).date()
        if self.survey is None or self.survey_answered or self.survey.closed_at is not None:
            return False
        return self.survey.opens <= today <= self.survey.closes

    @property
    def next_meeting(self) -> Meeting | None:
        return next((meeting for meeting in self.meetings if meeting.session.ends_at > self.now), None)

    @property
    def parts(self) -> list[bool]:
        """The parts that the programme requires, each done or not."""
        required = self.programme.requires
        done = [meeting.state(self.now) == "klar" for meeting in self.meetings] if "attendance" in required else []
        if "assignment" in required:
            done.append(self.assignment == "approved")
        if "horizontal" in required:
            done.append(self.horizontal == "completed")
        return done


def of(run: Run, person: Person) -> Progress:
    """Where the person is in the run; as many queries for the first lesson as for the last."""
    programme = run.programme
    survey, answered = _survey(run, person)
    known = certification.facts(run, only=person.id).get(person.id)
    certificate = _certificate(run, person)
    return Progress(
        programme=programme,
        place=_place(run, person),
        meetings=_meetings(run, person, known),
        ticked=frozenset(lessons.ticks(person, run.material)),
        assignment=_assignment(run, person) if programme.assignment else "",
        horizontal=_last(horizontal.steps(person, run.project)),
        survey=survey,
        survey_answered=answered,
        certificate=certificate,
        now=clock.now(),
        missing=tuple(certification.unmet(known)) if known and not certificate else (),
    )


def _place(run: Run, person: Person) -> str:
    place = select(Enrolment.state).where(Enrolment.run_id == run.id, Enrolment.person_id == person.id)
    return db.session.scalar(place) or ""


def _meetings(run: Run, person: Person, known: Facts | None) -> tuple[Meeting, ...]:
    minutes = attendance.minutes_in(run).get(person.id, {})
    ids = [session.id for session in run.sessions]
    signed = set(db.session.scalars(select(SignOff.session_id).where(SignOff.session_id.in_(ids))))
    made_up = {session.id: session.made_up for session in known.sessions} if known else {}
    return tuple(
        Meeting(session, minutes.get(session.id), session.id in signed, made_up.get(session.id, 0))
        for session in run.sessions
    )


def _assignment(run: Run, person: Person) -> str:
    newest = assignments.latest(run, person)
    if newest is None:
        return "draft" if assignments.draft_of(run, person) else "nothing"
    return newest.review.outcome if newest.review else "waiting"


def _last(steps: Mapping[str, object]) -> str:
    return next((step for step in reversed(horizontal.STEPS) if step in steps), "")


def _survey(run: Run, person: Person) -> tuple[Survey | None, bool]:
    row = db.session.execute(
        select(Survey, Receipt.answered_on)
        .join(Receipt, (Receipt.survey_id == Survey.id) & (Receipt.person_id == person.id))
        .where(Survey.run_id == run.id, Survey.audience == "participant")
    ).first()
    return (row[0], row[1] is not None) if row else (None, False)


def _certificate(run: Run, person: Person) -> Certificate | None:
    """The certificate earned by this run: its ground names run and person."""
    return db.session.scalar(
        select(Certificate)
        .where(Certificate.holder_id == person.id, Certificate.ground == certification.ground(run.id, person.id))
        .limit(1)
    )
