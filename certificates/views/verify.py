"""Checking a certificate as a stranger: no sign-in, no cookie, no third party, nothing kept about who asks.

Unknown codes look the same as known ones and answer 404; guessing is limited. No session is read or written here.
"""

from datetime import datetime
from functools import lru_cache

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from certificates import words
from certificates.statement import Statement, grouped
from certificates.verification import Verification, look_up
from certificates.views import stranger
from lms import clock, filters
from lms.limits import VERIFY, limiter
from lms.permissions import public

bp = Blueprint("verify", __name__)
bp.before_request(stranger.nobody)


@bp.get("/v/<code>")
@limiter.limit(VERIFY)
@public
def show(code: str) -> ResponseReturnValue:
    """The verdict about one code."""
    known = look_up(code, clock.today())
    minute = clock.now().replace(second=0, microsecond=0)
    page = _page(known, filters.preferred(request.accept_languages), minute, request.script_root)
    return stranger.answer(page, 200 if known else 404)


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
