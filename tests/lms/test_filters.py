"""Days, clocks, hours and numbers as people read and type them."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.filters import clock, day, hours, month, number, parse_clock, parse_day, parse_number, short_day

NAIVE = datetime(2022, 12, 1, 8, 30)  # noqa: DTZ001


def test_days() -> None:
    assert day(date(2022, 12, 1)) == "torsdag 1 december 2022"
    assert day(date(2022, 12, 1), "en") == "Thursday 1 December 2022"
    assert short_day(date(2022, 12, 1)) == "1 dec."
    assert short_day(date(2022, 5, 2)) == "2 maj"
    assert short_day(date(2022, 12, 1), "en") == "1 Dec"
    assert month(2022, 12) == "december 2022"
    assert month(2022, 12, "en") == "December 2022"


def test_a_moment_is_shown_in_stockholm() -> None:
    late = datetime(2022, 11, 30, 23, 30, tzinfo=UTC)
    assert day(late) == "torsdag 1 december 2022"
    assert short_day(late) == "1 dec."
    assert clock(late) == "00.30"
    assert clock(datetime(2022, 7, 1, 6, 30, tzinfo=UTC)) == "08.30"
    assert clock(datetime(2022, 12, 1, 7, 30, 59, tzinfo=UTC)) == "08.30"
    assert clock(time(8, 5)) == "08.05"


@pytest.mark.parametrize("show", [day, short_day, clock])
def test_a_moment_without_a_zone_is_a_fault(show: object) -> None:
    with pytest.raises(ValueError, match="time zone"):
        show(NAIVE)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [
        (210, "3 h 30 min"),
        (240, "4 h"),
        (0, "0 min"),
        (59, "59 min"),
        (61, "1 h 1 min"),
        (72_000, "1200 h"),
        (-90, "−1 h 30 min"),
    ],
)
def test_hours(minutes: int, shown: str) -> None:
    assert hours(minutes) == shown
    assert hours(minutes, "en") == shown


def test_numbers() -> None:
    assert number(0) == "0"
    assert number(999) == "999"
    assert number(1234) == "1\u202f234"
    assert number(5_503_242) == "5\u202f503\u202f242"
    assert number(5_503_242, "en") == "5\u202f503\u202f242"
    assert number(-1234.5) == "−1\u202f234,5"
    assert number(-1234.5, "en") == "−1\u202f234.5"


def test_languages() -> None:
    assert day(date(2022, 12, 1), "sv_SE").startswith("torsdag")
    assert day(date(2022, 12, 1), "en-GB").startswith("Thursday")
    for show in (lambda: day(date(2022, 12, 1), "de"), lambda: hours(1, "de"), lambda: number(1, "")):
        with pytest.raises(ValueError, match="no such language"):
            show()


@pytest.mark.parametrize("text", ["855", "0855", "08.55", "08:55", "8:55", "8.55", " 8:55 "])
def test_clocks_as_people_type_them(text: str) -> None:
    assert parse_clock(text) == time(8, 55)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8",
        "55",
        "8:5",
        "24.00",
        "2400",
        "12:60",
        "860",
        "8,55",
        "08:55:00",
        "-8:55",
        "08 55",
        "12345",
        "٠٨٥٥",
    ],
)
def test_what_is_no_clock(text: str) -> None:
    assert parse_clock(text) is None


def test_the_ends_of_the_day() -> None:
    assert parse_clock("000") == time(0, 0)
    assert parse_clock("23.59") == time(23, 59)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01",
        "2026-3-1",
        "20260301",
        "1/3 2026",
        "01/03 2026",
        "1/3-2026",
        "1 mars 2026",
        "1 Mars 2026",
        "1 march 2026",
        "1 mar. 2026",
        "1\u00a0mars  2026",
        " 2026-03-01\n",
    ],
)
def test_days_as_people_type_them(text: str) -> None:
    assert parse_day(text) == date(2026, 3, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1/3",
        "1/3 26",
        "26-03-01",
        "1/3/2026",
        "03/01/2026",
        "1.3.2026",
        "30/2 2026",
        "2026-02-29",
        "2026-13-01",
        "1 smars 2026",
        "0001-01-01",
        "1899-12-31",
        "9999-01-01",
        "tomorrow",
        "٢٠٢٦-٠٣-٠١",
    ],
)
def test_what_is_no_day(text: str) -> None:
    assert parse_day(text) is None


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.sampled_from(["sv", "en"]))
def test_what_we_write_we_can_read(value: date, language: str) -> None:
    assert parse_day(value.isoformat()) == value
    assert parse_day(day(value, language).split(" ", 1)[1]) == value
    assert parse_day(f"{short_day(value, language)} {value.year}") == value


@given(st.times())
def test_a_clock_we_write_we_can_read(value: time) -> None:
    assert parse_clock(clock(value)) == value.replace(second=0, microsecond=0, fold=0)


@given(st.text(max_size=20))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    parse_clock(text)
    parse_day(text)


@pytest.mark.parametrize("text", ["", "-1", "1.0", " 7", "²", "٧", "x", "1" * 19])
def test_what_is_no_number_of_a_form(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize("text", ["0", "7", "007", "1" * 18])
def test_numbers_of_a_form(text: str) -> None:
    assert parse_number(text) == int(text)
    assert parse_number(text, digits=2) == (int(text) if len(text) < 3 else None)
