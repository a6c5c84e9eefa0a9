"""The project leader's months in the story: closed and sent when they were signed, and one corrected afterwards.

What the visitor finds: months that were sent, one that was corrected last week with every later one to send again,
and the one with an unsigned sheet.
"""

from contextlib import suppress
from datetime import date, time, timedelta
from functools import partial

from sqlalchemy import select

from courses import attendance
from courses.activities import Activity, Session
from courses.attendance import Mark, SignOff, state_of
from courses.esf import closing, sending
from courses.esf.closings import latest, sendings_of
from courses.esf.days import following, last_day
from courses.runs import Run
from lms import clock
from lms.db import db
from lms.demo.cast import leader
from lms.demo.stage import Stage
from lms.refusals import Refused

CLOSES, SENDS = timedelta(days=11), timedelta(days=12)
REASON = "Pappersblanketten visar att personen gick en timme tidigare."
CORRECTED = timedelta(days=9)
"""So long ago a trainer found out that somebody had left early in a month that was sent."""


def begin(stage: Stage) -> None:
    """Close each month on the twelfth and send it the day after; correct one nine days ago."""
    first = stage.plan.starts.replace(day=1)
    while first < stage.today:
        stage.agenda.at(following(first) + CLOSES, 9.0, partial(_close, stage, first))
        stage.agenda.at(following(first) + SENDS, 9.0, partial(_send, stage, first))
        first = following(first)
    stage.agenda.at(stage.today - CORRECTED, 15.0, partial(_correct, stage))


def _close(stage: Stage, first: date, reason: str = "") -> None:
    """In spite of everything that may be missing; a month that is not ready, or has nothing in it, stays open."""
    accepted = ("unconfirmed", "objections", "numbers", "placeholders")
    with suppress(Refused):
        closing.close(stage.project, first, by=leader(stage), accepted=accepted, reason=reason)


def _send(stage: Stage, first: date) -> None:
    closed = latest(stage.project, first)
    if closed is not None and any(item.first == first for item in sending.to_send(stage.project)):
        sending.send(closed, clock.today(), by=leader(stage))


def _correct(stage: Stage) -> None:
    """The last but one of the sent months: a course sheet is corrected by its trainer, and the month closed anew."""
    sent = sorted({each.first for each in sendings_of(stage.project)})
    for first in reversed(sent[:-1]):
        session = _signed_course(stage, first)
        if session is not None:
            run = session.activity
            assert isinstance(run, Run)
            seen = attendance.latest(session)
            number = next(number for number, entry in sorted(seen.items()) if state_of(entry) == "whole")
            mark = Mark(number, "part", seen[number].id, left=session.ends_at - timedelta(hours=1))
            nonce = f"demo-late-{session.id:06d}"
            attendance.correct(session, [mark], REASON, by=run.trainers[0], nonce=nonce)
            tomorrow = clock.today() + timedelta(days=1)
            stage.agenda.at(tomorrow, 9.0, partial(_close, stage, first, REASON))
            return


def _signed_course(stage: Stage, first: date) -> Session | None:
    """The last course session of the month that is signed."""
    query = (
        select(Session)
        .join(Activity, Activity.id == Session.activity_id)
        .where(
            Activity.project_id == stage.project.id,
            Activity.kind == "course",
            Session.id.in_(select(SignOff.session_id)),
            Session.starts_at.between(clock.at(first, time()), clock.at(last_day(first), time())),
        )
        .order_by(Session.starts_at.desc())
    )
    return db.session.scalars(query).first()
