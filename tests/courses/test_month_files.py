"""The files of a closed month say what the snapshot says, the same bytes each time, and show no more than they may."""

import csv
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask_babel import force_locale
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from courses.esf import bundle, compiled, files, scb, wording
from courses.esf.attested import certificate_of_hours
from courses.esf.signed_sheet import signed_sheet
from courses.esf.snapshot import Hours, Row, Signed, Snapshot
from lms.plan.model import Text
from tests.courses.snapshots import CLOSED, PROJECT, make_line, make_month, make_person

NUMBERS = {1: "199001019802", 2: "198502299803"}
NOTES = 8
HEADER = NOTES + 2


def text_of(pdf: bytes) -> str:
    """All words with single spaces: where lines break is the layout's business."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def whole_zip(month: Snapshot, part: files.Part = "all") -> bytes:
    made = files.files(month, NUMBERS, part)
    return b"".join(bundle.zipped(made, files.announced(month, part), month.closed_at))


def of_first(month: Snapshot) -> bytes:
    person = month.participants[0]
    return certificate_of_hours(month, person, [line for line in month.lines if line.person_id == person.person_id])


# --- certificates of hours ----------------------------------------------------------------------------------


def test_a_certificate_says_who_what_and_how_it_was_signed() -> None:
    told = text_of(of_first(make_month()))
    for words in (
        "Närvarointyg november 2022", "Bo Björk", "SMAIL, dnr 2021/00320", "Samordningsförbundet Uppsala län", "Heby",
        "3 november 2022", "3 h 40 min", "7 h 20 min", "Medfinansieras av Europeiska unionen",
        "Signerad av utbildaren Tove Trädgård 3 november 2022 kl. 13.05",
        "Bekräftad av deltagaren 3 december 2022 kl. 08.12, inloggad",
        "Hela timmar, avrundade nedåt per person och arbetsgivare: 20 min faller bort.",
        "Underlag för ESF:s egen portal eller blanketter. Det ersätter dem inte.",
        "version 1", "Låst 5 december 2022 kl. 10.12 av Lena Hallgren", "post 4321", "Sida 1 av 1",
        make_month().head_hash[:16],
    ):  # fmt: skip
        assert words in told, words
    assert "Inte bekräftad" not in told
    assert make_month().head_hash not in told


def test_what_is_not_confirmed_is_said_clearly() -> None:
    month = make_month(1, 3)
    first, second, third = month.lines
    lines = (replace(first, participant=None), replace(second, objects=230), third)
    told = text_of(of_first(replace(month, lines=lines)))
    assert "1 av 3 rader är inte bekräftade av deltagaren." in told
    assert "1 av 3 rader är invända mot av deltagaren." in told
    assert "Inte bekräftad av deltagaren" in told
    assert "Deltagaren menar 3 h 50 min" in told
    assert "chefen" not in told
    ruled = text_of(of_first(replace(month, lines=lines, project=replace(PROJECT, countersignature=True))))
    assert "3 av 3 rader är inte bekräftade av chefen." in ruled


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("code", "Bekräftad av deltagaren 3 december 2022 kl. 08.12, engångskod per e-post"),
        ("handed_in", "Uppgiven av deltagaren vid inlämningen 3 december 2022 kl. 08.12"),
    ],
)
def test_the_way_of_signing_is_told_in_words(way: str, words: str) -> None:
    month = make_month(1, 1)
    (line,) = month.lines
    assert line.participant
    signed = replace(line, participant=replace(line.participant, way=way))  # type: ignore[arg-type]
    assert words in text_of(of_first(replace(month, lines=(signed,))))


def test_a_correction_says_its_reason_on_every_paper() -> None:
    month = make_month(1, 1, version=2, reason="Fel tid i Tierp")
    for told in (text_of(of_first(month)), text_of(signed_sheet(month, month.sheets[0]))):
        assert "version 2: Fel tid i Tierp" in told


def test_sixty_lines_repeat_their_header_on_each_page() -> None:
    lines = [make_line(number, 1, date(2022, 11, 1 + number % 30), 60) for number in range(60)]
    month = make_month(1, 1, participants=(make_person(1, lines),), lines=tuple(lines))
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(of_first(month))).pages]
    assert len(pages) > 2
    assert all("Aktivitet och underskrifter" in page for page in pages[:-1])
    assert "60 h" in pages[-1]


@pytest.mark.parametrize(
    "name", ["王 小明", "Åsa \ue000\x07\ufffe Öst", "😀", "e\u0301 \u202eabc", '#strong[x] $a$ \\ "', "", "Ö" * 300]
)
def test_no_name_fails_a_month(name: str) -> None:
    month = make_month(1, 1)
    person = replace(month.participants[0], name=name)
    changed = replace(month, participants=(person,))
    told = text_of(of_first(changed))
    assert "Närvarointyg november 2022" in told
    if "王" in name:
        assert "[tecken U+738B]" in told
    if "#" in name:
        assert "#strong[x] $a$" in told
    assert of_first(changed) == of_first(changed)


def test_several_employers_are_rounded_apart_and_told_apart() -> None:
    lines = [make_line(1, 1, date(2022, 11, 2), 100), make_line(2, 1, date(2022, 11, 9), 110, employer="")]
    month = make_month(1, 1, participants=(make_person(1, lines),), lines=tuple(lines))
    told = text_of(of_first(month))
    assert "Utan arbetsgivare 1 h 50 min 1 h" in told
    assert "Heby 1 h 40 min 1 h" in told
    assert "Summa 3 h 30 min 2 h" in told


# --- signed sheets ------------------------------------------------------------------------------------------


def test_a_sheet_says_who_stood_on_it_and_hides_who_is_not_reported() -> None:
    month = make_month()
    sheet = month.sheets[0]
    rows = (*sheet.rows, Row(77, "", "Hemlig AB", "whole", 240, 99), Row(78, "Åke Öst", "Tierp", "absent", 0, 98))
    told = text_of(signed_sheet(month, replace(sheet, rows=rows, head_count=9, deputy_reason="Tove är sjuk")))
    for words in (
        "Signerad närvarolista 3 november 2022", "torsdag 3 november 2022 kl. 08.30–12.30", "Stadshuset",
        "Tove Trädgård, 3 november 2022 kl. 13.05", "Tove är sjuk", "9 räknades i rummet, 4 står som närvarande.",
        "Åke Öst Tierp Frånvarande 0 min 98", "Annan deltagare, redovisas inte till ESF", sheet.entries_hash,
        "4 av 5 närvarande, varav 3 redovisas",
    ):  # fmt: skip
        assert words in told, words
    assert "Hemlig" not in told


def test_an_empty_sheet_is_a_sheet() -> None:
    month = make_month(1, 1)
    assert "0 av 0 närvarande" in text_of(signed_sheet(month, replace(month.sheets[0], rows=())))


# --- the compiled list --------------------------------------------------------------------------------------


def uneven_month() -> Snapshot:
    """Several employers, a start without hours, a missing confirmation, an objection, a protected person."""
    month = make_month(12, 3)
    lines = list(month.lines)
    lines[0] = replace(lines[0], participant=None, minutes=217)
    lines[4] = replace(lines[4], objects=100, employer="Heby *", manager=Signed("Maja", CLOSED, "signed_in"))
    persons = [
        make_person(number, [line for line in lines if line.person_id == number], name=person.name)
        for number, person in enumerate(month.participants, start=1)
    ]
    persons[2] = replace(persons[2], name="=Deltagare 7", protected=True, placeholder="19900101Tf29")
    persons.append(replace(persons[0], person_id=99, name="Ny Person", hours=(), started=date(2022, 11, 30)))
    return replace(month, lines=tuple(lines), participants=tuple(persons))


Table = dict[str, list[list[object]]]


def read(data: bytes) -> Table:
    """Every sheet as rows, with the stored values of formulas."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


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
    told = "".join(_xml(data))
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


