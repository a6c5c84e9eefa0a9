"""The certificate on paper: a statement and its proof in, one PDF/A-3a and PDF/UA-1 file out, always the same bytes.

The signed credential is attached word for word, and the QR code carries the signed digits. People's words reach Typst
as data, never as source. What no typeface can show is an error here, so ask `missing_glyphs` before a certificate is
issued.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Literal

from certificates.files import qr
from certificates.statement import JOINERS, Statement, to_json
from lms import press

Layout = Literal["portrait", "landscape"]
Status = Literal["expired", "revoked", "replaced"]

_ROOM = Path(__file__).parent
_SHOWN: set[str] = set()  # Characters that the typefaces have, as Typst has said in this process.
_MISSING = re.compile(r'the text `("(?:[^"\\]|\\.)*")` could not be displayed')


def verification_url(statement: Statement, base_url: str) -> str:
    """The public address where this certificate is checked; the QR code carries it with the signed digits behind."""
    return f"{base_url.rstrip('/')}/v/{statement.code}"


@dataclass(frozen=True)
class Proof:
    """What proves a certificate: the text of the signed credential, and the digits that the county signed for paper."""

    credential: str
    digits: str


def render(
    statement: Statement,
    proof: Proof,
    *,
    base_url: str,
    layout: Layout = "portrait",
    status: Status | None = None,
) -> bytes:
    """The PDF of `statement`, A4, with its credential attached and a QR code of 31 mm or more; not sealed yet.

    `status` prints a band on top when the certificate no longer holds. The time in the file is midnight UTC
    of the day of issue, so that equal statements give equal bytes. Raises `typst.TypstError` for a character
    that no typeface has.
    """
    url = verification_url(statement, base_url)
    square = qr.signed_modules(url, proof.digits)
    inputs = {
        "statement": to_json(statement),
        "credential": proof.credential,
        "url": url,
        "qr": qr.svg(square),
        "modules": str(len(square) - 2 * qr.QUIET),
        "layout": layout,
        "status": status or "",
    }
    return press.pdf(_ROOM / "certificate.typ", inputs, datetime.combine(statement.issued_on, time(), UTC))


def missing_glyphs(text: str) -> set[str]:
    """The characters (with their accents) of `text` that a certificate cannot show; empty when all is well.

    `missing_glyphs(to_json(statement))` asks for a whole statement at once. Typst is asked for what it has not shown
    before: the letters of most names are soon known, and thirty people are certified in one act.
    """
    import typst  # noqa: PLC0415  see lms/press.py

    unknown = _characters(text) - _SHOWN
    if not unknown:
        return set()
    try:
        press.pdf(_ROOM / "glyphs.typ", {"text": " ".join(sorted(unknown))}, datetime(2000, 1, 1, tzinfo=UTC))
    except typst.TypstError as error:
        missing = {_unescape(found) for found in _MISSING.findall(error.diagnostic)}
        if not missing:
            raise
        return missing
    _SHOWN.update(unknown)
    return set()


def _characters(text: str) -> set[str]:
    """What is drawn as one: a letter with its accents and whatever is joined to it."""
    found: list[str] = []
    for sign in text:
        joined = found and (found[-1][-1] in JOINERS or sign in JOINERS or unicodedata.category(sign)[0] == "M")
        if joined:
            found[-1] += sign
        else:
            found.append(sign)
    return {each for each in found if not each.isspace()}


def _unescape(literal: str) -> str:
    """A Typst string literal as the text it means."""
    return str(
        json.loads(re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), literal), strict=False)
    )
