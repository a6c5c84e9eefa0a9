"""The memory of a server: what one request has needed is given back to the system, where the C library is glibc."""

import ctypes
from contextlib import suppress
from typing import Any

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h of glibc
_LARGE = 128 * 1024  # bytes: where glibc begins, before it learns to keep what is larger


def keep_little() -> None:
    """Let all threads share one heap, as each would keep its own garbage (some 30 MiB), and give back at once what is
    large (some 2 MiB)."""
    with suppress(OSError, AttributeError):
        _c().mallopt(_M_ARENA_MAX, 1)
        _c().mallopt(_M_MMAP_THRESHOLD, _LARGE)


def give_back() -> None:
    """Return what is free to the system; after work that takes much (some 0.2 ms)."""
    with suppress(OSError, AttributeError):
        _c().malloc_trim(0)


def _c() -> Any:
    return ctypes.CDLL(None)
