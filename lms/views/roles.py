"""Roles of a project: who holds them, giving and taking, each said in words before it is done."""

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import SelectChoice  # type: ignore[attr-defined]

from lms import people, roles
from lms.db import db
from lms.people import Person, Role, find_person
from lms.permissions import guarded
from lms.policy import may_lead_project, may_look_behind, may_take_role
from lms.project_forms import ProjectRoleForm, RoleForm
from lms.projects import Project
from lms.refusals import Refused
from lms.views import asked_part, me, see

bp = Blueprint("roles", __name__)
PER_PAGE = 100


@bp.get("/projects/<int:project_id>/roles")
@guarded(may_lead_project, Project)
def index(project: Project) -> ResponseReturnValue:
    """Everybody with a role in the project, and the form that gives one."""
    return _page(project, _form(project))


@bp.post("/projects/<int:project_id>/roles")
@guarded(may_lead_project, Project)
def give(project: Project) -> ResponseReturnValue:
    """Say in words what the role means, then, on a yes, give it."""
    form = _form(project)
    if not form.validate() or not names_given(form):
        return _page(project, form), 422
    try:
        person = person_of(form)
        chosen = int(form.organisation.data) if form.organisation.data else None
        role = roles.give(project, person, form.role.data, organisation_id=chosen, until=form.until.data, by=me())
    except Refused as refusal:
        db.session.rollback()
        fields = {"organisation": form.organisation, "until": form.until, "address": form.email}
        field = fields.get(refusal.code, form.role)
        field.errors = [str(refusal)]
        return _page(project, form), 422
    if not request.form.get("confirmed"):
        page = _confirm(form, role, url_for(".give", project_id=project.id), project.name)
        db.session.rollback()
        return page
    db.session.commit()
    flash(_("%(name)s has the role now", name=person.name), "success")
    return see(url_for(".index", project_id=project.id))


def _confirm(form: RoleForm, role: Role, url: str, place: str) -> str:
    return render_template(
        "lms/projects/role_give.html",
        url=url,
        back=request.path,
        person=role.person,
        is_new=form.made_person,
        role_name=roles.NAMES[role.name],
        meaning=roles.MEANINGS[role.name],
        organisation=role.organisation,
        until=role.until,
        place=place,
        fields={field.name: request.form.get(field.name, "") for field in form if field.name != "csrf_token"},
    )


def names_given(form: RoleForm) -> bool:
    """Whether the names are there, which they must be when nobody has the address; else the fields say so."""
    if find_person(email=form.email.data) is not None:
        return True
    for field in (form.given_name, form.family_name):
        if not (field.data or "").strip():
            field.errors = [_("Nobody has this address yet. Write the name too.")]
    return not (form.given_name.errors or form.family_name.errors)


def person_of(form: RoleForm) -> Person:
    """The person with the address, made when she is new. Whose identity is protected is not found by it (`address`)."""
    found = find_person(email=form.email.data)
    if found is not None and found.protected and not may_look_behind(me(), found):
        raise Refused(_("A role for this address is given by the project leader who entered the person."), "address")
    form.made_person = found is None
    return found or people.add_person(
        form.given_name.data or "", form.family_name.data or "", email=form.email.data, by=me()
    )


@bp.get("/roles/<int:role_id>/take")
@guarded(may_take_role, Role)
def confirm_take(role: Role) -> ResponseReturnValue:
    """Say in words what taking the role means."""
    project = db.session.get(Project, role.project_id) if role.project_id else None
    return render_template(
        "lms/projects/role_take.html",
        role=role,
        project=project,
        back=_back(role),
        role_name=roles.NAMES[role.name],
        meaning=roles.MEANINGS[role.name],
    )


@bp.post("/roles/<int:role_id>/take")
@guarded(may_take_role, Role)
def take(role: Role) -> ResponseReturnValue:
    """Take the role; what was done with it stays."""
    back, person = _back(role), role.person
    try:
        roles.take(role, by=me())
    except Refused as refusal:
        flash(str(refusal), "error")
        return see(back)
    db.session.commit()
    flash(_("%(name)s does not have the role any more", name=person.name), "success")
    may_return = people.has_role(me(), "project_leader", "administrator")
    return see(back if may_return else url_for("home.index"))


def _back(role: Role) -> str:
    return url_for(".index", project_id=role.project_id) if role.project_id else url_for("admin.people")


def _form(project: Project) -> ProjectRoleForm:
    form = ProjectRoleForm()
    members = sorted((member.organisation for member in project.members), key=lambda each: each.name)
    form.organisation.choices = [SelectChoice("", "–"), *(SelectChoice(str(each.id), each.name) for each in members)]
    return form


def _page(project: Project, form: ProjectRoleForm) -> str:
    held = roles.in_project(project)
    part, page, pages = asked_part(held, PER_PAGE)
    return render_template(
        "lms/projects/roles.html",
        project=project,
        form=form,
        held=part,
        total=len(held),
        page=page,
        pages=pages,
        role_names=roles.NAMES,
    )
