"""The manager's page: how the own staff is doing, fifty at a time."""

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from courses import staff
from lms.people import managed_staff
from lms.permissions import guarded
from lms.policy import may_see_staff
from lms.views import asked_page, me

bp = Blueprint("staff", __name__)


@bp.get("/staff")
@guarded(may_see_staff)
def index() -> ResponseReturnValue:
    """Courses, attendance, assignment and certificate of everybody in the manager's organisations."""
    managed = managed_staff(me())
    summary = staff.summary(managed)
    page, pages = asked_page(summary.people, staff.PER_PAGE)
    return render_template(
        "courses/staff.html",
        members=staff.members(managed, page),
        summary=summary,
        total=summary.people,
        page=page,
        pages=pages,
        list_url=url_for(".index"),
    )
