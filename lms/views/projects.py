"""The list of projects, and the plan coming in as a file whose differences are shown before they are applied."""

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from lms import pending, projects
from lms.db import db
from lms.permissions import guarded, may_be_signed_in
from lms.policy import may_lead_project, may_see_project
from lms.project_forms import PlanFileForm
from lms.projects import Project
from lms.refusals import Refused
from lms.views import me, see

bp = Blueprint("projects", __name__)


@bp.get("/projects")
@guarded(may_be_signed_in)
def index() -> ResponseReturnValue:
    """The projects the person has to do with."""
    found = [(project, bool(may_see_project(me(), project))) for project in projects.projects_of(me())]
    return render_template("lms/projects/index.html", projects=found)


@bp.get("/projects/<int:project_id>/plan")
@guarded(may_lead_project, Project)
def plan(project: Project) -> ResponseReturnValue:
    """Choose a plan file."""
    return render_template("lms/projects/plan.html", project=project, form=PlanFileForm())


@bp.post("/projects/<int:project_id>/plan")
@guarded(may_lead_project, Project)
def upload_plan(project: Project) -> ResponseReturnValue:
    """Keep the file until its differences have been seen; nothing of the project changes."""
    form = PlanFileForm()
    if form.validate():
        file: FileStorage = form.file.data
        try:
            upload = pending.keep("plan", project, file.filename or "", file.read(), by=me())
            db.session.commit()
        except Refused as refusal:
            form.file.errors = [str(refusal)]
        else:
            return see(url_for("uploads.show", upload_id=upload.id))
    flash(_("Nothing was changed."), "info")
    return render_template("lms/projects/plan.html", project=project, form=form), 422
