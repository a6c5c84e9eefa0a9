"""Lists of people as they are really exported: every spelling is read, every fault is told by its row."""

import io
import zipfile
from datetime import date

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from lms.people_file import MOST_ROWS, read_people
from lms.personnummer import synthetic

TODAY = date(2026, 11, 22)
ANNA = synthetic(date(1990, 1, 1), 980).digits12
BERTIL = synthetic(date(2005, 1, 2), 981).digits12
HEADINGS = ["Förnamn", "Efternamn", "E-post", "Personnummer", "Kommun", "Kön", "Befattning"]
PERSON = ["Åsa", "Öberg", "asa.oberg@tierp.example", ANNA, "Tierps kommun", "Kvinna", "Coach"]


def csv(*rows, separator=";"):
    return "\r\n".join(separator.join(row) for row in rows) + "\r\n"


def xlsx(*rows):
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return stream.getvalue()


def people(data, **values):
    data = data if isinstance(data, bytes) else data.encode()
    return read_people(data, "lista.csv", today=TODAY, **values)


def person(**changes):
    row = list(PERSON)
    for heading, value in changes.items():
        row[[each.split("-")[0] for each in HEADINGS].index(heading)] = value
    return row


def codes(file):
    return [(problem.line, problem.column, problem.code) for problem in file.problems]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_separators_and_encodings(separator, encoding):
    file = people(csv(HEADINGS, PERSON, separator=separator).encode(encoding))
    assert not file.problems
    [row] = file.rows
    assert (row.given_name, row.family_name, row.email) == ("Åsa", "Öberg", "asa.oberg@tierp.example")
    assert (row.personnummer, row.organisation, row.gender) == (ANNA, "Tierps kommun", "woman")
    assert (row.job_title, row.line) == ("Coach", 2)


def test_english_headings_in_any_order_and_letter_case():
    headings = ["JOB TITLE", "Employer", "E-mail *", "surname", "First name", "gender"]
    file = people(csv(headings, ["Coach", "Heby kommun", "A.B@HEBY.example", "Berg", "Anna", "f"]))
    [row] = file.rows
    assert (row.given_name, row.family_name, row.email) == ("Anna", "Berg", "a.b@heby.example")
    assert (row.personnummer, row.gender) == (None, "woman")


def test_lines_above_the_headings_and_empty_rows_are_passed():
    blank = [" ", "\u00a0", "", "", "", "", ""]
    file = people("sep=;\nUtdrag 2026-11-22;;\n\n" + csv(HEADINGS, [""] * 7, PERSON, blank))
    assert [row.line for row in file.rows] == [6]
    assert not file.problems


def test_unknown_columns_are_noticed_not_refused():
    file = people(csv([*HEADINGS, "Telefon"], [*PERSON, "018-00 00 00"]))
    assert not file.problems
    assert [(notice.code, notice.column) for notice in file.notices] == [("ignored_column", "Telefon")]
    assert [column.field for column in file.columns][-2:] == ["job_title", None]


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"Förnamn": ""}, "Förnamn", "missing"),
        ({"Efternamn": "  "}, "Efternamn", "missing"),
        ({"Kommun": ""}, "Kommun", "missing"),
        ({"E": "asa(at)tierp"}, "E-post", "email"),
        ({"E": "åsa@tierp.example"}, "E-post", "email"),
        ({"Personnummer": ANNA[:-1]}, "Personnummer", "length"),
        ({"Personnummer": "1,99001E+11"}, "Personnummer", "exponent"),
        ({"Personnummer": "19900101-T012"}, "Personnummer", "temporary"),
        ({"Personnummer": "20300101-9800"}, "Personnummer", "future"),
        ({"Kön": "kvinna och man"}, "Kön", "gender"),
        ({"Förnamn": "=HYPERLINK(A1)"}, "Förnamn", "formula"),
        ({"Efternamn": "@SUM(A1)"}, "Efternamn", "formula"),
        ({"Befattning": "-1+2"}, "Befattning", "formula"),
        ({"Förnamn": "Å\x07sa"}, "Förnamn", "control"),
        ({"Efternamn": "Ö" * 201}, "Efternamn", "too_long"),
        ({"E": "", "Personnummer": ""}, "", "no_identity"),
    ],
)
def test_a_problem_names_row_column_and_reason(changes, column, code):
    file = people(csv(HEADINGS, person(**changes)))
    assert codes(file) == [(2, column, code)]
    assert file.rows == ()
    assert ANNA[2:] not in file.problems[0].message.render()


def test_every_problem_of_every_row_is_told():
    file = people(csv(HEADINGS, person(Förnamn="", Kön="?!x?y"), person(E="fel")))
    assert {line for line, _, _ in codes(file)} == {2, 3}
    assert len(file.problems) >= 3


def test_the_same_person_twice_by_address_or_number():
    file = people(csv(HEADINGS, PERSON, person(Personnummer="", E="ASA.OBERG@tierp.example"), person(E="")))
    assert codes(file) == [(3, "E-post", "duplicate"), (4, "Personnummer", "duplicate")]
    assert file.problems[0].message.values["first"] == 2


