"""How much work an act is, counted and not timed: the same figure on an idle machine and on a busy one."""

import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest


def calls(act: Callable[[], object]) -> int:
    """The number of functions called in this thread while `act` runs, those of C among them."""
    number = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(before)
    return number


class Unpacked:
    """`size`: bytes that came out of packed data so far."""

    size = 0


@contextmanager
def unpacking() -> Iterator[Unpacked]:
    """Counts what is unpacked in the block by anything that unpacks bit by bit, as `zipfile` does."""
    told, real = Unpacked(), zlib.decompressobj

    class Counting:
        def __init__(self, *settings: Any) -> None:
            self._real = real(*settings)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

        def decompress(self, *given: Any) -> bytes:
            out = self._real.decompress(*given)
            told.size += len(out)
            return out

        def flush(self, *given: Any) -> bytes:
            out = self._real.flush(*given)
            told.size += len(out)
            return out

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zlib, "decompressobj", Counting)
        yield told
