"""Files that hold a credential: PDF, JSON, PNG, SVG → the credential's text, and what the file itself says beside it.

The rule that matters most: the file is hostile until its credential has been checked. What it is follows from its
content, never from its name; nothing is written anywhere, nothing is fetched, and each limit has its own words.
"""

from dataclasses import dataclass
from typing import Literal

from lms.message import N_

ATTACHMENT = "credential.json"
"""Name of the file inside a PDF that holds the signed credential."""
MAX_BYTES = 20 * 1024 * 1024
MAX_TEXT = 1024 * 1024
"""Bytes of a credential; ours are some 6 000."""

SEVERAL = N_("There are several credentials in the file: which one counts cannot be told.")
TOO_LARGE = N_("The credential in the file is too large to be one.")
TOKEN = N_("This is a credential as a token (JWT). Here those with a proof inside are checked.")

Kind = Literal["pdf", "json", "png", "svg"]


class UnreadableError(ValueError):
    """No credential can be read from the file: a `code` for tests and lists, words for people."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True)
class Signature:
    """What a PDF is signed with: whether the signature fits, whether it covers the whole file (so that nothing was
    changed after it), and the certificate (PEM) it was made with."""

    intact: bool
    whole: bool
    certificate: str


@dataclass(frozen=True)
class Reading:
    """What a file holds: the credential's text; for a PDF also the text of its pages and its signatures."""

    kind: Kind
    text: str
    pages: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()


def read(data: bytes) -> Reading:
    """What the file holds. Raises UnreadableError with the reason."""
    if not data:
        raise UnreadableError("empty", N_("The file is empty."))
    if len(data) > MAX_BYTES:
        raise UnreadableError("size", N_("The file is larger than 20 MB. A certificate is never that large."))
    start = data[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    if data.startswith(b"%PDF-"):
        from certificates.reading import process  # noqa: PLC0415  most files are no PDF

        return process.read(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        from certificates.reading import images  # noqa: PLC0415  see above

        return Reading("png", decoded(images.png(data)))
    if start.startswith(b"<"):
        from certificates.reading import images  # noqa: PLC0415  see above

        return Reading("svg", images.svg(data))
    if start.startswith(b"{"):
        return Reading("json", decoded(data))
    raise UnreadableError(*_other(data, start))


def decoded(data: bytes) -> str:
    """The text of a credential in UTF-8. Raises UnreadableError when it is none, or too long."""
    if len(data) > MAX_TEXT:
        raise UnreadableError("size", TOO_LARGE)
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        raise UnreadableError("text", N_("The text in the file is not UTF-8.")) from error


def _other(data: bytes, start: bytes) -> tuple[str, str]:
    """Why a file of another kind is refused, as helpful as its content allows."""
    from lms import filetypes  # noqa: PLC0415  only for the words

    if start.startswith(b"eyJ"):
        return "kind", TOKEN
    found = filetypes.recognise(data)
    if found in (filetypes.JPEG, filetypes.GIF, filetypes.WEBP, filetypes.HEIC):
        return "kind", N_("This is a photo. Scan the QR code on the certificate, or write the code beside it.")
    return "kind", N_("This is no PDF, JSON, PNG or SVG file.")
