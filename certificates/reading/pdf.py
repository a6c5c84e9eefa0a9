"""What a PDF holds, read in a process of its own: its one `credential.json`, the text of its pages, its signatures.

The rule that matters most: this is run by `process.py` only, under limits that the kernel keeps, since a PDF can ask a
reader for any amount of work. It gets the file on standard input and answers with one line of JSON.
"""

import asyncio
import io
import json
import logging
import resource
import sys
from typing import Any

from certificates.reading import ATTACHMENT, MAX_TEXT, SEVERAL, TOO_LARGE, UnreadableError, decoded
from lms.message import N_

SECONDS, MEMORY, PAGES = 5, 1024 * 1024 * 1024, 20
_ATTACHMENTS = 50
_SIGNATURES = 5
_PAGE = 200_000


def contents(data: bytes) -> dict[str, Any]:
    """`text`, `pages` and `signatures` of a PDF as plain values. Raises UnreadableError."""
    from pypdf import PdfReader  # noqa: PLC0415  only this process needs it
    from pypdf.errors import PyPdfError  # noqa: PLC0415  goes with it

    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted:
            raise UnreadableError("encrypted", N_("The PDF is encrypted. Save it without a password and try again."))
        if len(reader.pages) > PAGES:
            raise UnreadableError("pages", N_("The PDF has more pages than a certificate."))
        text = _attached(reader)
        pages = [_written(page.extract_text()[:_PAGE]) for page in reader.pages]
    except UnreadableError:
        raise
    except (PyPdfError, ArithmeticError, LookupError, AttributeError, TypeError, ValueError, OSError) as error:
        raise UnreadableError("broken", N_("The PDF is damaged.")) from error
    return {"text": text, "pages": pages, "signatures": _signatures(data)}


def _written(text: str) -> str:
    """The text without half signs, which a PDF can name and nobody can be shown."""
    return text.encode(errors="replace").decode()


def _attached(reader: Any) -> str:
    """The text of the one attachment of the name. What is attached to an attachment is not looked at."""
    found = []
    for number, each in enumerate(reader.attachment_list):
        if number >= _ATTACHMENTS:
            raise UnreadableError("attachments", N_("The PDF has more attachments than a certificate."))
        if ATTACHMENT in (each.name, each.alternative_name):
            found.append(each)
    if not found:
        raise UnreadableError("none", N_("There is no credential in this PDF. Write the code on it instead."))
    if len(found) > 1:
        raise UnreadableError("several", SEVERAL)
    content = found[0].content
    if len(content) > MAX_TEXT:
        raise UnreadableError("size", TOO_LARGE)
    return decoded(content)


def _signatures(data: bytes) -> list[dict[str, Any]]:
    """The signatures of the file as pyHanko judges them; one that cannot be judged does not fit."""
    from pyhanko.pdf_utils.misc import PdfError  # noqa: PLC0415  see contents
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415  goes with it

    try:
        found = PdfFileReader(io.BytesIO(data), strict=False).embedded_regular_signatures
    except (PdfError, ArithmeticError, LookupError, AttributeError, TypeError, ValueError):
        return [_UNFIT] if b"/ByteRange" in data else []
    return [_judged(each) for each in found[: _SIGNATURES + 1]]


_UNFIT: dict[str, Any] = {"intact": False, "whole": False, "certificate": ""}


def _judged(signature: Any) -> dict[str, Any]:
    from pyhanko.sign.validation import async_validate_pdf_signature  # noqa: PLC0415  see contents
    from pyhanko.sign.validation.status import SignatureCoverageLevel  # noqa: PLC0415  goes with it
    from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415  goes with it

    try:
        nobody = ValidationContext(trust_roots=[], allow_fetching=False)
        status = asyncio.run(async_validate_pdf_signature(signature, nobody))
        certificate = _pem(signature.signer_cert.dump())
    except Exception:  # whatever a hostile signature breaks, it does not fit
        return _UNFIT
    return {
        "intact": bool(status.intact and status.valid),
        "whole": status.coverage == SignatureCoverageLevel.ENTIRE_FILE,  # so nothing was added after it
        "certificate": certificate,
    }


def _pem(der: bytes) -> str:
    from cryptography import x509  # noqa: PLC0415  see contents
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415  goes with it

    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()


def main() -> None:
    """Read standard input under limits, write one line of JSON."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    logging.disable(logging.CRITICAL)
    try:
        answer = contents(sys.stdin.buffer.read())
    except UnreadableError as error:
        answer = {"code": error.code, "words": str(error)}
    except (MemoryError, RecursionError):
        answer = {}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
