"""The participant's progress in words: pearls for the string, and the next things to do, the nearest first.

Whoever has eleven minutes between two clients gets one thing to do and how long it takes.
"""

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from courses import programmes
from courses.programmes import Lesson
from courses.progress import Meeting, Progress
from courses.runs import Run
from lms import clock, filters

ASSIGNMENT = {"nothing": "kommande", "draft": "pagar", "waiting": "pagar", "returned": "saknas", "approved": "klar"}
HORIZONTAL = {"": "kommande", "offered": "saknas", "accepted": "pagar", "completed": "klar"}


def steps(run: Run, where: Progress) -> list[dict[str, Any]]:
    """Pearls in their order, as the macro `string` takes them; `current` is the first that waits for the person."""
    pearls = [_session(meeting, where) for meeting in where.meetings]
    pearls.append(_lessons(run, where))
    if where.programme.assignment:
        pearls.append(_assignment(run, where))
    if "horizontal" in where.programme.requires:
        pearls.append(_horizontal(where))
    pearls.append(_survey(where))
    pearls.append(_certificate(where))
    waiting = next((pearl for pearl in pearls if pearl["state"] in ("saknas", "pagar") and pearl.get("url")), None)
    if waiting:
        waiting["current"] = True
    return pearls


def _session(meeting: Meeting, where: Progress) -> dict[str, Any]:
    state, session = meeting.state(where.now), meeting.session
    whole = filters.hours(session.minutes)
    chips = {
        "klar": _("Present: %(hours)s", hours=whole),
        "saknas": _("%(part)s of %(whole)s", part=filters.hours(meeting.minutes or 0), whole=whole),
        "pagar": _("Being written down"),
        "kommande": _("Today") if clock.local(session.starts_at).date() == clock.today() else _("To come"),
    }
    return {
        "title": _("Session %(number)s", number=session.number),
        "meta": f"{filters.short_day(session.starts_at, filters.spoken())}, {whole}",
        "state": state,
        "chip": chips[state],
    }


def _lessons(run: Run, where: Progress) -> dict[str, Any]:
    all_of_them, left = len(where.programme.lessons), filters.hours(where.unread_minutes(filters.spoken()))
    state = "klar" if where.read == all_of_them else "pagar" if where.read else "kommande"
    return {
        "title": _("Lessons"),
        "meta": _("%(hours)s left to read", hours=left) if state != "klar" else "",
        "state": state,
        "chip": _("%(read)s of %(all)s read", read=where.read, all=all_of_them),
        "url": url_for("learning.course", run_id=run.id) + "#lessons",
    }


def _assignment(run: Run, where: Progress) -> dict[str, Any]:
    assert where.programme.assignment
    chips = {
        "nothing": _("To come"),
        "draft": _("Draft saved"),
        "waiting": _("Handed in"),
        "returned": _("Complete it"),
        "approved": _("Approved"),
    }
    return {
        "title": _("Home assignment"),
        "meta": _("At most %(hours)s", hours=filters.hours(where.programme.assignment.minutes)),
        "state": ASSIGNMENT[where.assignment],
        "chip": chips[where.assignment],
        "url": url_for("assignments.assignment", run_id=run.id) if where.place == "registered" else "",
    }


def _horizontal(where: Progress) -> dict[str, Any]:
    chips = {
        "": _("Not offered yet"),
        "offered": _("Offered: say yes"),
        "accepted": _("Begun"),
        "completed": _("Done"),
    }
    return {
        "title": _("Horizontal principles"),
        "meta": _("Read on your own"),
        "state": HORIZONTAL[where.horizontal],
        "chip": chips[where.horizontal],
        "url": url_for("horizontal.mine"),
    }


def _survey(where: Progress) -> dict[str, Any]:
    state = "klar" if where.survey_answered else "kommande"
    pearl: dict[str, Any] = {"title": _("Survey"), "meta": _("Voluntary, anonymous"), "state": state}
    if where.survey_open and where.survey:
        pearl |= {"chip": _("Open"), "url": url_for("surveys.show", survey_id=where.survey.id)}
    else:
        pearl["chip"] = _("Answered") if where.survey_answered else _("To come")
    return pearl


