"""Statistics by gender, organisation and period: a page and its workbook, the same for everybody who may see them."""

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from courses.esf import statistics_file as words
from courses.esf.statistics import statistics as statistics_of
from courses.esf.workbook import XLSX, file_name
from courses.policy import may_see_statistics
from lms import audit, filters
from lms.permissions import guarded
from lms.projects import Project
from lms.views import me

bp = Blueprint("statistics", __name__)


@bp.get("/projects/<int:project_id>/statistics")
@guarded(may_see_statistics, Project)
def show(project: Project) -> ResponseReturnValue:
    """People and hours by gender; what is too small is counted together."""
    found = statistics_of(project)
    spoken = filters.spoken()
    return render_template(
        "courses/esf/statistics.html",
        project=project,
        found=found,
        classes=[words.class_name(genders) for genders in found.classes] + [_("Total")],
        names=words.names,
        period=lambda row: words.period_name(row, spoken),
        phase=lambda row: words.phase_name(project, found, row, spoken),
    )


@bp.get("/projects/<int:project_id>/statistics.xlsx")
@guarded(may_see_statistics, Project)
def file(project: Project) -> ResponseReturnValue:
    """The workbook of what the page shows."""
    response = Response(words.statistics_workbook(project, statistics_of(project)), mimetype=XLSX)
    name = file_name(project, None, "xlsx", "statistik")
    audit.seen("statistics.downloaded", project, by=me())
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
