"""PDF files from Typst: PDF/A-3a and PDF/UA-1, the same bytes for the same inputs and moment.

People's words reach Typst as data (`sys.inputs`), never as source. Only typefaces that travel with the product are
used: ours in `lms/fonts` and those inside Typst.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

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
    with _ONE_AT_A_TIME:
        made = _compiler(source).compile(
            format="pdf", sys_inputs=dict(inputs), pdf_standards=STANDARDS, timestamp=int(moment.timestamp())
        )
        _forget()
    if not isinstance(made, bytes):
        raise TypeError("one PDF was expected")
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


@cache
def _fonts() -> typst.Fonts:
    """The typefaces, read once for all compilers."""
    import typst  # noqa: PLC0415  see _compiler

    return typst.Fonts(include_system_fonts=False, font_paths=[_ROOM / "fonts"])
