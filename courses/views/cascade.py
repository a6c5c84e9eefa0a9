"""The cascade on screen: the string from county to users, what needs an act, and one trainer's users at a time."""

from flask import Blueprint, abort, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from certificates import register
from courses import cascade
from courses.curtain import hang
from courses.policy import may_see_tree
from lms import clock
from lms.db import db
from lms.people import Person
from lms.permissions import guarded
from lms.policy import may_lead_project
from lms.projects import Project

bp = Blueprint("cascade", __name__)
PER_PAGE = 50


@bp.get("/projects/<int:project_id>/cascade")
@guarded(may_see_tree, Project)
def show(project: Project) -> ResponseReturnValue:
    """The whole string."""
    _name(project)
    tree = cascade.tree(project, clock.today())
    return render_template("courses/cascade/show.html", project=project, tree=tree, curtain=hang(tree))


@bp.get("/projects/<int:project_id>/branch")
@guarded(may_see_tree, Project)
def branch(project: Project) -> ResponseReturnValue:
    """The users of one trainer (`trainer`), a page at a time."""
    trainer = db.session.get(Person, request.args.get("trainer", 0, int)) or abort(404)
    page = max(1, request.args.get("page", 1, int))
    total, rows = cascade.branch(project, trainer.id, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    pages = max(1, -(-total // PER_PAGE))
    if page > pages or not (total or cascade.is_trainer(project, trainer.id)):
        abort(404)
    _name(project)
    return render_template(
        "courses/cascade/branch.html",
        project=project,
        trainer=trainer,
        total=total,
        rows=[(row, register.state(row, clock.today())) for row in rows],
        own=cascade.certificate_of(project, trainer.id),
        may_open=bool(may_lead_project(current_user._get_current_object(), project)),
        page=page,
        pages=pages,
        url=url_for("cascade.branch", project_id=project.id, trainer=trainer.id),
    )


def _name(project: Project) -> None:
    g.footer_project = _("Project %(name)s, dnr %(dnr)s", name=project.name, dnr=project.dnr)
