"""The project's day, for those who lead, steer or follow it: figures of the goals, sheets and months that are late."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import bindparam, exists, func, or_, select

from certificates.register import NOT_REPLACED, NOT_REVOKED, Certificate, not_expired
from courses import goals
from courses.activities import Activity, Session
from courses.attendance import SignOff
from courses.goals import Code, Reached
from courses.today.months import month_tasks
from courses.today.task import Task
from lms import clock, filters
from lms.db import rows
from lms.organisations import Organisation
from lms.people import Person, Role
from lms.plan import Goal
from lms.projects import Project, ProjectOrganisation

WITHIN = timedelta(days=28)
"""A month is due four weeks after it opens on the first of the next one (SCB)."""
MOST = 200
IDS: Any = bindparam("ids", expanding=True)
TODAY: Any = bindparam("today", type_=Certificate.valid_until.type)
NOW: Any = bindparam("now", type_=Session.ends_at.type)


@dataclass(frozen=True)
class Figure:
    """Certified people of a goal: so many of so many, what the plan says for today, and the word for it."""

    goal: Goal
    count: int
    expected: int
    code: Code

    @property
    def target(self) -> int:
        return self.goal.target or 0


@dataclass(frozen=True)
class Sheet:
    """A session that is over and whose sheet is not signed."""

    session_id: int
    project_id: int
    title: str
    starts_at: datetime

    @property
    def month(self) -> date:
        return clock.local(self.starts_at).date().replace(day=1)


@dataclass(frozen=True)
class LateMonth:
    """A month that is over while sheets are unsigned, and the day it is due."""

    first: date
    sheets: int

    @property
    def due(self) -> date:
        return due(self.first)

    @property
    def is_late(self) -> bool:
        return clock.today() > self.due


@dataclass(frozen=True)
class ProjectDay:
    """One project today."""

    project: Project
    figures: tuple[Figure, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    untrained: tuple[str, ...] = ()

    @property
    def months(self) -> list[LateMonth]:
        """Months that are over with unsigned sheets, the oldest first."""
        this_month = clock.today().replace(day=1)
        counted = Counter(sheet.month for sheet in self.sheets if sheet.month < this_month)
        return [LateMonth(first, counted[first]) for first in sorted(counted)]


def due(first: date) -> date:
    """The day a month is due: four weeks from the first of the next month."""
    following = (first + timedelta(days=32)).replace(day=1)
    return following + WITHIN - timedelta(days=1)


def days_of(projects: Sequence[Project], *, sheets: bool = True) -> list[ProjectDay]:
    """Each project today. Three questions however many projects; without `sheets` one."""
    ids = [project.id for project in projects]
    certified = _certified([project.dnr for project in projects])
    late = _sheets(ids) if sheets else []
    untrained = _untrained(ids) if sheets else {}
    return [
        ProjectDay(
            project,
            tuple(_figures(project, certified)),
            tuple(sheet for sheet in late if sheet.project_id == project.id),
            tuple(untrained.get(project.id, ())),
        )
        for project in projects
    ]


def _certified(dnrs: Sequence[str]) -> dict[tuple[str, str], int]:
    """(dnr, level) → people with a certificate that is valid today."""
    return {
        (dnr, level): count
        for dnr, level, count in rows(_certified_query(), {"ids": dnrs, "today": clock.today()})
    }


@cache
def _certified_query() -> Any:
    return (
        select(Certificate.project_dnr, Certificate.level, func.count(Certificate.holder_id.distinct()))
        .where(
            Certificate.project_dnr.in_(IDS), NOT_REVOKED, NOT_REPLACED, not_expired(TODAY)
        )
        .group_by(Certificate.project_dnr, Certificate.level)
    )


def _figures(project: Project, certified: dict[tuple[str, str], int]) -> list[Figure]:
    found = []
    for goal in project.plan.goals:
        if goal.kind != "certified" or goal.target is None:
            continue
        starts, today = goals.start_of(goal, project.plan), clock.today()
        count = certified.get((project.dnr, goal.level or ""), 0)
        expected = goals.expected_by(today, goal.target, starts=starts, by=goal.by)
        reached = Reached(count, goal.target, goal.target)
        code = goals.code_of(reached, expected, starts=starts, by=goal.by, today=today)
        found.append(Figure(goal, count, expected, code))
    return found


def _sheets(ids: Sequence[int]) -> list[Sheet]:
    return [Sheet(*row) for row in rows(_sheets_query(), {"ids": ids, "now": clock.now()})]


@cache
def _sheets_query() -> Any:
    return (
        select(Session.id, Activity.project_id, Activity.title, Session.starts_at)
        .join(Activity, Activity.id == Session.activity_id)
        .where(
            Activity.project_id.in_(IDS),
            Activity.cancelled_at.is_(None),
            Session.ends_at <= NOW,
            ~exists().where(SignOff.session_id == Session.id),
        )
        .order_by(Session.starts_at, Session.id)
        .limit(MOST)
    )


def _untrained(ids: Sequence[int]) -> dict[int, list[str]]:
    """Project id → organisations that shall have an own trainer and employ nobody with that role."""
    found: dict[int, list[str]] = {}
    for project_id, name in rows(_untrained_query(), {"ids": ids, "today": clock.today()}):
        found.setdefault(project_id, []).append(name)
    return found


@cache
def _untrained_query() -> Any:
    employed = exists().where(
        Role.name == "trainer",
        Role.project_id == ProjectOrganisation.project_id,
        or_(Role.until.is_(None), Role.until >= TODAY),
        Person.id == Role.person_id,
        Person.organisation_id == ProjectOrganisation.organisation_id,
    )
    return (
        select(ProjectOrganisation.project_id, Organisation.name)
        .join(Organisation, Organisation.id == ProjectOrganisation.organisation_id)
        .where(ProjectOrganisation.project_id.in_(IDS), ProjectOrganisation.own_trainer, ~employed)
        .order_by(Organisation.name)
    )


# --- in words -----------------------------------------------------------------------------------------------


def project_tasks(day: ProjectDay) -> list[Task]:
    """What the project leader has to see to."""
    found = [_month(day.project, late) for late in day.months]
    found += month_tasks(day.project, {late.first for late in day.months})
    found += _waiting(day)
    if day.untrained:
        found.append(_trainers(day))
    behind = [figure for figure in day.figures if figure.code in ("behind", "late")]
    return found + [_goal(day.project, figure) for figure in behind]


def _month(project: Project, late: LateMonth) -> Task:
    name = filters.month(late.first.year, late.first.month, filters.spoken())
    due_day = filters.day(late.due, filters.spoken())
    text = ngettext("%(num)s sheet is not signed.", "%(num)s sheets are not signed.", late.sheets)
    when = _("It was due %(day)s.", day=due_day) if late.is_late else _("It is due %(day)s.", day=due_day)
    url = url_for("esf.show", project_id=project.id, name=f"{late.first:%Y-%m}")
    title = _("Close %(month)s in %(project)s", month=name, project=project.name)
    return Task("saknas" if late.is_late else "pagar", title, f"{text} {when}", url, _("Open the month"), 85)


def _waiting(day: ProjectDay) -> list[Task]:
    """Sheets of the month that is running: nothing is late yet, but somebody should be reminded."""
    this_month = clock.today().replace(day=1)
    sheets = [sheet for sheet in day.sheets if sheet.month == this_month]
    if not sheets:
        return []
    title = ngettext("%(num)s sheet waits for a signature", "%(num)s sheets wait for a signature", len(sheets))
    text = ", ".join(f"{sheet.title} {filters.short_day(sheet.starts_at, filters.spoken())}" for sheet in sheets[:3])
    url = url_for("esf.show", project_id=day.project.id, name=f"{this_month:%Y-%m}")
    return [Task("pagar", title, text, url, _("See who can sign"), 50)]


def _trainers(day: ProjectDay) -> Task:
    title = ngettext("%(num)s organisation has no trainer", "%(num)s organisations have no trainer", len(day.untrained))
    url = url_for("roles.index", project_id=day.project.id)
    return Task("saknas", title, ", ".join(day.untrained), url, _("Give the role"), 55)


def _goal(project: Project, figure: Figure) -> Task:
    text = _(
        "%(count)s of %(target)s; the plan for today says %(expected)s.",
        count=figure.count,
        target=figure.target,
        expected=figure.expected,
    )
    url = url_for("goals.board", project_id=project.id)
    title = _("Behind the plan: %(goal)s", goal=figure.goal.text.within(filters.spoken()))
    return Task("pagar", title, text, url, _("Look at the goals"), 45)
