"""Workbooks and CSV files, opened again by another library and looked at as XML."""

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from lms.spreadsheet import Cell, Column, Formula, Kind, Sheet, csv_text, sheet_names, workbook

CREATED = datetime(2022, 12, 1, 8, 30, tzinfo=UTC)
COLUMNS = [
    Column("Namn", width=30),
    Column("Personnummer", width=16),
    Column("Start", "day"),
    Column("Tillfällen", "integer", total=True),
    Column("Timmar", "minutes", total=True),
    Column("Kostnad", "formula", total=True),
]
ROWS: list[Sequence[Cell]] = [
    ["Åsa Öberg", "198001019802", date(2022, 3, 1), 2, 480, Formula("=E{row}*100", 800)],
    ["=1+1", "000101", None, 1, 230, Formula("=E{row}*100", 230 / 60 * 100)],
]
SHEET = Sheet("December 2022", COLUMNS, ROWS, notes=("Underlag för ESF", "Håbo"), total_label="Summa")
PUBLICITY = "Medfinansieras av Europeiska unionen"


def made(*sheets: Sheet, publicity: str = PUBLICITY, title: str = "Timmar & månad") -> bytes:
    return workbook(sheets or (SHEET,), title=title, created=CREATED, publicity=publicity)


def opened(data: bytes, sheet: int = 0) -> list[list[Any]]:
    return (
        CalamineWorkbook.from_filelike(io.BytesIO(data))
        .get_sheet_by_index(sheet)
        .to_python(skip_empty_area=False)
    )


def part(data: bytes, name: str = "xl/worksheets/sheet1.xml") -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name).decode()


def test_values_come_back_in_their_kinds() -> None:
    rows = opened(made())
    assert rows[0][0] == "Underlag för ESF"
    assert rows[3] == ["Namn", "Personnummer", "Start", "Tillfällen", "Timmar", "Kostnad"]
    assert rows[4] == ["Åsa Öberg", "198001019802", date(2022, 3, 1), 2, 8, 800]
    assert rows[5][:4] == ["=1+1", "000101", "", 1]
    assert rows[5][4] == pytest.approx(230 / 60)


def test_sums_are_formulas_with_their_values_stored() -> None:
    data = made()
    total = opened(data)[6]
    assert total[0] == "Summa"
    assert total[3] == 3
    assert total[4] == pytest.approx(710 / 60)
    assert total[5] == pytest.approx(800 + 230 / 60 * 100)
    assert "<f>SUM(D5:D6)</f><v>3</v>" in part(data)
    assert "<f>E5*100</f><v>800</v>" in part(data)


def test_typed_text_is_never_a_formula_or_a_link() -> None:
    hostile = [
        "=1+1",
        "{=1+1}",
        "+1",
        "-1",
        "@SUM(A1)",
        "https://evil.example",
        "mailto:a@b.example",
        "00123",
        " ",
    ]
    data = made(Sheet("A", [Column("=H")], [[text] for text in hostile], notes=("=1",)))
    assert [row[0] for row in opened(data)][:3] == ["=1", "", "=H"]
    assert [row[0] for row in opened(data)][3:] == hostile
    assert "<f>" not in part(data)
    assert "hyperlink" not in part(data)


def test_the_same_values_give_the_same_bytes() -> None:
    assert made() == made()
    assert part(made(), "docProps/core.xml").count("2022-12-01T08:30:00Z") == 2
    with zipfile.ZipFile(io.BytesIO(made())) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_head_stays_filters_and_repeats_on_paper() -> None:
    xml, book = part(made()), part(made(), "xl/workbook.xml")
    assert '<pane ySplit="4" topLeftCell="A5"' in xml
    assert '<autoFilter ref="A4:F6"/>' in xml
    (page_setup,) = re.findall("<pageSetup [^>]*>", xml)
    assert {'paperSize="9"', 'fitToHeight="0"', 'orientation="landscape"'} <= set(
        page_setup.strip("<>/").split()
    )
    assert "'December 2022'!$4:$4" in book
    assert '<col min="1" max="1" width="30' in xml


def test_publicity_and_title_on_every_printed_page() -> None:
    xml = part(made())
    assert f"<oddHeader>&amp;L{PUBLICITY}</oddHeader>" in xml
    assert "<oddFooter>&amp;LTimmar &amp;&amp; månad&amp;R&amp;P / &amp;N</oddFooter>" in xml


