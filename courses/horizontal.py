"""Horizontal principles: offered, accepted, completed, each with its day; the goals count offered and completed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import (
    CheckConstraint,
    CompoundSelect,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    func,
    select,
    union,
)
from sqlalchemy.orm import Mapped, mapped_column

from courses import lessons, materials
from lms import audit, clock, mail
from lms.db import Base, append_only, db
from lms.organisations import Organisation
from lms.people import Person, Role
from lms.projects import Participation, Project
from lms.refusals import Refused

PROGRAMME = "horisontella-principer"
STEPS = ("offered", "accepted", "completed")


class HorizontalStep(Base):
    """One step of one person in one project; each is taken once and keeps its day."""

    __tablename__ = "horizontal_step"
    __table_args__ = (
        UniqueConstraint("project_id", "person_id", "step"),
        CheckConstraint(f"step IN {STEPS}", name="step"),
        Index("ix_horizontal_step_project_step", "project_id", "step"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    step: Mapped[str] = mapped_column(String(10))
    day: Mapped[date]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]


append_only(HorizontalStep)


# --- operations ---------------------------------------------------------------------------------------------


def offer(project: Project, people: Iterable[Person], *, by: Person) -> int:
    """Offer the module to all of them in one act and mail each; returns how many had not been offered it."""
    _one_at_a_time(project)
    already = _with_step(project, "offered")
    new = [person for person in {person.id: person for person in people}.values() if person.id not in already]
    for person in new:
        _take(person, project, "offered", by)
        mail.enqueue(person, "horizontal_offered", project=project.name)
    db.session.flush()
    if new:
        audit.record("horizontal.offered", project, by=by, details={"people": len(new)})
    return len(new)


def accept(person: Person, project: Project, *, by: Person) -> None:
    """Say yes to the offer; once more changes nothing. Refused before there is an offer."""
    _one_at_a_time(project)
    taken = steps(person, project)
    if "offered" not in taken:
        raise Refused(_("The module has not been offered to you yet. Ask your trainer."), "not_offered")
    if "accepted" not in taken:
        _take(person, project, "accepted", by)
        audit.record("horizontal.accepted", project, by=by, details={"person": person.id})


def complete(person: Person, project: Project, *, by: Person) -> None:
    """The module is done: after the yes, with every lesson of it ticked. Once more changes nothing."""
    _one_at_a_time(project)
    taken = steps(person, project)
    if "accepted" not in taken:
        raise Refused(_("Say yes to the module first."), "not_accepted")
    if "completed" in taken:
        return
    material = materials.latest(PROGRAMME)
    if material is None:
        raise Refused(_("The module is not published yet."), "no_material")
    programme = materials.programme_of(material)
    missing = lessons.where_was(programme, lessons.ticks(person, material))
    if missing is not None:
        raise Refused(_("Read all lessons of the module and tick them off first."), "unread", slug=missing.slug)
    _take(person, project, "completed", by)
    audit.record("horizontal.completed", project, by=by, details={"person": person.id, "version": material.version})


def _take(person: Person, project: Project, step: str, by: Person) -> None:
    db.session.add(
        HorizontalStep(
            project_id=project.id,
            person_id=person.id,
            step=step,
            day=clock.today(),
            recorded_by_id=by.id,
            recorded_at=clock.now(),
        )
    )
    db.session.flush()


def _one_at_a_time(project: Project) -> None:
    """Steps of one project are taken one after the other; a step is then never taken twice."""
    db.session.execute(select(Project.id).where(Project.id == project.id).with_for_update(key_share=True))


# --- questions ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Count:
    """How far the people of one organisation are; each figure counts people, `organisation` "" is none."""

    organisation: str
    people: int
    offered: int
    accepted: int
    completed: int


def steps(person: Person, project: Project) -> dict[str, date]:
    """The steps that the person has taken, each with its day."""
    found = db.session.execute(
        select(HorizontalStep.step, HorizontalStep.day).where(
            HorizontalStep.project_id == project.id, HorizontalStep.person_id == person.id
        )
    )
    return {step: day for step, day in found}  # noqa: C416  rows are not pairs to the type checker


def steps_of(people: Iterable[int], project: Project) -> dict[int, dict[str, date]]:
    """The same for many people at once: id of the person, then step and day."""
    found: dict[int, dict[str, date]] = {}
    for person_id, step, day in db.session.execute(
        select(HorizontalStep.person_id, HorizontalStep.step, HorizontalStep.day).where(
            HorizontalStep.project_id == project.id, HorizontalStep.person_id.in_(list(people))
        )
    ):
        found.setdefault(person_id, {})[step] = day
    return found


def not_offered(project: Project) -> list[Person]:
    """Participants and trainers of the project who have not been offered the module, by family name."""
    offered = select(HorizontalStep.person_id).where(
        HorizontalStep.project_id == project.id, HorizontalStep.step == "offered"
    )
    return list(
        db.session.scalars(
            select(Person)
            .where(Person.id.in_(_audience(project)), Person.id.not_in(offered))
            .order_by(Person.family_name, Person.given_name, Person.id)
        )
    )


def projects_offered(person: Person) -> list[Project]:
    """The projects that have offered the person the module, newest first."""
    offered = select(HorizontalStep.project_id).where(
        HorizontalStep.person_id == person.id, HorizontalStep.step == "offered"
    )
    return list(db.session.scalars(select(Project).where(Project.id.in_(offered)).order_by(Project.starts.desc())))


def counts(project: Project) -> list[Count]:
    """Offered, accepted and completed per organisation: everybody who takes part or teaches in the project."""
    everybody = _audience(project).subquery()
    rows = db.session.execute(
        select(
            Organisation.name,
            func.count(func.distinct(Person.id)),
            func.count(HorizontalStep.id).filter(HorizontalStep.step == "offered"),
            func.count(HorizontalStep.id).filter(HorizontalStep.step == "accepted"),
            func.count(HorizontalStep.id).filter(HorizontalStep.step == "completed"),
        )
        .select_from(everybody)
        .join(Person, Person.id == everybody.c.person_id)
        .join(Organisation, Organisation.id == Person.organisation_id, isouter=True)
        .join(
            HorizontalStep,
            (HorizontalStep.person_id == Person.id) & (HorizontalStep.project_id == project.id),
            isouter=True,
        )
        .group_by(Organisation.name)
        .order_by(Organisation.name)
    )
    return [Count(name or "", people, offered, accepted, done) for name, people, offered, accepted, done in rows]


def _audience(project: Project) -> CompoundSelect[int]:
    """Ids of participants and trainers of the project (S1: all participants offered, employed trainers completed)."""
    return union(
        select(Participation.person_id).where(Participation.project_id == project.id),
        select(Role.person_id).where(Role.project_id == project.id, Role.name.in_(("trainer", "county_trainer"))),
    )


def _with_step(project: Project, step: str) -> set[int]:
    return set(
        db.session.scalars(
            select(HorizontalStep.person_id).where(HorizontalStep.project_id == project.id, HorizontalStep.step == step)
        )
    )
