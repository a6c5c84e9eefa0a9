"""Enrolment: a person in a run, from invitation to place, waiting list, or leaving; first in line moves up.

Whoever gives or frees a place holds the row of the run, so that two people never get the last place. Every
operation may be repeated: the second time changes nothing and mails nobody.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from flask_babel import gettext as _
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses import letters
from courses.activities import Activity
from lms import audit, clock
from lms.db import Base, db
from lms.people import Person, alphabetical
from lms.projects import Participation
from lms.refusals import Refused

if TYPE_CHECKING:
    from courses.runs import Run

STATES = ("invited", "registered", "waiting", "declined", "withdrawn")
LONGEST_NEED = 2000


class Enrolment(Base):
    """One person in one run. `adaptations` (needs of aids) is for the eyes of that run's trainers only."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("run_id", "person_id"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_enrolment_run_state", "run_id", "state", "queued_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    walk_in: Mapped[bool] = mapped_column(default=False)
    adaptations: Mapped[str] = mapped_column(Text, default="")
    invited_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    queued_at: Mapped[datetime | None]
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)

    run: Mapped["Run"] = relationship()
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


# --- operations ---------------------------------------------------------------------------------------------


def invite(run: "Run", people: Iterable[Person], *, by: Person) -> list[Enrolment]:
    """Invite people of the project, by mail where they have an address; returns those newly invited.

    Who is already in the run is passed over; who declined or left is asked again. Raises Refused.
    """
    wanted = {person.id: person for person in people}
    lock(run)
    _check_still_open(run)
    _check_belong(run, list(wanted.values()))
    known = {each.person_id: each for each in _of_people(run, wanted)}
    invited = []
    for person in wanted.values():
        enrolment = known.get(person.id) or _new(run, person)
        if enrolment.state in ("declined", "withdrawn", "new"):
            _turn(enrolment, "invited")
            enrolment.invited_at = clock.now()
            invited.append(enrolment)
    db.session.flush()
    for enrolment in invited:
        letters.send("invitation", enrolment)
    if invited:
        audit.record("run.invited", run, by=by, details={"people": [each.person_id for each in invited]})
    return invited


def answer(enrolment: Enrolment, *, comes: bool, adaptations: str | None = None, by: Person) -> Enrolment:
    """The invited person's answer: a place, the waiting list, or no. The same answer again changes nothing.

    `adaptations` None leaves what was written before. No after a yes is leaving. Raises Refused.
    """
    _hold(enrolment)
    if comes:
        _check_belong(enrolment.run, [enrolment.person])
        return _join(enrolment, adaptations, by)
    if enrolment.state in ("registered", "waiting"):
        return withdraw(enrolment, by=by)
    if enrolment.state == "invited":
        _turn(enrolment, "declined")
        enrolment.answered_at = clock.now()
        audit.record("enrolment.declined", enrolment, by=by)
    return enrolment


def register(run: "Run", person: Person, *, adaptations: str | None = None, by: Person) -> Enrolment:
    """Register a person of the project, invited or not: a place, or the waiting list when the run is full."""
    lock(run)
    _check_belong(run, [person])
    return _join(of(run, person) or _new(run, person), adaptations, by)


def withdraw(enrolment: Enrolment, *, letter: str = "withdrawn", by: Person) -> Enrolment:
    """Leave the run; the first in line moves up. Recorded minutes stay in the ledger, needs are forgotten.

    `letter` is the mail that takes the sessions out of the calendar.
    """
    _hold(enrolment)
    if enrolment.state in ("declined", "withdrawn"):
        return enrolment
    informed = enrolment.run.cancelled_at is None
    _turn(enrolment, "withdrawn")
    enrolment.answered_at, enrolment.queued_at, enrolment.adaptations = clock.now(), None, ""
    audit.record("enrolment.withdrawn", enrolment, by=by)
    if informed:
        letters.send(letter, enrolment, method="CANCEL")
    move_up(enrolment.run, by=by)
    return enrolment


