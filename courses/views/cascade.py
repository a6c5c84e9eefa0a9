"""The cascade on screen: the string from county to users, what needs an act, and one trainer's users at a time."""

from typing import Any

from flask import Blueprint, abort, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from certificates import register
from courses import cascade, exemptions
from courses.cascade import Only, Tree, Wanted
from courses.curtain import hang
from courses.policy import may_see_branch, may_see_tree
from lms import clock
from lms.db import db
from lms.filters import parse_number
from lms.people import Person
from lms.permissions import guarded
from lms.policy import may_lead_project
from lms.projects import Project
from lms.views import asked_page, me

bp = Blueprint("cascade", __name__)
PER_PAGE = 50
ONLY: dict[str, Only] = {"doubted": "doubted", "behind": "behind"}


@bp.get("/projects/<int:project_id>/cascade")
@guarded(may_see_tree, Project)
def show(project: Project) -> ResponseReturnValue:
    """The whole string, or the part of a municipality (`place`) or `year`; `as=table` for the list as a table."""
    today, wanted = clock.today(), _wanted()
    tree = cascade.tree(project, today, wanted)
    uncertified = [trainer.person_id for trainer in tree.trainers if trainer.state == "missing"]
    return render_template(
        "courses/cascade/show.html",
        project=project, tree=tree, wanted=wanted, curtain=hang(tree), as_table=request.args.get("as") == "table",
        decides=bool(may_lead_project(me(), project)),
        exempt=exemptions.counting(uncertified, project.id, "trainer", today),
        asked={key: value for key, value in (("place", wanted.place), ("year", wanted.year)) if value},
        **_page(tree),
    )  # fmt: skip


def _wanted() -> Wanted:
    year = parse_number(request.args.get("year", ""), 4)
    return Wanted(request.args.get("place", "")[:200], int(year) if year else 0)


def _page(tree: Tree) -> dict[str, Any]:
    """The trainers of one page under their county trainers."""
    page, pages = asked_page(len(tree.trainers), PER_PAGE)
    return {"page": page, "pages": pages, "counties": tree.part(PER_PAGE, (page - 1) * PER_PAGE)}


@bp.get("/projects/<int:project_id>/branch")
@guarded(may_see_branch, Project)
def branch(project: Project) -> ResponseReturnValue:
    """The users of one trainer (`trainer`, without it the own ones), a page at a time; `only` those to look at."""
    viewer = me()
    chosen = request.args.get("trainer", 0, int) if "trainer" in request.args else viewer.id
    trainer = db.session.get(Person, chosen) or abort(404)
    sees_all = may_see_tree(viewer, project)
    if not sees_all and trainer.id != viewer.id:
        g.refused = sees_all.reason
        abort(403)
    only = ONLY.get(request.args.get("only", ""), "")
    total = cascade.branch_size(project, trainer.id, only=only)
    if not (total or cascade.is_trainer(project, trainer.id)):
        abort(404)
    page, pages = asked_page(total, PER_PAGE)
    found = cascade.branch(project, trainer.id, limit=PER_PAGE, offset=(page - 1) * PER_PAGE, only=only)
    return render_template(
        "courses/cascade/branch.html",
        project=project, trainer=trainer, found=found, total=total, only=only, page=page, pages=pages,
        rows=[(row, register.state(row, clock.today())) for row in found.rows],
        own=cascade.certificate_of(project, trainer.id),
        may_open=bool(may_lead_project(viewer, project)), sees_all=bool(sees_all),
        url=url_for("cascade.branch", project_id=project.id, trainer=trainer.id, only=only or None),
    )  # fmt: skip
