"""Projects: the plan of the grant as data (see lms/plan/), who takes part, and who is counted for the funder.

Phases, goals and rules are read from the stored plan, never copied into columns that could disagree with it.
"""

import json
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms import audit, clock, plan
from lms.db import Base, db
from lms.organisations import Organisation, add_organisations
from lms.people import Person, roles_of
from lms.refusals import Refused


class Project(Base):
    """An ESF project; `dnr` is the funder's number and its name in every address and file."""

    __tablename__ = "project"

    id: Mapped[int] = mapped_column(primary_key=True)
    dnr: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    owner: Mapped[str] = mapped_column(String(160))
    starts: Mapped[date]
    ends: Mapped[date]
    document: Mapped[dict[str, Any]]

    members: Mapped[list["ProjectOrganisation"]] = relationship(back_populates="project", cascade="all, delete-orphan")

    @cached_property
    def plan(self) -> plan.Plan:
        """The plan with phases, goals and rules; the same document is read once per process."""
        return _plan(json.dumps(self.document, sort_keys=True))


@lru_cache(maxsize=64)
def _plan(document: str) -> plan.Plan:
    return plan.from_document(json.loads(document))


class ProjectOrganisation(Base):
    """An organisation in a project: with or without an own trainer, with its staffing share in percent."""

    __tablename__ = "project_organisation"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    own_trainer: Mapped[bool] = mapped_column(default=True)
    staffing_share: Mapped[int | None]

    project: Mapped[Project] = relationship(back_populates="members")
    organisation: Mapped[Organisation] = relationship(lazy="joined")


