"""The list on paper and what is typed from it: codes, ticks and times, and nothing that stands is overwritten."""

import io
import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from courses import attendance, paper_entry, row_codes
from courses.attendance.paper import sign_in_list
from lms import clock
from lms.db import db
from lms.people import Person
from tests.courses.sheets import Day, absent, course_day, part, whole


@given(st.integers(1, 10_000_000))
def test_a_code_leads_back_to_its_person(number: int) -> None:
    code = row_codes.code_of(number)
    assert row_codes.person_of(code) == number
    assert row_codes.person_of(code.lower()) == number


def test_codes_are_short_and_each_is_somebody_elses() -> None:
    codes = [row_codes.code_of(number) for number in range(1, 4841)]
    assert len(set(codes)) == 4840
    assert {len(code) for code in codes} == {3}


def test_what_looks_like_a_figure_is_read_as_one() -> None:
    code = next(c for c in map(row_codes.code_of, range(1, 5000)) if c[1] == "0")
    assert row_codes.person_of(code.replace("0", "o")) == row_codes.person_of(code)


@pytest.mark.parametrize("word", ["", "K", "KK7", "Q7M", "K7O", "77M", "K7M1234567", "K7-M", "ÅÄÖ", "K７M"])
def test_what_is_no_code_is_nobody(word: str) -> None:
    assert row_codes.person_of(word) is None


def test_typed_codes_are_read_however_they_are_apart() -> None:
    a, b = row_codes.code_of(1), row_codes.code_of(2)
    assert row_codes.read(f" {a},{b.lower()}\n{a} ?? ") == ({1, 2}, ["??"])
    assert row_codes.read("") == (set(), [])


def _read(data: bytes) -> tuple[int, str]:
    """How many pages, and all their words; the file is tagged and says its language."""
    file = PdfReader(io.BytesIO(data))
    root = file.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] in ("en", "sv")
    return len(file.pages), " ".join(" ".join(page.extract_text() for page in file.pages).split())


@pytest.mark.parametrize(("people", "pages"), [(0, 1), (16, 1), (30, 2), (100, 4)])
def test_the_list_fits_its_pages_and_is_tagged(app: Flask, people: int, pages: int) -> None:
    day = course_day(people)
    for person, name in zip(day.people, ("Maria Christina Elisabeth von Knorring", "王小明", "A\u202eB"), strict=False):
        person.given_name = name
    with app.test_request_context():
        found, words = _read(sign_in_list(day.session))
    assert found == pages
    assert "Medfinansieras av Europeiska unionen" in words
    assert f"Page {pages} of {pages}" in words
    assert all(row_codes.code_of(person.id) in words for person in day.people)
    assert words.count("Signature Came Left") == pages  # The heading is repeated.


def test_the_same_list_has_the_same_bytes(app: Flask) -> None:
    day = course_day(3)
    with app.test_request_context(), clock.moved(datetime(2022, 10, 12, 8, tzinfo=UTC)):
        assert sign_in_list(day.session) == sign_in_list(day.session)


# --- entry ---------------------------------------------------------------------------------------------------


def _shown(day: Day, **changes: str) -> dict[str, str]:
    """What the browser would send of the page as it is now."""
    values = {}
    for row in paper_entry.entry_of(day.session).rows:
        number = row.base.person.id
        values |= {f"seen{number}": str(row.base.seen or ""), f"was{number}": row.was}
        values |= {f"came{number}": row.came, f"left{number}": row.left}
        values |= {f"there{number}": "1"} if row.there else {}
    return values | changes


def _save(day: Day, values: dict[str, str], nonce: str = "paper-0001") -> dict[int, str]:
    marks, errors, codes_error = paper_entry.read(day.session, values)
    assert (errors, codes_error) == ({}, "")
    done = attendance.record(day.session, marks, by=day.trainer, nonce=nonce, method="paper")
    assert done.conflicts == []
    return {entry.person_id: attendance.state_of(entry) for entry in done.entries}


def _code(person: Person) -> str:
    return row_codes.code_of(person.id)


def test_codes_and_ticks_and_times_become_answers(app: Flask) -> None:
    day = course_day(5)
    a, b, c, d, e = day.people
    values = _shown(day, codes=f"{_code(a)} {_code(b)}")
    values |= {f"there{c.id}": "1", f"came{d.id}": "0900", f"left{b.id}": "11.30"}
    assert _save(day, values) == {a.id: "whole", b.id: "part", c.id: "whole", d.id: "part"}
    now = attendance.latest(day.session)
    assert {entry.method for entry in now.values()} == {"paper"}
    assert (now[b.id].minutes, now[d.id].minutes, e.id in now) == (180, 210, False)