def test_an_empty_month_has_a_whole_list() -> None:
    month = make_month(0, 0)
    book = read(compiled.compiled_list(month))
    assert book["Arbetsgivare"][-1][2:] == [0, 0]
    assert files.announced(month) == 3
    assert len(zipfile.ZipFile(io.BytesIO(whole_zip(month))).namelist()) == 3


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
    assert "199001019901" not in "".join(_xml(data))
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
            else "".join(_xml(data))
            if name.endswith("xlsx")
            else data.decode("utf-8-sig")
        )
        holding += [name] if NUMBERS[1] in re.sub(r"[\s-]", "", told) or "19900101" in told else []
    assert holding == ["smail-2022-11-v1-scb.xlsx"]


def _xml(data: bytes) -> list[str]:
    inside = zipfile.ZipFile(io.BytesIO(data))
    return [inside.read(name).decode() for name in inside.namelist()]


def test_a_project_without_a_map_has_no_file_for_scb() -> None:
    month = make_month(project=replace(PROJECT, scb=(), emblem="none", publicity=Text("Nej")))
    names = zipfile.ZipFile(io.BytesIO(whole_zip(month))).namelist()
    assert not any("scb" in name for name in names)
    assert len(names) == files.announced(month)
    assert "Medfinansieras" not in text_of(of_first(month))


# --- the archive --------------------------------------------------------------------------------------------


def test_the_archive_is_whole_and_lists_what_it_holds() -> None:
    month = make_month(4, 2)
    archive = zipfile.ZipFile(io.BytesIO(whole_zip(month)))
    assert archive.testzip() is None
    names = archive.namelist()
    assert len(names) == files.announced(month) == 2 + 4 + 2 + 1
    assert names[-1] == bundle.CONTENTS
    assert all(re.fullmatch(r"[a-z0-9/.-]+", name) for name in names)
    listed = list(csv.reader(io.StringIO(archive.read(bundle.CONTENTS).decode("utf-8-sig")), delimiter=";"))
    assert listed[1:] == [[name, hashlib.sha256(archive.read(name)).hexdigest()] for name in names[:-1]]
    assert {entry.date_time for entry in archive.infolist()} == {(2022, 12, 5, 9, 12, 0)}
    assert not any(entry.flag_bits & 0x08 for entry in archive.infolist()), "no data descriptors"


