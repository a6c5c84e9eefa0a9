"""Tables leave the system as XLSX workbooks and CSV files that office programmes open without surprise.

The rule that matters most: what people typed is always text, never a formula, and the same values give
the same bytes.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

Kind = Literal["text", "integer", "minutes", "day", "money", "formula"]

_LONGEST_TEXT: Final = 32_767
_LONGEST_HEADER: Final = 255
_ILLEGAL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\\U00010000-\U0010ffff]")  # Excel counts the latter twice.
_STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_FORMATS: Final[dict[Kind, str]] = {
    "text": "@",
    "integer": "0",
    "minutes": "0.00",
    "day": "yyyy-mm-dd",
    "money": "#,##0.00",
    "formula": "0.00",
}


@dataclass(frozen=True)
class Formula:
    """A formula of ours with the value it has now; `{row}` stands for the number of its row."""

    text: str
    value: float


Cell = str | int | date | Decimal | Formula | None


@dataclass(frozen=True)
class Column:
    """One column: "minutes" takes whole minutes and shows decimal hours, "money" decimals of SEK; `total` sums it."""

    heading: str
    kind: Kind = "text"
    width: float = 14
    total: bool = False


@dataclass(frozen=True)
class Sheet:
    """One sheet: `notes` stand above the table, `total_label` in the first cell of the row of sums."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    total_label: str = ""