class Participation(Base):
    """A person in a project: from which day, for which employer, and whether her hours go to the funder.

    `since` never moves; `until` is the last day of who has left, and who comes back has none again (SCB: one record per
    person and project). `placeholder` is what SCB's file gets instead of a protected person's number.
    """

    __tablename__ = "participation"
    __table_args__ = (UniqueConstraint("person_id", "project_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    esf: Mapped[bool] = mapped_column(default=True)
    since: Mapped[date]
    until: Mapped[date | None]
    placeholder: Mapped[str | None] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    person: Mapped[Person] = relationship(lazy="joined")
    project: Mapped[Project] = relationship()


# --- operations ---------------------------------------------------------------------------------------------


def import_plan(new: plan.Plan, *, by: Person | None) -> Project:
    """Create or update the project of this dnr; the same plan twice changes nothing. Shows: `plan.difference`."""
    project = project_with(new.dnr)
    changes = plan.difference(project.plan if project else None, new)
    if project and not changes:
        return project
    if project is None:
        project = Project(dnr=new.dnr)
        db.session.add(project)
    project.name, project.owner = new.title, new.owner
    project.starts, project.ends = new.starts, new.ends
    project.document = plan.to_document(new)
    project.__dict__.pop("plan", None)
    db.session.flush()
    _follow_organisations(project, new)
    audit.record("project.imported", project, by=by, details={"changes": [change.key for change in changes]})
    return project


def _follow_organisations(project: Project, new: plan.Plan) -> None:
    """Members of the project become those of the plan; an organisation that left keeps its history elsewhere."""
    organisations = add_organisations({item.name: item.kind for item in new.organisations})
    wanted = {organisations[item.name].id: item for item in new.organisations}
    for member in list(project.members):
        if member.organisation_id not in wanted:
            project.members.remove(member)
    present = {member.organisation_id: member for member in project.members}
    for organisation_id, item in wanted.items():
        if organisation_id not in present:
            present[organisation_id] = ProjectOrganisation(organisation_id=organisation_id)
            project.members.append(present[organisation_id])
        member = present[organisation_id]
        member.own_trainer, member.staffing_share = item.own_trainer, item.staffing_share
    db.session.flush()


def join_project(
    person: Person, project: Project, *, since: date | None = None, esf: bool = True, by: Person | None
) -> Participation:
    """Make the person a participant of the project; one record per person and project, the first start stays."""
    found = participation_of(person.id, project.id)
    if found is not None:
        return found
    found = Participation(
        person=person,
        project_id=project.id,
        organisation_id=person.organisation_id,
        esf=esf,
        since=since or clock.today(),
    )
    db.session.add(found)
    db.session.flush()
    audit.record("participation.started", person, by=by, details={"project": project.dnr, "esf": esf})
    return found


def end_participation(participation: Participation, until: date, *, by: Person) -> None:
    """Write down the last day in the project; another day later on replaces it. The first start never moves.

    Raises Refused: `before_start`, `after_project`.
    """
    project = participation.project
    if until < participation.since:
        told = _("The last day cannot be before the first, %(day)s.", day=participation.since.isoformat())
        raise Refused(told, "before_start")
    if until > project.ends:
        raise Refused(_("The project ends on %(day)s.", day=project.ends.isoformat()), "after_project")
    if participation.until != until:
        participation.until = until
        details = {"project": project.dnr, "until": until.isoformat()}
        audit.record("participation.ended", participation.person, by=by, details=details)


def resume_participation(participation: Participation, *, by: Person) -> None:
    """Somebody is back: there is no last day again, and it is the same participation (SCB: one per project)."""
    if participation.until is not None:
        participation.until = None
        details = {"project": participation.project.dnr}
        audit.record("participation.resumed", participation.person, by=by, details=details)


def set_placeholder(participation: Participation, text: str, *, by: Person) -> None:
    """What SCB's file gets instead of a protected participant's number; empty takes it away. Never in the log.

    Raises Refused: `not_protected`, `too_long` (over 20 signs), `is_number` (the number itself).
    """
    wanted = " ".join(text.split())
    if wanted and not (participation.person.protected and participation.esf):
        raise Refused(_("Only ESF participants with protected identity have a placeholder."), "not_protected")
    if len(wanted) > 20 or not wanted.isprintable():
        raise Refused(_("The placeholder has at most 20 signs."), "too_long")
    if sum(sign.isdigit() for sign in wanted) >= 10:
        raise Refused(_("This looks like a personnummer. Write the placeholder that stands in for it."), "is_number")
    if (participation.placeholder or "") != wanted:
        participation.placeholder = wanted or None
        audit.record("participation.placeholder_written", participation.person, by=by)


# --- questions ----------------------------------------------------------------------------------------------


def project_with(dnr: str) -> Project | None:
    return db.session.scalar(select(Project).where(Project.dnr == dnr))


def participation_of(person_id: int, project_id: int) -> Participation | None:
    return db.session.scalar(
        select(Participation).where(Participation.person_id == person_id, Participation.project_id == project_id)
    )


def is_in_one_of(person: Person, project_ids: set[int]) -> bool:
    """Whether the person takes part in, or has a role in, one of the projects."""
    if any(role.project_id in project_ids for role in person.roles):
        return True
    query = select(Participation.id).where(
        Participation.person_id == person.id, Participation.project_id.in_(project_ids)
    )
    return db.session.scalar(query.limit(1)) is not None


def home_of(person: Person) -> int | None:
    """The id of the project that took the person in first; of who only has roles, that of the first of them.

    Its leader answers for the person's number and name: whoever knows an address can give a role or send a list.
    """
    query = select(Participation.project_id).where(Participation.person_id == person.id).order_by(Participation.id)
    first = min((role for role in person.roles if role.project_id), key=lambda role: role.id, default=None)
    return db.session.scalar(query.limit(1)) or (first.project_id if first else None)


def projects_of(person: Person) -> list[Project]:
    """The projects the person has to do with, newest first; an administrator sees all."""
    query = select(Project).order_by(Project.starts.desc(), Project.dnr)
    roles = roles_of(person)
    if not any(role.name == "administrator" for role in roles):
        mine = {role.project_id for role in roles if role.project_id}
        joined = select(Participation.project_id).where(Participation.person_id == person.id)
        query = query.where(Project.id.in_(mine) | Project.id.in_(joined))
    return list(db.session.scalars(query))


def member_ids(project_id: int) -> set[int]:
    """Ids of the organisations that take part."""
    return set(
        db.session.scalars(
            select(ProjectOrganisation.organisation_id).where(ProjectOrganisation.project_id == project_id)
        )
    )


def check_open(project: Project, day: date) -> None:
    """Refuse what happens outside the project's period (S1: the period of the grant)."""
    if clock.today() > project.ends:
        raise Refused(_("The project %(name)s has ended.", name=project.name), "project_ended")
    if not project.starts <= day <= project.ends:
        raise Refused(
            _(
                "The day must lie in the project, %(starts)s to %(ends)s.",
                starts=project.starts,
                ends=project.ends,
            ),
            "outside_project",
        )
