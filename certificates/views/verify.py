"""What a scanned code opens: the register's word about a certificate, and what a browser needs to check the paper.

Unknown codes look the same as known ones and answer 404; guessing is limited. No cookie is read or written here, and
the signed part of a code (after #) never comes here.
"""

from datetime import datetime
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue

from certificates import words
from certificates.verification import Entry, entries, judged
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
    line = entries(code)
    minute = clock.now().replace(second=0, microsecond=0)
    page = _page(line, filters.preferred(request.accept_languages), minute, request.script_root)
    return stranger.answer(page, 200 if line else 404)


@bp.get("/v/offline")
@public
def offline() -> ResponseReturnValue:
    """What a device shows at /v/… without network: it checks the paper by itself. Kept there, so it names nobody."""
    page = render_template("certificates/offline.html", known=None, words=words, offline=True, checked=clock.now())
    return stranger.answer(page)


@bp.get("/v/sw.js")
@public
def worker() -> ResponseReturnValue:
    """The service worker of these pages; it stands here because a worker rules only what lies below its address."""
    script = Path(current_app.static_folder or "", "paper-sw.js").read_text()
    return Response(script, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@lru_cache(maxsize=64)
def _page(line: tuple[Entry, ...], language: str, checked: datetime, root: str) -> str:
    """The page about what the register says now. What was said in this minute is not written anew.

    A certificate that is shown to many is asked for by many: the register is asked every time, the words are kept.
    """
    known = judged(line, clock.local(checked).date())
    if known is not None:
        g.footer_project = words.project(known.subject.statement)
    return render_template("certificates/v.html", known=known, words=words, checked=checked)
