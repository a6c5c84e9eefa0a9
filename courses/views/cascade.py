"""The cascade on screen: the string from county to users, what needs an act, and one trainer's users at a time."""

from flask import Blueprint, abort, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from certificates import register
from courses import cascade, exemptions
from courses.curtain import hang
from courses.policy import may_see_branch, may_see_tree
from lms import clock
from lms.db import db
from lms.people import Person
from lms.permissions import guarded
from lms.policy import may_lead_project
from lms.projects import Project
from lms.views import me

bp = Blueprint("cascade", __name__)
PER_PAGE = 50


@bp.get("/projects/<int:project_id>/cascade")
@guarded(may_see_tree, Project)
def show(project: Project) -> ResponseReturnValue:
    """The whole string."""
    today = clock.today()
    tree = cascade.tree(project, today)
    uncertified = [trainer.person_id for trainer in tree.trainers if trainer.state == "missing"]
    exempt = exemptions.counting(uncertified, project.id, "trainer", today)
    return render_template("courses/cascade/show.html", project=project, tree=tree, curtain=hang(tree), exempt=exempt)


@bp.get("/projects/<int:project_id>/branch")
@guarded(may_see_branch, Project)
def branch(project: Project) -> ResponseReturnValue:
    """The users of one trainer (`trainer`, without it the own ones), a page at a time."""
    viewer = me()
    chosen = request.args.get("trainer", 0, int) if "trainer" in request.args else viewer.id
    trainer = db.session.get(Person, chosen) or abort(404)
    sees_all = may_see_tree(viewer, project)
    if not sees_all and trainer.id != viewer.id:
        g.refused = sees_all.reason
        abort(403)
    page = max(1, request.args.get("page", 1, int))
    total, rows = cascade.branch(project, trainer.id, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    pages = max(1, -(-total // PER_PAGE))
    if page > pages or not (total or cascade.is_trainer(project, trainer.id)):
        abort(404)
    return render_template(
        "courses/cascade/branch.html",
        project=project, trainer=trainer, total=total, page=page, pages=pages,
        rows=[(row, register.state(row, clock.today())) for row in rows],
        own=cascade.certificate_of(project, trainer.id),
        may_open=bool(may_lead_project(viewer, project)), sees_all=bool(sees_all),
        url=url_for("cascade.branch", project_id=project.id, trainer=trainer.id),
    )  # fmt: skip
