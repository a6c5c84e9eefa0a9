"""A statement has one spelling, and a code can be read in one way."""

import json
import math
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.statement import (
    ALPHABET,
    CODE_LENGTH,
    StatementError,
    digest,
    from_json,
    grouped,
    new_code,
    normalise_code,
    tidy,
    to_json,
)
from tests.certificates.examples import example


def test_round_trip() -> None:
    statement = example()
    assert from_json(to_json(statement)) == statement
    assert digest(from_json(to_json(statement))) == digest(statement)


def test_text_is_canonical() -> None:
    text = to_json(example(holder_name="Åsa Öberg"))
    again = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert text == again
    assert "Åsa Öberg" in text
    assert '"issued_on":"2026-11-20"' in text


def test_digest_changes_with_every_value() -> None:
    one = example()
    assert digest(one) != digest(replace(one, minutes=one.minutes + 1))
    assert len(digest(one)) == 64


@given(st.text())
def test_any_name_round_trips(name: str) -> None:
    if tidy(name):
        statement = example(holder_name=name)
        assert from_json(to_json(statement)) == statement


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("number"),
        lambda d: d.update(extra=1),
        lambda d: d.update(format=2),
        lambda d: d.update(format=True),
        lambda d: d.update(minutes="720"),
        lambda d: d.update(minutes=-1),
        lambda d: d.update(minutes=720.0),
        lambda d: d.update(issued_on="20 november 2026"),
        lambda d: d.update(issued_on=20261120),
        lambda d: d.update(issued_on="20261120"),
        lambda d: d.update(valid_until="2020-01-01"),
        lambda d: d.update(first_day="2026-12-31"),
        lambda d: d.update(code="7Q4M9XKD2RTA0OI1"),
        lambda d: d.update(language="de"),
        lambda d: d.update(level="master"),
        lambda d: d.update(level=["user"]),
        lambda d: d.update(parts={}),
        lambda d: d["parts"][0].update(kind="party"),
        lambda d: d["parts"][0].update(by="Eva Dahlgren"),
        lambda d: d.update(holder_name="  "),
        lambda d: d.update(holder_name="Elin\u202eForsman"),
        lambda d: d.update(holder_name=None),
        lambda d: d.update(project=None),
    ],
)
def test_malformed_statement_is_refused(change) -> None:
    data = json.loads(to_json(example()))
    change(data)
    with pytest.raises(StatementError):
        from_json(json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '"x"', "[" * 100_000, "NaN"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(StatementError):
        from_json(text)


def test_second_spelling_is_refused() -> None:
    text = to_json(example())
    for other in (
        text + " ",
        text.replace('"place":', '"place": '),
        text.replace("{", '{"number":"SMA-A-2026-0001",', 1),
        json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))[:-1] + "}",
    ):
        with pytest.raises(StatementError, match="canonical"):
            from_json(other)


def test_texts_are_tidied_when_made() -> None:
    assert example(holder_name=" A\u030asa\u00a0 \u202e\x0bÖberg\u200b ").holder_name == "Åsa Öberg"
    assert tidy("tyst\x00 text\r\n") == "tyst text"


def test_values_that_contradict_are_refused() -> None:
    with pytest.raises(StatementError, match="validity"):
        example(valid_until=date(2020, 1, 1))
    with pytest.raises(StatementError, match="last day"):
        example(first_day=date(2026, 12, 1))


def test_code_has_eighty_bits_and_no_doubtful_sign() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("01OI") & set(ALPHABET)
    assert math.log2(len(ALPHABET)) * CODE_LENGTH >= 80
    codes = {new_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert all(normalise_code(code) == code for code in codes)
    assert set("".join(codes)) == set(ALPHABET)


@pytest.mark.parametrize(
    "typed", ["7Q4M-9XKD-2RTA-BCDE", "7q4m 9xkd 2rta bcde", " 7Q4M9XKD2RTABCDE\n", "7Q4M–9XKD–2RTA–BCDE"]
)
def test_typed_code_is_read(typed: str) -> None:
    assert normalise_code(typed) == "7Q4M9XKD2RTABCDE"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "7Q4M-9XKD-2RTA",
        "7Q4M-9XKD-2RTA-BCD0",
        "7Q4M-9XKD-2RTA-BCDO",
        "1Q4M-9XKD-2RTA-BCDE",
        "7Q4M-9XKD-2RTA-BCDEF",
        "ſQ4M-9XKD-2RTA-BCDE",
        "7Q4M_9XKD_2RTA_BCDE",
        "A" * 10_000,
    ],
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert normalise_code(typed) is None


def test_grouped() -> None:
    assert grouped("7Q4M9XKD2RTABCDE") == "7Q4M-9XKD-2RTA-BCDE"
