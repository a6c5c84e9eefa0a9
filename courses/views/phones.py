"""Check-in in the room, on one's own phone: the code that was scanned or typed, one button, and what came of it.

The rule that matters most: the moment of the scan is kept in a signed ticket, so that signing in slowly costs nothing;
a code that is no longer good says so, and nobody is turned away without being told whom to ask.
"""

import secrets

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import defaultload

from courses.activities import Session
from courses.attendance.checking_in import Own, check_in, check_out, own_of, rules_of, session_with
from courses.attendance.codes import Ticket, device_hash, is_good, read_ticket, write_ticket
from courses.forms.check_ins import RoomCodeForm
from courses.policy import may_check_in
from courses.runs import Run
from lms import accounts, clock
from lms.db import db
from lms.forms import EmailForm
from lms.limits import ROOM, ROOM_MAILS, SIGN_IN_HERE, limiter
from lms.permissions import guarded, public
from lms.refusals import Refused
from lms.views import me, see

bp = Blueprint("phones", __name__)

PLACE = "/in"
_ALONE = defaultload(Session.activity.of_type(Run)).lazyload(Run.trainers)
_YEAR = 365 * 24 * 3600
WRONG = 422
"""What a wrong code answers; only these are counted, since a whole room may share one address."""


def _wrong(response: Response) -> bool:
    return response.status_code == WRONG


def _mailed(response: Response) -> bool:
    return response.status_code == 303


@bp.get(PLACE)
@public
def typed() -> ResponseReturnValue:
    """Where the code is typed by who cannot scan it."""
    return _typing(RoomCodeForm())


@bp.post(PLACE)
@limiter.limit(ROOM, deduct_when=_wrong)
@public
def type_code() -> ResponseReturnValue:
    """To the session on whose screen the code stands."""
    form = RoomCodeForm()
    if not form.validate():
        return _typing(form), WRONG
    session = session_with(form.code.data or "")
    if session is None:
        form.code.errors = [_("That is not the code on the screen now. Write the one that stands there.")]
        return _typing(form), WRONG
    device, number = _device()
    ticket = write_ticket(Ticket(session.id, clock.now(), "code", device))
    return _remembering(see(url_for("phones.phone", session_id=session.id, t=ticket)), number)


@bp.get(f"{PLACE}/<int:session_id>")
@limiter.limit(ROOM, deduct_when=_wrong)
@public
def phone(session_id: int) -> ResponseReturnValue:
    """Where the code on the screen leads: one button, or the sign-in first. Tells strangers nothing without a code."""
    session = _session(session_id)
    device, number = _device()
    ticket = _presented(session, device) if session is not None else None
    own = own_of(session, me(), glance=True) if session is not None and current_user.is_authenticated else None
    run_out = ticket is None and bool({"c", "t"} & set(request.args))
    if session is not None and (ticket is not None or (own is not None and own.acts)):
        return _remembering(_page(session, own, ticket, run_out=run_out), number)
    if run_out:
        return _typing(RoomCodeForm(formdata=None), run_out=True), WRONG
    return see(url_for("phones.typed"))


@bp.post(f"{PLACE}/<int:session_id>/sign-in")
@limiter.limit(SIGN_IN_HERE, key_func=lambda: _device()[0])
@limiter.limit(ROOM_MAILS, deduct_when=_mailed)
@public
def send_code(session_id: int) -> ResponseReturnValue:
    """Mail a sign-in code to whoever has scanned; the limit is the device's, since a room may share one address."""
    session = _session(session_id)
    ticket = read_ticket(request.args.get("t", ""), session_id, _device()[0])
    if session is None or ticket is None:
        return _typing(RoomCodeForm(formdata=None), run_out=True), WRONG
    form = EmailForm()
    if not form.validate():
        return _page(session, None, ticket, form=form), 422
    back = url_for("phones.phone", session_id=session_id, t=write_ticket(ticket))
    cookie["sign_in"] = {"handle": accounts.ask_for_code(form.email.data or ""), "next": back, "room": True}
    db.session.commit()
    return see(url_for("accounts.code"))


