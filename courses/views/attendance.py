"""The attendance sheet of a session: draft, signature, correction, and people who were not on the list."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import bindparam, select

from courses import attendance, hours, sheet
from courses.activities import Session
from courses.attendance import SignOff, hash_of, local_day
from courses.forms.meetings import NewPersonForm
from courses.hours.prefilling import prefilled
from courses.policy import may_see_attendance, may_see_run, may_take_attendance
from courses.runs import Run
from courses.sheet import Sheet
from courses.views import head_counts
from lms import clock
from lms.db import db
from lms.organisations import Organisation
from lms.people import Person
from lms.permissions import guarded
from lms.projects import member_ids
from lms.refusals import Refused, Stale
from lms.views import me, see

bp = Blueprint("attendance", __name__)


@bp.get("/sessions/<int:session_id>/attendance")
@guarded(may_see_attendance, Session)
def show(session: Session) -> ResponseReturnValue:
    """The sheet: to fill in, or as it is signed."""
    signatures = _signatures(session)
    if signatures or not may_take_attendance(me(), session):
        return render_template(
            "courses/attendance_signed.html",
            sheet=sheet.sheet_of(session),
            signatures=signatures,
            may_take=bool(may_take_attendance(me(), session)),
            back=back_from(session),
        )
    return _page(sheet.sheet_of(session))


@bp.post("/sessions/<int:session_id>/attendance")
@guarded(may_take_attendance, Session)
def save(session: Session) -> ResponseReturnValue:
    """Keep a draft, then stay here, sign, or add somebody."""
    marks, errors = sheet.read(session, request.form, fill="all" in request.form)
    if errors:
        return _typed(session, errors), 422
    try:
        done = attendance.record(session, marks, by=me(), nonce=request.form.get("nonce", ""))
    except Refused as refusal:
        return _refused(session, refusal)
    if done.conflicts:
        again = sheet.renewed(session, request.form, done.conflicts)
        db.session.commit()
        return _page(again), 409
    onwards = _onwards(session)  # Before the commit: after it every row would have to be read again.
    db.session.commit()
    return onwards


def _onwards(session: Session) -> ResponseReturnValue:
    if "sign" in request.form:
        return see(url_for("attendance.confirm", session_id=session.id))
    if "move" in request.form:
        return see(url_for("moving.show", session_id=session.id))
    if "walk_in" in request.form:
        return see(url_for("attendance.walk_in", session_id=session.id))
    flash(_("The draft is saved"), "success")
    return see(url_for("attendance.show", session_id=session.id))


def _refused(session: Session, refusal: Refused) -> ResponseReturnValue:
    """The sheet as typed, with the refusal; a sheet signed meanwhile comes back as a correction."""
    db.session.rollback()
    status = 409 if isinstance(refusal, Stale) else 422
    return _typed(session, refusal.values.get("errors", {}), refusal), status


def _typed(session: Session, errors: Mapping[int, str], refusal: Refused | None = None) -> str:
    filled = sheet.typed(session, request.form, fill="all" in request.form, errors=errors)
    code = refusal.code if refusal else ""
    if code == "reason":
        filled.reason_error = str(refusal)
    elif code != "times":
        filled.refusal = str(refusal or "")
    return _page(filled, correcting=code == "signed" or request.endpoint == "attendance.save_correction")


@bp.get("/sessions/<int:session_id>/correction")
@guarded(may_take_attendance, Session)
def correction(session: Session) -> ResponseReturnValue:
    """A signed sheet, to be corrected with a reason; what a participant means instead may come along."""
    if not attendance.is_signed(session):
        return see(url_for("attendance.show", session_id=session.id))
    return _page(prefilled(sheet.sheet_of(session), request.args.get("objection", 0, int)), correcting=True)


@bp.post("/sessions/<int:session_id>/correction")
@guarded(may_take_attendance, Session)
def save_correction(session: Session) -> ResponseReturnValue:
    """Correct and sign anew."""
    marks, errors = sheet.read(session, request.form)
    if errors:
        return _typed(session, errors), 422
    nonce, reason = request.form.get("nonce", ""), request.form.get("reason", "")
    try:
        done = attendance.correct(session, marks, reason, by=me(), nonce=nonce)
    except Refused as refusal:
        return _refused(session, refusal)
    hours.tell_corrected(done.entries)
    again = sheet.renewed(session, request.form, done.conflicts) if done.conflicts else None
    db.session.commit()
    if again:
        return _page(again, correcting=True), 409
    flash(_("The sheet is corrected and signed") if done.entries else _("Nothing was changed"), "success")
    return see(url_for("attendance.show", session_id=session.id))


@bp.get("/sessions/<int:session_id>/sign-off")
@guarded(may_take_attendance, Session)
def confirm(session: Session) -> ResponseReturnValue:
    """What will be signed: totals and whoever was not there all the time."""
    if attendance.is_signed(session):
        return see(url_for("attendance.show", session_id=session.id))
    return _confirmation(session)


@bp.post("/sessions/<int:session_id>/sign-off")
@guarded(may_take_attendance, Session)
def sign(session: Session) -> ResponseReturnValue:
    """Sign exactly what was shown."""
    try:
        attendance.sign_off(session, by=me(), seen_hash=request.form.get("seen"), head_count=head_counts.read())
    except Refused as refusal:
        db.session.rollback()
        return _confirmation(session, str(refusal)), 409 if isinstance(refusal, Stale) else 422
    db.session.commit()
    flash(_("The attendance is signed"), "success")
    return see(url_for("attendance.show", session_id=session.id))


@bp.get("/sessions/<int:session_id>/attendance/add")
@guarded(may_take_attendance, Session)
def walk_in(session: Session) -> ResponseReturnValue:
    """Find somebody who is not on the list."""
    return _walk_in(session, NewPersonForm.of(_organisations(session)))


@bp.post("/sessions/<int:session_id>/attendance/add")
@guarded(may_take_attendance, Session)
def add(session: Session) -> ResponseReturnValue:
    """Search, add somebody known, or add somebody new."""
    form = NewPersonForm.of(_organisations(session))
    words = request.form.get("words", "")
    if "search" in request.form:
        return _walk_in(session, form.started_with(words), words=words)
    if "new" in request.form and not form.validate():
        return _walk_in(session, form), 422
    try:
        person = _add(session, form)
    except Refused as refusal:
        db.session.rollback()
        return _walk_in(session, form, words=words, refusal=str(refusal)), 422
    db.session.commit()
    flash(_("%(name)s is on the sheet", name=person.name), "success")
    return see(url_for("attendance.show", session_id=session.id))


def _add(session: Session, form: NewPersonForm) -> Person:
    if "new" in request.form:
        employer = db.session.get(Organisation, form.organisation.data) if form.organisation.data else None
        return attendance.add_new(
            session, form.given_name.data or "", form.family_name.data or "", email=form.email.data,
            organisation=employer, by=me(),
        )  # fmt: skip
    words = request.form.get("words", "")
    chosen = request.form.get("person", "")
    for person in attendance.candidates(session, words):
        if str(person.id) == chosen:
            attendance.add_to_sheet(session, person, by=me())
            return person
    raise Refused(_("Search again and choose the person."), "not_found")


def _page(filled: Sheet, *, correcting: bool = False) -> str:
    return render_template(
        "courses/attendance.html",
        sheet=filled,
        form=filled,
        session=filled.session,
        correcting=correcting,
        early=local_day(filled.session) > clock.today(),
        may_sign=attendance.may_sign(filled.session, me(), filled.people),
        back=back_from(filled.session),
    )


def _confirmation(session: Session, refusal: str = "") -> str:
    ready = sheet.sheet_of(session)
    seen = hash_of(row.entry for row in ready.rows if row.entry is not None)
    return render_template(
        "courses/sign_off.html",
        sheet=ready,
        seen=seen,
        refusal=refusal,
        may_sign=attendance.may_sign(session, me(), ready.people),
        head_count=head_counts.typed(session.id),
        back=back_from(session),
    )


def _walk_in(session: Session, form: NewPersonForm, *, words: str = "", refusal: str = "") -> str:
    found = attendance.candidates(session, words) if words else []
    present = {person.id for person in attendance.on_sheet(session)} if found else set()
    return render_template(
        "courses/walk_in.html",
        session=session,
        form=form,
        words=words,
        found=found,
        present=present,
        refusal=refusal,
        back=back_from(session),
    )


def _signatures(session: Session) -> list[SignOff]:
    """Every signature of the sheet, newest first."""
    return list(db.session.scalars(_signatures_query(), {"session": session.id}))


@cache
def _signatures_query() -> Any:
    """Built once per process: every look at a sheet asks it, and building costs more than running."""
    return select(SignOff).where(SignOff.session_id == bindparam("session")).order_by(SignOff.id.desc())


def _organisations(session: Session) -> list[Organisation]:
    members = member_ids(session.activity.project_id)
    query = select(Organisation).where(Organisation.id.in_(members)).order_by(Organisation.name)
    return list(db.session.scalars(query))


def back_from(session: Session) -> tuple[str, str]:
    """The page that the session belongs to, label and address; for a deputy the list she came from."""
    if isinstance(session.activity, Run):
        if may_see_run(me(), session.activity):
            return session.activity.title, url_for("runs.show", run_id=session.activity_id)
        return _("Sheets that are not signed"), url_for("deputies.index", project_id=session.activity.project_id)
    return _("Meetings"), url_for("activities.index", project_id=session.activity.project_id)
