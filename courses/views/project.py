"""The project's page: its plan, where in time it is, who takes part, the goals, and what is late."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from courses import goals
from courses.policy import may_see_goals, may_see_tree
from courses.today.projects import days_of
from courses.views.goals import chip_words, plain_words
from lms.permissions import guarded
from lms.policy import may_lead_project, may_see_project
from lms.projects import Project
from lms.views import me

bp = Blueprint("project", __name__)


@bp.get("/projects/<int:project_id>")
@guarded(may_see_project, Project)
def show(project: Project) -> ResponseReturnValue:
    """What was granted and how it goes; the leader also sees what waits for her."""
    leads = bool(may_lead_project(me(), project))
    return render_template(
        "courses/project/show.html",
        project=project,
        plan=project.plan,
        phases=goals.phases(project),
        board=goals.board(project) if may_see_goals(me(), project) else [],
        participants=goals.participants(project),
        members=sorted(project.members, key=lambda member: member.organisation.name),
        day=days_of([project])[0] if leads else None,
        leads=leads,
        sees_tree=bool(may_see_tree(me(), project)),
        words=chip_words,
        plain=plain_words,
    )
