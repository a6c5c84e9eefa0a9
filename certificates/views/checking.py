"""/verify: the code on the paper, or the file, is checked for whoever asks. Nothing of it is kept.

Nothing is changed here either, so there is no session, no cookie and no token against forged forms.
"""

import re

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from certificates.statement import CODE_LENGTH, normalise_code
from certificates.views import stranger
from lms.limits import VERIFY, limiter
from lms.permissions import public

bp = Blueprint("checking", __name__)
bp.before_request(stranger.nobody)


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
    return stranger.answer(page, 422 if typed.strip() else 200)


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
