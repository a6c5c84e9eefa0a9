"""The sheet without network: its service worker, what it asks the server, and where its answers arrive.

The rule that matters most: a device sends answers only for the person who gave them.
"""

from pathlib import Path

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from courses import attendance, device, sheet
from courses.activities import Session
from courses.attendance import AttendanceEntry
from courses.policy import may_take_attendance
from courses.sheet import Row
from lms import clock, filters
from lms.db import db
from lms.permissions import guarded, public
from lms.refusals import Refused, Stale
from lms.views import me

bp = Blueprint("offline", __name__)


@bp.get("/sw.js")
@public
def worker() -> ResponseReturnValue:
    """The service worker; it stands at the root because a worker rules only what lies below its own address."""
    script = Path(current_app.static_folder or "", "sw.js").read_text()
    return Response(script, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@bp.get("/offline")
@public
def page() -> ResponseReturnValue:
    """What a device shows instead of a page that needs network; kept on it, so it says nothing about anybody."""
    return render_template("courses/offline.html")


@bp.get("/sessions/<int:session_id>/attendance/state")
@guarded(may_take_attendance, Session)
def state(session: Session) -> ResponseReturnValue:
    """Who is signed in, a token for sending, the server's clock, and every row as the ledger has it."""
    stands = attendance.signed(session)
    rows = sheet.sheet_of(session).rows
    return jsonify(
        person=me().id,
        token=generate_csrf(),
        now=clock.now().isoformat(),
        signed=_("%(name)s has signed this sheet.", name=stands.by.name) if stands else "",
        rows={row.person.id: _row(row) for row in rows},
    )


@bp.post("/sessions/<int:session_id>/attendance/marks")
@guarded(may_take_attendance, Session)
def receive(session: Session) -> ResponseReturnValue:
    """Answers out of a device; row by row it is told what was written and what was not."""
    form = request.form
    if form.get("person") != str(me().id):
        return jsonify(code="person", told=_("Somebody else has signed in.")), 409
    marks, errors = sheet.read(session, form)
    try:
        done = device.receive(
            session, marks, by=me(), nonce=form.get("nonce", ""), waited="waited" in form,
            marked_at=device.moment_in(form.get("marked_at", "")),
        )  # fmt: skip
    except Refused as refusal:
        db.session.rollback()
        return jsonify(code=refusal.code, told=str(refusal)), 409 if isinstance(refusal, Stale) else 422
    rows = {row.person.id: _row(row) for row in sheet.sheet_of(session).rows}
    taken = [conflict.person_id for conflict in done.conflicts]
    answer = jsonify(rows=rows, taken=taken, errors=errors | done.errors, gone=done.gone)
    db.session.commit()
    return answer


def _row(row: Row) -> dict[str, object]:
    """A row as the ledger has it: what the form would hold, and in words who wrote it and when."""
    entry = row.entry
    return {
        "seen": str(row.seen or ""),
        "state": row.state,
        "came": row.came,
        "left": row.left,
        "absence": row.absence,
        "minutes": entry.minutes if entry else 0,
        "why": _missed(row),
        "said": _said(entry) if entry else "",
        "told": _told(entry) if entry else "",
    }


def _said(entry: AttendanceEntry) -> str:
    if entry.absence:
        reasons = {"ill": _("Ill"), "other_duty": _("Other duty"), "moved": _("Moved to another group")}
        reason = reasons.get(entry.absence, "")
        return f"{_('Absent')} ({reason})" if reason else str(_("Absent"))
    if entry.came_at and entry.left_at:
        return f"{_('Part of the time')} {filters.clock(entry.came_at)}–{filters.clock(entry.left_at)}"
    return str(_("All the time"))


def _missed(row: Row) -> str:
    told = [
        _("came %(n)s min late", n=row.late) if row.late else "",
        _("left %(n)s min early", n=row.early) if row.early else "",
        _("away %(n)s min in between", n=row.away) if row.away else "",
    ]
    return ", ".join(words for words in told if words) if row.state == "part" else ""


def _told(entry: AttendanceEntry) -> str:
    return str(_("%(name)s wrote at %(clock)s:", name=entry.recorded_by.name, clock=filters.clock(entry.recorded_at)))
