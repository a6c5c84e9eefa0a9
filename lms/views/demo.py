"""The demo's two doors, open only with LMS_DEMO=1: choose a person, and read the mail that was never sent."""

from flask import Blueprint, Response, abort, current_app, flash, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select

from lms import accounts
from lms.db import db
from lms.demo.personas import BY_KEY, PERSONAS
from lms.mail import OutboxMail, calendars
from lms.permissions import public
from lms.text import paragraphs
from lms.views import asked_page, see
from lms.views.accounts import let_in

bp = Blueprint("demo", __name__)
ON_A_PAGE = 50


@bp.before_request
def _only_in_the_demo() -> None:
    """Anywhere else these addresses do not exist."""
    if not current_app.config["SETTINGS"].demo:
        abort(404)


@bp.get("/demo")
@public
def personas() -> ResponseReturnValue:
    """Everybody that a visitor can be."""
    return render_template("lms/demo.html", personas=[(each, each.person) for each in PERSONAS])


@bp.post("/demo/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Be that person from now on; the one before is signed out on the server."""
    chosen = BY_KEY.get(request.form.get("persona", ""))
    person = chosen.person if chosen else None
    if person is None:
        flash(_("Choose one of the people below."), "error")
        return see(url_for("demo.personas"))
    if current_user.is_authenticated:
        accounts.end_session(session.get("_user_id", ""), by=current_user._get_current_object())
    let_in(person)
    db.session.commit()
    return see(url_for("home.index"))


@bp.get("/demo/outbox")
@public
def outbox() -> ResponseReturnValue:
    """All mail, newest first; nothing of it leaves the machine."""
    count = db.session.scalar(select(func.count()).select_from(OutboxMail)) or 0
    page, pages = asked_page(count, ON_A_PAGE)
    mails = db.session.execute(
        select(
            OutboxMail.id, OutboxMail.subject, OutboxMail.recipient, OutboxMail.created_at, OutboxMail.calendar_method
        )
        .order_by(OutboxMail.created_at.desc(), OutboxMail.id.desc())
        .limit(ON_A_PAGE)
        .offset((page - 1) * ON_A_PAGE)
    ).all()
    return render_template("lms/demo_outbox.html", mails=mails, count=count, page=page, pages=pages)


@bp.get("/demo/outbox/<int:mail_id>")
@public
def letter(mail_id: int) -> ResponseReturnValue:
    """One mail as its reader gets it."""
    mail = _mail(mail_id)
    return render_template("lms/demo_mail.html", mail=mail, body=paragraphs(mail.text), files=len(calendars(mail)))


@bp.get("/demo/outbox/<int:mail_id>/kurs-<int:number>.ics")
@public
def calendar(mail_id: int, number: int) -> ResponseReturnValue:
    """A calendar that hangs on the mail; one for each meeting, from 1."""
    files = calendars(_mail(mail_id))
    if not 1 <= number <= len(files):
        abort(404)
    made = Response(files[number - 1], mimetype="text/calendar")
    made.headers.set("Content-Disposition", "attachment", filename=f"kurs-{number}.ics")
    return made


def _mail(mail_id: int) -> OutboxMail:
    found = db.session.get(OutboxMail, mail_id)
    if found is None:
        abort(404)
    return found
