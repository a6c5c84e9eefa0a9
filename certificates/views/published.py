"""What anybody may fetch to check a certificate without us: keys, signed texts, lists of revocations, achievements.

The rule that matters most: what was signed is served byte by byte and to everybody alike. No cookie, no session, and
nothing is kept about who asks for what.
"""

import json
from typing import Any

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from certificates import words
from certificates.proof import credentials, keys
from certificates.views import stranger
from lms.limits import VERIFY, limiter
from lms.permissions import public

bp = Blueprint("published", __name__)
bp.before_request(stranger.nobody)

CREDENTIAL = ("application/vc+ld+json", "application/vc", "application/ld+json", "application/json")
"""What a credential may be called; the bytes are the same. `application/vc` is the name that IANA keeps."""
ACHIEVEMENT = ("text/html", "application/ld+json", "application/json")
SOON, LATER = 300, 86_400
"""Seconds that copies may be kept: what a revocation or a lost key changes, and what never changes."""
OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
ASKED_FIRST = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, If-None-Match",
    "Access-Control-Max-Age": str(LATER),
}


@bp.after_request
def for_every_site(response: Response) -> Response:
    """Programs on other sites may read it: it is for verifiers, and holds nothing that depends on who asks."""
    response.headers.update(OPEN | (ASKED_FIRST if request.method == "OPTIONS" else {}))
    return response


def _wrong(response: Response) -> bool:
    return response.status_code == 404


@bp.get("/.well-known/did.json")
@bp.get("/did.json")
@public
def did() -> ResponseReturnValue:
    """The county's keys (did:web; the second address is the one of an installation below a path)."""
    return _served(json.dumps(keys.did_document(), separators=(",", ":")), "application/did+ld+json", SOON)


@bp.get("/credentials/<address>")
@limiter.limit(VERIFY, deduct_when=_wrong)
@public
def credential(address: str) -> ResponseReturnValue:
    """A certificate or endorsement as it was signed, also an edition that another one has followed."""
    found = credentials.served(address)
    if found is None:
        return _unknown()
    kind = request.accept_mimetypes.best_match(CREDENTIAL, CREDENTIAL[0]) or CREDENTIAL[0]
    return _served(found, kind, SOON, vary=True)


@bp.get("/status/<status_list>")
@public
def status(status_list: str) -> ResponseReturnValue:
    """A list of revocations as it was signed last."""
    found = credentials.list_with_name(status_list)
    return _unknown() if found is None else _served(found, CREDENTIAL[0], SOON)


@bp.get("/achievements/<achieved>")
@bp.get("/achievements/<achieved>.json")
@public
def achievement(achieved: str) -> ResponseReturnValue:
    """What a certificate certifies: a page for people in its own language, JSON-LD for programs."""
    found = credentials.achievement_with(achieved)
    wanted = "json" if request.path.endswith(".json") else request.args.get("format", "")
    kind = request.accept_mimetypes.best_match(ACHIEVEMENT, ACHIEVEMENT[0])
    if wanted == "json" or (kind != ACHIEVEMENT[0] and wanted != "html"):
        data = json.dumps(found, ensure_ascii=False)
        return _unknown() if found is None else _served(data, _plain(kind), LATER, vary=True)
    page = _page(found)
    return (page, 404) if found is None else _served(page, ACHIEVEMENT[0], LATER, vary=True)


def _page(found: dict[str, Any] | None) -> str:
    if found is not None:
        g.language = found["inLanguage"]
    return render_template("certificates/achievement.html", achievement=found, words=words)


def _plain(kind: str | None) -> str:
    return kind if kind in ACHIEVEMENT[1:] else ACHIEVEMENT[1]


def _served(text: str, kind: str, seconds: int, vary: bool = False) -> ResponseReturnValue:
    """The text with its mark: who has it already hears 304."""
    response = Response(text, mimetype=kind)
    response.cache_control.public = True
    response.cache_control.max_age = seconds
    if vary:
        response.vary.add("Accept")
    response.add_etag()
    return response.make_conditional(request)


def _unknown() -> ResponseReturnValue:
    """What is not here, told to a program (RFC 9457)."""
    return Response(json.dumps({"title": "Not Found", "status": 404}), 404, mimetype="application/problem+json")
