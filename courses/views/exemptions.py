"""Exemptions of a project: who may not lead without one, who has one, and granting one with reason and last day."""

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from courses import exemptions, gate
from courses.forms.exemptions import ExemptionForm
from lms import clock, people
from lms.db import db
from lms.people import Person
from lms.permissions import guarded
from lms.policy import may_lead_project, may_look_behind
from lms.projects import Project
from lms.refusals import Refused
from lms.views import me, see

bp = Blueprint("exemptions", __name__)
FIELD = {"own_exemption": "email", "ends_before_start": "ends", "past": "ends", "outside_project": "ends"}


@bp.get("/projects/<int:project_id>/exemptions")
@guarded(may_lead_project, Project)
def index(project: Project) -> ResponseReturnValue:
    """Every exemption, who needs one, and the form."""
    form = ExemptionForm(formdata=None)
    form.email.data, form.starts.data = request.args.get("email", ""), clock.today()
    return _page(project, form)


@bp.post("/projects/<int:project_id>/exemptions")
@guarded(may_lead_project, Project)
def grant(project: Project) -> ResponseReturnValue:
    """Grant one."""
    form = ExemptionForm()
    if not form.validate():
        return _page(project, form), 422
    person = people.find_person(email=form.email.data)
    if person is None or (person.protected and not may_look_behind(me(), person)):
        form.email.errors = [_("Nobody here has that address. Check the spelling.")]
        return _page(project, form), 422
    try:
        exemptions.grant(project, person, **form.granted(), by=me())
    except Refused as refusal:
        db.session.rollback()
        form[FIELD.get(refusal.code, "reason")].errors = [str(refusal)]
        return _page(db.session.get_one(Project, project.id), form), 422
    db.session.commit()
    flash(_("The exemption is granted"), "success")
    return see(url_for("exemptions.index", project_id=project.id))


def _page(project: Project, form: ExemptionForm) -> str:
    trainers = people.holders("trainer", project_id=project.id)
    standings = gate.standings(trainers, project, clock.today())
    refused = [(person, gate.decide("trainer", standings[person.id])) for person in _unique(trainers)]
    return render_template(
        "courses/certification/exemptions.html",
        project=project,
        form=form,
        exemptions=exemptions.of_project(project),
        refused=[(person, answer.reason) for person, answer in refused if not answer],
    )


def _unique(persons: list[Person]) -> list[Person]:
    return list({person.id: person for person in persons}.values())