def walk_in(run: "Run", person: Person, *, by: Person) -> Enrolment:
    """Put somebody who stands in the room on the list, also when the run is full. Raises Refused."""
    lock(run)
    check_held(run)
    _check_belong(run, [person])
    enrolment = of(run, person) or _new(run, person)
    if enrolment.state != "registered":
        _turn(enrolment, "registered")
        enrolment.walk_in = True
        enrolment.answered_at = clock.now()
        db.session.flush()
        audit.record("enrolment.walked_in", enrolment, by=by)
    return enrolment


def move_up(run: "Run", *, by: Person | None) -> list[Enrolment]:
    """Give free places to the first in line, who get mail; nobody moves up once the course has begun."""
    db.session.flush()
    free = _free(run)
    if free <= 0 or run.cancelled_at or (run.sessions and run.sessions[0].starts_at <= clock.now()):
        return []
    first = list(
        db.session.scalars(
            select(Enrolment)
            .where(Enrolment.run_id == run.id, Enrolment.state == "waiting")
            .order_by(Enrolment.queued_at, Enrolment.id)
            .limit(free)
        )
    )
    for enrolment in first:
        _turn(enrolment, "registered")
        audit.record("enrolment.moved_up", enrolment, by=by)
        letters.send("moved_up", enrolment)
    db.session.flush()
    return first


def lock(run: "Run") -> None:
    """Hold the run's row until the transaction ends, and read it anew (SQLite has one writer anyway)."""
    db.session.flush()
    db.session.execute(select(Activity.id).where(Activity.id == run.id).with_for_update(key_share=True))
    db.session.refresh(run, ["capacity", "register_by", "cancelled_at", "revision", "sequence", "sessions", "trainers"])


def _hold(enrolment: Enrolment) -> None:
    lock(enrolment.run)
    db.session.refresh(enrolment, ["state", "adaptations", "walk_in", "queued_at", "answered_at"])


def _join(enrolment: Enrolment, adaptations: str | None, by: Person) -> Enrolment:
    if enrolment.state in ("registered", "waiting"):
        _write_needs(enrolment, adaptations, by)
        return enrolment
    run = enrolment.run
    _check_still_open(run)
    waits = _free(run) <= 0 or waiting_count(run) > 0
    _turn(enrolment, "waiting" if waits else "registered")
    enrolment.walk_in = False
    enrolment.answered_at = enrolment.queued_at = clock.now()
    db.session.flush()
    audit.record("enrolment.waiting" if waits else "enrolment.registered", enrolment, by=by)
    _write_needs(enrolment, adaptations, by)
    if waits:
        letters.send("waiting", enrolment, method=None)
    else:
        letters.send("place", enrolment)
    return enrolment


def _new(run: "Run", person: Person) -> Enrolment:
    """Not yet anything: the caller turns it into its first state before it is written."""
    return Enrolment(run=run, person=person, state="new", walk_in=False, adaptations="", changed_at=clock.now())


def _turn(enrolment: Enrolment, state: str) -> None:
    enrolment.state = state
    enrolment.changed_at = clock.now()
    db.session.add(enrolment)


def _write_needs(enrolment: Enrolment, adaptations: str | None, by: Person) -> None:
    """Keep what is needed; the log says that it was written, never what."""
    words = (adaptations or "").strip()[:LONGEST_NEED]
    if adaptations is not None and words != enrolment.adaptations:
        enrolment.adaptations = words
        audit.record("enrolment.needs_written", enrolment, by=by)


# --- refusals -----------------------------------------------------------------------------------------------


def check_held(run: "Run") -> None:
    """Refuse what makes no sense for a run that was called off."""
    if run.cancelled_at is not None:
        raise Refused(_("The run is cancelled."), "cancelled")


