"""Check-in in the room, from the trainer's side: open it, show the code, see who comes."""

from math import ceil

from flask import Blueprint, current_app, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from certificates.files import qr
from courses.activities import Session
from courses.attendance import is_signed
from courses.attendance.arrivals import arrivals_of, count_here
from courses.attendance.check_ins import CheckInRules
from courses.attendance.checking_in import open_check_in, opens, rules_of
from courses.attendance.codes import code_at, seconds_left, spaced
from courses.forms.check_ins import CheckInForm
from courses.policy import may_take_attendance
from courses.views import head_counts
from courses.views.attendance import back_from
from lms import clock
from lms.db import db
from lms.permissions import guarded
from lms.refusals import Refused
from lms.views import me, see

bp = Blueprint("check_ins", __name__)


@bp.get("/sessions/<int:session_id>/check-in")
@guarded(may_take_attendance, Session)
def settings(session: Session) -> ResponseReturnValue:
    """When one can check in, before the code is shown."""
    return _settings(session, CheckInForm(obj=rules_of(session)))


@bp.post("/sessions/<int:session_id>/check-in")
@guarded(may_take_attendance, Session)
def save(session: Session) -> ResponseReturnValue:
    """Open the check-in with these windows, and show the code."""
    form = CheckInForm()
    if not form.validate():
        return _settings(session, form), 422
    try:
        open_check_in(session, form.early_minutes.data or 0, form.late_minutes.data or 0, by=me())
    except Refused as refusal:
        db.session.rollback()
        return _settings(session, form, str(refusal)), 422
    db.session.commit()
    return see(url_for("check_ins.display", session_id=session.id))


@bp.get("/sessions/<int:session_id>/display")
@guarded(may_take_attendance, Session)
def display(session: Session) -> ResponseReturnValue:
    """The whole screen in the room: a code that changes, and how many are here. No names."""
    rules = rules_of(session)
    if rules is None:
        return see(url_for("check_ins.settings", session_id=session.id))
    now = clock.now()
    state = _state(session, rules)
    here, expected = count_here(session)
    return render_template(
        "courses/check_in/display.html",
        session=session,
        state=state,
        opens=opens(session, rules),
        left=seconds_left(now),
        wait=ceil(seconds_left(now)),
        here=here,
        expected=expected,
        trainer=me().given_name,
        **(_code(session, rules) if state == "open" else {}),
    )


def _state(session: Session, rules: CheckInRules) -> str:
    """What the screen shows: open with a code, or paused, cancelled, signed, early, over in words."""
    now = clock.now()
    states = {
        "cancelled": session.activity.cancelled_at is not None,
        "signed": is_signed(session),
        "early": now < opens(session, rules),
        "over": now >= session.ends_at,
        "paused": "pause" in request.args,
    }
    return next((name for name, holds in states.items() if holds), "open")


def _code(session: Session, rules: CheckInRules) -> dict[str, object]:
    code = code_at(rules.secret, session.id, clock.now())
    base = str(current_app.config["SETTINGS"].base_url)
    square = qr.modules(f"{base}{url_for('phones.phone', session_id=session.id, c=code)}")
    address = f"{base}{url_for('phones.typed')}".partition("//")[2]
    return {"code": spaced(code), "path": qr.path(square), "size": len(square), "address": address}


@bp.get("/sessions/<int:session_id>/arrivals")
@guarded(may_take_attendance, Session)
def arrivals(session: Session) -> ResponseReturnValue:
    """Who has come, as it happens."""
    return _arrivals(session)


@bp.post("/sessions/<int:session_id>/arrivals")
@guarded(may_take_attendance, Session)
def count(session: Session) -> ResponseReturnValue:
    """Keep how many the trainer counts in the room, until she signs."""
    try:
        head_counts.remember(session.id, head_counts.read())
    except Refused as refusal:
        return _arrivals(session, str(refusal)), 422
    flash(_("The count is kept until you sign the sheet"), "success")
    return see(url_for("check_ins.arrivals", session_id=session.id))


def _arrivals(session: Session, error: str = "") -> str:
    return render_template(
        "courses/check_in/arrivals.html",
        session=session,
        found=arrivals_of(session),
        rules=rules_of(session),
        signed=is_signed(session),
        paused="pause" in request.args,
        head_count=head_counts.typed(session.id),
        counted=head_counts.remembered(session.id),
        error=error,
        now=clock.now(),
        back=back_from(session),
    )


def _settings(session: Session, form: CheckInForm, refusal: str = "") -> str:
    return render_template(
        "courses/check_in/settings.html", session=session, form=form, refusal=refusal, back=back_from(session)
    )

