"""The participant's day: invitations to answer, the course she is in, surveys that wait for her."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import and_, bindparam, exists, func, literal, select, union_all
from sqlalchemy.orm import aliased, defer, lazyload

from certificates.register import NOT_REPLACED, NOT_REVOKED, Certificate, State, judge
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
from lms.db import db, rows
from lms.people import Person

ME: Any = bindparam("me")
RUN: Any = bindparam("run")
_later = aliased(Submission)


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
    """Everything the participant's part of the home shows. At most six questions.

    Without `finished` a course that has led to its certificate is not drawn again: others have newer things to do.
    """
    places = _enrolments(person)
    asked = _asked(person)
    surveys = tuple(each for each in asked if each.is_open)
    certificates = _certificates(person)
    earned = {certificate.ground for certificate in certificates}
    runs = [(row, run) for row, run in places if row.state in ("registered", "waiting")]
    active = [(row, run) for row, run in runs if ground(run.id, person.id) not in earned]
    invited = tuple((row, run) for row, run in places if row.state == "invited" and _may_answer(run))
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


# Statements are built once per process and get their values when they run: building one costs more than running it.


def _enrolments(person: Person) -> Sequence[tuple[Enrolment, Run]]:
    """The person's places in runs that are held, newest first."""
    return [(row, run) for row, run in db.session.execute(_enrolments_query(), {"me": person.id})]


@cache
def _enrolments_query() -> Any:
    return (
        select(Enrolment, Run)
        .join(Run, Run.id == Enrolment.run_id)
        .where(
            Enrolment.person_id == ME,
            Enrolment.state.in_(("invited", "registered", "waiting")),
            Run.cancelled_at.is_(None),
        )
        .options(
            lazyload(Enrolment.person), lazyload(Run.sessions), lazyload(Run.trainers), lazyload(Run.project),
            lazyload(Run.organisation),
        )
        .order_by(Enrolment.id.desc())
        .limit(20)
    )  # fmt: skip


def _certificates(person: Person) -> dict[Certificate, State]:
    """The person's certificates, newest first, and what each is today."""
    today, found = clock.today(), db.session.execute(_certificates_query(), {"me": person.id})
    return {each: _state(each, today, stands, newest) for each, stands, newest in found}


def _state(certificate: Certificate, today: date, stands: bool, newest: bool) -> State:
    """The rule of `register.state` without its events: both happen on the day they are written."""
    gone, taken = (None if stands else today), (None if newest else today)
    return judge(certificate.valid_until, gone, today, replaced_on=taken)


@cache
def _certificates_query() -> Any:
    return (
        select(Certificate, NOT_REVOKED, NOT_REPLACED)
        .where(Certificate.holder_id == ME)
        .options(lazyload(Certificate.events), lazyload(Certificate.holder), defer(Certificate.statement))
        .order_by(Certificate.id.desc())
        .limit(20)
    )


def _asked(person: Person) -> list[Asked]:
    found = db.session.execute(_asked_query(), {"me": person.id})
    return [Asked(survey, answered is not None, title) for survey, answered, title in found]


@cache
def _asked_query() -> Any:
    return (
        select(Survey, Receipt.answered_on, Activity.title)
        .join(Receipt, Receipt.survey_id == Survey.id)
        .join(Activity, Activity.id == Survey.run_id)
        .where(Receipt.person_id == ME)
        .options(lazyload(Survey.run))
        .order_by(Survey.closes.desc(), Survey.id.desc())
        .limit(20)
    )


def _progress(
    row: Enrolment, run: Run, person: Person, asked: Sequence[Asked], certificates: Mapping[Certificate, State]
) -> Progress:
    """The same facts as courses.progress.of, of one person only and in fewer questions."""
    mine = (each for each in asked if each.survey.run_id == run.id and each.survey.audience == "participant")
    survey = next(mine, None)
    certificate = next((each for each in certificates if each.ground == ground(run.id, person.id)), None)
    done = _done(run, person)
    return Progress(
        programme=run.programme,
        place=row.state,
        meetings=_meetings(run, person),
        ticked=frozenset(done["lesson"]),
        assignment=_assignment(done) if run.programme.assignment else "",
        horizontal=next((step for step in reversed(horizontal.STEPS) if step in done["step"]), ""),
        survey=survey.survey if survey else None,
        survey_answered=survey is not None and survey.answered,
        certificate=certificate,
        now=clock.now(),
    )


def _meetings(run: Run, person: Person) -> tuple[Meeting, ...]:
    held = db.session.execute(_meetings_query(), {"me": person.id, "run": run.id})
    found = [Meeting(session, minutes, signed) for session, minutes, signed in held]
    if all(each.state(clock.now()) in ("klar", "kommande") for each in found):
        return tuple(found)
    made_up = presence(run, [person.id])[person.id]  # another question, for the few who missed something
    return tuple(replace(each, made_up=made_up[each.session.number].made_up) for each in found)


@cache
def _meetings_query() -> Any:
    mine = and_(AttendanceEntry.session_id == Session.id, AttendanceEntry.person_id == ME, STANDS)
    return (
        select(Session, AttendanceEntry.minutes, exists().where(SignOff.session_id == Session.id))
        .outerjoin(AttendanceEntry, mine)
        .where(Session.activity_id == RUN)
        .options(lazyload(Session.activity))
        .order_by(Session.starts_at)
    )


def _done(run: Run, person: Person) -> dict[str, list[str]]:
    """What the person has done on her own, in one question: lessons ticked, steps of the horizontal module, and the
    outcome of the newest version of the assignment ("waiting" without one), or that there is a draft.
    """
    values = {"me": person.id, "run": run.id, "material": run.material_id, "project": run.project_id}
    found: dict[str, list[str]] = defaultdict(list)
    for kind, value in rows(_done_query(), values):
        found[kind].append(value)
    return found


@cache
def _done_query() -> Any:
    newest = ~exists().where(
        _later.run_id == Submission.run_id,
        _later.person_id == Submission.person_id,
        _later.version > Submission.version,
    )
    return union_all(
        select(literal("lesson"), LessonTick.slug).where(
            LessonTick.person_id == ME, LessonTick.material_id == bindparam("material")
        ),
        select(literal("step"), HorizontalStep.step).where(
            HorizontalStep.person_id == ME, HorizontalStep.project_id == bindparam("project")
        ),
        select(literal("assignment"), func.coalesce(Review.outcome, "waiting"))
        .select_from(Submission)
        .outerjoin(Review, Review.submission_id == Submission.id)
        .where(Submission.run_id == RUN, Submission.person_id == ME, newest),
        select(literal("draft"), literal("")).where(
            exists().where(AssignmentDraft.run_id == RUN, AssignmentDraft.person_id == ME)
        ),
    )


def _assignment(done: dict[str, list[str]]) -> str:
    """The state of the newest version: nothing, draft, waiting, returned or approved."""
    return next(iter(done["assignment"]), "draft" if done["draft"] else "nothing")


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
