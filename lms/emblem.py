"""The EU emblem drawn from its public geometry; its proportions and two colours never bend to the page."""

from functools import lru_cache
from math import cos, pi, sin

EU_BLUE = "#003399"
EU_YELLOW = "#FFCC00"

# One unit is 1/36 of the hoist: stars of radius 1/18 (2) on a circle of radius 1/3 (12), field 2:3.
_HOIST = 36
_FLY = 54
_STAR = 2
_CIRCLE = 12


def eu_flag_svg(width: int) -> str:
    """Return the emblem as a standalone SVG document, `width` CSS pixels wide and two thirds as high.

    Twelve upright stars stand like the hours of a clock. Geometry: Interinstitutional Style Guide, graphical
    specifications for the European emblem. Raises ValueError when the width is not positive.
    """
    if width <= 0:
        raise ValueError("width must be a positive number of pixels")
    stars = "".join(_star(hour) for hour in range(12))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_number(width * _HOIST / _FLY)}"'
        f' viewBox="0 0 {_FLY} {_HOIST}"><path fill="{EU_BLUE}" d="M0 0h{_FLY}v{_HOIST}H0z"/>'
        f'<g fill="{EU_YELLOW}">{stars}</g></svg>\n'
    )


def _star(hour: int) -> str:
    centre_x = _FLY / 2 + _CIRCLE * sin(hour * pi / 6)
    centre_y = _HOIST / 2 - _CIRCLE * cos(hour * pi / 6)
    # Every second of five points in one stroke; the nonzero rule fills the middle as well.
    turns = [point * 4 * pi / 5 for point in range(5)]
    points = (f"{_number(centre_x + _STAR * sin(t))},{_number(centre_y - _STAR * cos(t))}" for t in turns)
    return f'<polygon points="{" ".join(points)}"/>'


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


@lru_cache(maxsize=1)
def png() -> bytes:
    """The emblem as a picture for mail, 240 pixels wide; mail programs do not show SVG."""
    import typst  # noqa: PLC0415  the mail worker needs it once

    source = b'#set page(width: 60pt, height: 40pt, margin: 0pt)\n#image(bytes(sys.inputs.svg), width: 60pt)'
    return typst.compile(source, format="png", ppi=288, sys_inputs={"svg": eu_flag_svg(240)})
