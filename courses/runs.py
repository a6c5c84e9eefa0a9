"""Runs: a programme scheduled for a group, with its trainers, sessions, places and last day to register.

A plan that cannot be held is refused before it is announced (courses/timetable.py), and whoever changes a run
says which revision was read: nobody overwrites what somebody else has just settled.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses import enrolment, letters, programmes, timetable
from courses.activities import Activity, Session
from courses.materials import Material, programme_of
from courses.programmes import Programme
from courses.timetable import Slot
from lms import audit, clock
from lms.db import Base, db
from lms.organisations import Organisation
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused, Stale

__all__ = ["Run", "RunTrainer", "Slot", "cancel", "change", "has_begun", "is_over", "led_by", "schedule"]


class Run(Activity):
    """An activity of kind course; its material says what is taught and what it takes to be certified."""

    __mapper_args__ = {"polymorphic_identity": "course", "polymorphic_load": "inline"}  # noqa: RUF012  read by SQLAlchemy

    material_id: Mapped[int | None] = mapped_column(ForeignKey("material.id"), index=True)
    capacity: Mapped[int | None]
    register_by: Mapped[date | None]

    material: Mapped[Material] = relationship(lazy="joined")
    trainers: Mapped[list[Person]] = relationship(secondary="run_trainer", lazy="selectin", viewonly=True)

    def __init__(self, **values: Any) -> None:
        super().__init__(kind="course", **values)

    @property
    def programme(self) -> Programme:
        return programme_of(self.material)


class RunTrainer(Base):
    """A trainer of a run."""

    __tablename__ = "run_trainer"

    run_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)


# --- operations ---------------------------------------------------------------------------------------------


def schedule(
    project: Project,
    material: Material,
    *,
    organisation: Organisation,
    title: str = "",
    sessions: Sequence[Slot],
    capacity: int,
    register_by: date | None = None,
    trainers: Sequence[Person],
    by: Person,
) -> Run:
    """Plan a run of what `material` holds; nobody is invited yet. Without a title it gets one of its parts.

    Raises Refused, with the field it concerns in `values["field"]` (see courses/timetable.py).
    """
    programme = programme_of(material)
    timetable.check_programme(programme)
    timetable.check_members(project, organisation, trainers)
    timetable.check_slots(project, programme, sessions)
    timetable.check_places(capacity, 0)
    timetable.check_register_by(register_by, sessions)
    timetable.check_leaders(project, programme, sessions, trainers)
    timetable.check_free(sessions, trainers, None)
    run = Run(
        project=project,
        organisation=organisation,
        material=material,
        title=title.strip() or f"{programmes.text(programme.title, 'sv')}, {organisation.name}",
        capacity=capacity,
        register_by=register_by,
        created_by=by,
        created_at=clock.now(),
        revision=1,
        sequence=0,
        sessions=[_session(number, slot) for number, slot in enumerate(sessions, 1)],
    )
    db.session.add(run)
    db.session.flush()
    _set_trainers(run, trainers)
    audit.record("run.scheduled", run, by=by, details=_facts(run, trainers))
    return run


def change(
    run: Run,
    *,
    title: str,
    organisation: Organisation,
    sessions: Sequence[Slot],
    capacity: int,
    register_by: date | None,
    trainers: Sequence[Person],
    revision: int,
    by: Person,
) -> Run:
    """Change a run read at `revision`; new times or places go out by mail, more places fill from the waiting list.

    Raises Stale when somebody changed it meanwhile (`values["current"]` is the run as it is now), else Refused.
    """
    enrolment.lock(run)
    if run.revision != revision:
        raise Stale(_("Somebody else has changed the run since you opened the page."), "stale", current=run)
    enrolment.check_held(run)
    timetable.check_members(run.project, organisation, trainers)
    timetable.check_slots(run.project, run.programme, sessions, run.sessions)
    timetable.check_places(capacity, enrolment.taken(run))
    timetable.check_register_by(register_by, sessions, run.register_by)
    timetable.check_leaders(run.project, run.programme, sessions, trainers)
    timetable.check_apart(run.id, trainers)
    timetable.check_recorded(run.sessions, sessions)
    timetable.check_free(sessions, trainers, run.id)
    before = _facts(run, run.trainers)
    moved = _move_sessions(run, sessions)
    run.title, run.organisation = title.strip() or run.title, organisation
    run.capacity, run.register_by = capacity, register_by
    run.revision += 1
    run.sequence += moved
    _set_trainers(run, trainers)
    after = _facts(run, trainers)
    changed = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    audit.record("run.changed", run, by=by, details=changed)
    if moved:
        for each in enrolment.concerned(run):
            letters.send("changed", each)
    enrolment.move_up(run, by=by)
    return run


def cancel(run: Run, *, reason: str = "", by: Person) -> None:
    """Call the run off and tell everybody invited, registered or waiting; calling it off twice is once.

    What was attended stays in the ledger. Raises Refused when the last session is over.
    """
    enrolment.lock(run)
    if run.cancelled_at is not None:
        return
    if run.sessions and run.sessions[-1].ends_at <= clock.now():
        raise Refused(_("The run has been held, so it cannot be cancelled."), "held")
    run.cancelled_at = clock.now()
    run.revision += 1
    run.sequence += 1
    db.session.flush()
    audit.record("run.cancelled", run, by=by, details={"reason": reason})
    for each in enrolment.concerned(run):
        letters.send("cancelled", each, method="CANCEL", reason=reason.strip())


def _session(number: int, slot: Slot) -> Session:
    return Session(
        number=number,
        starts_at=slot.starts,
        ends_at=slot.ends,
        mode=slot.mode,
        place=slot.place.strip(),
        link=slot.link.strip(),
    )


def _move_sessions(run: Run, slots: Sequence[Slot]) -> bool:
    """Give the sessions their new times and places; whether anything that a calendar shows became different."""
    moved = False
    by_number = {session.number: session for session in run.sessions}
    for number, slot in enumerate(slots, 1):
        session = by_number.get(number)
        if session is None:
            run.sessions.append(_session(number, slot))
            moved = True
        elif timetable.slot_of(session) != slot.stripped():
            session.starts_at, session.ends_at, session.mode = slot.starts, slot.ends, slot.mode
            session.place, session.link = slot.place.strip(), slot.link.strip()
            moved = True
    db.session.flush()
    if moved:
        db.session.refresh(run, ["sessions"])
    return moved


def _set_trainers(run: Run, trainers: Sequence[Person]) -> None:
    wanted = {person.id for person in trainers}
    present = set(db.session.scalars(select(RunTrainer.person_id).where(RunTrainer.run_id == run.id)))
    if wanted == present:
        return
    gone = present - wanted
    db.session.execute(delete(RunTrainer).where(RunTrainer.run_id == run.id, RunTrainer.person_id.in_(gone)))
    db.session.add_all(RunTrainer(run_id=run.id, person_id=person_id) for person_id in sorted(wanted - present))
    db.session.flush()
    db.session.refresh(run, ["trainers"])


def _facts(run: Run, trainers: Sequence[Person]) -> dict[str, Any]:
    """The run in plain words and numbers, for the audit log."""
    return {
        "title": run.title,
        "organisation": run.organisation_id,
        "capacity": run.capacity,
        "register_by": run.register_by.isoformat() if run.register_by else None,
        "trainers": sorted(person.id for person in trainers),
        "sessions": [
            [session.starts_at.isoformat(), session.ends_at.isoformat(), session.mode, session.place, session.link]
            for session in run.sessions
        ],
    }


# --- questions ----------------------------------------------------------------------------------------------


def leaders_of(activity: Activity) -> list[Person]:
    """Who leads it and signs its sheets: the trainers of a run, who called a meeting."""
    return list(activity.trainers) if isinstance(activity, Run) else [activity.created_by]


def has_begun(run: Run) -> bool:
    """Whether the first session has started."""
    return bool(run.sessions) and run.sessions[0].starts_at <= clock.now()


def is_over(run: Run) -> bool:
    """Whether the last session has ended."""
    return bool(run.sessions) and max(session.ends_at for session in run.sessions) <= clock.now()


def led_by(person: Person) -> list[Run]:
    """The runs the person is trainer of, not cancelled, the next one first."""
    first = select(func.min(Session.starts_at)).where(Session.activity_id == Run.id).scalar_subquery()
    return list(
        db.session.scalars(
            select(Run)
            .join(RunTrainer, RunTrainer.run_id == Run.id)
            .where(RunTrainer.person_id == person.id, Run.cancelled_at.is_(None))
            .order_by(first, Run.id)
        )
    )
