"""The badge: a certificate as a picture for screens, with its signed credential inside, as SVG or PNG.

The rule that matters most: the credential stands in the file word for word (Open Badges 3.0, baking), and the same
certificate gives the same bytes. The picture names the course and its issuer, never the person.
"""

import struct
import zlib
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from certificates.reading.images import KEYWORD, NAMESPACE
from certificates.statement import Statement, to_json
from lms import press

_SOURCE = Path(__file__).parent / "badge.typ"
_DOTS = 144  # 680 × 680: two dots for each point
_SIGNATURE, _HEADER = 8, 25  # bytes of a PNG before its first chunk, and of that chunk (IHDR)
_LEVELS = {
    "sv": {"trainer": "Certifierad utbildare", "user": "Certifierad användare"},
    "en": {"trainer": "Certified trainer", "user": "Certified user"},
}


def svg(statement: Statement, credential: str) -> bytes:
    """The badge as a drawing, with `credential` as CDATA right after its beginning."""
    drawn = press.svg(_SOURCE, _inputs(statement)).decode()
    begun, rest = drawn.removeprefix("<svg").split(">", 1)
    held = credential.replace("]]>", "]]]]><![CDATA[>")  # the end of CDATA cannot stand inside it
    words = alt(statement)
    return (
        f"<svg xmlns:openbadges={quoteattr(NAMESPACE)} role=\"img\" aria-label={quoteattr(words)}"
        f" lang={quoteattr(statement.language)}{begun}>"
        f"<openbadges:credential><![CDATA[{held}]]></openbadges:credential>"
        f"<title>{escape(words)}</title>{rest}"
    ).encode()


def png(statement: Statement, credential: str) -> bytes:
    """The badge as a picture of 680 × 680 dots, with `credential` in an uncompressed iTXt chunk behind its header."""
    drawn = press.png(_SOURCE, _inputs(statement), _DOTS)
    place = _SIGNATURE + _HEADER
    texts = _text(KEYWORD, credential) + _text(b"Description", alt(statement))
    return drawn[:place] + texts + drawn[place:]


def alt(statement: Statement) -> str:
    """The badge in words, in the language of the certificate."""
    level = _LEVELS[statement.language][statement.level]
    return f"{level}: {statement.title}. {statement.issuer}, {statement.issued_on.year}."


def _inputs(statement: Statement) -> dict[str, str]:
    return {"statement": to_json(statement), "level": _LEVELS[statement.language][statement.level]}


def _text(keyword: bytes, text: str) -> bytes:
    """An uncompressed iTXt chunk in no certain language (W3C PNG §11.3.3.4): length, kind, data, checksum."""
    data = b"iTXt" + keyword + b"\0\0\0\0\0" + text.encode()
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
