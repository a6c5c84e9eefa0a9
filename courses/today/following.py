"""The day of those who follow: managers, economists, evaluators and the steering group; what is worth opening today.

Nothing here is late or missing: each task is one thing to look at, and is not there when there is nothing to see.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from courses.activities import Activity, Expected, Session
from courses.staff import Summary
from courses.today.projects import ProjectDay
from courses.today.task import Task
from lms import clock, filters
from lms.db import db
from lms.people import Person


def staff_tasks(summary: Summary | None) -> list[Task]:
    """The manager: who of the own staff is in a course now."""
    if summary is None or not summary.in_course:
        return []
    title = ngettext(
        "%(num)s of your staff is in a course now", "%(num)s of your staff are in a course now", summary.in_course
    )
    text = _("%(certified)s of %(people)s are certified.", certified=summary.certified, people=summary.people)
    return [Task("pagar", title, text, url_for("staff.index"), _("See how far they are"), 40)]


def hours_tasks(days: Sequence[ProjectDay]) -> list[Task]:
    """The economist: the month that is over, to be checked for each employer before it is reported."""
    last = clock.today().replace(day=1) - timedelta(days=1)
    return [
        Task(
            "pagar",
            _("Check the hours of %(month)s", month=filters.month(last.year, last.month, filters.spoken())),
            _("Hours per employer in %(project)s, from signed sheets.", project=day.project.name),
            url_for("esf.employers", project_id=day.project.id),
            _("Look at the hours"),
            40,
        )
        for day in days
        if _was_running(day, last)
    ]


def results_tasks(days: Sequence[ProjectDay], published: int) -> list[Task]:
    """The evaluator: groups of answers that can be read."""
    if not published:
        return []
    title = ngettext("%(num)s group of answers to read", "%(num)s groups of answers to read", published)
    return [
        Task("pagar", title, day.project.name, url_for("surveys.overview", project_id=day.project.id),
             _("Read the results"), 40)
        for day in days
    ]  # fmt: skip


def steering_tasks(person: Person, project_ids: Collection[int]) -> list[Task]:
    """The steering group: its next meeting, with the goals to prepare it with. One question."""
    if not project_ids:
        return []
    query = (
        select(Activity.project_id, Activity.title, Session.starts_at, Session.place, Session.link)
        .join(Session, Session.activity_id == Activity.id)
        .join(Expected, Expected.activity_id == Activity.id)
        .where(
            Activity.project_id.in_(project_ids),
            Activity.kind == "steering_group",
            Activity.cancelled_at.is_(None),
            Expected.person_id == person.id,
            Session.ends_at > clock.now(),
        )
        .order_by(Session.starts_at, Session.id)
        .limit(1)
    )
    found = []
    for project_id, title, starts_at, place, link in db.session.execute(query):
        when = f"{filters.day(starts_at, filters.spoken())} {_('at %(clock)s', clock=filters.clock(starts_at))}"
        text = f"{when}, {place or link}" if place or link else when
        url = url_for("goals.board", project_id=project_id)
        found.append(Task("pagar", _("Prepare: %(title)s", title=title), text, url, _("Look at the goals"), 50))
    return found


def _was_running(day: ProjectDay, on: date) -> bool:
    return day.project.starts <= on <= day.project.ends
