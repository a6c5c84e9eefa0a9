"""Meetings of a project that are no course runs: the list, a new one, cancelling one."""

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from courses import meetings
from courses.activities import Activity
from courses.attendance import sheets_of
from courses.forms.meetings import MEETING_KINDS, MeetingForm
from courses.policy import is_trainer_of, may_change_meeting, may_schedule
from lms import clock
from lms.db import db
from lms.permissions import guarded
from lms.projects import Project
from lms.refusals import Refused
from lms.views import asked_page, me, see

bp = Blueprint("activities", __name__)
FIELDS = {"place": "place", "link": "link", "ends_before_start": "ends", "too_long": "ends", "title": "title"}


@bp.get("/projects/<int:project_id>/meetings")
@guarded(may_schedule, Project)
def index(project: Project) -> ResponseReturnValue:
    """The meetings of the project, newest first, and what is missing on their sheets."""
    page, pages = asked_page(meetings.count(project), meetings.PER_PAGE)
    rows = meetings.listed(project, page=page)
    return render_template(
        "courses/meetings.html",
        project=project,
        meetings=rows,
        sheets=sheets_of([meeting.sessions[0] for meeting in rows]),
        mine={meeting.id for meeting in rows if is_trainer_of(me(), meeting)},
        kinds=MEETING_KINDS,
        now=clock.now(),
        page=page,
        pages=pages,
    )


@bp.get("/projects/<int:project_id>/meetings/new")
@guarded(may_schedule, Project)
def new(project: Project) -> ResponseReturnValue:
    """The form of a new meeting."""
    return render_template("courses/meeting_form.html", project=project, form=MeetingForm())


@bp.post("/projects/<int:project_id>/meetings/new")
@guarded(may_schedule, Project)
def call(project: Project) -> ResponseReturnValue:
    """Call a meeting."""
    form = MeetingForm()
    if not form.validate():
        return render_template("courses/meeting_form.html", project=project, form=form), 422
    try:
        meeting = meetings.call(
            project, form.kind.data, title=form.title.data or "", starts=form.begins, ends=form.finishes,
            mode=form.mode.data, place=form.place.data or "", link=form.link.data or "", by=me(),
        )  # fmt: skip
    except Refused as refusal:
        db.session.rollback()
        form[FIELDS.get(refusal.code, "day")].errors = [str(refusal)]
        return render_template("courses/meeting_form.html", project=project, form=form), 422
    number = meeting.sessions[0].id
    db.session.commit()
    flash(_("The meeting is called. Add those who are missing on the sheet."), "success")
    return see(url_for("attendance.show", session_id=number))


@bp.post("/meetings/<int:meeting_id>/cancel")
@guarded(may_change_meeting, Activity)
def cancel(meeting: Activity) -> ResponseReturnValue:
    """Cancel a meeting that nobody attended."""
    project_id = meeting.project_id
    try:
        meetings.cancel(meeting, by=me())
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal), "error")
        return see(url_for("activities.index", project_id=project_id))
    db.session.commit()
    flash(_("The meeting is cancelled"), "success")
    return see(url_for("activities.index", project_id=project_id))
