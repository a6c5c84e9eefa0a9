"""The papers of a closed month say what the snapshot says, and show no more than they may."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from pypdf import PdfReader

from courses.esf import wording
from courses.esf.signed_sheet import signed_sheet
from courses.esf.snapshot import Row, Signed
from tests.courses.made_files import of_first, text_of
from tests.courses.snapshots import PROJECT, make_line, make_month, make_person

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


def test_the_hour_that_comes_twice_is_told_as_clocks_show_it() -> None:
    month = make_month(1, 1)
    for hour in (0, 1):  # UTC; summer time ends in between
        at = datetime(2022, 10, 30, hour, 30, tzinfo=UTC)
        assert wording.stamp(at) == "2022-10-30 02.30"
        signed = replace(month.lines[0], participant=Signed("Bo", at, "code"))
        assert "30 oktober 2022 kl. 02.30, engångskod per e-post" in text_of(of_first(replace(month, lines=(signed,))))
    assert wording.stamp(datetime(2022, 11, 30, 23, 30, tzinfo=UTC)) == "2022-12-01 00.30"
