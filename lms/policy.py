"""Who may do what with the platform: one page, used by views, templates and tests alike.

An administrator runs the installation; that gives no look into what people learn, answer or work.
"""

from flask_babel import gettext as _

from lms.people import Person, has_role, managed_organisations
from lms.permissions import Answer, yes_if
from lms.projects import Project


def may_lead_project(person: Person, project: Project) -> Answer:
    """Import, decide and account for the project: its project leader."""
    return yes_if(
        has_role(person, "project_leader", project_id=project.id), _("Only the project leader may do this.")
    )


def may_see_project(person: Person, project: Project) -> Answer:
    """The project's plan, phases and goals: those who lead, steer or teach in it."""
    return yes_if(
        has_role(person, "project_leader", "county_trainer", "steering_group", project_id=project.id),
        _("You have no role in this project."),
    )


def may_see_employer_hours(person: Person, project: Project) -> Answer:
    """Hours per employer and month: the economist and the project leader."""
    return yes_if(
        has_role(person, "project_leader", "economist", project_id=project.id),
        _("Only the economist and the project leader may see hours per employer."),
    )


def may_see_staff(person: Person) -> Answer:
    """The own staff's progress: managers."""
    return yes_if(managed_organisations(person), _("Only managers see this page, and only their own staff."))


def may_see_protected(person: Person, project: Project) -> Answer:
    """The real name behind an alias: the project leader, logged each time."""
    return may_lead_project(person, project)