def workbook(
    sheets: Sequence[Sheet], *, title: str, created: datetime, publicity: str = "", large: bool = False
) -> bytes:
    """Return an XLSX file of `sheets`; `created` (aware) is written into it, the clock is never read.

    `publicity` (the EU co-funding text) stands in the header of every printed page, the title and page number
    in its footer. A `large` one keeps a row at a time in memory and the others in temporary files: never for what
    may not lie on a disk. Raises ValueError when a row has not as many cells as there are columns, or a cell is of
    another kind.
    """
    if created.tzinfo is None:
        raise ValueError("created needs a time zone")
    if not sheets:
        raise ValueError("a workbook needs a sheet")
    import xlsxwriter  # noqa: PLC0415  few requests need it

    out = io.BytesIO()
    where = {"constant_memory": True} if large else {"in_memory": True}
    options = {**where, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        moment = created.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        book.set_properties({"title": _clean(title), "created": moment})
        styles = _Styles(book)
        for sheet, name in zip(sheets, sheet_names(sheet.name for sheet in sheets), strict=True):
            page = book.add_worksheet(name)
            _write_sheet(page, sheet, styles)
            _set_up_print(page, title, publicity)
    return out.getvalue()


def csv_text(columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a CSV file as Swedish Excel reads it: UTF-8 with BOM, ";", decimal comma, hours for minutes.

    Text that a spreadsheet would take for a formula gets a leading apostrophe (OWASP, CSV injection).
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([_harmless(column.heading) for column in columns])
    for row in rows:
        writer.writerow([_csv_cell(column, cell) for column, cell in zip(columns, row, strict=True)])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def sheet_names(names: Iterable[str]) -> list[str]:
    """Return `names` as Excel allows them: at most 31 characters, none of []:*?/\\, each only once."""
    taken: set[str] = {"history"}  # Reserved by Excel.
    result = []
    for wanted in names:
        base = re.sub(r"\s+", " ", _NOT_IN_NAMES.sub("-", _clean(wanted))).strip("' ")[:31].strip("' ")
        name, number = base or "1", 1
        while name.casefold() in taken:
            number += 1
            name = f"{base[: 27 - len(str(number))]} ({number})".strip()
        taken.add(name.casefold())
        result.append(name)
    return result


class _Styles:
    """The cell formats of one workbook, made in a fixed order."""

    def __init__(self, book: Any) -> None:
        self.note = book.add_format({"text_wrap": False})
        heading = {"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 2}
        self.heading = {kind: book.add_format({**heading, **_side(kind)}) for kind in _FORMATS}
        self.cell = {
            kind: book.add_format({"num_format": form, "valign": "top", **_side(kind)})
            for kind, form in _FORMATS.items()
        }
        self.total = {
            kind: book.add_format({"num_format": form, "bold": True, "top": 1, **_side(kind)})
            for kind, form in _FORMATS.items()
        }


def _side(kind: Kind) -> dict[str, object]:
    """Words and days begin at the left, figures end at the right, clear of the words in the next column."""
    return {"align": "left"} if kind in ("text", "day") else {"align": "right", "indent": 1}


def _write_sheet(page: Any, sheet: Sheet, styles: _Styles) -> None:
    for row, note in enumerate(sheet.notes):
        page.write_string(row, 0, _clean(note), styles.note)
    header = len(sheet.notes) + 1 if sheet.notes else 0
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, column.width)
        page.write_string(header, place, _clean(column.heading), styles.heading[column.kind])
    for row, cells in enumerate(sheet.rows, start=header + 1):
        for place, (column, cell) in enumerate(zip(sheet.columns, cells, strict=True)):
            _write_cell(page, (row, place), column, cell, styles.cell[column.kind])
    last = header + len(sheet.rows)
    page.freeze_panes(header + 1, 0)
    page.repeat_rows(header)
    page.autofilter(header, 0, last, len(sheet.columns) - 1)
    if sheet.total_label or any(column.total for column in sheet.columns):
        _write_totals(page, sheet, header, styles)


def _write_cell(page: Any, at: tuple[int, int], column: Column, cell: Cell, style: Any) -> None:
    match column.kind, cell:
        case _, None:
            page.write_blank(*at, None, style)
        case "text", str():
            page.write_string(*at, _clean(cell), style)
        case "integer", int() if not isinstance(cell, bool):
            page.write_number(*at, cell, style)
        case "minutes", int() if not isinstance(cell, bool):
            page.write_number(*at, cell / 60, style)
        case "day", date() if not isinstance(cell, datetime):
            page.write_datetime(*at, cell, style)
        case "money", Decimal():
            page.write_number(*at, float(cell), style)
        case "formula", Formula(text=text, value=value):
            page.write_formula(*at, text.replace("{row}", str(at[0] + 1)), style, value)
        case _:
            raise ValueError(f"{column.heading}: {cell!r} is not of kind {column.kind}")


def _write_totals(page: Any, sheet: Sheet, header: int, styles: _Styles) -> None:
    """Sums as formulas, with their present values stored for programmes that do not calculate."""
    from xlsxwriter.utility import xl_col_to_name  # noqa: PLC0415  see workbook

    row = header + len(sheet.rows) + 1
    for place, column in enumerate(sheet.columns):
        style = styles.total[column.kind]
        if column.total:
            name = xl_col_to_name(place)
            area = f"{name}{header + 2}:{name}{row}"
            value = sum(_amount(column, cells[place]) for cells in sheet.rows)
            formula = f"=SUM({area})" if sheet.rows else "=0"
            page.write_formula(row, place, formula, style, value)
        elif place == 0:
            page.write_string(row, place, _clean(sheet.total_label), style)
        else:
            page.write_blank(row, place, None, style)


def _amount(column: Column, cell: Cell) -> float:
    if isinstance(cell, Formula):
        return cell.value
    if cell is None:
        return 0
    if isinstance(cell, Decimal):
        return float(cell)
    if column.kind in {"integer", "minutes"} and isinstance(cell, int):
        return cell / 60 if column.kind == "minutes" else cell
    raise ValueError(f"{column.heading} cannot be summed")


def _set_up_print(page: Any, title: str, publicity: str) -> None:
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.5, right=0.5, top=0.9, bottom=0.7)
    page.set_header(_printed("&L", publicity))
    page.set_footer(_printed("&L", title, "&R&P / &N"))


def _printed(before: str, text: str, after: str = "") -> str:
    """Header text within Excel's 255 characters, its ampersands doubled: a single one is a command."""
    words = " ".join(_clean(text).split())
    room = _LONGEST_HEADER - len(before) - len(after)
    while len(escaped := words.replace("&", "&&")) > room:
        words = words[:-1]
    return f"{before}{escaped}{after}"


def _clean(text: str) -> str:
    """Text without the characters XML cannot hold, cut at the length a cell can."""
    return _ILLEGAL.sub("", text)[:_LONGEST_TEXT]


def _harmless(text: str) -> str:
    text = text.replace("\x00", "")
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_STARTS_FORMULA) else text


def _csv_cell(column: Column, cell: Cell) -> str:
    match column.kind, cell:
        case _, None:
            return ""
        case "text", str():
            return _harmless(cell)
        case "integer", int() if not isinstance(cell, bool):
            return str(cell)
        case "minutes", int() if not isinstance(cell, bool):
            return f"{cell / 60:.2f}".replace(".", ",")
        case "day", date() if not isinstance(cell, datetime):
            return cell.isoformat()
        case ("money", Decimal() as value) | ("formula", Formula(value=value)):
            return f"{value:.2f}".replace(".", ",")
        case _:
            raise ValueError(f"{column.heading}: {cell!r} is not of kind {column.kind}")
