"""Credentials baked into pictures (Open Badges 3.0 §5.3): one iTXt chunk of a PNG, one element of an SVG.

The rule that matters most: exactly one, in the one place where it belongs. Two credentials in a picture could each be
read by another program.
"""

import struct
import zlib
from collections.abc import Iterator
from xml.parsers import expat

from certificates.reading import MAX_TEXT, SEVERAL, TOKEN, TOO_LARGE, UnreadableError
from lms.message import N_

KEYWORD = b"openbadgecredential"
"""Keyword of the chunk of a PNG that holds the credential."""
NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
"""Of the element of an SVG that holds it; badge.py writes both."""
_TEXTS = (b"iTXt", b"tEXt", b"zTXt")
_CHUNKS = 20_000
_DEPTH = 200
_DRAWING = 2 * 1024 * 1024
"""Bytes of an SVG: nothing else in the process goes on while it is parsed, six seconds for 20 MB. Ours have 40 000."""
_NAME = f"{NAMESPACE} credential"
_SVG = "http://www.w3.org/2000/svg svg"


def png(data: bytes) -> bytes:
    """The credential in the one iTXt chunk of a PNG file. Raises UnreadableError."""
    found = [(kind, body) for kind, body in _chunks(data) if kind in _TEXTS and body.split(b"\0", 1)[0] == KEYWORD]
    if not found:
        raise UnreadableError("none", N_("There is no credential in this picture."))
    if len(found) > 1:
        raise UnreadableError("several", SEVERAL)
    kind, body = found[0]
    flags = body[len(KEYWORD) + 1 :]
    if kind != b"iTXt" or flags[:2] != b"\0\0":
        raise UnreadableError("packed", N_("The credential in this picture is packed. It must stand there as it is."))
    parts = flags[2:].split(b"\0", 2)
    if len(parts) != 3:
        raise UnreadableError("broken", N_("The picture is damaged."))
    return parts[2]


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each chunk up to IEND; every sum is checked."""
    place = 8
    for _number in range(_CHUNKS):
        head = data[place : place + 8]
        if len(head) < 8:
            break
        length, kind = struct.unpack(">I4s", head)
        body, end = data[place + 8 : place + 8 + length], place + 12 + length
        if end > len(data) or data[end - 4 : end] != zlib.crc32(kind + body).to_bytes(4):
            break
        yield kind, body
        if kind == b"IEND":
            if end == len(data):
                return
            break
        place = end
    raise UnreadableError("broken", N_("The picture is damaged."))


class _Reader:
    """Listens to the parser; keeps nothing but the text of the credential."""

    def __init__(self) -> None:
        self.depth, self.found, self.inside, self.length = 0, 0, 0, 0
        self.parts: list[str] = []
        self.token = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth == 1 and name != _SVG:
            raise UnreadableError("kind", N_("This is no PDF, JSON, PNG or SVG file."))
        if self.depth > _DEPTH or self.inside:
            raise UnreadableError("broken", N_("The picture is damaged."))
        if name == _NAME:
            self.found, self.inside = self.found + 1, self.depth
            self.token = "verify" in attributes

    def end(self, _name: str) -> None:
        self.inside = 0 if self.inside == self.depth else self.inside
        self.depth -= 1

    def text(self, text: str) -> None:
        if self.inside:
            self.parts.append(text)
            self.length += len(text)
            if self.length > MAX_TEXT:
                raise UnreadableError("size", TOO_LARGE)

    def doctype(self, *_said: object) -> None:
        """Entities are how a small file becomes a huge one, and how it reads other files: there are none in ours."""
        raise UnreadableError("doctype", N_("The picture defines abbreviations of its own (DOCTYPE). It is not read."))


def svg(data: bytes) -> str:
    """The credential in the one `openbadges:credential` of an SVG file. Raises UnreadableError."""
    if len(data) > _DRAWING:
        raise UnreadableError("size", N_("The picture is larger than 2 MB. A certificate is never that large."))
    reader, parser = _Reader(), expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.begin, reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # LookupError: an encoding that nobody knows
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError("broken", N_("The picture is damaged.")) from error
    if reader.found > 1:
        raise UnreadableError("several", SEVERAL)
    text = "".join(reader.parts).strip()
    if reader.token and not text:
        raise UnreadableError("kind", TOKEN)
    if not reader.found or not text:
        raise UnreadableError("none", N_("There is no credential in this picture."))
    return text
