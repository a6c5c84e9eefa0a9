"""What waits for a signature of the person: her own hours, an objection of a participant, the hours of her staff."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from courses import hours
from courses.attendance import AttendanceEntry, hash_of
from courses.hours import Unanswered, countersigning
from courses.hours.lines import as_text
from courses.today.task import Task
from lms import clock, filters
from lms.people import Person, managed_staff
from lms.projects import Project

MOST, MOST_MONTHS = 30, 3


def certifying_tasks(person: Person, *, leads: bool) -> list[Task]:
    """Everything that waits for a signature or an answer. One question, and one more for managers."""
    waits = hours.waiting_on(person, leads=leads)
    return _own(waits.own) + [_objection(item) for item in waits.objections[:MOST]] + _countersigning(person)


def _own(waiting: Sequence[tuple[AttendanceEntry, str]]) -> list[Task]:
    """Hours to confirm: those of today in one tap, older ones by month, the oldest first."""
    today = clock.today()
    now = [(entry, title) for entry, title in waiting if entry.day == today]
    found = [_of_today([entry for entry, _title in now], now[0][1])] if now else []
    by_month: dict[date, list[AttendanceEntry]] = defaultdict(list)
    for entry, _title in waiting:
        if entry.day != today:
            by_month[entry.day.replace(day=1)].append(entry)
    return found + [_of_month(first, by_month[first]) for first in sorted(by_month)[:MOST_MONTHS]]


def _of_today(entries: Sequence[AttendanceEntry], title: str) -> Task:
    told = filters.hours(sum(entry.minutes for entry in entries), filters.spoken())
    return Task(
        "saknas",
        _("Confirm that you were there today"),
        _("%(title)s: %(hours)s are recorded of you. It takes half a minute.", title=title, hours=told),
        url_for("hours.mine", month=f"{entries[0].day:%Y-%m}"),
        _("Confirm my attendance"),
        110,
        {"entries": as_text([entry.id for entry in entries]), "seen": hash_of(entries), "home": "1"},
    )


def _of_month(first: date, entries: Sequence[AttendanceEntry]) -> Task:
    told = filters.hours(sum(entry.minutes for entry in entries), filters.spoken())
    return Task(
        "saknas",
        _("Confirm your hours of %(month)s", month=filters.month(first.year, first.month, filters.spoken())),
        _("Together %(hours)s.", hours=told),
        url_for("hours.mine", month=f"{first:%Y-%m}"),
        _("Look at the hours and confirm them"),
        60,
    )


def _objection(item: Unanswered) -> Task:
    """The trainer: a participant means another time."""
    told = _(
        "%(title)s on %(day)s: recorded %(minutes)s, means %(meant)s.",
        title=item.title,
        day=filters.short_day(item.day, filters.spoken()),
        minutes=filters.hours(item.minutes, filters.spoken()),
        meant=filters.hours(item.meant, filters.spoken()),
    )
    url = url_for("objections.show", objection_id=item.objection_id)
    return Task("saknas", _("%(name)s means another time", name=item.name), told, url, _("Compare the times"), 78)


def _countersigning(person: Person) -> list[Task]:
    """The manager, where a project asks for it: months with hours of the staff to sign. Nothing is asked otherwise."""
    if not managed_staff(person):
        return []
    found = [
        (each.first, each.open, project)
        for project in countersigning.projects_of(person)
        for each in reversed(countersigning.months(project, person))
        if each.open
    ]
    return [_month_of_staff(project, first, left) for first, left, project in found[:MOST_MONTHS]]


def _month_of_staff(project: Project, first: date, left: int) -> Task:
    month = filters.month(first.year, first.month, filters.spoken())
    text = ngettext("%(num)s time in %(project)s.", "%(num)s times in %(project)s.", left, project=project.name)
    url = url_for("countersigning.show", project=project.id, month=f"{first:%Y-%m}")
    title = _("Sign the hours of your staff: %(month)s", month=month)
    return Task("saknas", title, text, url, _("Look at the hours"), 65)
