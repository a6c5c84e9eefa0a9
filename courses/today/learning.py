"""The participant's day: invitations to answer, the course she is in, surveys that wait for her."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import and_, exists, select
from sqlalchemy.orm import lazyload

from certificates.register import NOT_REVOKED, Certificate, State, judge
from courses import horizontal, links
from courses.activities import Activity, Session
from courses.assignments import AssignmentDraft, Review, Submission
from courses.attendance import STANDS, AttendanceEntry, SignOff
from courses.certification.facts import ground, presence
from courses.enrolment import Enrolment
from courses.horizontal import HorizontalStep
from courses.lessons import LessonTick
from courses.progress import Meeting, Progress
from courses.runs import Run
from courses.surveys import Receipt, Survey
from courses.today.task import Task
from courses.views import pearls
from lms import clock, filters
from lms.db import db
from lms.people import Person


@dataclass(frozen=True)
class Asked:
    """A survey that was sent to the person, and whether she has answered it."""

    survey: Survey
    answered: bool
    title: str

    @property
    def is_open(self) -> bool:
        is_now = self.survey.opens <= clock.today() <= self.survey.closes
        return is_now and not self.answered and self.survey.closed_at is None


@dataclass(frozen=True)
class Learning:
    """Where a person is as a participant; `run` is the course she is in now, with its pearls."""

    invited: tuple[tuple[Enrolment, Run], ...] = ()
    run: Run | None = None
    progress: Progress | None = None
    others: tuple[Run, ...] = ()
    surveys: tuple[Asked, ...] = ()
    certificates: Mapping[Certificate, State] = field(default_factory=dict)
    actions: tuple[dict[str, str], ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        return not (self.invited or self.run or self.surveys or self.certificates)


def learning_of(person: Person, *, finished: bool = True) -> Learning:
    """Everything the participant's part of the home shows. At most nine questions.

    Without `finished` a course that has led to its certificate is not drawn again: others have newer things to do.
    """
    rows = _enrolments(person)
    asked = _asked(person)
    surveys = tuple(each for each in asked if each.is_open)
    certificates = _certificates(person)
    earned = {certificate.ground for certificate in certificates}
    runs = [(row, run) for row, run in rows if row.state in ("registered", "waiting")]
    active = [(row, run) for row, run in runs if ground(run.id, person.id) not in earned]
    invited = tuple((row, run) for row, run in rows if row.state == "invited" and _may_answer(run))
    if not (active or (runs and finished)):
        return Learning(invited, surveys=surveys, certificates=certificates)
    row, run = (active or runs)[0]
    progress = _progress(row, run, person, asked, certificates)
    return Learning(
        invited=invited,
        run=run,
        progress=progress,
        others=tuple(other for _row, other in runs if other.id != run.id),
        surveys=surveys,
        certificates=certificates,
        actions=tuple(pearls.actions(run, progress)),
    )


def _may_answer(run: Run) -> bool:
    return run.register_by is None or run.register_by >= clock.today()


def _enrolments(person: Person) -> Sequence[tuple[Enrolment, Run]]:
    """The person's places in runs that are held, newest first."""
    query = (
        select(Enrolment, Run)
        .join(Run, Run.id == Enrolment.run_id)
        .where(
            Enrolment.person_id == person.id,
            Enrolment.state.in_(("invited", "registered", "waiting")),
            Run.cancelled_at.is_(None),
        )
        .options(lazyload(Enrolment.person), lazyload(Run.sessions), lazyload(Run.trainers))
        .order_by(Enrolment.id.desc())
        .limit(20)
    )
    return [(row, run) for row, run in db.session.execute(query)]


def _certificates(person: Person) -> dict[Certificate, State]:
    """The person's certificates, newest first, and what each is today."""
    query = (
        select(Certificate, NOT_REVOKED)
        .where(Certificate.holder_id == person.id)
        .options(lazyload(Certificate.events), lazyload(Certificate.holder))
        .order_by(Certificate.id.desc())
        .limit(20)
    )
    today, found = clock.today(), db.session.execute(query)
    return {each: judge(each.valid_until, None, today) if stands else "revoked" for each, stands in found}


def _asked(person: Person) -> list[Asked]:
    query = (
        select(Survey, Receipt.answered_on, Activity.title)
        .join(Receipt, Receipt.survey_id == Survey.id)
        .join(Activity, Activity.id == Survey.run_id)
        .where(Receipt.person_id == person.id)
        .options(lazyload(Survey.run))
        .order_by(Survey.closes.desc(), Survey.id.desc())
        .limit(20)
    )
    return [Asked(survey, answered is not None, title) for survey, answered, title in db.session.execute(query)]


