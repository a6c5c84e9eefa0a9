"""The workbooks of a closed month: sums that can be followed, and the only file with personnummer."""

import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from courses.esf import compiled, files, scb, wording
from courses.esf.snapshot import Hours
from lms.plan.model import Text
from tests.courses.made_files import NUMBERS, Table, of_first, read, text_of, uneven_month, whole_zip, xml_of
from tests.courses.snapshots import PROJECT, make_month

NOTES = 8
HEADER = NOTES + 2

# --- the compiled list --------------------------------------------------------------------------------------


def test_the_compiled_list_says_what_the_snapshot_says() -> None:
    month = uneven_month()
    book = read(compiled.compiled_list(month))
    assert list(book) == ["Arbetsgivare", "Personer", "Poster", "Listor", "Inte bekräftat"]
    people = book["Personer"][HEADER:]
    assert people[-1][0] == "Summa"
    assert people[-1][4] == pytest.approx(month.minutes / 60)
    assert people[-1][5] == pytest.approx(sum(person.reported for person in month.participants) / 60)
    assert [
        (row[1], row[3], round(float(str(row[4])) * 60), round(float(str(row[5])) * 60)) for row in people[:-1]
    ] == [
        (person.person_id, part.employer, part.minutes, part.reported)
        for person in month.participants
        for part in person.hours or (Hours("", 0, 0),)
    ]
    assert people[-2][6] == date(2022, 11, 30)
    employers = {row[0]: row[1:] for row in book["Arbetsgivare"][HEADER:]}
    assert employers["Heby *"] == [1, pytest.approx(220 / 60), 3]
    assert employers["Summa"][1] == pytest.approx(month.minutes / 60)
    entries = book["Poster"][HEADER:]
    assert [row[8] for row in entries[:-1]] == [line.entry_id for line in month.lines]
    assert entries[0][14] == "inte bekräftad"
    assert entries[1][11:16] == [
        "Tove Trädgård", "2022-11-03 13.05", "signerad närvarolista", "2022-12-03 08.12", "inloggad",
    ]  # fmt: skip
    assert entries[4][16:19] == ["Maja", "2022-12-05 10.12", 100]
    assert [row[6] for row in book["Inte bekräftat"][HEADER:-1]] == [
        "Inte bekräftad av deltagaren", "Deltagaren menar 1 h 40 min",
    ]  # fmt: skip
    notes = " ".join(str(row[0]) for row in book["Listor"][:NOTES])
    assert month.head_hash in notes
    assert wording.SUPPORT in notes


