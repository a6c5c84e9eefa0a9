"""The sign-in list on paper: print it, and type afterwards what it says."""

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from courses import attendance, paper_entry
from courses.activities import Session
from courses.attendance import local_day
from courses.attendance.paper import file_name, sign_in_list
from courses.policy import may_see_attendance, may_take_attendance
from lms import clock
from lms.db import db
from lms.permissions import guarded
from lms.refusals import Refused, Stale
from lms.views import me, see

bp = Blueprint("paper", __name__)


@bp.get("/sessions/<int:session_id>/sign-in-list.pdf")
@guarded(may_see_attendance, Session)
def sheet(session: Session) -> ResponseReturnValue:
    """The list to print, with whoever stands on the sheet now."""
    response = Response(sign_in_list(session), mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=file_name(session))
    return response


@bp.get("/sessions/<int:session_id>/attendance/paper")
@guarded(may_take_attendance, Session)
def enter(session: Session) -> ResponseReturnValue:
    """The list in its printed order, to type in what it says; a signed sheet is corrected instead."""
    if attendance.is_signed(session):
        return see(url_for("attendance.show", session_id=session.id))
    return _page(paper_entry.entry_of(session))


@bp.post("/sessions/<int:session_id>/attendance/paper")
@guarded(may_take_attendance, Session)
def save(session: Session) -> ResponseReturnValue:
    """Write what the paper says; nothing is written while something makes no sense."""
    marks, errors, codes_error = paper_entry.read(session, request.form)
    if errors or codes_error:
        return _page(paper_entry.typed(session, request.form, errors, codes_error)), 422
    try:
        done = attendance.record(session, marks, by=me(), nonce=request.form.get("nonce", ""), method="paper")
    except Refused as refusal:
        db.session.rollback()
        again = paper_entry.typed(session, request.form, refusal.values.get("errors", {}))
        again.refusal = "" if refusal.code == "times" else str(refusal)
        return _page(again), 409 if isinstance(refusal, Stale) else 422
    again = paper_entry.renewed(session, request.form, done.conflicts)
    db.session.commit()
    if done.conflicts:
        return _page(again), 409
    number = len(done.entries)
    told = ngettext("%(num)s answer is saved from the paper", "%(num)s answers are saved from the paper", number)
    flash(told if number else _("Nothing was changed"), "success")
    return see(url_for("attendance.show", session_id=session.id))


def _page(entry: paper_entry.Entry) -> str:
    session = entry.sheet.session
    return render_template(
        "courses/paper.html",
        entry=entry,
        form=entry,
        session=session,
        early=local_day(session) > clock.today(),
        may_sign=attendance.may_sign(session, me(), entry.sheet.people),
        sheet_url=url_for("attendance.show", session_id=session.id),
    )
