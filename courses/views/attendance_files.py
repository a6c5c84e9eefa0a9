"""Attendance in files: the sheet to keep, and reports of meetings to read, first shown and then, on a yes, written."""

import secrets
from collections.abc import Iterator

from flask import Blueprint, Response, abort, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import FileStorage

from courses import attendance
from courses.activities import Session
from courses.attendance import local_day
from courses.attendance.exporting import KINDS, exported, file_name
from courses.attendance.importing import Preview, import_answers, preview
from courses.attendance.report_file import Report, read_report
from courses.forms.attendance_files import AttendanceFileForm
from courses.policy import may_see_attendance, may_take_attendance, may_use_attendance_file
from lms import audit, pending
from lms.db import db
from lms.filters import parse_number
from lms.pending import PendingUpload
from lms.permissions import guarded
from lms.refusals import Refused
from lms.views import me, see

bp = Blueprint("attendance_files", __name__)


@bp.get("/sessions/<int:session_id>/attendance.<any(csv, xlsx):kind>")
@guarded(may_see_attendance, Session)
def export(session: Session, kind: str) -> ResponseReturnValue:
    """The sheet as a file of our own shape."""
    response = Response(exported(session, kind), mimetype=KINDS[kind])
    response.headers.set("Content-Disposition", "attachment", filename=file_name(session, kind))
    audit.seen("attendance.exported", session, by=me(), details={"kind": kind})
    return response


@bp.get("/sessions/<int:session_id>/attendance/import")
@guarded(may_take_attendance, Session)
def form(session: Session) -> ResponseReturnValue:
    """Choose a file; a signed sheet is corrected instead."""
    if attendance.is_signed(session):
        return see(_sheet(session))
    return _form(session, AttendanceFileForm())


@bp.post("/sessions/<int:session_id>/attendance/import")
@guarded(may_take_attendance, Session)
def upload(session: Session) -> ResponseReturnValue:
    """Keep the file until what it will do has been seen."""
    filled = AttendanceFileForm()
    if filled.validate():
        file: FileStorage = filled.file.data
        name, data = file.filename or "", file.read()
        told = {"session": session.id, "utc": filled.clock.data == "utc", "nonce": secrets.token_urlsafe(16)}
        try:
            kept = pending.keep("attendance", session.activity.project, name, data, by=me(), **told)
            db.session.commit()
        except Refused as refusal:
            filled.file.errors = [str(refusal)]
        else:
            return see(url_for(".show", waiting_id=kept.id))
    return _form(session, filled), 422


@bp.get("/attendance-files/<int:waiting_id>")
@guarded(may_use_attendance_file, PendingUpload)
def show(waiting: PendingUpload) -> ResponseReturnValue:
    """What the file would do: everybody in it, who they are, and what stands already."""
    session = _session(waiting)
    try:
        return _page(waiting, session, _report(waiting, session))
    except Refused as refusal:
        flash(str(refusal), "error")
        return see(url_for(".form", session_id=session.id))


@bp.post("/attendance-files/<int:waiting_id>")
@guarded(may_use_attendance_file, PendingUpload)
def apply(waiting: PendingUpload) -> ResponseReturnValue:
    """Write what was shown and chosen, or show it again with what is missing."""
    session = _session(waiting)
    if "look" in request.form:
        return _again(waiting)
    try:
        number = _write(waiting, session)
    except Refused as refusal:
        db.session.rollback()
        return _again(waiting, refusal)
    pending.forget(waiting)
    db.session.commit()
    told = ngettext("%(num)s answer is read from the file", "%(num)s answers are read from the file", number)
    flash(told if number else _("Nothing was changed"), "success")
    return see(_sheet(session))


@bp.post("/attendance-files/<int:waiting_id>/discard")
@guarded(may_use_attendance_file, PendingUpload)
def discard(waiting: PendingUpload) -> ResponseReturnValue:
    """Forget the file at once."""
    back = _sheet(_session(waiting))
    pending.forget(waiting)
    db.session.commit()
    flash(_("The file is removed. Nothing was changed."), "info")
    return see(back)


def _write(waiting: PendingUpload, session: Session) -> int:
    done = import_answers(
        session,
        _report(waiting, session),
        _choices(),
        replace={number for number, value in _numbered("replace") if value == "file"},
        rest_absent="rest" in request.form,
        shown=request.form.get("shown", ""),
        by=me(),
        nonce=waiting.options["nonce"],
    )
    return len(done.entries)


def _again(waiting: PendingUpload, refusal: Refused | None = None) -> ResponseReturnValue:
    """The page with what was chosen; asked for by the button that only looks, it is no mistake."""
    session = _session(waiting)
    try:
        page = _page(waiting, session, _report(waiting, session), refusal)
    except Refused as gone:
        flash(str(gone), "error")
        return see(url_for(".form", session_id=session.id))
    return page, 422 if refusal else 200


def _choices() -> dict[int, str]:
    """Line number → who it is, as chosen on the page."""
    return {number: value for number, value in _numbered("who") if value}


def _numbered(word: str) -> Iterator[tuple[int, str]]:
    """The fields of the form that are called by this word and a number."""
    for key, value in request.form.items():
        number = parse_number(key.removeprefix(word)) if key.startswith(word) else None
        if number is not None:
            yield number, value


def _session(waiting: PendingUpload) -> Session:
    return db.session.get(Session, waiting.options["session"]) or abort(404)


def _report(waiting: PendingUpload, session: Session) -> Report:
    return read_report(pending.contents(waiting), near=local_day(session), utc=waiting.options["utc"])


def _form(session: Session, filled: AttendanceFileForm) -> str:
    return render_template(
        "courses/attendance_file.html",
        session=session,
        form=filled,
        sheet_url=_sheet(session),
        may_sign=attendance.may_sign(session, me(), attendance.on_sheet(session)),
    )


def _page(waiting: PendingUpload, session: Session, report: Report, refusal: Refused | None = None) -> str:
    shown: Preview = preview(session, report, _choices())
    return render_template(
        "courses/attendance_file_preview.html",
        waiting=waiting,
        session=session,
        report=report,
        shown=shown,
        answers={number: answer for answer in shown.answers for number in answer.lines},
        chosen=request.form,
        refusal=refusal,
        sheet_url=_sheet(session),
    )


def _sheet(session: Session) -> str:
    return url_for("attendance.show", session_id=session.id)