@pytest.mark.parametrize(("part", "count"), [("certificates", 5), ("sheets", 3)])
def test_parts_of_the_archive(part: files.Part, count: int) -> None:
    assert len(zipfile.ZipFile(io.BytesIO(whole_zip(make_month(4, 2), part))).namelist()) == count


def test_it_comes_a_file_at_a_time_and_tells_how_far_it_is() -> None:
    month = make_month(4, 2)
    heard: list[int] = []
    chunks = list(bundle.zipped(files.files(month, {}), files.announced(month), month.closed_at, heard.append))
    assert heard == list(range(1, 10))
    assert len(chunks) == 9


def test_another_number_of_files_than_announced_breaks_the_stream() -> None:
    month = make_month(2, 1)
    made = files.files(month, {})
    for wrong in (made[:-1], [*made, replace(made[0], name="en-till.xlsx")]):
        with pytest.raises(bundle.BrokenOff):
            list(bundle.zipped(wrong, files.announced(month), month.closed_at))


def test_same_bytes_in_another_process_zone_and_language(app: object) -> None:
    month = uneven_month()
    with force_locale("en"):
        here = hashlib.sha256(whole_zip(month)).hexdigest()
    with force_locale("sv"):
        assert hashlib.sha256(whole_zip(month)).hexdigest() == here
    code = (
        "import hashlib; from tests.courses.test_month_files import uneven_month, whole_zip;"
        "print(hashlib.sha256(whole_zip(uneven_month())).hexdigest())"
    )
    elsewhere = os.environ | {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    root = Path(__file__).parents[2]
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=elsewhere, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == here


def test_a_large_list_says_the_same_as_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    month = uneven_month()
    small = read(compiled.compiled_list(month))
    monkeypatch.setattr(compiled, "_MANY", 5)
    large = compiled.compiled_list(month)
    assert read(large) == small
    assert compiled.compiled_list(month) == large


def test_two_at_once_do_not_mix_two_people() -> None:
    months = [make_month(4, 2), uneven_month()]
    alone = [hashlib.sha256(whole_zip(month)).hexdigest() for month in months]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda month: hashlib.sha256(whole_zip(month)).hexdigest(), months * 3))
    assert together == alone * 3


def test_people_of_the_same_or_an_unwritable_name_have_files_of_their_own() -> None:
    month = make_month(4, 1)
    names = ("Anna Alm", "Anna Alm", "王 小明", "../../etc/passwd\x00")
    persons = tuple(replace(each, name=name) for each, name in zip(month.participants, names, strict=True))
    found = [file.name for file in files.certificates(replace(month, participants=persons))]
    assert found == [
        "narvarointyg/smail-2022-11-v1-anna-alm-1.pdf",
        "narvarointyg/smail-2022-11-v1-anna-alm-2.pdf",
        "narvarointyg/smail-2022-11-v1-3.pdf",
        "narvarointyg/smail-2022-11-v1-etc-passwd-4.pdf",
    ]


def test_the_hour_that_comes_twice_is_told_as_clocks_show_it() -> None:
    month = make_month(1, 1)
    for hour in (0, 1):  # UTC; summer time ends in between
        at = datetime(2022, 10, 30, hour, 30, tzinfo=UTC)
        assert wording.stamp(at) == "2022-10-30 02.30"
        signed = replace(month.lines[0], participant=Signed("Bo", at, "code"))
        assert "30 oktober 2022 kl. 02.30, engångskod per e-post" in text_of(of_first(replace(month, lines=(signed,))))
    assert wording.stamp(datetime(2022, 11, 30, 23, 30, tzinfo=UTC)) == "2022-12-01 00.30"


def test_the_files_of_closed_months_stay_as_they_were() -> None:
    """Whoever means to change them gives the snapshot a new format, and keeps the old files for the old one."""
    archive = zipfile.ZipFile(io.BytesIO(whole_zip(make_month(2, 1))))
    marks = {}
    for name in archive.namelist()[:-1]:
        data = archive.read(name)
        told = text_of(data) if name.endswith("pdf") else "".join(_xml(data))
        marks[name.rsplit("/", 1)[-1]] = hashlib.sha256(told.encode()).hexdigest()[:16]
    assert marks == {
        "smail-2022-11-v1-sammanstallning.xlsx": "3a0e0320f07882c1",
        "smail-2022-11-v1-scb.xlsx": "2ef78bc9c02284af",
        "smail-2022-11-v1-bo-bjork-1.pdf": "2c18df7f75ec89b2",
        "smail-2022-11-v1-cecilia-dahl-2.pdf": "336958c7982032a0",
        "smail-2022-11-v1-2022-11-03-lista-43.pdf": "5905bdf815d8fe54",
    }
