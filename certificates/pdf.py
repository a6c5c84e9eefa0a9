"""The certificate on paper: one statement in, one PDF/A-3a and PDF/UA-1 file out, always the same bytes.

People's words reach Typst as data, never as source. What no typeface can show is an error here, so ask
`missing_glyphs` before a certificate is issued.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Literal

from certificates import qr
from certificates.statement import Statement, to_json
from lms import press

Layout = Literal["portrait", "landscape"]
Status = Literal["expired", "revoked", "replaced"]

ATTACHMENT = "certificate.json"
"""Name of the file inside the PDF that holds the canonical text of the statement."""

_ROOM = Path(__file__).parent
_MISSING = re.compile(r'the text `("(?:[^"\\]|\\.)*")` could not be displayed')


def verification_url(statement: Statement, base_url: str) -> str:
    """The public address where this certificate is checked; it is what the QR code carries."""
    return f"{base_url.rstrip('/')}/v/{statement.code}"


def render(
    statement: Statement, *, base_url: str, layout: Layout = "portrait", status: Status | None = None
) -> bytes:
    """The PDF of `statement`, A4, with its canonical text attached and a QR code of 31 mm.

    `status` prints a band on top when the certificate no longer holds. The time in the file is midnight UTC
    of the day of issue, so that equal statements give equal bytes. Raises `typst.TypstError` for a character
    that no typeface has.
    """
    url = verification_url(statement, base_url)
    inputs = {
        "statement": to_json(statement),
        "url": url,
        "qr": qr.svg(url),
        "modules": str(len(qr.modules(url))),
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
