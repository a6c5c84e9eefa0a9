"""What an uploaded file really is, told from its content and never from its name.

The rule that matters most: a file that is not plainly one of the kinds listed here, and nothing besides, is
refused; no more than a bounded part of an archive is ever unpacked.
"""

import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

import puremagic

MAX_BYTES: Final = 20 * 1024 * 1024
_HEAD: Final = 4096
_MAX_MEMBERS: Final = 2_000
_MAX_UNPACKED: Final = 300 * 1024 * 1024
_MAX_READ: Final = 1024 * 1024
_MAX_PIXELS: Final = 200_000_000
_OPENXML: Final = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_OPENDOCUMENT: Final = b"application/vnd.oasis.opendocument.text"
_HEIF_BRANDS: Final = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"}
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True)
class FileType:
    """A kind of file that is accepted: `key` for code, `extension` with dot, `media_type` to send it as."""

    key: str
    extension: str
    media_type: str


PDF: Final = FileType("pdf", ".pdf", "application/pdf")
DOCX: Final = FileType(
    "docx", ".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
)
ODT: Final = FileType("odt", ".odt", "application/vnd.oasis.opendocument.text")
PNG: Final = FileType("png", ".png", "image/png")
JPEG: Final = FileType("jpeg", ".jpg", "image/jpeg")
GIF: Final = FileType("gif", ".gif", "image/gif")
WEBP: Final = FileType("webp", ".webp", "image/webp")
HEIC: Final = FileType("heic", ".heic", "image/heic")


def recognise(data: bytes) -> FileType | None:
    """Return the kind of the whole file `data`, or None when it is none that is accepted.

    Refused are also: more than `MAX_BYTES`, documents with macros, encrypted or oversized archives, and files
    that are two kinds at the same time (an image or PDF with an archive or a web page in it).
    """
    if not data or len(data) > MAX_BYTES:
        return None
    for kind in _candidates(data[:_HEAD]):
        if _CHECKS[kind](data):
            return kind
    return None


def safe_name(filename: str) -> str:
    """Return `filename` as it may stand in Content-Disposition: no path, control or direction characters.

    At most 120 characters, the extension kept; "file" when nothing is left. Letters such as å stay.
    """
    name = unicodedata.normalize("NFC", filename.replace("\\", "/").rsplit("/", 1)[-1])
    name = "".join(_printable(character) for character in name)
    name = re.sub(r'[<>:"|?*;%]', "_", re.sub(r" +", " ", name)).strip(". ")
    if _RESERVED.match(name):
        name = f"_{name}"
    suffix = PurePosixPath(name).suffix if name else ""
    if len(suffix) > 10:
        suffix = ""
    return name.removesuffix(suffix)[: 120 - len(suffix)].rstrip(". ") + suffix or "file"


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    return "" if category[0] in "CZ" else character