def test_zeros_that_excel_took_away_are_put_back_and_noticed():
    short = BERTIL[2:].lstrip("0")
    assert len(short) == 9
    file = people(csv(HEADINGS, person(Personnummer=short)))
    assert [row.personnummer for row in file.rows] == [BERTIL]
    assert [notice.code for notice in file.notices] == ["zeros"]


def test_excel_text_trick_and_mailto():
    file = people(csv(HEADINGS, person(Personnummer=f'="{ANNA}"', E="mailto:a@b.example")))
    assert [(row.personnummer, row.email) for row in file.rows] == [(ANNA, "a@b.example")]


def test_default_organisation_for_a_file_from_one_employer():
    rows = [[*row[:4], *row[5:]] for row in (HEADINGS, PERSON)]
    assert codes(people(csv(*rows))) == [(1, "", "missing_column")]
    file = people(csv(*rows), organisation="Heby kommun")
    assert [row.organisation for row in file.rows] == ["Heby kommun"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "no_headings", 0),
        ("hej;hopp\n1;2\n", "no_headings", 0),
        (csv(HEADINGS), "no_rows", 1),
        (csv([*HEADINGS, "Förnamn"], [*PERSON, "Eva"]), "same_column", 1),
        (csv([*HEADINGS, "Arbetsgivare"], [*PERSON, "Heby"]), "same_column", 1),
        (csv(["Förnamn", "Efternamn", "Kommun"], ["A", "B", "C"]), "missing_column", 1),
        (csv(HEADINGS, [*PERSON, "för mycket"]), "too_many_cells", 2),
        (csv(HEADINGS, PERSON) + '"öppen;x\n', "quotes", 3),
        (csv(HEADINGS, PERSON) + "a\0b;c\n", "nul", 3),
        (csv(HEADINGS, ["x"] * 300), "too_many_columns", 2),
    ],
)
def test_files_that_cannot_be_used(text, code, line):
    file = people(text)
    assert [(problem.line, problem.code) for problem in file.problems] == [(line, code)]
    assert file.rows == ()


def test_a_file_without_headings_shows_no_personnummer():
    file = people(csv(PERSON, ["Förnamn", "Efternamn", ANNA]))
    shown = " ".join(each.message.render() for each in (*file.problems, *file.notices)) + str(file.columns)
    assert ANNA not in shown


def test_limits():
    many = [["A", "B", f"p{number}@x.example", "", "Heby", "", ""] for number in range(MOST_ROWS + 1)]
    assert codes(people(csv(HEADINGS, *many))) == [(0, "", "too_many_rows")]
    assert len(people(csv(HEADINGS, *many[:-1])).rows) == MOST_ROWS
    assert codes(people(b"x" * (5 * 1024 * 1024 + 1))) == [(0, "", "too_big")]


def test_workbook_with_numbers_for_text():
    bertil = person(Personnummer=int(BERTIL[2:]), E="")
    file = people(xlsx(HEADINGS, person(Personnummer=int(ANNA), Befattning=7), bertil))
    assert not file.problems
    found = [(row.line, row.personnummer, row.job_title) for row in file.rows]
    assert found == [(2, ANNA, "7"), (3, BERTIL, "Coach")]


def test_workbook_dates_are_told():
    may = person(Förnamn=date(2026, 5, 1), E="may@heby.example", Personnummer="")
    file = people(xlsx(HEADINGS, person(Personnummer=date(1990, 1, 1)), may))
    assert codes(file) == [(2, "Personnummer", "date_cell"), (3, "Förnamn", "date_cell")]


def test_a_workbook_cell_far_away_is_refused_before_it_is_loaded():
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADINGS)
    sheet.write(1_048_575, 16_000, "x")
    book.close()
    assert codes(people(stream.getvalue())) == [(1_048_576, "", "far_cell")]


def test_a_workbook_that_unpacks_to_too_much_is_refused():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<a/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (41 * 1024 * 1024))
    assert codes(people(stream.getvalue())) == [(0, "", "too_big")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04 not a workbook", "broken"),
        (xlsx(HEADINGS, PERSON)[:-200], "broken"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 100, "old_excel"),
        (b"%PDF-1.7\n\x00\x01", "nul"),
    ],
)
def test_other_kinds_of_files_are_refused(data, code):
    assert [problem.code for problem in people(data).problems] == [code]


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: (csv(HEADINGS) + text).encode()))
def test_no_bytes_make_it_fall(data):
    file = people(data)
    assert file.rows or file.problems
    for each in (*file.problems, *file.notices):
        assert each.message.render()


NAMES = st.text(st.characters(codec="cp1252", categories=["L"]), min_size=1, max_size=20)


@given(NAMES, NAMES)
def test_any_name_of_letters_survives(given_name, family_name):
    file = people(csv(HEADINGS, [given_name, family_name, "a@b.example", "", "Heby", "", ""]))
    assert not file.problems
    assert len(file.rows) == 1
