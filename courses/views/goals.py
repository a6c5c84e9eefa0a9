"""The goals board: the page of the steering group and the project leader."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from courses import goals
from courses.burnup import Drawing, PaceMonth, draw, pace
from courses.goals import GoalState
from courses.policy import may_see_goals
from lms import clock
from lms.permissions import guarded
from lms.projects import Project

bp = Blueprint("goals", __name__)


@bp.get("/projects/<int:project_id>/goals")
@guarded(may_see_goals, Project)
def board(project: Project) -> ResponseReturnValue:
    """Every goal with its figure, its denominator and whether it follows the plan."""
    states = goals.board(project)
    lead = next((state for state in reversed(states) if state.goal.kind == "certified" and state.goal.target), None)
    months = pace(project, lead) if lead else []
    return render_template(
        "courses/goals.html",
        project=project,
        states=states,
        lead=lead,
        pace=months,
        charts=[_chart(lead, months, narrow) for narrow in (False, True)] if lead else [],
        phases=goals.phases(project),
        participants=goals.participants(project),
        places=goals.places(project),
        genders=goals.genders(project),
        words=chip_words,
        plain=plain_words,
    )


def _chart(lead: GoalState, months: list[PaceMonth], narrow: bool) -> Drawing:
    return draw(months, lead.starts, lead.goal.target or 0, clock.today(), narrow=narrow)


def chip_words(state: GoalState) -> tuple[str, str]:
    """The chip of a goal: a state and two or three words."""
    if state.code == "behind" and state.reached:
        behind = max(state.expected - state.reached.count, 1)
        return "pagar", ngettext("%(num)d behind the plan", "%(num)d behind the plan", behind)
    return {
        "reached": ("klar", _("Reached")),
        "on_track": ("klar", _("Follows the plan")),
        "late": ("saknas", _("Not reached in time")),
        "coming": ("kommande", _("To come")),
        "not_measured": ("okand", _("Not measured yet")),
    }[state.code]


def plain_words(state: GoalState) -> str:
    """Where the figure of a goal comes from, or why there is none."""
    goal, reached = state.goal, state.reached
    if goal.kind == "instrument":
        return str(_("The follow-up instrument is kept by each municipality. This system does not see it"))
    if goal.kind == "survey" and reached is None:
        return str(_("No results are published yet. They need at least five answers"))
    if reached is None or reached.base == 0:
        return str(_("Nobody to count yet"))
    values = {"count": reached.count, "base": reached.base}
    return {
        "agree": str(_("%(count)s of %(base)s answers", **values)),
        "certified": str(_("%(count)s of %(base)s certified", **values)),
        "offered": str(_("%(count)s of %(base)s have been offered it", **values)),
        "completed": str(_("%(count)s of %(base)s have completed it", **values)),
    }[goal.measure]