def _check_still_open(run: "Run") -> None:
    """Refuse invitations and registrations that come too late."""
    if refusal := closed(run):
        raise refusal


def _check_belong(run: "Run", people: Sequence[Person]) -> None:
    """Refuse people of other projects, and the run's own trainers."""
    ids = [person.id for person in people]
    members = set(
        db.session.scalars(
            select(Participation.person_id).where(
                Participation.project_id == run.project_id, Participation.person_id.in_(ids)
            )
        )
    )
    trainers = {trainer.id for trainer in run.trainers}
    for person in people:
        if person.id not in members:
            raise Refused(_("%(name)s does not take part in the project.", name=person.name), "other_project")
        if person.id in trainers:
            raise Refused(_("%(name)s leads the run.", name=person.name), "trainer")


# --- questions ----------------------------------------------------------------------------------------------


def closed(run: "Run") -> Refused | None:
    """Why nobody can be invited or say yes any more, in words for who asks; None while it is possible."""
    if run.cancelled_at is not None:
        return Refused(_("The run is cancelled."), "cancelled")
    if clock.today() > run.project.ends:
        return Refused(_("The project %(name)s has ended.", name=run.project.name), "project_ended")
    if run.sessions and run.sessions[-1].ends_at <= clock.now():
        return Refused(_("The run has been held."), "held")
    if run.register_by and clock.today() > run.register_by:
        return Refused(_("The last day to register was %(day)s. Talk to the trainer.", day=run.register_by), "too_late")
    return None


def of(run: "Run", person: Person) -> Enrolment | None:
    """The person's enrolment in the run, whatever its state."""
    return next(iter(_of_people(run, [person.id])), None)


def _of_people(run: "Run", ids: Iterable[int]) -> list[Enrolment]:
    query = select(Enrolment).where(Enrolment.run_id == run.id, Enrolment.person_id.in_(list(ids)))
    return list(db.session.scalars(query, execution_options={"populate_existing": True}))


def taken(run: "Run") -> int:
    """How many have a place."""
    return _count(run, "registered")


def waiting_count(run: "Run") -> int:
    """How many stand in line."""
    return _count(run, "waiting")


def _count(run: "Run", state: str) -> int:
    query = select(func.count()).where(Enrolment.run_id == run.id, Enrolment.state == state)
    return db.session.scalar(query) or 0


def _free(run: "Run") -> int:
    return (run.capacity or 0) - taken(run)


def counts(run_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """People per state for many runs at once."""
    result: dict[int, dict[str, int]] = {run_id: {} for run_id in run_ids}
    query = (
        select(Enrolment.run_id, Enrolment.state, func.count())
        .where(Enrolment.run_id.in_(run_ids))
        .group_by(Enrolment.run_id, Enrolment.state)
    )
    for run_id, state, number in db.session.execute(query):
        result[run_id][state] = number
    return result


def roster(run: "Run") -> list[Enrolment]:
    """Who has a place, by family name; protected people by their alias."""
    return by_name(everybody(run, "registered"))


def everybody(run: "Run", *states: str) -> list[Enrolment]:
    """The enrolments in these states (all without states), the first in line first."""
    query = select(Enrolment).where(Enrolment.run_id == run.id).order_by(Enrolment.queued_at, Enrolment.id)
    if states:
        query = query.where(Enrolment.state.in_(states))
    return list(db.session.scalars(query))


def concerned(run: "Run") -> list[Enrolment]:
    """Who has the sessions in a calendar: invited, registered and waiting."""
    return everybody(run, "invited", "registered", "waiting")


def by_name(enrolments: Iterable[Enrolment]) -> list[Enrolment]:
    """In the order of a list on paper."""
    return sorted(enrolments, key=lambda each: _sorted_by(each.person))


def _sorted_by(person: Person) -> tuple[str, str]:
    if person.protected:
        return (alphabetical(person.name), "")
    return (alphabetical(person.family_name), alphabetical(person.given_name))
