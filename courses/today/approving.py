"""Hours without a sheet that wait for the person's yes or no: one task per project."""

from collections.abc import Iterable
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import and_, bindparam, exists, func, literal, or_, select

from courses.attendance import AttendanceEntry
from courses.hours.declared import WAITS
from courses.today.task import Task
from lms.people import Role
from lms.projects import Project


def approving_tasks(waiting: Iterable[tuple[int, str, int]]) -> list[Task]:
    """What waits in the projects she leads, and of trainers where she is county trainer; the rows of `question`."""
    return [
        Task(
            "pagar",
            ngettext("%(num)s line of hours to approve", "%(num)s lines of hours to approve", count),
            _("Declared hours without a sheet in %(project)s. They count when you have approved them.", project=name),
            url_for("approvals.index", project_id=project_id),
            _("Look and approve"),
            65,
        )
        for project_id, name, count in waiting
    ]


def question() -> Any:
    """(kind, project, its name, how many lines) for projects in `led` and `county`: part of waiting.py's question."""
    trains = exists().where(
        Role.person_id == AttendanceEntry.person_id,
        Role.project_id == AttendanceEntry.project_id,
        Role.name == "trainer",
        or_(Role.until.is_(None), Role.until >= bindparam("today", type_=Role.until.type)),
    )
    led = AttendanceEntry.project_id.in_(bindparam("led", expanding=True))
    county = AttendanceEntry.project_id.in_(bindparam("county", expanding=True))
    return (
        select(literal("approve"), Project.id, Project.name, func.count())
        .join(AttendanceEntry, AttendanceEntry.project_id == Project.id)
        .where(or_(led, and_(county, trains)), AttendanceEntry.person_id != bindparam("me"), WAITS)
        .group_by(Project.id, Project.name)
    )
