"""What may stand against the plan of a run; each refusal names the field it concerns.

Only times that are new are tested against the clock and the gate: a session that has been held stays as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import or_, select

from courses import gate
from courses.activities import MODES, Activity, Session, check_link
from courses.enrolment import Enrolment
from courses.programmes import Programme
from lms import clock, filters
from lms.db import db
from lms.organisations import Organisation
from lms.people import Person, has_role
from lms.projects import Project, check_open, member_ids
from lms.refusals import Refused


@dataclass(frozen=True)
class Slot:
    """When and where one session is to be held; aware moments."""

    starts: datetime
    ends: datetime
    mode: str = "physical"
    place: str = ""
    link: str = ""

    def stripped(self) -> "Slot":
        return replace(self, place=self.place.strip(), link=self.link.strip())


def slot_of(session: Session) -> Slot:
    """The slot a stored session fills."""
    return Slot(session.starts_at, session.ends_at, session.mode, session.place, session.link)


def check_programme(programme: Programme) -> None:
    """Refuse a programme that is read on one's own."""
    if not programme.sessions:
        raise Refused(_("This programme has no sessions: people read it on their own."), "no_sessions")


def check_members(project: Project, organisation: Organisation, trainers: Sequence[Person]) -> None:
    """Refuse an organisation or a trainer from outside the project, and a run without a trainer."""
    if organisation.id not in member_ids(project.id):
        raise Refused(
            _("%(name)s does not take part in the project.", name=organisation.name),
            "organisation",
            field="organisation",
        )
    if not trainers:
        raise Refused(_("Choose at least one trainer."), "no_trainer", field="trainers")
    for trainer in trainers:
        if not has_role(trainer, "county_trainer", "trainer", project_id=project.id):
            raise Refused(_("%(name)s is no trainer in the project.", name=trainer.name), "trainer", field="trainers")


def check_slots(
    project: Project, programme: Programme, slots: Sequence[Slot], existing: Sequence[Session] = ()
) -> None:
    """Refuse sessions that are missing, backwards, in the past, out of order or outside the project's period."""
    least = max(len(programme.sessions), len(existing))
    if len(slots) < least:
        raise Refused(
            _("The programme has %(count)s sessions. Give each its day and time.", count=least), "sessions_missing"
        )
    before = {session.number: slot_of(session) for session in existing}
    for index, slot in enumerate(slots):
        known = before.get(index + 1)
        if known is None or (known.starts, known.ends) != (slot.starts, slot.ends):
            _check_time(project, index, slot, known)
        elif clock.today() > project.ends:
            check_open(project, clock.local(slot.starts).date())
        _check_place(index, slot)
        if index and slot.starts < slots[index - 1].ends:
            raise Refused(
                _("Session %(number)s must begin after the one before it.", number=index + 1),
                "order",
                field=f"sessions-{index}-day",
            )


def _check_time(project: Project, index: int, slot: Slot, known: Slot | None) -> None:
    field = f"sessions-{index}"
    if slot.ends <= slot.starts:
        raise Refused(
            _("The end must come after the start, %(clock)s.", clock=filters.clock(slot.starts)),
            "end_before_start",
            field=f"{field}-ends",
        )
    if known is not None and known.starts <= clock.now():
        raise Refused(
            _("Session %(number)s has begun, so its time stays.", number=index + 1), "begun", field=f"{field}-day"
        )
    try:
        check_open(project, clock.local(slot.starts).date())
    except Refused as refusal:
        raise Refused(refusal.message, refusal.code, field=f"{field}-day") from None
    if slot.starts <= clock.now():
        raise Refused(_("Choose a day and time that is still to come."), "past", field=f"{field}-day")


def _check_place(index: int, slot: Slot) -> None:
    field = f"sessions-{index}"
    if slot.mode not in MODES:
        raise Refused(_("Choose on site or online."), "mode", field=f"{field}-mode")
    if slot.link.strip():
        check_link(slot.link, field=f"{field}-link")


def check_places(capacity: int, enrolled: int) -> None:
    """Refuse no places at all, and fewer than are taken."""
    if capacity < 1:
        raise Refused(_("Give at least one place."), "capacity", field="capacity")
    if capacity < enrolled:
        raise Refused(
            _("%(count)s people have a place. Give at least as many places.", count=enrolled),
            "capacity_below_enrolled",
            field="capacity",
        )


