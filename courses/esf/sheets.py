"""The sheets behind a month: every session held, whether it is signed, and who can sign what is not.

A sheet that was changed after its sign-off waits again; a session held without a sheet is missing too.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import or_, select

from courses.activities import Activity, Session
from courses.esf import ledger
from courses.esf.ledger import PERSON, Waiting
from courses.runs import RunTrainer
from lms import clock
from lms.db import db
from lms.people import Person, alphabetical, holders, shown_name
from lms.projects import Project

State = Literal["signed", "unsigned", "changed", "empty"]


@dataclass(frozen=True)
class Sheet:
    """One sheet: `people` and `minutes` are those of ESF participants that wait; `signers` who can sign it.

    Without a session it stands for lines that have no sheet, such as imported hours.
    """

    activity_id: int
    session_id: int | None
    title: str
    organisation_id: int | None
    day: date
    starts_at: datetime | None
    state: State
    people: int = 0
    minutes: int = 0
    signers: tuple[str, ...] = ()

    @property
    def is_signed(self) -> bool:
        return self.state == "signed"


def sheets(project: Project, starts: date, ends: date) -> list[Sheet]:
    """The sheets of sessions held from `starts` to `ends` (days in Stockholm), oldest first. Four queries."""
    pending = ledger.waiting(project.id, starts, ends)
    by_session = {item.session_id: item for item in pending if item.session_id is not None}
    signed = ledger.signed_at()
    rows = db.session.execute(
        select(
            Session.id,
            Session.starts_at,
            Session.ends_at,
            Activity.id,
            Activity.title,
            Activity.organisation_id,
            Activity.cancelled_at,
            signed.c.at,
        )
        .join(Activity, Activity.id == Session.activity_id)
        .outerjoin(signed, signed.c.session_id == Session.id)
        .where(Activity.project_id == project.id)
        .where(
            or_(
                Session.starts_at.between(clock.at(starts, time()), _last_moment(ends)),
                Session.id.in_(list(by_session)),
            )
        )
        .order_by(Session.starts_at, Session.id)
    )
    found = []
    for session_id, starts_at, ends_at, activity_id, title, organisation_id, cancelled_at, at in rows:
        wait = by_session.get(session_id)
        held = ends_at <= clock.now() and cancelled_at is None
        if held or wait or at:
            day = wait.day if wait else clock.local(starts_at).date()
            sheet = Sheet(activity_id, session_id, title, organisation_id, day, starts_at, _state(wait, at))
            found.append(replace(sheet, people=wait.people, minutes=wait.minutes) if wait else sheet)
    return _with_signers(found) + _without_session(project, pending)


def _last_moment(day: date) -> datetime:
    return clock.at(day + timedelta(days=1), time()) - timedelta(microseconds=1)


def _state(wait: Waiting | None, signed_at: datetime | None) -> State:
    if wait:
        return "changed" if signed_at else "unsigned"
    return "signed" if signed_at else "empty"


def _without_session(project: Project, pending: list[Waiting]) -> list[Sheet]:
    """Lines without a sheet, such as declared hours: the activity is named, and the leaders who may approve them."""
    loose = {item.activity_id: item for item in pending if item.session_id is None}
    if not loose:
        return []
    rows = db.session.execute(
        select(Activity.id, Activity.title, Activity.organisation_id).where(Activity.id.in_(loose))
    )
    leaders = tuple(person.name for person in holders("project_leader", project_id=project.id))
    return [
        Sheet(number, None, title, where, item.day, None, "unsigned", item.people, item.minutes, leaders)
        for number, title, where in rows
        for item in (loose[number],)
    ]


def _with_signers(found: list[Sheet]) -> list[Sheet]:
    who = _signers({sheet.activity_id for sheet in found if not sheet.is_signed})
    return [sheet if sheet.is_signed else replace(sheet, signers=tuple(who[sheet.activity_id])) for sheet in found]


def _signers(activities: Iterable[int]) -> dict[int, list[str]]:
    """The names of a run's trainers, or of who called another meeting (courses.policy.is_trainer_of)."""
    wanted = list(activities)
    names: dict[int, list[str]] = defaultdict(list)
    trainers = (
        select(RunTrainer.run_id, *PERSON)
        .join(Person, Person.id == RunTrainer.person_id)
        .where(RunTrainer.run_id.in_(wanted))
    )
    callers = (
        select(Activity.id, *PERSON)
        .join(Person, Person.id == Activity.created_by_id)
        .where(Activity.id.in_(wanted), Activity.kind != "course")
    )
    rows: Iterable[Any] = db.session.execute(trainers.union_all(callers))
    for number, *person in rows:
        names[number].append(shown_name(*person))
    for found in names.values():
        found.sort(key=alphabetical)  # by what is shown, so that no place in it tells a protected name
    return names
