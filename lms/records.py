"""Frozen records as text and back, each in exactly one spelling: sorted keys, no spaces, days and moments as ISO 8601.

A text that merely means the same is refused, so that a stored record and its digest can be compared byte by byte.
"""

import json
import types
import typing
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache, partial
from typing import Any, Literal, TypeVar

_Record = TypeVar("_Record")


class RecordError(ValueError):
    """The text is not such a record in its one spelling; says where."""


def to_json(record: Any) -> str:
    """The one canonical text of a frozen dataclass of plain values, tuples and other such records."""
    return json.dumps(record, default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def from_json(kind: type[_Record], text: str) -> _Record:
    """The record of this kind that `to_json` wrote. Raises RecordError for any other text."""
    wanted: Any = kind
    try:
        record: _Record = _reader(wanted)(json.loads(text))
    except (json.JSONDecodeError, RecursionError) as error:
        raise RecordError(f"not JSON: {error}") from error
    except _Unexpected as error:
        raise RecordError(f"{kind.__name__.lower()}{''.join(reversed(error.path))}: {error}") from error
    if to_json(record) != text:
        raise RecordError("not in canonical form")
    return record


def _plain(value: Any) -> Any:
    """What JSON has no words for: records become objects (not copied, as a record of thousands is long)."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value):
        kind: Any = type(value)
        return {name: getattr(value, name) for name in _names(kind)}
    raise TypeError(f"{type(value).__name__} has no place in a record")


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


# --- reading ------------------------------------------------------------------------------------------------


class _Unexpected(Exception):  # noqa: N818  it becomes a RecordError where the place is known
    """A value that has no place there; `path` grows outwards on the way."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.path: list[str] = []


@cache
def _reader(wanted: Any) -> Callable[[Any], Any]:
    """What makes a value of the annotated type out of JSON: put together once for each type."""
    origin, choices = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (types.UnionType, typing.Union):
        return partial(_read_optional, _reader(choices[0]))
    if origin is tuple:
        return partial(_read_list, _reader(choices[0]))
    if is_dataclass(wanted):
        hints = typing.get_type_hints(wanted)
        return partial(_read_record, wanted, {name: _reader(kind) for name, kind in hints.items()})
    if wanted in (date, datetime):
        return partial(_read_time, wanted)
    return partial(_read_choice, choices) if origin is Literal else partial(_read_value, wanted)


def _read_optional(inner: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else inner(value)


def _read_list(inner: Callable[[Any], Any], value: Any) -> Any:
    if not isinstance(value, list):
        raise _Unexpected("a list was expected")
    made: list[Any] = []
    try:
        for item in value:
            made.append(inner(item))
    except _Unexpected as error:
        error.path.append(f"[{len(made)}]")
        raise
    return tuple(made)


def _read_record(wanted: Any, readers: dict[str, Callable[[Any], Any]], value: Any) -> Any:
    if not isinstance(value, dict) or value.keys() != readers.keys():
        raise _Unexpected(f"exactly the keys {', '.join(sorted(readers))} were expected")
    made: dict[str, Any] = {}
    name = ""
    try:
        for name, read in readers.items():
            made[name] = read(value[name])
    except _Unexpected as error:
        error.path.append(f".{name}")
        raise
    return wanted(**made)


def _read_time(wanted: Any, value: Any) -> Any:
    try:
        return wanted.fromisoformat(value)
    except (TypeError, ValueError):
        raise _Unexpected("a day or moment in ISO 8601 was expected") from None


def _read_choice(choices: tuple[Any, ...], value: Any) -> Any:
    if value not in choices:
        raise _Unexpected(f"{value!r:.40} was not expected")
    return value


def _read_value(wanted: type, value: Any) -> Any:
    if type(value) is not wanted:
        raise _Unexpected(f"{value!r:.40} was not expected")
    return value