def test_everybody_and_the_rest_change_only_rows_without_an_answer(app: Flask) -> None:
    day = course_day(3)
    a, b, c = day.people
    attendance.record(day.session, [absent(a)], by=day.trainer, nonce="before-01")
    assert _save(day, _shown(day, everybody="1")) == {b.id: "whole", c.id: "whole"}
    other = course_day(2)
    assert _save(other, _shown(other, rest="1", codes=_code(other.people[0])), "paper-0002") == {
        other.people[0].id: "whole", other.people[1].id: "absent"
    }  # fmt: skip


def test_saving_the_page_as_it_is_changes_nothing(app: Flask) -> None:
    day = course_day(4)
    a, b, c, _d = day.people
    marks = [whole(a), part(day.session, b, "08:55", "12:00"), absent(c)]
    attendance.record(day.session, marks, by=day.trainer, nonce="before-01")
    assert _save(day, _shown(day)) == {}


def test_a_tick_taken_away_means_absent_and_a_code_brings_somebody_back(app: Flask) -> None:
    day = course_day(2)
    a, b = day.people
    attendance.record(day.session, [whole(a), absent(b)], by=day.trainer, nonce="before-01")
    values = _shown(day, codes=_code(b))
    del values[f"there{a.id}"]
    assert _save(day, values) == {a.id: "absent", b.id: "whole"}


def test_what_makes_no_sense_is_told_and_nothing_is_written(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    day = course_day(3)
    a, b, c = day.people
    attendance.record(day.session, [part(day.session, a, "09:00", "12:00")], by=day.trainer, nonce="before-01")
    values = _shown(day, codes=f"{_code(c)} K7? X9Y", **{f"came{b.id}": "12.00", f"left{b.id}": "9.00"})
    del values[f"there{a.id}"]
    url = f"/sessions/{day.session.id}/attendance/paper"
    answer = browser_of(day.trainer).post(url, data=values | {"nonce": "paper-0001"})
    assert answer.status_code == 422
    page = answer.text
    assert "3 things to correct" in page
    assert "Nobody on this list has the code K7?, X9Y." in page
    assert "Take away the times too" in page
    assert 'value="12.00"' in page
    assert f"{_code(c)} K7? X9Y</textarea>" in page
    assert len(attendance.entries_of(day.session)) == 1


def test_somebody_who_answered_meanwhile_is_shown_with_both(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    day = course_day(2)
    a, b = day.people
    values = _shown(day, codes=f"{_code(a)} {_code(b)}", nonce="paper-0001")
    attendance.record(day.session, [absent(a)], by=day.trainer, nonce="between-1")
    browser, url = browser_of(day.trainer), f"/sessions/{day.session.id}/attendance/paper"
    answer = browser.post(url, data=values)
    assert answer.status_code == 409
    assert "Somebody else has answered before you" in answer.text
    now = attendance.latest(day.session)
    assert {number: attendance.state_of(entry) for number, entry in now.items()} == {a.id: "absent", b.id: "whole"}
    again = dict(re.findall(r'name="(seen\d+|was\d+|nonce)" value="([^"]*)"', answer.text))
    ticked = dict.fromkeys(re.findall(r'name="(there\d+)" value="1" checked', answer.text), "1")
    assert ticked == {f"there{a.id}": "1", f"there{b.id}": "1"}
    assert browser.post(url, data=again | ticked).status_code == 303
    assert attendance.state_of(attendance.latest(day.session)[a.id]) == "whole"


def test_the_page_saves_prints_and_sends_a_signed_sheet_away(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    day = course_day(2)
    protected = day.people[0]
    protected.protected, protected.alias = True, "Kim Alias"
    browser, url = browser_of(day.trainer), f"/sessions/{day.session.id}/attendance/paper"
    page = browser.get(url).text
    assert _code(protected) in page
    assert "Kim Alias" in page
    assert protected.family_name not in page
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)
    assert nonce
    data = _shown(day, everybody="1", nonce=nonce[1])
    for _twice in range(2):
        assert browser.post(url, data=data).location == f"/sessions/{day.session.id}/attendance"
    assert len(attendance.entries_of(day.session)) == 2
    printed = browser.get(f"/sessions/{day.session.id}/sign-in-list.pdf")
    assert (printed.mimetype, printed.data[:5]) == ("application/pdf", b"%PDF-")
    assert browser.get(f"/sessions/{day.session.id}/attendance").text.count("from the paper list") == 2
    attendance.sign_off(db.session.merge(day.session), by=db.session.merge(day.trainer))
    assert browser.get(url).location == f"/sessions/{day.session.id}/attendance"
    assert browser.post(url, data=_shown(day, nonce="paper-0009", codes="")).status_code == 303  # nothing new
    took = _shown(day, nonce="paper-0010")
    del took[f"there{protected.id}"]
    assert browser.post(url, data=took).status_code == 409
