"""Turns a CSV or XLSX file as people really export it into numbered lines of cells.

The rule that matters most: nothing is guessed silently and no file, however odd or hostile, costs more
than its size allows; a workbook is measured first, since one far-away cell can claim all memory.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from lms.message import N_, Message

MOST_BYTES = 5 * 1024 * 1024
MOST_UNPACKED = 40 * 1024 * 1024
MOST_LINES = 20_000
MOST_COLUMNS = 200
_CELL_NAME = re.compile(r"([A-Z]{1,3})(\d{1,7})", re.ASCII)

Cell = str | date


@dataclass(frozen=True)
class Line:
    """One line that is not empty: its number in the file or sheet (from 1) and its cells, trimmed."""

    number: int
    cells: tuple[Cell, ...]


class Unreadable(ValueError):  # noqa: N818 - named for what it is
    """A file that cannot be read at all: a code, a message for people and the line (0 = the whole file)."""

    def __init__(self, code: str, message: str, line: int = 0, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.message = Message(message, values)
        self.line = line


def read_sheets(data: bytes) -> list[list[Line]]:
    """The lines of a CSV file (one sheet) or of every visible sheet of an XLSX file; raises Unreadable."""
    if len(data) > MOST_BYTES:
        raise Unreadable(
            "too_big", N_("The file is larger than %(most)s MB."), most=MOST_BYTES // 1024 // 1024
        )
    if data.startswith(b"PK\x03\x04"):
        return _workbook(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(
            "old_excel", N_("The file is an older or locked Excel file; save it as XLSX or CSV.")
        )
    return [list(_csv_lines(_decoded(data)))]


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        if b"\0" in data:
            line = data[: data.index(b"\0")].count(b"\n") + 1
            raise Unreadable(
                "nul", N_("The file holds bytes that are not text; save it as CSV or XLSX."), line
            )
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("encoding", N_("The letters of the file cannot be read; save it as CSV in UTF-8."))


def _csv_lines(text: str) -> Iterator[Line]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first, _, rest = text.partition("\n")
    skipped = 0
    if re.fullmatch(r"sep=[;,\t]", first.strip(' "')):
        text, skipped = rest, 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    lines = 0
    number = 1
    while True:
        number = reader.line_num + skipped + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            message = N_("The quotation marks of this line do not match.")
            raise Unreadable("quotes", message, number) from error
        if cells is None:
            return
        line = Line(number, tuple(_trimmed(cell) for cell in cells))
        if any(line.cells):
            lines += 1
            _check_size(lines, len(cells), number)
            yield line


def _delimiter(text: str) -> str:
    """The separator that stands most often in the lines at the top, outside quotation marks."""
    top = re.sub(r'"[^"]*"', "", "\n".join(text[:20_000].split("\n")[:20]))
    return max(";\t,", key=top.count)


def _check_size(lines: int, columns: int, number: int) -> None:
    if lines > MOST_LINES:
        raise Unreadable(
            "too_many_lines", N_("The file has more than %(most)s lines."), number, most=MOST_LINES
        )
    if columns > MOST_COLUMNS:
        message = N_("The file has more than %(most)s columns.")
        raise Unreadable("too_many_columns", message, number, most=MOST_COLUMNS)


def _workbook(data: bytes) -> list[list[Line]]:
    broken = N_("The Excel file is damaged or of another kind; save it as XLSX or CSV.")
    try:
        _measure(data)
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            names = [
                each.name for each in workbook.sheets_metadata if each.visible == SheetVisibleEnum.Visible
            ]
            return [_sheet_lines(workbook, name) for name in names]
    except (
        zipfile.BadZipFile,
        CalamineError,
        expat.ExpatError,
        OSError,
        NotImplementedError,
        EOFError,
    ) as error:
        raise Unreadable("broken", broken) from error


def _sheet_lines(workbook: CalamineWorkbook, name: str) -> list[Line]:
    rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    lines = (Line(number, tuple(_as_cell(value) for value in row)) for number, row in enumerate(rows, 1))
    return [line for line in lines if any(line.cells)]


def _as_cell(value: object) -> Cell:
    """A cell as text, whole numbers without decimals; dates stay dates, as they may be mistakes."""
    if isinstance(value, date):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _trimmed(str(value))


def _trimmed(text: str) -> str:
    text = re.sub(r"[\u200b\u200e\u200f\ufeff]", "", text)
    return re.sub(r"\s+", " ", text).strip()


def _measure(data: bytes) -> None:
    """Refuses a workbook that unpacks to too much or that has a cell far outside any table of people."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            raise zipfile.BadZipFile
        if sum(member.file_size for member in archive.infolist()) > MOST_UNPACKED:
            raise Unreadable("too_big", N_("The Excel file unpacks to far more than a list of people."))
        for member in archive.infolist():
            content = archive.read(member)
            if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
                _measure_sheet(content)


def _measure_sheet(content: bytes) -> None:
    def begins(name: str, attributes: dict[str, str]) -> None:
        place = attributes.get("r", "")
        kind = name.rpartition(":")[2]
        if kind == "row" and place.isascii() and place.isdigit():
            _check_place(int(place), 1)
        elif kind == "c" and (found := _CELL_NAME.fullmatch(place)):
            _check_place(int(found[2]), _column_number(found[1]))

    parser = expat.ParserCreate()
    parser.StartElementHandler = begins
    parser.Parse(content, True)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _check_place(row: int, column: int) -> None:
    if row > MOST_LINES or column > MOST_COLUMNS:
        message = N_("There is a cell far outside the list; copy the list alone to a new sheet.")
        raise Unreadable("far_cell", message, row)
