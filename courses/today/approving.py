"""Hours without a sheet that wait for the person's yes or no: one task per project."""

from collections.abc import Collection
from functools import cache
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import and_, bindparam, exists, func, or_, select

from courses.attendance import AttendanceEntry
from courses.hours.declared import WAITS
from courses.today.task import Task
from lms import clock
from lms.db import db
from lms.people import Person, Role
from lms.projects import Project


def approving_tasks(person: Person, led: Collection[int], county: Collection[int]) -> list[Task]:
    """What waits in the projects she leads, and of trainers where she is county trainer. One question at most."""
    if not led and not county:
        return []
    values = {"led": led, "county": county, "me": person.id, "today": clock.today()}
    return [
        Task(
            "pagar",
            ngettext("%(num)s line of hours to approve", "%(num)s lines of hours to approve", count),
            _("Declared hours without a sheet in %(project)s. They count when you have approved them.", project=name),
            url_for("approvals.index", project_id=project_id),
            _("Look and approve"),
            65,
        )
        for project_id, name, count in db.session.execute(_query(), values)
    ]


@cache
def _query() -> Any:
    """Built once per process: building costs more than running."""
    trains = exists().where(
        Role.person_id == AttendanceEntry.person_id,
        Role.project_id == AttendanceEntry.project_id,
        Role.name == "trainer",
        or_(Role.until.is_(None), Role.until >= bindparam("today", type_=Role.until.type)),
    )
    led = AttendanceEntry.project_id.in_(bindparam("led", expanding=True))
    county = AttendanceEntry.project_id.in_(bindparam("county", expanding=True))
    return (
        select(Project.id, Project.name, func.count())
        .join(AttendanceEntry, AttendanceEntry.project_id == Project.id)
        .where(or_(led, and_(county, trains)), AttendanceEntry.person_id != bindparam("me"), WAITS)
        .group_by(Project.id, Project.name)
        .order_by(Project.id)
    )
