"""Sending closed months to the funder, in order: what must be sent, or sent again, is worked out and never stored.

The rule that matters most (SCB): when a month is corrected, that month and every later one are sent again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from courses import attendance
from courses.esf.closings import MonthClosing, MonthSending, history, latest, sendings_of
from lms import audit, clock, filters
from lms.db import db
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused, Stale


@dataclass(frozen=True)
class ToSend:
    """A closed month that is to be sent: its newest version, when it was sent last, and what made it necessary again.

    `cause` is the version that changed what the funder was told: of this month or an earlier one.
    """

    closing: MonthClosing
    last: MonthSending | None = None
    cause: MonthClosing | None = None

    @property
    def first(self) -> date:
        return self.closing.first

    @property
    def is_again(self) -> bool:
        return self.last is not None


def send(closing: MonthClosing, day: date, *, by: Person) -> MonthSending:
    """Tick off that this version was sent on the day; twice is once.

    Raises Refused: `future`, `before_closing`, `order` (values: first); Stale `newer` when there is a newer version.
    """
    project = closing.project
    attendance.hold()
    newest = latest(project, closing.first)
    if newest is None or newest.id != closing.id:
        raise Stale(_("There is a newer version of this month. Send that one."), "newer")
    queue = to_send(project)
    if closing.first not in {item.first for item in queue}:
        return [sent for sent in sendings_of(project) if sent.first == closing.first][-1]
    if queue[0].first != closing.first:
        name = filters.month(queue[0].first.year, queue[0].first.month, filters.spoken())
        raise Refused(_("Months are sent in order. Send %(month)s first.", month=name), "order", first=queue[0].first)
    if day > clock.today():
        raise Refused(_("The day cannot lie in the future."), "future")
    closed_on = clock.local(closing.at).date()
    if day < closed_on:
        written = filters.plain_day(closed_on, filters.spoken())
        refusal = _("This version was closed on %(day)s. Write that day or a later one.", day=written)
        raise Refused(refusal, "before_closing")
    made = MonthSending(
        project_id=project.id, first=closing.first, closing_id=closing.id, day=day, by_id=by.id, at=clock.now()
    )
    db.session.add(made)
    db.session.flush()
    told = {"month": f"{closing.first:%Y-%m}", "version": closing.version, "day": day.isoformat()}
    audit.record("month.sent", project, by=by, details=told)
    return made


def to_send(project: Project) -> list[ToSend]:
    """The closed months that must be sent, or sent again, in the order to send them. One query."""
    return queue_of(*history(project))


def queue_of(closings: Iterable[MonthClosing], sendings: Iterable[MonthSending]) -> list[ToSend]:
    """`to_send` of what is known already; a pure function. Both in the order they were made."""
    versions = sorted(closings, key=lambda closing: (closing.first, closing.version))
    last = {sending.first: sending for sending in sendings}
    by_id = {closing.id: closing for closing in versions}
    found = []
    for closing in {closing.first: closing for closing in versions}.values():
        sent = last.get(closing.first)
        if sent is None:
            found.append(ToSend(closing))
        elif causes := [each for each in versions if _outdates(each, sent, by_id[sent.closing_id])]:
            found.append(ToSend(closing, sent, causes[-1]))
    return found


def _outdates(version: MonthClosing, sent: MonthSending, what: MonthClosing) -> bool:
    """Whether this version changed the report after the month was sent last."""
    if version.first == sent.first:
        return version.changes_report and version.version > what.version
    return version.changes_report and version.first < sent.first and version.at > sent.at
