"""Moving somebody from a sheet to the group she should be in."""

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from courses import attendance
from courses.activities import Activity, Session
from courses.attendance import moving
from courses.forms.moving import MoveForm
from courses.policy import may_take_attendance
from courses.views.attendance import back_from
from lms.db import db
from lms.people import Person
from lms.permissions import guarded
from lms.refusals import Refused, Stale
from lms.views import me, see

bp = Blueprint("moving", __name__)


@bp.get("/sessions/<int:session_id>/attendance/move")
@guarded(may_take_attendance, Session)
def show(session: Session) -> ResponseReturnValue:
    """Choose who is moved and where to; after it, the way to that group's sheet of the same day."""
    wanted = request.args.get("then", 0, int)
    groups = moving.groups(session)
    sheets = [there for group in groups if (there := moving.same_day(session, group))]
    then = next((each for each in sheets if each.id == wanted), None)
    form = MoveForm.of(session, attendance.on_sheet(session), groups)
    return _page(session, form, then=then)


@bp.post("/sessions/<int:session_id>/attendance/move")
@guarded(may_take_attendance, Session)
def move(session: Session) -> ResponseReturnValue:
    """Take the person off this sheet and into the other group."""
    form = MoveForm.of(session, attendance.on_sheet(session), moving.groups(session))
    try:
        person, group = _chosen(form)
        there = moving.move(session, person, group, by=me())
    except Refused as refusal:
        db.session.rollback()
        return _page(session, form, str(refusal)), 409 if isinstance(refusal, Stale) else 422
    told = _("%(name)s is moved to %(title)s", name=person.name, title=group.title)
    onwards = url_for("moving.show", session_id=session.id, then=there.id) if there else _sheet(session)
    db.session.commit()
    flash(told, "success")
    return see(onwards)


def _chosen(form: MoveForm) -> tuple[Person, Activity]:
    """The person and the group of the form; whether they belong together is for the operation to say."""
    person = db.session.get(Person, form.person.data or 0)
    group = db.session.get(Activity, form.group.data or 0)
    if group is None:
        raise Refused(_("Choose the group."), "group")
    if person is None:
        raise Refused(_("Choose who is moved."), "person")
    return person, group


def _page(session: Session, form: MoveForm, refusal: str = "", then: Session | None = None) -> str:
    return render_template(
        "courses/move.html",
        session=session,
        form=form,
        refusal=refusal,
        then=then,
        may_take_then=bool(then and may_take_attendance(me(), then)),
        signed=attendance.signed(session),
        back=back_from(session),
    )


def _sheet(session: Session) -> str:
    return url_for("attendance.show", session_id=session.id)
