"""Sign-in with a mailed code, sign-out on the server, and a person's own settings."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address
from flask_login import current_user, login_user, logout_user

from lms import accounts, audit
from lms.db import db
from lms.forms import CodeForm, EmailForm, SettingsForm
from lms.limits import CODE, FOR_ONE, SIGN_IN, address_and_whom, limiter, was_wrong
from lms.people import Person
from lms.permissions import guarded, may_be_signed_in, public
from lms.refusals import Refused
from lms.views import safe_next, see

bp = Blueprint("accounts", __name__)


def _guesser() -> str:
    """Whose tries are counted: those of an address; in a room where many share one, those at each mailed code."""
    waiting = session.get("sign_in") or {}
    return str(waiting["handle"] if waiting.get("room") else get_remote_address())


@bp.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Ask for an address."""
    if current_user.is_authenticated:
        return redirect(safe_next(url_for("home.index")), 303)
    return render_template("lms/sign_in.html", form=EmailForm(), next=safe_next(""))


@bp.post("/sign-in")
@limiter.limit(SIGN_IN)
@limiter.limit(FOR_ONE, key_func=address_and_whom)
@public
def send_code() -> ResponseReturnValue:
    """Send a code; the answer is the same whether the address is known or not."""
    form = EmailForm()
    if not form.validate():
        return render_template("lms/sign_in.html", form=form, next=safe_next("")), 422
    session["sign_in"] = {"handle": accounts.ask_for_code(form.email.data or ""), "next": safe_next("")}
    db.session.commit()
    return see(url_for("accounts.code"))


@bp.get("/sign-in/code")
@public
def code() -> ResponseReturnValue:
    """Ask for the code."""
    if "sign_in" not in session:
        return see(url_for("accounts.sign_in"))
    return render_template("lms/sign_in_code.html", form=CodeForm(), next=session["sign_in"].get("next", ""))


@bp.post("/sign-in/code")
@limiter.limit(CODE, key_func=_guesser, deduct_when=was_wrong)
@public
def check_code() -> ResponseReturnValue:
    """Sign in when the code is right; each try is counted, also the wrong ones."""
    form = CodeForm()
    waiting = session.get("sign_in") or {}
    if not form.validate():
        return render_template("lms/sign_in_code.html", form=form, next=waiting.get("next", "")), 422
    try:
        person = accounts.use_code(waiting.get("handle", ""), form.code.data or "")
    except Refused as refusal:
        db.session.commit()
        form.code.errors = [str(refusal)]
        return render_template("lms/sign_in_code.html", form=form, next=waiting.get("next", "")), 422
    let_in(person)
    db.session.commit()
    return see(waiting.get("next") or url_for("home.index"))


def let_in(person: Person) -> None:
    """Begin a session for the person in this browser; the old cookie's contents are left behind."""
    token = accounts.start_session(person)
    session.clear()
    person.sign_in_token = token
    login_user(person)


@bp.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """End the session on the server; signing out twice is fine."""
    if current_user.is_authenticated:
        accounts.end_session(session.get("_user_id", ""), by=current_user._get_current_object())
        db.session.commit()
    logout_user()
    session.clear()
    return see(url_for("home.index"))


@bp.get("/settings")
@guarded(may_be_signed_in)
def settings() -> ResponseReturnValue:
    """Language and appearance."""
    return render_template("lms/settings.html", form=SettingsForm(obj=current_user))


@bp.post("/settings")
@guarded(may_be_signed_in)
def save_settings() -> ResponseReturnValue:
    """Keep language and appearance."""
    form = SettingsForm()
    if not form.validate():
        return render_template("lms/settings.html", form=form), 422
    current_user.language, current_user.theme = form.language.data, form.theme.data
    audit.record("person.settings", current_user, by=current_user)
    db.session.commit()
    flash(_("Saved"), "success")
    return see(url_for("accounts.settings"))


@bp.post("/language")
@public
def language() -> ResponseReturnValue:
    """Change the language: remembered per person, or in the browser session of who is not signed in."""
    wanted = request.form.get("language", "sv")
    if wanted in ("sv", "en"):
        if current_user.is_authenticated:
            current_user.language = wanted
            db.session.commit()
        else:
            session["language"] = wanted
    return see(safe_next(url_for("home.index")))
