"""Exemptions: the project leader lets somebody lead without a valid certificate, with a reason and a last day.

Nothing is taken back in silence: an exemption ends by itself, and a new one is a new row.
"""

from collections.abc import Collection
from datetime import date, datetime
from functools import cache
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, Select, String, Text, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms import audit, clock, people
from lms.db import Base, append_only, db
from lms.people import Person
from lms.policy import may_lead_project
from lms.projects import Project
from lms.refusals import Refused


class Exemption(Base):
    """A documented exemption for one person, level and project, from a day through a day."""

    __tablename__ = "exemption"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    level: Mapped[str] = mapped_column(String(10))
    starts: Mapped[date]
    ends: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]

    person: Mapped[Person] = relationship(foreign_keys=person_id)
    by: Mapped[Person] = relationship(foreign_keys=by_id)


append_only(Exemption)


# --- operations ---------------------------------------------------------------------------------------------


def grant(
    project: Project, person: Person, *, starts: date, ends: date, reason: str, by: Person, level: str = "trainer"
) -> Exemption:
    """Let the person lead what needs a certificate of `level`, from `starts` through `ends`; she gets the role too.

    Refused for anybody but the project leader (`not_leader`), for oneself (`own_exemption`), without a reason
    (`reason`), for days that are turned round (`ends_before_start`), gone by (`past`) or outside the project
    (`outside_project`).
    """
    if not may_lead_project(by, project):
        raise Refused(_("Only the project leader may grant an exemption."), "not_leader")
    if by.id == person.id:
        raise Refused(_("Nobody grants themselves an exemption. Ask another project leader."), "own_exemption")
    _check(project, starts, ends, reason)
    exemption = Exemption(
        project_id=project.id,
        person=person,
        level=level,
        starts=starts,
        ends=ends,
        reason=reason.strip(),
        by=by,
        at=clock.now(),
    )
    db.session.add(exemption)
    db.session.flush()
    _give_role(person, project, ends, by)
    audit.record(
        "exemption.granted", person, by=by, details={"starts": starts.isoformat(), "ends": ends.isoformat()}
    )
    return exemption


def _check(project: Project, starts: date, ends: date, reason: str) -> None:
    if not reason.strip():
        raise Refused(_("Write why the exemption is needed."), "reason")
    if ends < starts:
        raise Refused(_("The last day must be the first day or later."), "ends_before_start")
    if ends < clock.today():
        raise Refused(_("The last day has gone by."), "past")
    if starts < project.starts or ends > project.ends:
        raise Refused(
            _(
                "The days must lie in the project, %(starts)s to %(ends)s.",
                starts=project.starts.isoformat(),
                ends=project.ends.isoformat(),
            ),
            "outside_project",
        )


def _give_role(person: Person, project: Project, ends: date, by: Person) -> None:
    """The role of a trainer at least as long as the exemption; a role without end or of a county trainer stays."""
    mine = [role for role in person.roles if role.project_id == project.id]
    if any(role.name == "county_trainer" for role in mine):
        return
    until = next((role.until for role in mine if role.name == "trainer"), date.min)
    if until is not None and until < ends:
        people.give_role(person, "trainer", project_id=project.id, until=ends, by=by)


# --- questions ----------------------------------------------------------------------------------------------


def counting(person_ids: Collection[int], project_id: int, level: str, on: date) -> dict[int, Exemption]:
    """Person id → the exemption that counts on the day (the one that lasts longest)."""
    query = (
        select(Exemption)
        .where(
            Exemption.person_id.in_(person_ids),
            Exemption.project_id == project_id,
            Exemption.level == level,
            Exemption.starts <= on,
            Exemption.ends >= on,
        )
        .order_by(Exemption.ends)
    )
    return {exemption.person_id: exemption for exemption in db.session.scalars(query)}


def of_people(person_ids: Collection[int], project_id: int, level: str) -> dict[int, list[Exemption]]:
    """Person id → every exemption she ever had, the one that ends last first."""
    values = {"people": list(person_ids), "project": project_id, "level": level}
    found: dict[int, list[Exemption]] = {}
    for exemption in db.session.scalars(_of_people(), values):
        found.setdefault(exemption.person_id, []).append(exemption)
    return found


@cache
def _of_people() -> Select[Any]:
    """Built once, as the certificates beside it (courses/gate.py)."""
    people: Any = bindparam("people", expanding=True)
    theirs = (Exemption.person_id.in_(people), Exemption.project_id == bindparam("project"))
    query = select(Exemption).where(*theirs, Exemption.level == bindparam("level"))
    return query.order_by(Exemption.ends.desc(), Exemption.id.desc())


def of_project(project: Project) -> list[Exemption]:
    """Every exemption of the project, the one that ends last first."""
    query = select(Exemption).where(Exemption.project_id == project.id)
    return list(db.session.scalars(query.order_by(Exemption.ends.desc(), Exemption.id.desc())))