def _candidates(head: bytes) -> list[FileType]:
    """What the first bytes allow it to be: puremagic's signatures, and the HEIF brands it does not know."""
    try:
        extensions = {match.extension for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        extensions = set()
    kinds = [kind for kind in (PDF, DOCX, ODT, PNG, JPEG, GIF, WEBP) if kind.extension in extensions]
    return kinds + ([HEIC] if head[4:8] == b"ftyp" else [])


def _is_pdf(data: bytes) -> bool:
    tail = data[-2048:]
    return (
        re.match(rb"%PDF-[12]\.\d[\s%]", data) is not None
        and b"startxref" in tail
        and b"%%EOF" in tail
        and re.search(rb"\d+\s+\d+\s+obj\b", data) is not None
        and not _hides_another(data)
    )


def _is_png(data: bytes) -> bool:
    if data[:16] != b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" or len(data) < 33:
        return False
    if struct.unpack(">I", data[29:33])[0] != zlib.crc32(data[12:29]):
        return False
    width, height = struct.unpack(">II", data[16:24])
    return 0 < width * height <= _MAX_PIXELS and b"IEND\xaeB`\x82" in data and not _hides_another(data)


def _is_jpeg(data: bytes) -> bool:
    """Start, a frame, a scan and an end: what follows (moving pictures of phones) must be no archive."""
    frame = re.search(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]\x00", data)
    scan = data.find(b"\xff\xda")
    ends = data.rfind(b"\xff\xd9")
    return data[:3] == b"\xff\xd8\xff" and frame is not None and 0 < scan < ends and not _hides_another(data)


def _is_gif(data: bytes) -> bool:
    if data[:6] not in {b"GIF87a", b"GIF89a"} or len(data) < 20:
        return False
    width, height = struct.unpack("<HH", data[6:10])
    return width > 0 and height > 0 and b"," in data[13:] and b";" in data[-64:] and not _hides_another(data)


def _is_webp(data: bytes) -> bool:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or data[12:16] not in {b"VP8 ", b"VP8L", b"VP8X"}:
        return False
    length = struct.unpack("<I", data[4:8])[0]
    return 0 <= len(data) - (length + 8) <= 1 and not _hides_another(data)


def _is_heic(data: bytes) -> bool:
    size = struct.unpack(">I", data[:4])[0] if len(data) >= 16 else 0
    if not 16 <= size <= min(256, len(data)):
        return False
    brands = {data[8:12], *(data[place : place + 4] for place in range(16, size, 4))}
    return bool(brands & _HEIF_BRANDS) and data[size + 4 : size + 8] == b"meta" and not _hides_another(data)


def _hides_another(data: bytes) -> bool:
    """Whether the file is an archive as well, or has a web page where a careless reader looks for one."""
    head = data[:_HEAD].lower()
    pages = (b"<script", b"<html", b"<!doctype html", b"<svg", b"<?php")
    return (
        _end_of_archive(data) is not None or any(page in head for page in pages) or b"%pdf-" in head[1:1024]
    )


def _end_of_archive(data: bytes) -> int | None:
    """Where the end record of a zip file stands: one whose comment reaches exactly to the end of the data."""
    place = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if place < 0 or place + 22 > len(data):
        return None
    entries, size, offset = struct.unpack("<HII", data[place + 10 : place + 20])
    return place if entries and size + offset <= place else None


def _is_docx(data: bytes) -> bool:
    archive = _archive(data)
    if archive is None or not {"[Content_Types].xml", "word/document.xml"} <= set(archive.namelist()):
        return False
    types = _member(archive, "[Content_Types].xml") or b""
    start = _member(archive, "word/document.xml", only_head=True) or b""
    names = [name.lower() for name in archive.namelist()]
    macros = b"macroenabled" in types.lower() or any(
        name.endswith(("vbaproject.bin", "vbadata.xml")) for name in names
    )
    active = any("/activex/" in name for name in names)
    return _OPENXML in types and b"<!doctype" not in (types + start).lower() and not macros and not active


def _is_odt(data: bytes) -> bool:
    archive = _archive(data)
    if (
        archive is None
        or archive.infolist()[0].filename != "mimetype"
        or "content.xml" not in archive.namelist()
    ):
        return False
    macros = any(name.lower().startswith(("basic/", "scripts/")) for name in archive.namelist())
    return _member(archive, "mimetype") == _OPENDOCUMENT and not macros


def _archive(data: bytes) -> zipfile.ZipFile | None:
    """The archive that is the whole of `data`, when its directory promises nothing out of bounds."""
    end = _end_of_archive(data)
    if end is None or data[:4] != b"PK\x03\x04":
        return None
    entries = struct.unpack("<H", data[end + 10 : end + 12])[0]
    if entries > _MAX_MEMBERS:
        return None
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, UnicodeDecodeError):
        return None
    members = archive.infolist()
    names = {member.filename for member in members}
    sound = (
        0 < len(members) == len(names)
        and min(member.header_offset for member in members) == 0
        and sum(member.file_size for member in members) <= _MAX_UNPACKED
        and all(_is_sound(member) for member in members)
    )
    return archive if sound else None


def _is_sound(member: zipfile.ZipInfo) -> bool:
    """A member that stays inside the archive, is not encrypted and is packed as office programmes do."""
    name = member.filename
    inside = not name.startswith("/") and "\\" not in name and ".." not in name.split("/") and ":" not in name
    plain = not member.flag_bits & 0x1 and member.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
    return inside and plain


def _member(archive: zipfile.ZipFile, name: str, *, only_head: bool = False) -> bytes | None:
    """The content of a member, at most `_MAX_READ` bytes unpacked; None when it is longer or damaged."""
    try:
        with archive.open(name) as stream:
            content = stream.read(_HEAD if only_head else _MAX_READ + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        ValueError,
        NotImplementedError,
        KeyError,
        OSError,
        RuntimeError,
    ):
        return None
    return content if len(content) <= _MAX_READ else None


_CHECKS: Final[dict[FileType, Callable[[bytes], bool]]] = {
    PDF: _is_pdf,
    DOCX: _is_docx,
    ODT: _is_odt,
    PNG: _is_png,
    JPEG: _is_jpeg,
    GIF: _is_gif,
    WEBP: _is_webp,
    HEIC: _is_heic,
}
