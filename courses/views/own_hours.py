"""Own hours without a sheet: what is declared, what came of it, and declaring more."""

import secrets

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from courses.activities import Activity
from courses.attendance import AttendanceEntry
from courses.forms.own_hours import KINDS, OwnHoursForm
from courses.hours import declared, declaring
from courses.hours.declaring import Declaration
from courses.policy import may_declare_hours, may_withdraw_hours
from lms import clock
from lms.db import db
from lms.filters import parse_number
from lms.permissions import guarded, may_be_signed_in
from lms.projects import Project, projects_of
from lms.refusals import Refused, Stale
from lms.views import me, see

bp = Blueprint("own_hours", __name__)
FIELDS = {
    "activity": "activity", "kind": "kind", "minutes": "hours", "full_day": "hours", "note": "note", "future": "day",
    "outside_project": "day", "outside_participation": "day", "approved": "day", "declared": "day",
}  # fmt: skip


@bp.get("/hours/own")
@guarded(may_be_signed_in)
def index() -> ResponseReturnValue:
    """The project that the hours are for: straight there when there is only one."""
    mine = [project for project in projects_of(me()) if may_declare_hours(me(), project)]
    if len(mine) == 1:
        return see(url_for(".show", project_id=mine[0].id))
    return render_template("courses/own_hours_where.html", projects=mine)


@bp.get("/hours/own/<int:project_id>")
@guarded(may_declare_hours, Project)
def show(project: Project) -> ResponseReturnValue:
    """What this person has declared, and the form."""
    form = OwnHoursForm.of(declared.activities(me(), project))
    form.nonce.data, form.day.data = secrets.token_urlsafe(16), clock.today()
    return _page(project, form)


@bp.post("/hours/own/<int:project_id>")
@guarded(may_declare_hours, Project)
def declare(project: Project) -> ResponseReturnValue:
    """Declare hours of a day; hours that stand for the same day are shown before they are replaced."""
    form = OwnHoursForm.of(declared.activities(me(), project))
    if not form.validate():
        return _page(project, form), 422
    try:
        seen = parse_number(form.seen.data or "")
        declaring.declare(_declaration(form), nonce=form.nonce.data or "", seen=seen, by=me())
    except Refused as refusal:
        db.session.rollback()
        form[FIELDS.get(refusal.code, "activity")].errors = [str(refusal)]
        stands = refusal.values.get("entry")
        form.seen.data = str(stands.id) if stands else ""
        return _page(project, form, stands), 409 if isinstance(refusal, Stale) else 422
    db.session.commit()
    flash(_("The hours are declared and wait for an approval"), "success")
    return see(url_for(".show", project_id=project.id))


@bp.post("/declared-hours/<int:declared_id>/withdraw")
@guarded(may_withdraw_hours, AttendanceEntry)
def withdraw(entry: AttendanceEntry) -> ResponseReturnValue:
    """Take back what was declared by mistake."""
    project_id = entry.project_id
    try:
        declaring.withdraw(entry, by=me())
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal), "error")
        return see(url_for(".show", project_id=project_id))
    db.session.commit()
    flash(_("The hours are taken back"), "success")
    return see(url_for(".show", project_id=project_id))


def _declaration(form: OwnHoursForm) -> Declaration:
    activity = db.session.get(Activity, form.activity.data or 0)
    if activity is None:
        raise Refused(_("Choose an activity that you lead or take part in."), "activity")
    return Declaration(activity, form.kind.data or "", form.on, form.total, form.note.data or "")


def _page(project: Project, form: OwnHoursForm, stands: object = None) -> str:
    return render_template(
        "courses/own_hours.html",
        project=project,
        form=form,
        stands=stands,
        rows=declared.own(me(), project),
        kinds=KINDS,
    )