def _progress(
    row: Enrolment, run: Run, person: Person, asked: Sequence[Asked], certificates: Mapping[Certificate, State]
) -> Progress:
    """The same facts as courses.progress.of, of one person only and in fewer questions."""
    mine = (each for each in asked if each.survey.run_id == run.id and each.survey.audience == "participant")
    survey = next(mine, None)
    certificate = next((each for each in certificates if each.ground == ground(run.id, person.id)), None)
    return Progress(
        programme=run.programme,
        place=row.state,
        meetings=_meetings(run, person),
        ticked=_ticked(run, person),
        assignment=_assignment(run, person) if run.programme.assignment else "",
        horizontal=_step(run, person),
        survey=survey.survey if survey else None,
        survey_answered=survey is not None and survey.answered,
        certificate=certificate,
        now=clock.now(),
    )


def _meetings(run: Run, person: Person) -> tuple[Meeting, ...]:
    mine = and_(
        AttendanceEntry.session_id == Session.id,
        AttendanceEntry.person_id == person.id,
        STANDS,
    )
    query = (
        select(Session, AttendanceEntry.minutes, exists().where(SignOff.session_id == Session.id))
        .outerjoin(AttendanceEntry, mine)
        .where(Session.activity_id == run.id)
        .options(lazyload(Session.activity))
        .order_by(Session.starts_at)
    )
    found = [Meeting(session, minutes, signed) for session, minutes, signed in db.session.execute(query)]
    if all(each.state(clock.now()) in ("klar", "kommande") for each in found):
        return tuple(found)
    made_up = presence(run, [person.id])[person.id]  # another question, for the few who missed something
    return tuple(replace(each, made_up=made_up[each.session.number].made_up) for each in found)


def _ticked(run: Run, person: Person) -> frozenset[str]:
    query = select(LessonTick.slug).where(LessonTick.person_id == person.id, LessonTick.material_id == run.material_id)
    return frozenset(db.session.scalars(query))


def _assignment(run: Run, person: Person) -> str:
    """The state of the newest version: nothing, draft, waiting, returned or approved."""
    newest = db.session.execute(
        select(Submission.id, Review.outcome)
        .outerjoin(Review, Review.submission_id == Submission.id)
        .where(Submission.run_id == run.id, Submission.person_id == person.id)
        .order_by(Submission.version.desc())
        .limit(1)
    ).first()
    if newest is not None:
        return newest[1] or "waiting"
    draft = select(AssignmentDraft.id).where(AssignmentDraft.run_id == run.id, AssignmentDraft.person_id == person.id)
    return "draft" if db.session.scalar(draft) else "nothing"


def _step(run: Run, person: Person) -> str:
    query = select(HorizontalStep.step).where(
        HorizontalStep.project_id == run.project_id, HorizontalStep.person_id == person.id
    )
    taken = set(db.session.scalars(query))
    return next((step for step in reversed(horizontal.STEPS) if step in taken), "")


# --- in words -----------------------------------------------------------------------------------------------


def learning_tasks(where: Learning) -> list[Task]:
    """What the participant can do now."""
    found = [_invitation(row, run) for row, run in where.invited]
    if where.run and where.progress and (now := pearls.today(where.run, where.progress)):
        found.append(Task("pagar", now["title"], now["text"], now["url"], now["label"], 100))
    found += [
        Task("pagar", action["title"], action["text"], action["url"], action["label"], 50 - place)
        for place, action in enumerate(where.actions)
    ]
    shown = {task.url for task in found}
    return found + [task for task in map(_survey, where.surveys) if task.url not in shown]


def _invitation(row: Enrolment, run: Run) -> Task:
    last = run.register_by
    text = _("Answer by %(day)s.", day=filters.day(last, filters.spoken())) if last else ""
    url = url_for("invitations.show", token=links.invitation_token(row))
    return Task("saknas", _("You are invited to %(run)s", run=run.title), text, url, _("Answer the invitation"), 90)


def _survey(asked: Asked) -> Task:
    return Task(
        "kommande",
        _("Survey: %(run)s", run=asked.title),
        _("Voluntary and anonymous. Open until %(day)s.", day=filters.day(asked.survey.closes, filters.spoken())),
        url_for("surveys.show", survey_id=asked.survey.id),
        _("Answer the survey"),
        30,
    )
