"""Looks for whole personnummer in whatever leaves the installation: pages, mails, workbooks, archives, PDFs, rows."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable

import pypdf

_SHAPE = re.compile(r"(?<!\d)(\d{6}|\d{8})[-+ \u2010-\u2015]?(\d{4})(?!\d)")


class Numbers:
    """The twelve digits of some people; `found` tells which of them something holds, however they are written."""

    def __init__(self, twelve: Iterable[str]) -> None:
        self.ten = {number[2:] for number in twelve}

    def found(self, data: object) -> set[str]:
        """The numbers in a text, a value of a row, or a file of any kind that the product makes."""
        text = _text(data) if isinstance(data, bytes) else str(data)
        return {begins[-6:] + ends for begins, ends in _SHAPE.findall(text)} & self.ten


def _text(data: bytes) -> str:
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "\n".join(f"{name}\n{_text(archive.read(name))}" for name in archive.namelist() if "scb" not in name)
    if data.startswith(b"%PDF"):
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    if data.startswith(b"\x78"):
        return zlib.decompress(data).decode()
    return data.decode("utf-8", "replace")
