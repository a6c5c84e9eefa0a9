"""What a trainer does with an objection: correct the time, or keep it and say why."""

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from courses import attendance, hours
from courses.attendance import Objection, ObjectionAnswer
from courses.forms.hours import AnswerForm
from courses.hours.objecting import is_waiting, most_minutes
from courses.policy import may_answer_objection
from courses.views.hours import words
from lms.db import db
from lms.permissions import guarded
from lms.refusals import Refused, Stale
from lms.views import me, see

bp = Blueprint("objections", __name__)


@bp.get("/objections/<int:objection_id>")
@guarded(may_answer_objection, Objection)
def show(objection: Objection) -> ResponseReturnValue:
    """What was recorded, what the participant means, and what to do about it."""
    return _page(objection, AnswerForm())


@bp.post("/objections/<int:objection_id>")
@guarded(may_answer_objection, Objection)
def answer(objection: Objection) -> ResponseReturnValue:
    """Keep the time with an answer; hours without a sheet can be corrected here as well."""
    form = AnswerForm()
    corrects = "correct" in request.form
    if corrects and form.minutes.minutes is None and not form.minutes.errors:
        form.minutes.process_errors = [_("Write whole minutes, for example 195.")]
    if not form.validate():
        return _page(objection, form), 422
    try:
        if corrects:
            hours.correct_loose(objection, form.minutes.minutes or 0, form.comment.data or "", by=me())
        else:
            hours.keep(objection, form.comment.data or "", by=me())
    except Refused as refusal:
        return _refused(objection, form, refusal)
    db.session.commit()
    flash(_("The hours are corrected") if corrects else _("Your answer is sent"), "success")
    return see(url_for("objections.show", objection_id=objection.id))


def _refused(objection: Objection, form: AnswerForm, refusal: Refused) -> ResponseReturnValue:
    db.session.rollback()
    field = form.minutes if refusal.code in ("minutes", "same") else form.comment
    field.errors = [str(refusal)]
    return _page(objection, form), 409 if isinstance(refusal, Stale) else 422


def _page(objection: Objection, form: AnswerForm) -> str:
    entry = objection.entry
    return render_template(
        "courses/hours/answer.html",
        objection=objection,
        entry=entry,
        form=form,
        waits=is_waiting(objection),
        answer=db.session.get(ObjectionAnswer, objection.id),
        most=most_minutes(entry),
        signed=entry.session is not None and attendance.is_signed(entry.session),
        words=words(),
    )