def _certificate(where: Progress) -> dict[str, Any]:
    pearl: dict[str, Any] = {"title": _("Certificate"), "clasp": True}
    if where.certificate is None:
        return pearl | {"meta": _("Issued when every part is done"), "state": "kommande", "chip": _("To come")}
    return pearl | {
        "meta": filters.short_day(where.certificate.issued_on, filters.spoken()),
        "state": "klar",
        "chip": _("Issued"),
        "url": url_for("certificates.show", certificate_id=where.certificate.id),
    }


def today(run: Run, where: Progress) -> dict[str, str] | None:
    """The session of today while it is not over: it comes before everything that can be done on one's own."""
    session = where.next_meeting.session if where.next_meeting else None
    if session is None or where.place != "registered" or clock.local(session.starts_at).date() != clock.today():
        return None
    at = f"{filters.clock(session.starts_at)}–{filters.clock(session.ends_at)}"
    return {
        "title": _("Today: %(title)s", title=run.title),
        "text": _("At %(clock)s.", clock=", ".join(part for part in (at, session.place) if part)),
        "url": session.link or url_for("learning.course", run_id=run.id),
        "label": _("Join the digital session") if session.link else _("Open the course"),
    }


def actions(run: Run, where: Progress) -> list[dict[str, str]]:
    """What the person can do now, the first to be shown large: title, text, url, label."""
    if where.place == "waiting":
        return []
    found = [_read(run, where), _hand_in(run, where), _module(where), _answer(where)]
    return [action for action in found if action]


def _read(run: Run, where: Progress) -> dict[str, str] | None:
    lesson = where.next_lesson
    if lesson is None or where.certificate is not None:
        return None
    return {
        "title": _("Read: %(title)s", title=programmes.text(lesson.title, filters.spoken())),
        "text": reading(lesson, where.read, len(where.programme.lessons)),
        "url": url_for("learning.lesson", run_id=run.id, slug=lesson.slug),
        "label": _("Read the lesson") if where.read == 0 else _("Go on reading"),
    }


def reading(lesson: Lesson, read: int, count: int) -> str:
    """How long the lesson takes to read, and how many of them are read."""
    minutes = lesson.reading_minutes(filters.spoken())
    told = ngettext("Reads in %(num)s minute.", "Reads in %(num)s minutes.", minutes)
    return " ".join((told, _("You have read %(read)s of %(all)s lessons.", read=read, all=count)))


def _hand_in(run: Run, where: Progress) -> dict[str, str] | None:
    words = {
        "returned": (_("Complete the home assignment"), _("Your trainer has commented on it."), _("Read the comment")),
        "draft": (_("Hand in the home assignment"), _("Your draft is saved."), _("Go on writing")),
        "nothing": (
            _("Do the home assignment"),
            _("A tabletop case that you work with on your own."),
            _("Open the assignment"),
        ),
    }.get(where.assignment)
    if words is None:
        return None
    title, text, label = words
    return {"title": title, "text": text, "url": url_for("assignments.assignment", run_id=run.id), "label": label}


def _module(where: Progress) -> dict[str, str] | None:
    words = {
        "offered": (_("Say yes to the horizontal principles"), _("The module is part of your course.")),
        "accepted": (_("Finish the horizontal principles"), _("Read what is left and say that you are done.")),
    }.get(where.horizontal)
    if words is None or "horizontal" not in where.programme.requires:
        return None
    return {"title": words[0], "text": words[1], "url": url_for("horizontal.mine"), "label": _("Open the module")}


def _answer(where: Progress) -> dict[str, str] | None:
    if not where.survey_open or where.survey is None:
        return None
    return {
        "title": _("Say what you think of the course"),
        "text": _("Voluntary and anonymous. It makes the next course better."),
        "url": url_for("surveys.show", survey_id=where.survey.id),
        "label": _("Answer the survey"),
    }