@bp.post(f"{PLACE}/<int:session_id>")
@guarded(may_check_in)
def enter(session_id: int) -> ResponseReturnValue:
    """Check in at the moment of the scan."""
    session, device = _session(session_id) or abort(404), _device()[0]
    ticket = read_ticket(request.args.get("t", ""), session.id, device)
    if ticket is None:
        return _typing(RoomCodeForm(formdata=None), run_out=True), WRONG
    try:
        check_in(session, ticket, by=me())
    except Refused as refusal:
        return _refused(session, ticket, refusal)
    db.session.commit()
    return see(url_for("phones.phone", session_id=session_id))


@bp.post(f"{PLACE}/<int:session_id>/out")
@guarded(may_check_in)
def leave(session_id: int) -> ResponseReturnValue:
    """Check out now."""
    session = _session(session_id) or abort(404)
    try:
        check_out(session, _device()[0], by=me())
    except Refused as refusal:
        return _refused(session, None, refusal)
    db.session.commit()
    return see(url_for("phones.phone", session_id=session_id))


# --- what was presented -------------------------------------------------------------------------------------


def _presented(session: Session, device: str) -> Ticket | None:
    """The ticket of this visit: a new one for a good code, or the one that came back from the sign-in."""
    if "t" in request.args:
        return read_ticket(request.args["t"], session.id, device)
    if "c" not in request.args:
        return None
    rules, now = rules_of(session), clock.now()
    good = rules is not None and is_good(rules.secret, session.id, request.args.get("c", ""), now)
    return Ticket(session.id, now, "qr", device) if good else None


def _session(session_id: int) -> Session | None:
    """The session without its trainers, whom nobody needs here: four hundred people come in these minutes."""
    return db.session.get(Session, session_id, options=[_ALONE])


def _device() -> tuple[str, str]:
    """This device as it is kept (hash), and the number that its cookie gets when it has none yet."""
    name = _cookie_name()
    known = request.cookies.get(name, "")
    if 16 <= len(known) <= 64:
        return device_hash(known), ""
    made = secrets.token_urlsafe(18)
    return device_hash(made), made


def _remembering(response: ResponseReturnValue, number: str) -> ResponseReturnValue:
    """The answer with a long-lived number of the device, sent back to the pages of the check-in only."""
    answer = make_response(response)
    if number:
        secure = current_app.config["SETTINGS"].secure
        answer.set_cookie(
            _cookie_name(), number, max_age=_YEAR, path=PLACE, httponly=True, secure=secure, samesite="Lax"
        )
    return answer


def _cookie_name() -> str:
    return f"{current_app.config['SETTINGS'].cookie}-device"


# --- pages --------------------------------------------------------------------------------------------------


def _typing(form: RoomCodeForm, *, run_out: bool = False) -> str:
    return render_template("courses/check_in/code.html", form=form, run_out=run_out)


def _refused(session: Session, ticket: Ticket | None, refusal: Refused) -> ResponseReturnValue:
    db.session.rollback()
    return _page(session, own_of(session, me(), glance=True), ticket, refusal=refusal), 409


def _page(
    session: Session,
    own: Own | None,
    ticket: Ticket | None,
    *,
    form: EmailForm | None = None,
    refusal: Refused | None = None,
    run_out: bool = False,
) -> str:
    """What somebody sees of herself in the session; who is not signed in is asked for her address."""
    return render_template(
        "courses/check_in/phone.html",
        session=session,
        own=own,
        form=form or (EmailForm(formdata=None) if own is None else None),
        ticket=ticket,
        carried=write_ticket(ticket) if ticket else "",
        refusal=refusal,
        run_out=run_out,
        over=clock.now() >= session.ends_at,
    )
