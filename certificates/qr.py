"""QR codes as black squares on white, drawn with attributes only, since the pages allow no inline style.

A code always has its quiet zone of four modules and error correction M, for paper that has been folded.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from xml.sax.saxutils import escape

QUIET = 4
"""Modules of white on each side that a reader needs (ISO/IEC 18004)."""

Modules = tuple[tuple[bool, ...], ...]


@lru_cache(maxsize=16)
def modules(url: str) -> Modules:
    """The square of `url`, row by row, True where it is black; the quiet zone is part of it."""
    import qrcode  # noqa: PLC0415  few requests need it, and it brings much along
    from qrcode.constants import ERROR_CORRECT_M  # noqa: PLC0415  goes with it

    code = qrcode.QRCode(border=QUIET, error_correction=ERROR_CORRECT_M)
    code.add_data(url)
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def path(square: Modules) -> str:
    """SVG path data of the black modules, one unit each; neighbours in a row are one stroke without seams."""
    return "".join(f"M{x} {y}h{width}v1h-{width}z" for x, y, width in _runs(square))


def svg(url: str, title: str = "") -> str:
    """A whole SVG file with the code of `url`; `title` says to a screen reader what the code opens."""
    size = len(modules(url))
    name = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" role="img" '
        f'shape-rendering="crispEdges">{name}<rect width="{size}" height="{size}" fill="#fff"/>'
        f'<path fill="#000" d="{path(modules(url))}"/></svg>'
    )


def _runs(square: Modules) -> Iterator[tuple[int, int, int]]:
    for y, row in enumerate(square):
        x = 0
        for black, group in groupby(row):
            width = len(list(group))
            if black:
                yield x, y, width
            x += width
