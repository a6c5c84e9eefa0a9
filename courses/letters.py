"""Mail about a run, with its sessions as calendar files: one per session, since a REQUEST is for one meeting.

A session keeps its UID for life; what changed is told by the run's growing sequence (RFC 5545 §3.8.7.4).
"""

from typing import TYPE_CHECKING

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from courses import links, programmes
from courses.activities import Activity, Session
from lms import calendar, clock, filters, mail
from lms.calendar import Event, Method
from lms.people import Person, names

if TYPE_CHECKING:
    from courses.enrolment import Enrolment


def send(template: str, enrolment: "Enrolment", *, method: Method | None = "REQUEST", reason: str = "") -> None:
    """Put `templates/mail/<template>.txt` into the outbox for the enrolled person, in her language.

    Without a method the mail carries no calendar: a place on the waiting list is no appointment.
    """
    run, person = enrolment.run, enrolment.person
    if not person.email:
        return
    with force_locale(person.language):
        times = [when_and_where(session, person.language) for session in run.sessions]
        files = [
            calendar.calendar([_event(session, person)], method=method, name=run.title, stamp=clock.now())
            for session in run.sessions
            if method is not None
        ]
    mail.enqueue(
        person,
        template,
        calendar=files,
        calendar_method=method or "",
        run=run,
        title=programmes.text(run.programme.title, person.language),
        times=times,
        trainers=names(run.trainers),
        register_by=filters.day(run.register_by, person.language) if run.register_by else "",
        link=links.invitation(enrolment),
        reason=reason,
    )


def when_and_where(session: Session, language: str) -> str:
    """One line for a mail: day, clock, and the place or the link."""
    where = session.place if session.mode == "physical" else session.link or _("online")
    when = _(
        "%(day)s at %(start)s–%(end)s",
        day=filters.day(session.starts_at, language),
        start=filters.clock(session.starts_at),
        end=filters.clock(session.ends_at),
    )
    return f"{when}, {where}" if where else when


def feed(person: Person, sessions: list[Session]) -> bytes:
    """The person's sessions as a calendar to subscribe to."""
    with force_locale(person.language):
        events = [_event(session, None) for session in sessions]
        return calendar.calendar(events, method="PUBLISH", name=_("Courses in Pärlband"), stamp=clock.now())


def _event(session: Session, person: Person | None) -> Event:
    activity = session.activity
    organiser, address = _organiser(activity)
    many = len(activity.sessions) > 1
    return Event(
        uid=f"session-{session.id}@{_host()}",
        sequence=activity.sequence,
        starts=session.starts_at,
        ends=session.ends_at,
        summary=_("%(title)s, session %(number)s", title=activity.title, number=session.number)
        if many
        else activity.title,
        organiser_name=organiser,
        organiser_email=address,
        location=session.place or session.link,
        description=_description(session),
        url=session.link,
        attendee_name=person.full_name if person and not person.protected else None,
        attendee_email=person.email if person else None,
        cancelled=activity.cancelled_at is not None,
    )


def _description(session: Session) -> str:
    lines = [session.link] if session.link else []
    if current_app.config["SETTINGS"].base_url:
        lines.append(current_app.config["SETTINGS"].base_url)
    return "\n".join([*lines, _("Co-funded by the European Union")])


def _organiser(activity: Activity) -> tuple[str, str]:
    """Name and address in the calendar: the first trainer who may be shown, else the service itself."""
    for leader in [*getattr(activity, "trainers", []), activity.created_by]:
        if leader.email and not leader.protected:
            return leader.full_name, leader.email
    return "Pärlband", f"no-reply@{_host()}"


def _host() -> str:
    return str(current_app.config["SETTINGS"].host)
