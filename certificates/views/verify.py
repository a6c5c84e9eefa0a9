"""Checking a certificate as a stranger: no sign-in, no cookie, no third party, nothing kept about who asks.

Unknown codes look the same as known ones and answer 404; guessing is limited. No session is read or written here.
"""

import re
from datetime import datetime
from functools import lru_cache

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin

from certificates import words
from certificates.statement import CODE_LENGTH, Statement, grouped, normalise_code
from certificates.verification import Verification, look_up
from lms import clock, filters
from lms.limits import VERIFY, limiter
from lms.permissions import public

bp = Blueprint("verify", __name__)


@bp.before_request
def as_stranger() -> None:
    """Whoever asks is nobody: the session is not opened, so that no cookie and no query depends on it."""
    g._login_user = AnonymousUserMixin()


@bp.get("/verify")
@limiter.limit(VERIFY)
@public
def form() -> ResponseReturnValue:
    """Enter the code on the paper; a code that can be one leads to its page."""
    typed = request.args.get("code", "")[:200]
    code = normalise_code(typed)
    if code:
        return redirect(url_for("verify.show", code=code), 303)
    page = render_template("certificates/verify.html", typed=typed, fault=_fault(typed))
    return _stranger(page, 422 if typed.strip() else 200)


@bp.get("/v/<code>")
@limiter.limit(VERIFY)
@public
def show(code: str) -> ResponseReturnValue:
    """The verdict about one code."""
    known = look_up(code, clock.today())
    minute = clock.now().replace(second=0, microsecond=0)
    page = _page(known, filters.preferred(request.accept_languages), minute, request.script_root)
    return _stranger(page, 200 if known else 404)


@lru_cache(maxsize=64)
def _page(known: Verification | None, language: str, checked: datetime, root: str) -> str:
    """The page about what the register says now. What was said in this minute is not written anew.

    A certificate that is shown to many is asked for by many: the register is asked every time, the words are kept.
    """
    if known is not None:
        g.footer_project = _("Project %(name)s, dnr %(dnr)s, %(owner)s", **_project(known.subject.statement))
    return render_template("certificates/v.html", known=known, words=words, grouped=grouped, checked=checked)


def _project(statement: Statement) -> dict[str, str]:
    return {"name": statement.project.name, "dnr": statement.project.dnr, "owner": statement.issuer}


def _fault(typed: str) -> str:
    """What is wrong with what was typed, in words that help to read the paper again."""
    signs = re.sub(r"[\s\-\u2010-\u2015\u2212]+", "", typed).upper()
    if not signs:
        return ""
    if re.fullmatch(r"[A-Z]{3}[AU]\d{8,}", signs):
        return str(_("That is the number. Write the code that stands below it, four groups of four signs."))
    if set(signs) & set("01OI"):
        return str(_("No code has the signs 0, O, 1 or I. Look again: it may be Q, D, 7, L or J."))
    if len(signs) != CODE_LENGTH:
        return str(_("A code has %(length)s signs. You wrote %(count)s.", length=CODE_LENGTH, count=len(signs)))
    return str(_("A code has only the letters A to Z and the digits 2 to 9."))


def _stranger(page: str, status: int) -> ResponseReturnValue:
    return Response(
        page, status, {"X-Robots-Tag": "noindex, nofollow", "Vary": "Accept-Language"}, mimetype="text/html"
    )
