"""QR codes as black squares on white, drawn with attributes only, since the pages allow no inline style.

A code always has its quiet zone of four modules and error correction M, for paper that has been folded.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

QUIET = 4
"""Modules of white on each side that a reader needs (ISO/IEC 18004)."""

Modules = tuple[tuple[bool, ...], ...]


@lru_cache(maxsize=16)
def modules(url: str) -> Modules:
    """The square of `url`, row by row, True where it is black; the quiet zone is part of it."""
    return _square(url)


def signed_modules(url: str, digits: str) -> Modules:
    """The square of `url#digits`: the digits are packed as digits, ten bits for three of them.

    They are as good as random, so one mask serves as well as the best of eight, in a fifth of the time.
    """
    return _square(f"{url}#", digits, mask=3) if digits else _square(url)


def _square(text: str, digits: str = "", mask: int | None = None) -> Modules:
    import qrcode  # noqa: PLC0415  few requests need it, and it brings much along
    from qrcode.constants import ERROR_CORRECT_M  # noqa: PLC0415  goes with it
    from qrcode.util import QRData  # noqa: PLC0415  goes with it

    code: qrcode.QRCode[Any] = qrcode.QRCode(border=QUIET, error_correction=ERROR_CORRECT_M, mask_pattern=mask)
    for part in filter(None, (text, digits)):
        code.add_data(QRData(part))  # each in the mode that holds it tightest
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def path(square: Modules) -> str:
    """SVG path data of the black modules, one unit each; neighbours in a row are one stroke without seams."""
    return "".join(f"M{x} {y}h{width}v1h-{width}z" for x, y, width in _runs(square))


def svg(square: Modules, title: str = "") -> str:
    """A whole SVG file with the code; `title` says to a screen reader what the code opens."""
    size = len(square)
    name = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" role="img" '
        f'shape-rendering="crispEdges">{name}<rect width="{size}" height="{size}" fill="#fff"/>'
        f'<path fill="#000" d="{path(square)}"/></svg>'
    )


def _runs(square: Modules) -> Iterator[tuple[int, int, int]]:
    for y, row in enumerate(square):
        x = 0
        for black, group in groupby(row):
            width = len(list(group))
            if black:
                yield x, y, width
            x += width
