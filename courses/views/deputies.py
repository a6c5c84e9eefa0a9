"""Sheets of the project that nobody has signed, and signing one of them for an absent trainer."""

from collections.abc import Sequence

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from courses import attendance, sheet
from courses.activities import Session
from courses.attendance import deputies, hash_of
from courses.policy import is_trainer_of, may_schedule, may_sign_as_deputy
from courses.runs import Run, leaders_of
from lms.db import db
from lms.people import Person
from lms.permissions import guarded
from lms.policy import may_lead_project
from lms.projects import Project
from lms.refusals import Refused, Stale
from lms.views import asked_part, me, see

bp = Blueprint("deputies", __name__)
PER_PAGE = 50


@bp.get("/projects/<int:project_id>/unsigned-sheets")
@guarded(may_schedule, Project)
def index(project: Project) -> ResponseReturnValue:
    """What is over and not signed, the oldest first, with who leads it and what this person may do about it."""
    everything = attendance.unsigned(project)
    rows, page, pages = asked_part(everything, PER_PAGE)
    return render_template(
        "courses/unsigned.html",
        project=project,
        rows=rows,
        leaders=_leaders(rows),
        sheets=attendance.sheets_of(rows),
        mine={session.id for session in rows if is_trainer_of(me(), session.activity)},
        reads_all=bool(may_lead_project(me(), project)),
        deputy={session.id for session in rows if may_sign_as_deputy(me(), session)},
        total=len(everything),
        page=page,
        pages=pages,
    )


@bp.get("/sessions/<int:session_id>/deputy")
@guarded(may_sign_as_deputy, Session)
def show(session: Session) -> ResponseReturnValue:
    """The whole sheet, and the signature with its reason."""
    return _page(session)


@bp.post("/sessions/<int:session_id>/deputy")
@guarded(may_sign_as_deputy, Session)
def sign(session: Session) -> ResponseReturnValue:
    """Sign exactly what was shown."""
    reason = request.form.get("reason", "")
    try:
        deputies.sign_as_deputy(session, reason, by=me(), seen_hash=request.form.get("seen"))
    except Refused as refusal:
        db.session.rollback()
        return _page(session, reason, refusal), 409 if isinstance(refusal, Stale) else 422
    db.session.commit()
    flash(_("The attendance is signed"), "success")
    return see(url_for("attendance.show", session_id=session.id))


def _leaders(rows: Sequence[Session]) -> dict[int, list[Person]]:
    """Session id → who signs in the first place; who called the meetings is asked for once."""
    ids = {session.activity.created_by_id for session in rows}
    callers = {person.id: person for person in db.session.scalars(select(Person).where(Person.id.in_(ids)))}
    return {
        session.id: session.activity.trainers
        if isinstance(session.activity, Run)
        else [callers[session.activity.created_by_id]]
        for session in rows
    }


def _page(session: Session, reason: str = "", refusal: Refused | None = None) -> str:
    ready = sheet.sheet_of(session)
    return render_template(
        "courses/deputy.html",
        sheet=ready,
        session=session,
        seen=hash_of(row.entry for row in ready.rows if row.entry is not None),
        leaders=leaders_of(session.activity),
        signed=attendance.signed(session),
        reason=reason,
        reason_error=str(refusal) if refusal and refusal.code == "reason" else "",
        refusal=str(refusal) if refusal and refusal.code != "reason" else "",
        may_sign=attendance.may_sign(session, me(), ready.people),
    )
