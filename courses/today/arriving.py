"""The session that goes on just now: where to write the code of the check-in."""

from flask import url_for
from flask_babel import gettext as _

from courses.attendance.checking_in import opens, rules_of
from courses.today.learning import Learning
from courses.today.task import Task
from lms import clock, filters

EARLIEST = 240 * 60


def arriving_tasks(where: Learning) -> list[Task]:
    """One task while a session of the current course is open for check-in. No question outside these hours."""
    if where.progress is None or where.progress.place != "registered":
        return []
    now = clock.now()
    for meeting in where.progress.meetings:
        session = meeting.session
        near = session.starts_at.timestamp() - EARLIEST <= now.timestamp() and now < session.ends_at
        if not near or meeting.minutes is not None or meeting.signed:
            continue
        rules = rules_of(session)
        if rules is not None and opens(session, rules) <= now:
            starts = filters.clock(session.starts_at)
            text = _("Scan the code on the screen in the room, or write it here. Start: %(time)s.", time=starts)
            weight = 99 if session.link else 110  # to join a digital session comes before its code
            return [Task("pagar", _("Check in"), text, url_for("phones.typed"), _("Write the code"), weight)]
    return []
