"""What becomes of values that no key reads any more, when a backup is restored without its key.

A column that may be empty becomes empty, with the keyed hash beside it. A row that is nothing without its value is left
out (its column says `ROW_GOES`); any other keeps its place with an empty cipher, which `lms doctor` tells of.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from lms.backup.contents import TableContents
from lms.db import Base
from lms.secrets import ROW_GOES, is_under, keys


def without_key(
    table: TableContents, rows: Iterable[dict[str, Any]], lost: dict[str, int]
) -> Iterator[dict[str, Any]]:
    """The rows with what can be kept of them; `lost` counts the values by table and column."""
    names = [name for name, _kind in table.columns if name == "cipher" or name.endswith("_cipher")]
    present = keys()
    for row in rows:
        gone = [name for name in names if row[name] and not any(is_under(key, row[name]) for key in present)]
        for name in gone:
            place = f"{table.name}.{name}"
            lost[place] = lost.get(place, 0) + 1
        if not any(_takes_its_row(table.name, name) for name in gone):
            yield row | _emptied(table, gone)


def _takes_its_row(table: str, name: str) -> bool:
    known = Base.metadata.tables.get(table)
    return known is not None and name in known.columns and ROW_GOES in known.columns[name].info


def _emptied(table: TableContents, names: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in names:
        known = Base.metadata.tables.get(table.name)
        values[name] = None if known is not None and name in known.columns and known.columns[name].nullable else b""
        hashed = name.removesuffix("cipher") + "hash"
        if hashed in dict(table.columns):
            values[hashed] = None
    return values