def test_sums_are_formulas_that_come_to_the_same(tmp_path: Path) -> None:
    """Whoever calculates everything anew finds the figures that were stored, and repairs nothing."""
    month = uneven_month()
    data = compiled.compiled_list(month)
    told = "".join(xml_of(data))
    assert "<f>SUMIF(Poster!" in told
    assert "<f>SUMPRODUCT((Personer!" in told
    office = shutil.which("soffice")
    if office is None:
        return  # only where LibreOffice is installed
    bare = tmp_path / "bare.xlsx"
    with zipfile.ZipFile(io.BytesIO(data)) as inside, zipfile.ZipFile(bare, "w") as without:
        for name in inside.namelist():
            without.writestr(name, re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", inside.read(name)))
    assert _figures(read(bare.read_bytes())) != _figures(read(data))
    subprocess.run(
        [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "ods",
         "--outdir", str(tmp_path), str(bare)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    assert _figures(read((tmp_path / "bare.ods").read_bytes())) == _figures(read(data))


def _figures(book: Table) -> list[float]:
    rows = [row for name in ("Arbetsgivare", "Personer", "Poster", "Listor") for row in book[name][HEADER:]]
    return [round(float(cell), 6) for row in rows for cell in row if isinstance(cell, (int, float))]


def test_another_reader_finds_formulas_and_the_same_figures() -> None:
    """As openpyxl reads it: each sum is a formula, and beside it stands what the snapshot says."""
    month = uneven_month()
    data = compiled.compiled_list(month)
    stored, written = (load_workbook(io.BytesIO(data), data_only=only)["Personer"] for only in (True, False))
    last = stored.max_row
    assert stored.cell(last, 1).value == "Summa"
    for column, minutes in ((5, month.minutes), (6, sum(person.reported for person in month.participants))):
        assert str(written.cell(last, column).value).startswith("=SUM(")
        assert stored.cell(last, column).value == pytest.approx(minutes / 60)
    numbers = load_workbook(io.BytesIO(scb.scb_file(month, NUMBERS))).active
    first = [cell.value for cell in next(numbers.iter_rows(min_row=1, max_row=1))]
    assert first[0] == "Personnummer"
    cells = [row[0] for row in numbers.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}, "text, never a number"


def test_an_empty_month_has_a_whole_list() -> None:
    month = make_month(0, 0)
    book = read(compiled.compiled_list(month))
    assert book["Arbetsgivare"][-1][2:] == [0, 0]
    assert files.announced(month) == 3
    assert len(zipfile.ZipFile(io.BytesIO(whole_zip(month))).namelist()) == 3


def test_a_large_list_says_the_same_as_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    month = uneven_month()
    small = read(compiled.compiled_list(month))
    monkeypatch.setattr(compiled, "_MANY", 5)
    large = compiled.compiled_list(month)
    assert read(large) == small
    assert compiled.compiled_list(month) == large


# --- the file for SCB ---------------------------------------------------------------------------------------


def test_scb_follows_the_column_map_of_the_project() -> None:
    month = uneven_month()
    data = scb.scb_file(month, NUMBERS | {3: "199001019901"})
    book = read(data)
    rows = book["Deltagare"]
    assert rows[0] == ["Personnummer", "E-post", "Startdatum", "Slutdatum", "Timmar", "Månad", "Dnr"]
    assert rows[1] == ["199001019802", "okänt", "", "", 10, "2022-11", "2021/00320"]
    assert rows[3][0] == "19900101Tf29", "never the number of a protected person, also when it is stored"
    assert rows[4][0] == ""
    assert rows[-1][:5] == ["", "okänt", "2022-11-30", "", 0]
    assert len(rows) == 1 + len(month.participants)
    assert "199001019901" not in "".join(xml_of(data))
    about = " ".join(str(cell) for row in book["Om filen"] for cell in row)
    assert wording.SUPPORT in about
    assert month.head_hash in about


def test_whose_cell_is_empty_is_told() -> None:
    month = uneven_month()
    persons = list(month.participants)
    persons[3] = replace(persons[3], has_number=False)
    persons[4] = replace(persons[4], protected=True)
    found = scb.missing(replace(month, participants=tuple(persons)), {1: "", 2: ""})
    assert [(each.person_id, each.why) for each in found][:4] == [
        (4, "number"),
        (5, "placeholder"),
        (6, "elsewhere"),
        (7, "elsewhere"),
    ]
    assert 3 not in [each.person_id for each in found]


def test_numbers_are_in_scb_and_nowhere_else() -> None:
    month = make_month()
    archive = zipfile.ZipFile(io.BytesIO(whole_zip(month)))
    holding = []
    for name in archive.namelist():
        data = archive.read(name)
        told = (
            text_of(data)
            if name.endswith("pdf")
            else "".join(xml_of(data))
            if name.endswith("xlsx")
            else data.decode("utf-8-sig")
        )
        holding += [name] if NUMBERS[1] in re.sub(r"[\s-]", "", told) or "19900101" in told else []
    assert holding == ["smail-2022-11-v1-scb.xlsx"]


def test_a_project_without_a_map_has_no_file_for_scb() -> None:
    month = make_month(project=replace(PROJECT, scb=(), emblem="none", publicity=Text("Nej")))
    names = zipfile.ZipFile(io.BytesIO(whole_zip(month))).namelist()
    assert not any("scb" in name for name in names)
    assert len(names) == files.announced(month)
    assert "Medfinansieras" not in text_of(of_first(month))
