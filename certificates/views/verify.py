"""What a scanned code opens: the register's word about a certificate, and what a browser needs to check the paper.

Unknown codes look the same as known ones and answer 404; guessing is limited. No cookie is read or written here, and
the signed part of a code (after #) never comes here.

A certificate that is shown to many is asked for by many: the register is asked every time, but what was said in the
same minute about the same entries, to anybody, is said again without the rest of the application (`said_again`).
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from flask import Blueprint, Flask, Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import get_path_info

from certificates import words
from certificates.answering.verification import Rows, judged, rows, typed
from certificates.views import stranger
from lms import clock, filters
from lms.db import db
from lms.limits import VERIFY, limiter
from lms.permissions import public

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

bp = Blueprint("verify", __name__)
bp.before_request(stranger.nobody)

_ASKED = "certificates.asked"
_MOST = 64  # pages that are kept, some 13 kB each


class Asked(NamedTuple):
    """All that the page depends on: what the register says, the minute, the language and where the site stands."""

    rows: Rows
    minute: datetime
    language: str
    root: str


@bp.get("/v/<code>")
@limiter.limit(VERIFY)
@public
def show(code: str) -> ResponseReturnValue:
    """The verdict about one code."""
    asked = request.environ.get(_ASKED) or _asked(code, db.engine, request.environ)
    known = judged(typed(asked.rows, db.engine), clock.local(asked.minute).date())
    if known is not None:
        g.footer_project = words.project(known.subject.statement)
    page = render_template("certificates/v.html", known=known, words=words, checked=asked.minute)
    return stranger.answer(page, 200 if known else 404)


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


def said_again(app: Flask) -> "WSGIApplication":
    """The application with this in front of it: an answer about a certificate that still holds word for word.

    The register is asked here, once for each request. Only answers about known certificates are kept: what is not
    known goes to the application, which counts how often somebody tries.
    """
    with app.app_context():
        engine = db.engine
    inner, kept = app.wsgi_app, dict[Asked, tuple[str, list[tuple[str, str]], tuple[bytes, ...]]]()

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = get_path_info(environ)
        if not path.startswith("/v/") or environ["REQUEST_METHOD"] != "GET":
            return inner(environ, start_response)
        asked = None
        with suppress(SQLAlchemyError):
            asked = _asked(path.removeprefix("/v/"), engine, environ)
        if asked is None:  # it asks once more, and says it in words
            return inner(environ, start_response)
        said = kept.get(asked)
        if said is None:
            body, status, given = run_wsgi_app(inner, environ | {_ASKED: asked}, buffered=True)
            said = status, list(given), tuple(body)
            if asked.rows and status.startswith("200"):
                if len(kept) >= _MOST:
                    kept.clear()
                kept[asked] = said
        start_response(said[0], said[1].copy())
        return said[2]

    return answer


def _asked(code: str, engine: Engine, environ: "WSGIEnvironment") -> Asked:
    minute = clock.now().replace(second=0, microsecond=0)
    language = _language(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    return Asked(rows(code, engine), minute, language, environ.get("SCRIPT_NAME", ""))


@lru_cache(maxsize=64)
def _language(accepted: str) -> str:
    return filters.preferred(parse_accept_header(accepted, LanguageAccept))
