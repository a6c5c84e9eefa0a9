"""Hours without a sheet that wait for somebody who answers for them: approve some, or say no with a comment."""

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from courses.attendance import AttendanceEntry
from courses.forms.own_hours import KINDS
from courses.hours import declared, declaring
from courses.policy import may_approve_hours, may_decide_hours
from lms.db import db
from lms.permissions import guarded
from lms.projects import Project
from lms.refusals import Refused, Stale
from lms.views import asked_part, me, see

bp = Blueprint("approvals", __name__)
PER_PAGE = 50


@bp.get("/projects/<int:project_id>/hours-to-approve")
@guarded(may_approve_hours, Project)
def index(project: Project) -> ResponseReturnValue:
    """What waits; of the own hours only that they do."""
    return _page(project)


@bp.post("/projects/<int:project_id>/hours-to-approve")
@guarded(may_approve_hours, Project)
def approve(project: Project) -> ResponseReturnValue:
    """Approve one row, or those that are ticked."""
    wanted = set(request.form.getlist("one") or request.form.getlist("entry"))
    entries = [entry for entry in declared.waiting(project) if str(entry.id) in wanted]
    try:
        if not wanted:
            raise Refused(_("Tick the hours that you approve."), "nothing")
        if len(entries) < len(wanted) or not all(may_decide_hours(me(), entry) for entry in entries):
            message = _("Some of the hours have changed since the page was loaded. Look at them again.")
            raise Stale(message, "changed")
        done = declaring.approve(entries, by=me())
    except Refused as refusal:
        db.session.rollback()
        return _page(project, str(refusal)), 409 if isinstance(refusal, Stale) else 422
    db.session.commit()
    flash(ngettext("%(num)s line is approved", "%(num)s lines are approved", len(done)), "success")
    return see(url_for(".index", project_id=project.id))


@bp.get("/declared-hours/<int:declared_id>/refuse")
@guarded(may_decide_hours, AttendanceEntry)
def ask(entry: AttendanceEntry) -> ResponseReturnValue:
    """Why these hours do not count."""
    return _refusal(entry)


@bp.post("/declared-hours/<int:declared_id>/refuse")
@guarded(may_decide_hours, AttendanceEntry)
def refuse(entry: AttendanceEntry) -> ResponseReturnValue:
    """Say no; the person gets the comment."""
    comment, project_id = request.form.get("comment", ""), entry.project_id
    try:
        declaring.refuse(entry, comment, by=me())
    except Refused as refusal:
        db.session.rollback()
        return _refusal(entry, comment, str(refusal)), 409 if isinstance(refusal, Stale) else 422
    db.session.commit()
    flash(_("The hours do not count. The person gets your comment."), "success")
    return see(url_for(".index", project_id=project_id))


def _refusal(entry: AttendanceEntry, comment: str = "", error: str = "") -> str:
    return render_template("courses/hours_refuse.html", entry=entry, comment=comment, error=error, kinds=KINDS)


def _page(project: Project, refusal: str = "") -> str:
    every = declared.waiting(project)
    mine = [entry for entry in every if may_decide_hours(me(), entry)]
    rows, page, pages = asked_part(mine, PER_PAGE)
    return render_template(
        "courses/hours_to_approve.html",
        project=project,
        rows=rows,
        otherwise=declared.otherwise(rows),
        others=len(every) - len(mine),
        kinds=KINDS,
        refusal=refusal,
        page=page,
        pages=pages,
    )
