"""People of a project as its leader sees them: list, import, one person, and each look behind an alias or a mask."""

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select, case, func, or_, select
from werkzeug.datastructures import FileStorage
from wtforms import SelectChoice  # type: ignore[attr-defined]

from lms import pending, people, projects, protection, roles
from lms.db import db, spellings
from lms.filters import parse_number
from lms.people import Person
from lms.permissions import guarded
from lms.personnummer import mentions
from lms.policy import may_lead_project, may_look_behind, may_protect, may_see_person
from lms.project_forms import AliasForm, PeopleFileForm, PeopleFilter
from lms.projects import Participation, Project
from lms.refusals import Refused
from lms.views import asked_page, me, see

bp = Blueprint("people", __name__)
PER_PAGE = 50


@bp.get("/projects/<int:project_id>/people")
@guarded(may_lead_project, Project)
def index(project: Project) -> ResponseReturnValue:
    """Who takes part, fifty at a time; protected people under their alias only."""
    form = PeopleFilter(request.args)
    if mentions(form.q.data or ""):
        flash(_("Nobody is searched by personnummer. Write a part of the name."), "error")
        return see(url_for(".index", project_id=project.id, organisation=form.organisation.data or None))
    form.organisation.choices = [SelectChoice("", _("All")), *_employers(project)]
    query = _search(project, form.q.data or "", form.organisation.data or "")
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page, pages = asked_page(total, PER_PAGE)
    shown = case((Person.protected, Person.alias), else_=Person.given_name + " " + Person.family_name)
    rows = db.session.scalars(query.order_by(shown, Person.id).limit(PER_PAGE).offset((page - 1) * PER_PAGE))
    return render_template(
        "lms/people/index.html",
        project=project,
        form=form,
        rows=rows.all(),
        total=total,
        page=page,
        pages=pages,
        list_url=url_for(".index", project_id=project.id, q=form.q.data, organisation=form.organisation.data),
    )


def _employers(project: Project) -> list[SelectChoice]:
    members = sorted((member.organisation for member in project.members), key=lambda each: each.name)
    return [SelectChoice(str(each.id), each.name) for each in members]


def _search(project: Project, words: str, organisation: str) -> Select[Any]:
    query = select(Participation).join(Person, Person.id == Participation.person_id)
    query = query.where(Participation.project_id == project.id)
    if (chosen := parse_number(organisation)) is not None:
        query = query.where(Participation.organisation_id == chosen)
    for word in words[:80].split()[:6]:  # no name is longer, and no database reads a search without end
        shown = case((Person.protected, Person.alias), else_=Person.given_name + " " + Person.family_name)
        query = query.where(or_(*(shown.icontains(way, autoescape=True) for way in spellings(word))))
    return query


@bp.get("/projects/<int:project_id>/people/import")
@guarded(may_lead_project, Project)
def import_form(project: Project) -> ResponseReturnValue:
    """Choose a list of people."""
    return render_template("lms/people/import.html", project=project, form=_import_form(project))


@bp.post("/projects/<int:project_id>/people/import")
@guarded(may_lead_project, Project)
def upload(project: Project) -> ResponseReturnValue:
    """Keep the list until what it will do has been seen; nobody is entered yet."""
    form = _import_form(project)
    if form.validate():
        file: FileStorage = form.file.data
        employer, esf = form.organisation.data or "", bool(form.esf.data)
        try:
            kept = pending.keep(
                "people", project, file.filename or "", file.read(), by=me(), organisation=employer, esf=esf
            )
            db.session.commit()
        except Refused as refusal:
            form.file.errors = [str(refusal)]
        else:
            return see(url_for("uploads.show", upload_id=kept.id))
    return render_template("lms/people/import.html", project=project, form=form), 422


def _import_form(project: Project) -> PeopleFileForm:
    form = PeopleFileForm()
    names = sorted(member.organisation.name for member in project.members)
    form.organisation.choices = [
        SelectChoice("", _("None: every row names its employer")),
        *(SelectChoice(name, name) for name in names),
    ]
    return form


@bp.get("/people/<int:person_id>")
@guarded(may_see_person, Person)
def show(person: Person) -> ResponseReturnValue:
    """One person: where she takes part and which roles she has, in the viewer's own projects."""
    return _page(person)


def _page(
    person: Person, form: AliasForm | None = None, *, number: str = "", name: str = "", status: int = 200
) -> ResponseReturnValue:
    led = {role.project_id for role in people.roles_of(me(), "project_leader")}
    query = select(Participation, Project).join(Project, Project.id == Participation.project_id)
    query = query.where(Participation.person_id == person.id, Participation.project_id.in_(led))
    shared = db.session.execute(query.order_by(Project.starts.desc())).all()
    held = [role for role in person.roles if role.project_id in led]
    by_id = {each.id: each for each in projects.projects_of(me())}
    places = {project.id for _part, project in shared} | {role.project_id for role in held}
    page = render_template(
        "lms/people/show.html",
        person=person,
        shared=shared,
        held=held,
        within=[each for each in by_id.values() if each.id in places],
        projects=by_id,
        role_names=roles.NAMES,
        form=form or AliasForm(),
        number=number,
        name=name,
        looks_behind=bool(may_look_behind(me(), person)),
        is_esf=protection.is_esf_participant(person),
    )
    return page, status


@bp.post("/people/<int:person_id>/protect")
@guarded(may_protect, Person)
def protect(person: Person) -> ResponseReturnValue:
    """Put an alias in front of the name everywhere."""
    form = AliasForm()
    if not form.validate():
        return _page(person, form, status=422)
    try:
        protection.protect(person, form.alias.data or "", by=me())
    except Refused as refusal:
        form.alias.errors = [str(refusal)]
        return _page(person, form, status=422)
    db.session.commit()
    flash(_("%(name)s is shown under this name from now on", name=person.name), "success")
    return see(url_for(".show", person_id=person.id))


@bp.post("/people/<int:person_id>/unprotect")
@guarded(may_look_behind, Person)
def unprotect(person: Person) -> ResponseReturnValue:
    """Show the person's own name again; asked once more first."""
    if not request.form.get("confirmed"):
        return render_template("lms/people/unprotect.html", person=person)
    protection.unprotect(person, by=me())
    db.session.commit()
    flash(_("The person is shown under the own name again"), "success")
    return see(url_for(".show", person_id=person.id))


@bp.post("/people/<int:person_id>/personnummer")
@guarded(may_look_behind, Person)
def personnummer(person: Person) -> ResponseReturnValue:
    """Show one personnummer once; the look is in the log before the digits are on the screen."""
    try:
        digits = protection.reveal_personnummer(person, by=me())
    except Refused as refusal:
        flash(str(refusal), "error")
        return see(url_for(".show", person_id=person.id))
    db.session.commit()
    return _page(person, number=digits)


@bp.post("/people/<int:person_id>/name")
@guarded(may_look_behind, Person)
def name(person: Person) -> ResponseReturnValue:
    """Show the name behind an alias once; the look is in the log."""
    real = protection.reveal_name(person, by=me())
    db.session.commit()
    return _page(person, name=real)