def test_a_long_header_is_cut_between_its_ampersands() -> None:
    (header,) = re.findall("<oddHeader>(.*)</oddHeader>", part(made(publicity="&" * 400)))
    shown = header.replace("&amp;", "&")
    assert len(shown) <= 255
    assert (len(shown) - 2) % 2 == 0


def test_an_empty_table_still_opens() -> None:
    assert opened(made(Sheet("Tom", COLUMNS, [], total_label="Summa")))[1][:4] == ["Summa", "", "", 0]


def test_sheets_without_sums_have_no_last_row() -> None:
    assert len(opened(made(Sheet("A", [Column("Namn")], [["x"]])))) == 2


def test_control_characters_and_long_texts_do_not_break_the_file() -> None:
    rows = opened(made(Sheet("A", [Column("N")], [["a\x00\x0b\ufffe\ud800b"], ["å" * 40_000], ["rad\nrad"]])))
    assert rows[1] == ["ab"]
    assert rows[2] == ["å" * 32_767]
    assert rows[3] == ["rad\nrad"]


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("text", 1),
        ("integer", "1"),
        ("integer", True),
        ("minutes", "8 h"),
        ("day", "2022-01-01"),
        ("day", CREATED),
        ("formula", "=1"),
    ],
)
def test_a_cell_of_another_kind_is_a_fault_of_the_caller(kind: Kind, cell: Any) -> None:
    with pytest.raises(ValueError, match="is not of kind"):
        made(Sheet("A", [Column("K", kind)], [[cell]]))
    with pytest.raises(ValueError, match="is not of kind"):
        csv_text([Column("K", kind)], [[cell]])


def test_rows_must_fit_the_columns() -> None:
    with pytest.raises(ValueError, match="zip"):
        made(Sheet("A", [Column("K")], [["a", "b"]]))
    with pytest.raises(ValueError, match="zip"):
        csv_text([Column("K")], [["a", "b"]])


def test_days_and_texts_cannot_be_summed() -> None:
    with pytest.raises(ValueError, match="cannot be summed"):
        made(Sheet("A", [Column("K", total=True)], [["a"]]))


def test_what_a_workbook_needs() -> None:
    with pytest.raises(ValueError, match="sheet"):
        workbook([], title="x", created=CREATED)
    with pytest.raises(ValueError, match="time zone"):
        workbook([SHEET], title="x", created=datetime(2022, 1, 1))  # noqa: DTZ001


def test_sheet_names_are_what_excel_allows() -> None:
    assert sheet_names(["Håbo", "håbo", "a/b:c?", "", "", "'x'", "History"]) == [
        "Håbo",
        "håbo (2)",
        "a-b-c-",
        "1",
        "(2)",
        "x",
        "History (2)",
    ]


@given(st.lists(st.text(max_size=40) | st.just("x" * 60), min_size=1, max_size=8))
def test_any_sheet_names_open(names: list[str]) -> None:
    wanted = sheet_names(names)
    data = made(*(Sheet(name, [Column("A")], []) for name in names))
    assert CalamineWorkbook.from_filelike(io.BytesIO(data)).sheet_names == wanted
    assert len({name.casefold() for name in wanted}) == len(names)
    assert all(0 < len(name) <= 31 for name in wanted)


def test_csv_as_swedish_excel_reads_it() -> None:
    data = csv_text(COLUMNS, ROWS)
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").split("\r\n") == [
        "Namn;Personnummer;Start;Tillfällen;Timmar;Kostnad",
        "Åsa Öberg;198001019802;2022-03-01;2;8,00;800,00",
        "'=1+1;000101;;1;3,83;383,33",
        "",
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", " =", "\u00a0="])
def test_csv_text_is_never_a_formula(start: str) -> None:
    data = csv_text([Column(f"{start}h")], [[f"{start}cmd|' /C calc'!A0"]])
    for (cell,) in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"):
        assert cell.startswith("'")


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_csv_keeps_separators_quotes_and_lines(texts: list[str]) -> None:
    data = csv_text([Column("a"), Column("b")], [[text, "x"] for text in texts])
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len(rows) == len(texts) + 1
    assert all(len(row) == 2 and row[0].lstrip(" \u00a0")[:1] not in {"=", "+", "-", "@"} for row in rows)
