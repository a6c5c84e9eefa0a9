"""The trainer's day: sessions today and soon, sheets to sign, assignments to assess, people who may be certified."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, and_, bindparam, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from certificates.register import Certificate
from courses.activities import Activity, Session
from courses.assignments import Review, Submission
from courses.attendance import SignOff
from courses.enrolment import Enrolment
from courses.runs import RunTrainer
from courses.today.task import Task
from lms import clock, filters
from lms.db import db, rows
from lms.people import Person, has_role

AHEAD = timedelta(days=60)
MOST = 30
ME: Any = bindparam("me")
NOW: Any = bindparam("now", type_=Session.starts_at.type)
SOON: Any = bindparam("soon", type_=Session.starts_at.type)
_later = aliased(Submission)


@dataclass(frozen=True)
class Meeting:
    """A session to lead: still to come, or over with a sheet that nobody has signed."""

    session_id: int
    activity_id: int
    title: str
    is_run: bool
    starts_at: datetime
    ends_at: datetime
    place: str
    people: int

    @property
    def is_over(self) -> bool:
        return self.ends_at <= clock.now()

    @property
    def is_today(self) -> bool:
        return clock.local(self.starts_at).date() == clock.today()


@dataclass(frozen=True)
class Waiting:
    """Something of a run that waits for its trainer: so many of it, since when when that is known."""

    run_id: int
    title: str
    count: int


@dataclass(frozen=True)
class Leading:
    """Everything a person leads that is today, soon, or not finished."""

    coming: tuple[Meeting, ...] = ()
    unsigned: tuple[Meeting, ...] = ()
    reviews: tuple[Waiting, ...] = ()
    uncertified: tuple[Waiting, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.coming or self.unsigned or self.reviews or self.uncertified)


def leading_of(person: Person) -> Leading:
    """What the person leads. Three questions; one for a project leader, who leads meetings and no runs."""
    meetings, teaches = _meetings(person), has_role(person, "trainer", "county_trainer")
    return Leading(
        coming=tuple(meeting for meeting in meetings if not meeting.is_over),
        unsigned=tuple(meeting for meeting in meetings if meeting.is_over),
        reviews=tuple(_reviews(person)) if teaches else (),
        uncertified=tuple(_uncertified(person)) if teaches else (),
    )


# Statements are built once per process and get their values when they run: building one costs more than running it.


def _led() -> Select[int]:
    """Ids of the activities the person leads: as a trainer of a run, or as who called a meeting."""
    trained = select(RunTrainer.run_id).where(RunTrainer.person_id == ME)
    return select(Activity.id).where(
        Activity.cancelled_at.is_(None),
        or_(Activity.id.in_(trained), and_(Activity.kind != "course", Activity.created_by_id == ME)),
    )


def _meetings(person: Person) -> list[Meeting]:
    """Unsigned sheets first, then what comes, each in the order of time; no more than thirty."""
    now = clock.now()
    return [Meeting(*row) for row in rows(_meetings_query(), {"me": person.id, "now": now, "soon": now + AHEAD})]


@cache
def _meetings_query() -> Any:
    registered = (
        select(func.count())
        .where(Enrolment.run_id == Activity.id, Enrolment.state == "registered")
        .correlate(Activity)
        .scalar_subquery()
    )
    return (
        select(
            Session.id, Activity.id, Activity.title, Activity.kind == literal("course"), Session.starts_at,
            Session.ends_at, Session.place, registered,
        )
        .join(Activity, Activity.id == Session.activity_id)
        .where(
            Activity.id.in_(_led()),
            Session.starts_at < SOON,
            or_(Session.ends_at > NOW, ~exists().where(SignOff.session_id == Session.id)),
        )
        .order_by(Session.starts_at, Session.id)
        .limit(MOST)
    )  # fmt: skip


def _reviews(person: Person) -> list[Waiting]:
    """Runs with submissions whose newest version has no review."""
    return [Waiting(*row) for row in rows(_reviews_query(), {"me": person.id})]


@cache
def _reviews_query() -> Any:
    newest = ~exists().where(
        _later.run_id == Submission.run_id,
        _later.person_id == Submission.person_id,
        _later.version > Submission.version,
    )
    return (
        select(Activity.id, Activity.title, func.count())
        .join(Submission, Submission.run_id == Activity.id)
        .where(Activity.id.in_(_led()), newest, ~exists().where(Review.submission_id == Submission.id))
        .group_by(Activity.id, Activity.title)
        .order_by(func.min(Submission.at))
        .limit(MOST)
    )


def _uncertified(person: Person) -> list[Waiting]:
    """Runs whose sheets are all signed and whose people with an approved assignment lack the certificate.

    Who of them is eligible is settled by courses/certification on the page this leads to.
    """
    return [Waiting(*row) for row in rows(_uncertified_query(), {"me": person.id, "now": clock.now()})]


@cache
def _uncertified_query() -> Any:
    open_sheet = exists().where(
        Session.activity_id == Activity.id,
        or_(Session.ends_at > NOW, ~exists().where(SignOff.session_id == Session.id)),
    )
    approved = exists().where(
        Submission.run_id == Activity.id,
        Submission.person_id == Enrolment.person_id,
        Review.submission_id == Submission.id,
        Review.outcome == "approved",
    )
    ground = literal("run:") + db.cast(Activity.id, db.String) + ":person:" + db.cast(Enrolment.person_id, db.String)
    return (
        select(Activity.id, Activity.title, func.count())
        .join(Enrolment, and_(Enrolment.run_id == Activity.id, Enrolment.state == "registered"))
        .where(
            Activity.id.in_(_led()),
            ~open_sheet,
            exists().where(Session.activity_id == Activity.id),
            approved,
            ~exists().where(Certificate.ground == ground),
        )
        .group_by(Activity.id, Activity.title)
        .order_by(Activity.id)
        .limit(MOST)
    )


# --- in words -----------------------------------------------------------------------------------------------


def leading_tasks(where: Leading) -> list[Task]:
    """What the trainer can do now; a session of today comes before everything else."""
    found = [_lead(meeting) for meeting in where.coming if meeting.is_today]
    found += [_sign(meeting) for meeting in where.unsigned]
    found += [_assess(item) for item in where.reviews]
    found += [_certify(item) for item in where.uncertified]
    return found + _soon(where.coming)


def _lead(meeting: Meeting) -> Task:
    at = f"{filters.clock(meeting.starts_at)}–{filters.clock(meeting.ends_at)}"
    text = ", ".join(part for part in (at, meeting.place, _people(meeting.people)) if part)
    url = url_for("attendance.show", session_id=meeting.session_id)
    return Task("pagar", _("Today: %(title)s", title=meeting.title), text, url, _("Open the attendance sheet"), 100)


def _soon(coming: Sequence[Meeting]) -> list[Task]:
    meeting = next((each for each in coming if not each.is_today), None)
    if meeting is None:
        return []
    when = filters.moment(meeting.starts_at, filters.spoken())
    text = ", ".join(part for part in (when, meeting.place, _people(meeting.people)) if part)
    url = (
        url_for("runs.show", run_id=meeting.activity_id)
        if meeting.is_run
        else url_for("attendance.show", session_id=meeting.session_id)
    )
    return [Task("kommande", _("Next: %(title)s", title=meeting.title), text, url, _("Prepare the session"), 20)]


def _sign(meeting: Meeting) -> Task:
    return Task(
        "saknas",
        _("Sign the attendance of %(day)s", day=filters.day(meeting.starts_at, filters.spoken())),
        _("%(title)s. The hours count when the sheet is signed.", title=meeting.title),
        url_for("attendance.show", session_id=meeting.session_id),
        _("Open the attendance sheet"),
        80,
    )


def _assess(item: Waiting) -> Task:
    return Task(
        "pagar",
        ngettext("%(num)s home assignment to assess", "%(num)s home assignments to assess", item.count),
        item.title,
        url_for("reviews.queue", run_id=item.run_id),
        _("Read and answer"),
        70,
    )


def _certify(item: Waiting) -> Task:
    return Task(
        "pagar",
        _("See who can be certified"),
        ngettext(
            "%(title)s: %(num)s person is waiting.", "%(title)s: %(num)s people are waiting.", item.count,
            title=item.title,
        ),
        url_for("certification.show", run_id=item.run_id),
        _("Look through and certify"),
        60,
    )  # fmt: skip


def _people(count: int) -> str:
    return str(ngettext("%(num)s participant", "%(num)s participants", count)) if count else ""
