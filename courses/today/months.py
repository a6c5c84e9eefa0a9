"""What a project's months want of its leader today: close the oldest that is over, send what is closed, in order."""

from datetime import date
from functools import cache
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import bindparam, func, select

from courses.attendance import AttendanceEntry
from courses.esf.closings import history
from courses.esf.days import due, following
from courses.esf.months import changed_since
from courses.esf.sending import ToSend, queue_of
from courses.today.task import Task
from lms import clock, filters
from lms.db import rows
from lms.projects import Participation, Project


def month_tasks(project: Project, unsigned: set[date]) -> list[Task]:
    """Tasks about closed months and the next to close. Three questions; months in `unsigned` wait for trainers."""
    closings, sendings = history(project)
    newest = {closing.first: closing for closing in closings}
    found = [_changed(project, first) for first in sorted(changed_since(newest.values()))]
    queue = queue_of(closings, sendings)
    if queue:
        found.append(_send(project, queue[0]))
    first = _next_open(project, max(newest, default=None))
    if first and first not in unsigned:
        found.append(_close(project, first))
    return found


def _next_open(project: Project, closed: date | None) -> date | None:
    """The oldest month with hours of ESF participants after the last closed one that is over."""
    begins = following(closed) if closed else project.starts
    values = {"project": project.id, "begins": begins, "ends": clock.today().replace(day=1)}
    day: date | None = rows(_next_open_query(), values)[0][0]
    return day.replace(day=1) if day else None


@cache
def _next_open_query() -> Any:
    """Built once per process: building costs more than running."""
    project: Any = bindparam("project")
    days = AttendanceEntry.day.type
    return (
        select(func.min(AttendanceEntry.day))
        .join(
            Participation,
            (Participation.person_id == AttendanceEntry.person_id) & (Participation.project_id == project),
        )
        .where(
            AttendanceEntry.project_id == project,
            AttendanceEntry.day >= bindparam("begins", type_=days),
            AttendanceEntry.day < bindparam("ends", type_=days),
            AttendanceEntry.minutes > 0,
            Participation.esf,
        )
    )


def _close(project: Project, first: date) -> Task:
    title = _("Lock %(month)s in %(project)s", month=_named(first), project=project.name)
    text, is_late = _until(first, _("Every sheet is signed."))
    url = _url(project, first, "review")
    return Task("saknas" if is_late else "pagar", title, text, url, _("Review and close"), 85)


def _send(project: Project, item: ToSend) -> Task:
    if item.is_again:
        title = _("Send %(month)s in %(project)s again", month=_named(item.first), project=project.name)
        text = _("A month was corrected: it and every later one are sent once more, in order.")
        return Task("saknas", title, text, _url(project, item.first, "ask_sent"), _("Tick off as sent"), 86)
    title = _("Send %(month)s in %(project)s", month=_named(item.first), project=project.name)
    text, is_late = _until(item.first, _("The month is closed."))
    url = _url(project, item.first, "ask_sent")
    return Task("saknas" if is_late else "pagar", title, text, url, _("Tick off as sent"), 84)


def _changed(project: Project, first: date) -> Task:
    title = _("%(month)s in %(project)s has changed", month=_named(first).capitalize(), project=project.name)
    text = _("The ledger says something else than the month that was closed.")
    return Task("saknas", title, text, _url(project, first, "review"), _("Show what changed"), 87)


def _until(first: date, text: str) -> tuple[str, bool]:
    """With the day it is due, and whether that has passed."""
    day, is_late = filters.day(due(first), filters.spoken()), clock.today() > due(first)
    when = _("It was due %(day)s.", day=day) if is_late else _("It is due %(day)s.", day=day)
    return f"{text} {when}", is_late


def _named(first: date) -> str:
    return filters.month(first.year, first.month, filters.spoken())


def _url(project: Project, first: date, page: str) -> str:
    return url_for(f"closings.{page}", project_id=project.id, name=f"{first:%Y-%m}")
