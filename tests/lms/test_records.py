"""Records have exactly one spelling: what is read is what was written, and nothing else is read."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.records import RecordError, from_json, to_json


@dataclass(frozen=True)
class Part:
    """A part."""

    name: str
    kind: Literal["a", "b"]


@dataclass(frozen=True)
class Whole:
    """One of each."""

    day: date
    at: datetime
    number: int
    none: str | None
    parts: tuple[Part, ...]


moments = st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
wholes = st.builds(
    Whole,
    st.dates(),
    moments,
    st.integers(),
    st.none() | st.text(),
    st.lists(st.builds(Part, st.text(), st.sampled_from(["a", "b"])), max_size=3).map(tuple),
)


@given(wholes)
def test_what_is_written_is_read(whole: Whole) -> None:
    text = to_json(whole)
    assert from_json(Whole, text) == whole
    assert to_json(from_json(Whole, text)) == text


def test_a_moment_is_written_in_utc_whatever_its_zone() -> None:
    here = datetime(2022, 10, 30, 2, 30, tzinfo=timezone(timedelta(hours=2)))
    written = to_json(Whole(date(2022, 10, 30), here, 1, None, ()))
    assert '"at":"2022-10-30T00:30:00.000000+00:00"' in written


GOOD = to_json(Whole(date(2022, 1, 2), datetime(2022, 1, 2, tzinfo=UTC), 1, None, (Part("x", "a"),)))


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", GOOD + " ", GOOD.replace(",", ", "), GOOD.replace('"number":1', '"number":true'),
        GOOD.replace('"number":1', '"number":"1"'), GOOD.replace('"kind":"a"', '"kind":"c"'),
        GOOD.replace("2022-01-02", "20220102"), GOOD.replace("2022-01-02T", "2022-13-02T"),
        GOOD.replace('"none":null', '"none":null,"none":null'), GOOD.replace('"none":null,', ""),
        GOOD.replace('"parts":[', '"parts":[1,'), "[" * 5000,
    ],
)  # fmt: skip
def test_any_other_text_is_refused(text: str) -> None:
    assert text != GOOD
    with pytest.raises(RecordError):
        from_json(Whole, text)


def test_a_refusal_says_where() -> None:
    with pytest.raises(RecordError, match=r"whole\.parts\[0\]\.kind: 'c' was not expected"):
        from_json(Whole, GOOD.replace('"kind":"a"', '"kind":"c"'))
