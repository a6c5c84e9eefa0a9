"""Reminders of hours to confirm: on day 3, 10 and 20 of the next month, and whenever the project leader asks.

The rule that matters most: nobody gets two in a day or one at night, and only who has something to confirm gets any. A
worker that slept sends the last that is due, not all it missed.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, distinct, exists, func, literal, select

from courses import links
from courses.activities import Activity, Session
from courses.attendance import AttendanceEntry, SignOff
from courses.esf.days import last_day
from courses.hours.states import entries, is_open
from courses.runs import RunTrainer
from lms import audit, clock, mail
from lms.audit import Audit
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.projects import Participation, Project

DAYS = (20, 10, 3)
BEGINS, ENDS = time(8), time(20)
AT_A_TIME, MOST = 100, 500
"""Mails in one transaction of the worker, and of a person who asks: the database has one writer at a time."""


@dataclass(frozen=True)
class Reminded:
    """How many got a mail now, how many had one today or have no address, and how many are left to ask once more."""

    sent: int
    passed_over: int
    left: int = 0


# --- operations ---------------------------------------------------------------------------------------------


def remind(project: Project, first: date, *, by: Person) -> Reminded:
    """Mail everybody with hours to confirm in the month, in one act; at most one mail a day to each."""
    key = f"today:{clock.today():%Y-%m-%d}"
    todo = _with_open_hours(project, first, without_mail=key)
    everybody = db.session.scalar(select(func.count(distinct(_open(project, first).subquery().c[0])))) or 0
    now, left = todo[:MOST], len(todo[MOST:])
    _send(project, first, now, key=key)
    if now:
        audit.record("hours.reminded", project, by=by, details={"month": f"{first:%Y-%m}", "people": len(now)})
    return Reminded(len(now), everybody - len(todo), left)


def remind_trainers(project: Project, first: date, *, by: Person) -> Reminded:
    """Mail those whose sheets of the month are not signed, one mail each with all of theirs; at most one a day."""
    sheets = _unsigned(project, first)
    people = {each.id: each for each in db.session.scalars(select(Person).where(Person.id.in_(sheets)))}
    sent = 0
    for number, mine in sheets.items():
        key = f"sheets:{project.id}:{first:%Y-%m}:{number}:{clock.today():%Y-%m-%d}"
        sent += mail.enqueue(people[number], "hours_sheets", key=key, sheets=mine, month=first) is not None
    if sent:
        audit.record("hours.trainers_reminded", project, by=by, details={"month": f"{first:%Y-%m}", "people": sent})
    return Reminded(sent, len(people) - sent)


def remind_due() -> None:
    """The reminder of today when it is time: the worker asks every minute, and gets a part of them done each time."""
    now = clock.local(clock.now())
    day = next((day for day in DAYS if now.day >= day), None)
    if day is None or not BEGINS <= now.time() < ENDS:
        return
    first = (now.date().replace(day=1) - timedelta(days=1)).replace(day=1)
    since = clock.at(now.date().replace(day=day), time())
    running = select(Project).where(Project.starts <= last_day(first), Project.ends >= first).order_by(Project.id)
    for project in db.session.scalars(running.where(~_is_done(since))).all():
        left = _with_open_hours(project, first, without_mail=f"day:{day}", most=AT_A_TIME + 1)
        _send(project, first, left[:AT_A_TIME], key=f"day:{day}")
        if len(left) <= AT_A_TIME:
            audit.record("hours.reminded", project, by=None, details={"month": f"{first:%Y-%m}", "day": day})


def _send(project: Project, first: date, people: Sequence[Person], *, key: str) -> None:
    lines = _lines(project, first, [person.id for person in people])
    for person in people:
        mail.enqueue(
            person, "hours", key=f"{_key(project, first)}{person.id}:{key}", lines=lines[person.id], month=first,
            link=links.hours(person, first), project=project,
        )  # fmt: skip


# --- questions ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """A line as the mail lists it."""

    day: date
    title: str
    kind: str
    minutes: int


def _with_open_hours(project: Project, first: date, *, without_mail: str, most: int | None = None) -> list[Person]:
    """ESF participants with hours to confirm in the month who have an address and did not get that mail.

    Somebody who was reminded by hand today is left in peace as well.
    """
    key = literal(_key(project, first)) + cast(Person.id, String) + literal(f":{without_mail}")
    got = exists().where(OutboxMail.key == key)
    query = select(Person).where(Person.id.in_(_open(project, first)), Person.email.is_not(None), ~got)
    return list(db.session.scalars(query.where(~_had_one(project, first)).order_by(Person.id).limit(most)))


def _open(project: Project, first: date) -> Select[Any]:
    """The ids of ESF participants with hours to confirm in the month."""
    return entries(AttendanceEntry.person_id).where(
        AttendanceEntry.project_id == project.id,
        AttendanceEntry.day.between(first, last_day(first)),
        Participation.esf.is_(True),
        is_open(),
    )


def _had_one(project: Project, first: date) -> ColumnElement[bool]:
    return exists().where(
        OutboxMail.person_id == Person.id,
        OutboxMail.key.startswith(_key(project, first), autoescape=True),
        OutboxMail.created_at >= clock.at(clock.today(), time()),
    )


def _lines(project: Project, first: date, ids: Sequence[int]) -> dict[int, list[Told]]:
    """person id → the lines that wait for her. One question."""
    query = (
        entries(
            AttendanceEntry.person_id,
            AttendanceEntry.day,
            Activity.title,
            AttendanceEntry.kind,
            AttendanceEntry.minutes,
        )
        .where(
            AttendanceEntry.person_id.in_(ids),
            AttendanceEntry.project_id == project.id,
            AttendanceEntry.day.between(first, last_day(first)),
            is_open(),
        )
        .order_by(AttendanceEntry.day, AttendanceEntry.id)
    )
    found: dict[int, list[Told]] = defaultdict(list)
    for person_id, *told in db.session.execute(query):
        found[person_id].append(Told(*told))
    return found


def _unsigned(project: Project, first: date) -> dict[int, list[Any]]:
    """person id → the sessions of the month that are over and whose sheets she can sign and has not."""
    after = last_day(first) + timedelta(days=1)
    over = (
        select(Session.id, Session.starts_at, Activity.title, Activity.kind, Activity.created_by_id, Activity.id)
        .join(Activity, Activity.id == Session.activity_id)
        .where(
            Activity.project_id == project.id,
            Activity.cancelled_at.is_(None),
            Session.starts_at >= clock.at(first, time()),
            Session.starts_at < clock.at(after, time()),
            Session.ends_at <= clock.now(),
            ~exists().where(SignOff.session_id == Session.id),
        )
        .order_by(Session.starts_at, Session.id)
    )
    rows = db.session.execute(over).all()
    trainers: dict[int, list[int]] = defaultdict(list)
    wanted = select(RunTrainer.run_id, RunTrainer.person_id).where(RunTrainer.run_id.in_({row[5] for row in rows}))
    for run_id, person_id in db.session.execute(wanted):
        trainers[run_id].append(person_id)
    found: dict[int, list[Any]] = defaultdict(list)
    for session_id, starts_at, title, kind, caller, activity_id in rows:
        for person_id in trainers[activity_id] if kind == "course" else [caller]:
            found[person_id].append({"id": session_id, "starts_at": starts_at, "title": title})
    return dict(found)


def _is_done(since: datetime) -> ColumnElement[bool]:
    """Whether the worker has written that everybody got the reminder that became due at `since`."""
    return exists().where(
        Audit.act == "hours.reminded",
        Audit.subject_kind == "project",
        Audit.subject_id == Project.id,
        Audit.person_id.is_(None),
        Audit.at >= since,
    )


def _key(project: Project, first: date) -> str:
    return f"hours:{project.id}:{first:%Y-%m}:"
