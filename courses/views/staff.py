"""The manager's page: how the own staff is doing, fifty at a time."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from courses import staff
from lms.people import managed_staff
from lms.permissions import guarded
from lms.policy import may_see_staff
from lms.views import me

bp = Blueprint("staff", __name__)


@bp.get("/staff")
@guarded(may_see_staff)
def index() -> ResponseReturnValue:
    """Courses, attendance, assignment and certificate of everybody in the manager's organisations."""
    page = max(request.args.get("page", 1, type=int), 1)
    managed = managed_staff(me())
    members, total = staff.members(managed, page)
    return render_template(
        "courses/staff.html",
        members=members,
        summary=staff.summary(managed),
        total=total,
        page=page,
        pages=-(-total // staff.PER_PAGE),
        list_url=url_for(".index"),
    )
