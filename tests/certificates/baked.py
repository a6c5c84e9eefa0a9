"""Files that hold a credential, made as the contract says and as nobody should make them."""

import io
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import pikepdf

from certificates.files import pdf, seal
from certificates.files.seal import Seal, Words
from certificates.statement import Statement
from tests.certificates.credentials import BASE

AT = datetime(2022, 12, 1, tzinfo=UTC)
HEAD = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def text_chunk(text: str, flags: bytes = b"\0\0\0\0", kind: bytes = b"iTXt") -> bytes:
    return chunk(kind, b"openbadgecredential\0" + flags + text.encode())


def png(*texts: bytes, end: bytes = b"") -> bytes:
    """One white dot with these chunks of text."""
    dot = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return HEAD + dot + b"".join(texts) + chunk(b"IDAT", zlib.compress(b"\0\xff")) + chunk(b"IEND", b"") + end


def svg(*texts: str, before: str = "") -> bytes:
    baked = "".join(f"<openbadges:credential><![CDATA[{text}]]></openbadges:credential>" for text in texts)
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"'
    return f'{before}<svg {names} viewBox="0 0 1 1">{baked}<rect width="1" height="1"/></svg>'.encode()


@cache
def county_seal() -> Seal:
    return Seal(*seal.new("kurs.example", AT))


def page(statement: Statement, text: str) -> bytes:
    """The PDF of a statement with this credential attached, without a seal."""
    return pdf.render(statement, pdf.Proof(text, "1234567890"), base_url=BASE)


def sealed(file: bytes, by: Seal | None = None) -> bytes:
    return seal.sealed(file, by or county_seal(), AT, Words("Länet", "Enköping", "Certifikat"))


def saved_anew(file: bytes, change: Callable[[pikepdf.Pdf], object]) -> bytes:
    """What an editor of PDF files makes of it: the signature field goes, the rest stays."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(file)) as opened:
        for name in {"/AcroForm", "/Perms"} & set(opened.Root.keys()):
            del opened.Root[name]
        for each in opened.pages:
            if "/Annots" in each:
                each.Annots = pikepdf.Array([note for note in each.Annots if note.get("/Subtype") != "/Widget"])
        change(opened)
        opened.save(out)
    return out.getvalue()


def attach(opened: pikepdf.Pdf, text: str, name: str = "credential.json") -> None:
    """Another attachment, in place of what has the name."""
    opened.attachments[name] = pikepdf.AttachedFileSpec(opened, text.encode(), filename=name)
