"""Files from Typst: PDF/A-3a and PDF/UA-1, and pictures; the same bytes for the same inputs and moment.

People's words reach Typst as data (`sys.inputs`), never as source. Only typefaces that travel with the product are
used: ours in `lms/fonts` and those inside Typst.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import config
from lms import heap

if TYPE_CHECKING:
    import typst

STANDARDS: list[typst.PDFStandard] = ["a-3a", "ua-1"]
_ROOM = Path(__file__).parent
_EMPTY = _ROOM / "empty.typ"
_ONE_AT_A_TIME = Lock()  # A compiler keeps the inputs of its last run; two threads would mix two people.


def pdf(source: Path, inputs: Mapping[str, str], moment: datetime) -> bytes:
    """The PDF that `source` (.typ) makes of the inputs; `moment` (aware) is the time written into the file.

    Raises `typst.TypstError`, also for a character that no typeface has.
    """
    return _made(source, inputs, format="pdf", pdf_standards=STANDARDS, timestamp=int(moment.timestamp()))


def svg(source: Path, inputs: Mapping[str, str]) -> bytes:
    """The one page that `source` makes as a drawing; its letters are paths, so that it needs no typeface."""
    return _made(source, inputs, format="svg")


def png(source: Path, inputs: Mapping[str, str], dots: int) -> bytes:
    """The one page that `source` makes as a picture, with so many dots for an inch."""
    return _made(source, inputs, format="png", ppi=dots)


def _made(source: Path, inputs: Mapping[str, str], **settings: Any) -> bytes:
    with _ONE_AT_A_TIME:
        made = _compiler(source).compile(sys_inputs=dict(inputs), **settings)
        _forget()
    if not isinstance(made, bytes):
        raise TypeError("one file was expected")
    return made


def _forget() -> None:
    """Let go of what Typst keeps for ten more runs (some 20 MiB, and people's names): empty runs count too."""
    for _run in range(10):
        _compiler(_EMPTY).compile(format="svg")
    heap.give_back()


@cache
def _compiler(source: Path) -> typst.Compiler:
    """Kept between calls: fonts are read once, which is most of the time of a first PDF."""
    import typst  # noqa: PLC0415  20 MiB that a server without PDFs never needs

    return typst.Compiler(source, root=config.ROOT, font_paths=_fonts())


def families() -> list[str]:
    """Names of the typefaces that papers can be set in."""
    return list(_fonts().families())


@cache
def _fonts() -> typst.Fonts:
    """The typefaces, read once for all compilers."""
    import typst  # noqa: PLC0415  see _compiler

    return typst.Fonts(include_system_fonts=False, font_paths=[_ROOM / "fonts"])
