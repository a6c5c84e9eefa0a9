"""Frozen records as text and back, each in exactly one spelling: sorted keys, no spaces, days and moments as ISO 8601.

A text that merely means the same is refused, so that a stored record and its digest can be compared byte by byte.
"""

import json
import types
import typing
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Literal, TypeVar

_Record = TypeVar("_Record")


class RecordError(ValueError):
    """The text is not such a record in its one spelling; says where."""


def to_json(record: Any) -> str:
    """The one canonical text of a frozen dataclass of plain values, tuples and other such records."""
    return json.dumps(asdict(record), default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def from_json(kind: type[_Record], text: str) -> _Record:
    """The record of this kind that `to_json` wrote. Raises RecordError for any other text."""
    try:
        record: _Record = _read(kind, json.loads(text), kind.__name__.lower())
    except (json.JSONDecodeError, RecursionError) as error:
        raise RecordError(f"not JSON: {error}") from error
    if to_json(record) != text:
        raise RecordError("not in canonical form")
    return record


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a record")


@cache
def _shape(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _read(wanted: Any, value: Any, where: str) -> Any:
    """`value` from JSON as the annotated type `wanted`; `where` names the place in complaints."""
    origin, choices = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _read(choices[0], value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise RecordError(f"{where}: a list was expected")
        return tuple(_read(choices[0], item, f"{where}[{place}]") for place, item in enumerate(value))
    if is_dataclass(wanted):
        return _read_record(wanted, value, where)
    if wanted in (date, datetime):
        return _read_time(wanted, value, where)
    if value in choices if origin is Literal else type(value) is wanted:
        return value
    raise RecordError(f"{where}: {value!r:.40} was not expected")


def _read_record(wanted: Any, value: Any, where: str) -> Any:
    shape = _shape(wanted)
    if not isinstance(value, dict) or value.keys() != shape.keys():
        raise RecordError(f"{where}: exactly the keys {', '.join(sorted(shape))} were expected")
    return wanted(**{name: _read(kind, value[name], f"{where}.{name}") for name, kind in shape.items()})


def _read_time(wanted: Any, value: Any, where: str) -> Any:
    try:
        return wanted.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise RecordError(f"{where}: a day or moment in ISO 8601 was expected") from error
