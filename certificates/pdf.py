"""The certificate on paper: a statement and its proof in, one PDF/A-3a and PDF/UA-1 file out, always the same bytes.

The signed credential is attached word for word, and the QR code carries the signed digits. People's words reach Typst
as data, never as source. What no typeface can show is an error here, so ask `missing_glyphs` before a certificate is
issued.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Literal

from certificates import qr
from certificates.statement import Statement, to_json
from lms import press

Layout = Literal["portrait", "landscape"]
Status = Literal["expired", "revoked", "replaced"]

ATTACHMENT = "credential.json"
"""Name of the file inside the PDF that holds the signed credential."""

_ROOM = Path(__file__).parent
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

    `missing_glyphs(to_json(statement))` asks for a whole statement at once.
    """
    import typst  # noqa: PLC0415  see lms/press.py

    try:
        press.pdf(_ROOM / "glyphs.typ", {"text": text}, datetime(2000, 1, 1, tzinfo=UTC))
    except typst.TypstError as error:
        missing = {_unescape(found) for found in _MISSING.findall(error.diagnostic)}
        if not missing:
            raise
        return missing
    return set()


def _unescape(literal: str) -> str:
    """A Typst string literal as the text it means."""
    return str(
        json.loads(re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), literal), strict=False)
    )
