"""What a backup consists of: the manifest, and the rows of each table as lines that mean the same on both engines.

A file is a ZIP: `tables/<name>.jsonl` (a JSON array per row, by primary key), `uploads/<SHA-256>` and, last,
`manifest.json`, which names every table with its columns, the number of its rows and the SHA-256 of its lines.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Integer, LargeBinary, String
from sqlalchemy.types import TypeEngine

from lms.db import UtcTime
from lms.refusals import Refused

FORMAT = "parlband-backup"
VERSION = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class TableContents:
    """One table: its columns as (name, kind), its rows, and the SHA-256 of all its lines."""

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: int
    sha256: str

    @property
    def member(self) -> str:
        return member_of_table(self.name)


@dataclass(frozen=True)
class Manifest:
    """What the file says of itself. `keys`: how many values stand under the key of each fingerprint, the writing
    key first; `unreadable`: how many under none that was set; `lacking`: uploads that were gone or damaged."""

    made_at: str
    schema: str
    base_url: str
    keys: dict[str, int]
    unreadable: int
    tables: tuple[TableContents, ...]
    uploads: int
    lacking: tuple[str, ...]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, "version": VERSION, **asdict(self)}, indent=1, ensure_ascii=False)


def read_manifest(text: bytes) -> Manifest:
    """The manifest of a file. Refused `no_backup` when it is none, `newer` when a later version wrote it."""
    try:
        read = json.loads(text)
        if read.pop("format") != FORMAT:
            raise ValueError(FORMAT)
        if read.pop("version") != VERSION:
            raise Refused("the backup was written by a later version of Pärlband. Install that version", "newer")
        tables = tuple(
            TableContents(
                str(each["name"]),
                tuple((str(name), str(kind)) for name, kind in each["columns"]),
                int(each["rows"]),
                str(each["sha256"]),
            )
            for each in read.pop("tables")
        )
        if not {kind for table in tables for _name, kind in table.columns} <= set(KINDS):
            raise ValueError("a kind of column that is none")
        return Manifest(**read | {"tables": tables, "lacking": tuple(read["lacking"])})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refused("the file is not a backup of Pärlband, or it is damaged", "no_backup") from error


def member_of_table(name: str) -> str:
    return f"tables/{name}.jsonl"


def member_of_upload(digest: str) -> str:
    return f"uploads/{digest}"


# --- rows as lines ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """How values of a kind are written into a line and read from it; None stands for themselves."""

    write: Callable[[Any], Any] | None = None
    read: Callable[[Any], Any] | None = None


KINDS = {
    "text": Kind(),
    "integer": Kind(),
    "boolean": Kind(),
    "json": Kind(),  # as the text that the database has
    "moment": Kind(lambda value: value.astimezone(UTC).isoformat(timespec="microseconds"), datetime.fromisoformat),
    "day": Kind(date.isoformat, date.fromisoformat),
    "bytes": Kind(lambda value: b64encode(value).decode(), lambda text: b64decode(text, validate=True)),
}
_TYPES: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (UtcTime, "moment"),
    (JSON, "json"),
    (Date, "day"),
    (LargeBinary, "bytes"),
    (Boolean, "boolean"),
    (Integer, "integer"),
    (String, "text"),
)


def kind_of(column: Column[Any]) -> str:
    """The kind of a column of the models; TypeError for a type that a backup does not know yet."""
    for type_, kind in _TYPES:
        if isinstance(column.type, type_):
            return kind
    raise TypeError(f"{column}: a backup does not know {column.type!r}")


def writer(kinds: Sequence[str]) -> Callable[[Iterable[Any]], bytes]:
    """Makes a row with columns of these kinds a line: UTF-8, without spaces, ended by a line break."""
    special = [(place, write) for place, kind in enumerate(kinds) if (write := KINDS[kind].write)]
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode

    def line(row: Iterable[Any]) -> bytes:
        values = list(row)
        for place, write in special:
            if values[place] is not None:
                values[place] = write(values[place])
        return encode(values).encode() + b"\n"

    return line


def reader(columns: Sequence[tuple[str, str]]) -> Callable[[bytes], dict[str, Any]]:
    """Makes a line a row again, by names of columns; ValueError or TypeError when it is none."""
    names = [name for name, _kind in columns]
    special = [(place, read) for place, (_name, kind) in enumerate(columns) if (read := KINDS[kind].read)]

    def row(line: bytes) -> dict[str, Any]:
        values = json.loads(line)
        if not isinstance(values, list) or len(values) != len(names):
            raise ValueError(line[:20])
        for place, read in special:
            if values[place] is not None:
                values[place] = read(values[place])
        return dict(zip(names, values, strict=True))

    return row
