"""/verify: the code on the paper, or the file, is checked for whoever asks. Nothing of it is kept.

Nothing is changed here either, so there is no session, no cookie and no token against forged forms. A file stays in
memory as long as the answer takes; what a scanner read is posted, so that no log holds what stands on the paper.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from certificates import words
from certificates.reading import MAX_BYTES, UnreadableError
from certificates.statement import CODE_LENGTH, bare, normalise_code
from certificates.views import stranger
from lms import oversized
from lms.limits import FILES, VERIFY, limiter
from lms.permissions import public

if TYPE_CHECKING:
    from certificates.answering.examined import Judgement

bp = Blueprint("checking", __name__)
bp.before_request(stranger.nobody)

_ROOM = 64 * 1024
"""Bytes of a request beside the file in it."""
_LONGEST = 3_000
"""Characters of what was typed or scanned that are looked at."""


@bp.get("/verify")
@limiter.limit(VERIFY)
@public
def form() -> ResponseReturnValue:
    """Enter the code on the paper, or choose a file; a code that can be one leads to its page."""
    return _typed(request.args.get("code", "")[:200], paper=False)


@bp.post("/verify")
@limiter.limit(FILES)
@public
def check() -> ResponseReturnValue:
    """Check a file, or what was typed or scanned."""
    if request.mimetype != "multipart/form-data":
        return _typed(request.form.get("code", "")[:_LONGEST], paper=True)
    try:
        data = _file()
    except RequestEntityTooLarge:
        return _again(file_fault=_("The file is larger than 20 MB. A certificate is never that large."), status=413)
    if not data:
        return _again(file_fault=_("Choose a file."))
    from certificates.answering import examined  # noqa: PLC0415  few requests check signatures

    try:
        return _answer(examined.file(data))
    except UnreadableError as error:
        return _again(file_fault=_(str(error)))


def _typed(typed: str, *, paper: bool) -> ResponseReturnValue:
    """To the page of a code; with what a scanner read, the paper's own proof is checked as well."""
    from certificates.answering import examined  # noqa: PLC0415  see check

    found = examined.scanned(typed) if "/" in typed else None
    if found and found.digits and paper:
        return _answer(examined.paper(found))
    code = found.code if found else normalise_code(typed)
    if code:
        return redirect(url_for("verify.show", code=code), 303)
    return _again(typed=typed[:200], fault=_fault(typed[:200]), status=422 if typed.strip() else 200)


def _answer(outcome: Judgement) -> ResponseReturnValue:
    from certificates.examining import words as said  # noqa: PLC0415  see check

    page = render_template("certificates/checked.html", outcome=outcome, told=outcome.told, said=said, words=words)
    return stranger.answer(page)


def _again(*, status: int = 422, **values: str) -> ResponseReturnValue:
    return stranger.answer(render_template("certificates/verify.html", **values), status)


def _file() -> bytes:
    """The file of the request, in memory and nowhere else. Raises RequestEntityTooLarge."""
    most = MAX_BYTES + _ROOM
    if (request.content_length or 0) > most:
        oversized.typed_before_files(request)  # the browser gets to see the answer when all of it is taken
        raise RequestEntityTooLarge
    request.max_content_length = most
    parser = FormDataParser(stream_factory=_memory, max_content_length=most, max_form_parts=20)
    _stream, _form, files = parser.parse(
        request.stream, request.mimetype, request.content_length, request.mimetype_params
    )
    given = files.get("file")
    return given.read() if given else b""


def _memory(
    total_content_length: int | None,
    content_type: str | None,
    filename: str | None,
    content_length: int | None = None,
) -> io.BytesIO:
    """Where a file of a request is kept; other requests write large ones to the disk in between."""
    return io.BytesIO()


def _fault(typed: str) -> str:
    """What is wrong with what was typed, in words that help to read the paper again."""
    signs = bare(typed).upper()
    if not signs:
        return ""
    if "/" in signs:
        return str(_("That is not the address of a certificate. Write the code, or choose the file."))
    if re.fullmatch(r"[A-Z]{3}[AU]\d{8,}", signs):
        return str(_("That is the number. Write the code instead, beside the QR code: four groups of four signs."))
    if set(signs) & set("01OI"):
        return str(_("No code has the signs 0, O, 1 or I. Look again: it may be Q, D, 7, L or J."))
    if len(signs) != CODE_LENGTH:
        return str(_("A code has %(length)s signs. You wrote %(count)s.", length=CODE_LENGTH, count=len(signs)))
    return str(_("A code has only the letters A to Z and the digits 2 to 9."))