def check_register_by(day: date | None, slots: Sequence[Slot], before: date | None = None) -> None:
    """Refuse a last day to register that is over, or that comes after the first session."""
    if day is None:
        return
    if day > clock.local(slots[0].starts).date():
        raise Refused(
            _("The last day to register must not come after the first session."), "register_late", field="register_by"
        )
    if day < clock.today() and day != before:
        raise Refused(_("The last day to register is already over."), "register_past", field="register_by")


def check_leaders(
    project: Project, programme: Programme, slots: Sequence[Slot], trainers: Sequence[Person]
) -> None:
    """Ask the gate for every trainer and every day to come (issue: certified on the day, or told why not)."""
    days = sorted({clock.local(slot.starts).date() for slot in slots if slot.starts > clock.now()})
    for trainer in trainers:
        for day in days:
            answer = gate.may_lead(trainer, programme, project, day)
            if not answer:
                when = filters.plain_day(day, filters.spoken())
                raise Refused(f"{trainer.name}, {when}: {answer.reason}", "may_not_lead", field="trainers")


def check_apart(run_id: int, trainers: Sequence[Person]) -> None:
    """Refuse a trainer who has a place in the run: nobody signs for herself, assesses or certifies herself."""
    ids = [person.id for person in trainers]
    query = select(Enrolment).where(
        Enrolment.run_id == run_id, Enrolment.person_id.in_(ids), Enrolment.state.in_(("registered", "waiting"))
    )
    taken = db.session.scalar(query.limit(1))
    if taken is not None:
        message = _("%(name)s takes part in the run and cannot lead it.", name=taken.person.name)
        raise Refused(message, "enrolled", field="trainers")


def check_recorded(existing: Sequence[Session], slots: Sequence[Slot]) -> None:
    """Refuse new times for a session that has attendance: its minutes were counted from the times it had.

    The rows are locked, as who records locks them, so that a sheet and a new plan cannot pass each other.
    """
    from courses.attendance.ledger import AttendanceEntry  # noqa: PLC0415  the ledger stands on sessions

    ids = [session.id for session in existing]
    db.session.execute(select(Session.id).where(Session.id.in_(ids)).order_by(Session.id).with_for_update())
    recorded = set(db.session.scalars(select(AttendanceEntry.session_id).where(AttendanceEntry.session_id.in_(ids))))
    for session in existing:
        slot = slots[session.number - 1]
        if session.id in recorded and (slot.starts, slot.ends) != (session.starts_at, session.ends_at):
            raise Refused(
                _("Attendance is recorded for session %(number)s, so its time stays.", number=session.number),
                "recorded",
                field=f"sessions-{session.number - 1}-day",
            )


def check_free(slots: Sequence[Slot], trainers: Sequence[Person], run_id: int | None) -> None:
    """Refuse a session that lies across another one of a trainer, whatever the activity is.

    The trainers' rows are locked, so that two plans made at once cannot both find the time free.
    """
    from courses.runs import RunTrainer  # noqa: PLC0415  runs are planned with this module

    ids = sorted({person.id for person in trainers})
    rows = select(Person.id).where(Person.id.in_(ids)).order_by(Person.id)
    db.session.execute(rows.with_for_update(key_share=True))
    led = select(RunTrainer.run_id).where(RunTrainer.person_id.in_(ids))
    called = (Activity.kind != "course") & Activity.created_by_id.in_(ids)
    for index, slot in enumerate(slots):
        query = (
            select(Session)
            .join(Activity, Activity.id == Session.activity_id)
            .where(
                Activity.cancelled_at.is_(None),
                or_(Activity.id.in_(led), called),
                Session.starts_at < slot.ends,
                Session.ends_at > slot.starts,
                Session.ends_at > clock.now(),
            )
            .order_by(Session.starts_at)
            .limit(1)
        )
        if run_id is not None:
            query = query.where(Activity.id != run_id)
        other = db.session.scalar(query)
        if other is not None:
            raise Refused(
                _(
                    "A trainer is busy then: %(title)s, %(day)s %(start)s–%(end)s.",
                    title=other.activity.title,
                    day=clock.local(other.starts_at).date(),
                    start=filters.clock(other.starts_at),
                    end=filters.clock(other.ends_at),
                ),
                "overlap",
                field=f"sessions-{index}-day",
            )
