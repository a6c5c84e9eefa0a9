"""Who may do what with the platform: one page, used by views, templates and tests alike.

An administrator runs the installation; that gives no look into what people learn, answer or work.
"""

from flask_babel import gettext as _

from lms.pending import PendingUpload
from lms.people import Person, Role, has_role, managed_organisations, roles_of
from lms.permissions import Answer, yes_if
from lms.projects import Participation, Project, home_of, is_in_one_of


def may_lead_project(person: Person, project: Project) -> Answer:
    """Import, decide and account for the project: its project leader."""
    return yes_if(has_role(person, "project_leader", project_id=project.id), _("Only the project leader may do this."))


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


def may_see_person(viewer: Person, person: Person) -> Answer:
    """A person's page: the leader of a project that the person takes part in or has a role in."""
    led = {role.project_id for role in roles_of(viewer, "project_leader") if role.project_id}
    return yes_if(
        led and is_in_one_of(person, led), _("Only the project leader of a project the person is in may see this.")
    )


def may_look_behind(viewer: Person, person: Person) -> Answer:
    """Read a personnummer or a protected name, end a protection: the leader of the project that took her in first."""
    home = home_of(person)
    return yes_if(
        home is not None and any(role.project_id == home for role in roles_of(viewer, "project_leader")),
        _("Only the project leader of the project that the person was in first may do this."),
    )


def may_write_personnummer(viewer: Person, person: Person) -> Answer:
    """Enter, correct or remove a personnummer: who may look behind it."""
    return may_look_behind(viewer, person)


def may_protect(viewer: Person, person: Person) -> Answer:
    """Put an alias in front of a name: whoever sees the person; another alias: who may look behind the first."""
    return may_look_behind(viewer, person) if person.protected else may_see_person(viewer, person)


def may_change_employer(viewer: Person, person: Person) -> Answer:
    """Write down where somebody works: the leader of the project that took her in first."""
    return may_look_behind(viewer, person)


def may_change_participation(viewer: Person, participation: Participation) -> Answer:
    """First and last day in a project, and what stands in for a number there: that project's leader."""
    return yes_if(
        has_role(viewer, "project_leader", project_id=participation.project_id),
        _("Only the project leader may do this."),
    )


def may_use_upload(person: Person, upload: PendingUpload) -> Answer:
    """Look at an upload and say yes to it: who uploaded it, as long as she leads the project."""
    return yes_if(
        upload.person_id == person.id and upload.kind != "attendance" and may_lead_project(person, upload.project),
        _("Only who uploaded the file may use it."),
    )


def may_take_role(person: Person, role: Role) -> Answer:
    """Take a role away: the project leader those of the project, the administrator those of administrators."""
    if role.project_id is None:
        return yes_if(
            role.name == "administrator" and has_role(person, "administrator"),
            _("Only an administrator may take this role."),
        )
    return yes_if(
        has_role(person, "project_leader", project_id=role.project_id), _("Only the project leader may do this.")
    )
