"""The horizontal principles: the participant's three steps, and offering the module to a run or a whole project."""

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from courses import enrolment, horizontal, lessons, materials
from courses.policy import may_manage_run
from courses.runs import Run
from lms.db import db
from lms.permissions import guarded, may_be_signed_in
from lms.policy import may_lead_project
from lms.projects import Project
from lms.refusals import Refused
from lms.views import me, see

bp = Blueprint("horizontal", __name__)

ACTS = {"accept": horizontal.accept, "complete": horizontal.complete}


@bp.get("/horizontal")
@guarded(may_be_signed_in)
def mine() -> ResponseReturnValue:
    """Offered, accepted, completed: the person's own steps in each project."""
    material = materials.latest(horizontal.PROGRAMME)
    programme = materials.programme_of(material) if material else None
    ticked = lessons.ticks(me(), material) if material else set()
    offered = horizontal.projects_offered(me())
    return render_template(
        "courses/horizontal/mine.html",
        projects=[(project, horizontal.steps(me(), project)) for project in offered],
        programme=programme,
        ticked=ticked,
        next_lesson=lessons.where_was(programme, ticked) if programme else None,
        key=horizontal.PROGRAMME,
    )


@bp.post("/horizontal")
@guarded(may_be_signed_in)
def step() -> ResponseReturnValue:
    """Say yes to the module, or say that it is done."""
    project = db.session.get(Project, request.form.get("project", 0, type=int))
    act = ACTS.get(request.form.get("act", ""))
    if project is None or act is None:
        flash(_("Choose what to do on this page."), "error")
        return see(url_for("horizontal.mine"))
    try:
        act(me(), project, by=me())
    except Refused as refused:
        flash(str(refused), "error")
        return see(url_for("horizontal.mine"))
    flash(_("You have said yes to the module") if act is horizontal.accept else _("The module is done"), "success")
    db.session.commit()
    return see(url_for("horizontal.mine"))


@bp.get("/projects/<int:project_id>/horizontal")
@guarded(may_lead_project, Project)
def project(project: Project) -> ResponseReturnValue:
    """How far the people of each organisation are."""
    return render_template("courses/horizontal/project.html", project=project, counts=horizontal.counts(project))


@bp.post("/projects/<int:project_id>/horizontal")
@guarded(may_lead_project, Project)
def offer(project: Project) -> ResponseReturnValue:
    """Offer the module to everybody who has not been offered it."""
    _flash(horizontal.offer(project, horizontal.not_offered(project), by=me()))
    db.session.commit()
    return see(url_for("horizontal.project", project_id=project.id))


@bp.get("/runs/<int:run_id>/horizontal")
@guarded(may_manage_run, Run)
def run(run: Run) -> ResponseReturnValue:
    """The steps of everybody in the run."""
    people = [each.person for each in enrolment.roster(run) if each.state == "registered"]
    steps = horizontal.steps_of([person.id for person in people], run.project)
    return render_template("courses/horizontal/run.html", run=run, people=[(p, steps.get(p.id, {})) for p in people])


@bp.post("/runs/<int:run_id>/horizontal")
@guarded(may_manage_run, Run)
def offer_run(run: Run) -> ResponseReturnValue:
    """Offer the module to everybody in the run who has not been offered it."""
    people = [each.person for each in enrolment.roster(run) if each.state == "registered"]
    _flash(horizontal.offer(run.project, people, by=me()))
    db.session.commit()
    return see(url_for("horizontal.run", run_id=run.id))


def _flash(offered: int) -> None:
    if not offered:
        flash(_("Everybody has been offered the module already"), "info")
        return
    words = ngettext(
        "%(num)s person has been offered the module", "%(num)s people have been offered the module", offered
    )
    flash(words, "success")
