"""Roles given and taken: the project leader gives those of the project, the administrator gives administrators.

The rule that matters most: a project is never left without a leader, an installation never without an administrator.
"""

from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from lms import clock, people
from lms.db import db
from lms.people import Person, Role
from lms.projects import Project, member_ids
from lms.refusals import Refused

IN_PROJECT = (
    "project_leader",
    "economist",
    "county_trainer",
    "trainer",
    "manager",
    "evaluator",
    "steering_group",
)
NAMES = {
    "administrator": _l("Administrator"),
    "project_leader": _l("Project leader"),
    "economist": _l("Economist"),
    "county_trainer": _l("County trainer"),
    "trainer": _l("Trainer"),
    "manager": _l("Manager"),
    "evaluator": _l("External evaluator"),
    "steering_group": _l("Steering group"),
}
MEANINGS = {
    "administrator": _l("Runs the installation: mail, the log and other administrators. Sees no course data."),
    "project_leader": _l("Leads the project: sees and changes plan, people, roles, runs, months and goals."),
    "economist": _l("Sees hours per employer and month."),
    "county_trainer": _l("Schedules trainer courses, leads and certifies, and sees the whole string."),
    "trainer": _l("Schedules and leads courses in the own municipality once certified."),
    "manager": _l("Sees how the own staff of one employer is doing: courses, attendance and certificates."),
    "evaluator": _l("Sees survey results, never who answered."),
    "steering_group": _l("Sees the goals of the project."),
}


# --- operations ---------------------------------------------------------------------------------------------


def give(
    project: Project,
    person: Person,
    name: str,
    *,
    organisation_id: int | None = None,
    until: date | None = None,
    by: Person,
) -> Role:
    """Give a role of the project. A manager's counts for one organisation of the project; others for all of it."""
    if name not in IN_PROJECT:
        raise Refused(_("That role is not given in a project."), "role")
    if name != "manager":
        organisation_id = None
    elif organisation_id not in member_ids(project.id):
        raise Refused(_("Choose whose staff the manager answers for."), "organisation")
    if until is not None and until < clock.today():
        raise Refused(_("The last day has already been."), "until")
    return people.give_role(person, name, project_id=project.id, organisation_id=organisation_id, until=until, by=by)


def give_as_administrator(person: Person, name: str, *, project_id: int | None = None, by: Person) -> Role:
    """Give the administrator role, or make somebody else leader of a project that waits for one."""
    if name not in ("administrator", "project_leader") or (name == "project_leader") != (project_id is not None):
        raise Refused(_("The administrator gives administrators and project leaders."), "role")
    if name == "project_leader" and person.id == by.id:
        message = _("An administrator sees no course data, so you cannot make yourself project leader.")
        raise Refused(message, "own_role")
    if project_id is not None and any(leader.id != person.id for leader in people.holders(name, project_id=project_id)):
        message = _("The project has a leader, who gives the roles of the project.")
        raise Refused(message, "has_leader")
    return people.give_role(person, name, project_id=project_id, by=by)


def take(role: Role, *, by: Person) -> None:
    """Take a role. Refused for the last leader of a project and the last administrator."""
    if role.name in ("project_leader", "administrator") and not _others(role):
        raise Refused(_("Nobody else holds this role. Give it to somebody else first."), "last_holder")
    people.take_role(role, by=by)


def _others(role: Role) -> bool:
    """Whether somebody else holds the same role without an end, or today at least."""
    query = select(Role.id).where(
        Role.name == role.name,
        Role.id != role.id,
        Role.person_id != role.person_id,
        Role.until.is_(None) | (Role.until >= clock.today()),
    )
    query = query.where(Role.project_id == role.project_id) if role.project_id else query
    return db.session.scalar(query.with_for_update().limit(1)) is not None


# --- questions ----------------------------------------------------------------------------------------------


def in_project(project: Project) -> list[Role]:
    """Every role that somebody holds in the project, by role and then by name shown."""
    query = select(Role).where(Role.project_id == project.id).options(joinedload(Role.person))
    roles = db.session.scalars(query).all()
    return sorted(roles, key=lambda role: (people.ROLES.index(role.name), people.alphabetical(role.person.name)))


def administrators() -> list[Role]:
    """The roles of everybody who runs the installation."""
    query = select(Role).where(Role.name == "administrator").options(joinedload(Role.person))
    roles = db.session.scalars(query).all()
    return sorted(roles, key=lambda role: people.alphabetical(role.person.name))
