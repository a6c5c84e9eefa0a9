"""Codes of the check-in and tickets: by the clock of the server, good for a moment, worth nothing elsewhere."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from courses.attendance.codes import (
    ALPHABET,
    STEP,
    Ticket,
    code_at,
    device_hash,
    is_good,
    plain,
    read_ticket,
    seconds_left,
    spaced,
    write_ticket,
)
from lms import clock
from tests.conftest import NOON


@given(st.integers(0, 4_000_000_000), st.integers(1, 1_000_000), st.text(min_size=1, max_size=20))
def test_a_code_is_good_on_the_screen_and_one_step_longer(second: int, number: int, secret: str) -> None:
    at = datetime.fromtimestamp(second, clock.STOCKHOLM)
    code = code_at(secret, number, at)
    assert len(code) == 6
    assert set(code) <= set(ALPHABET)
    end = at + timedelta(seconds=seconds_left(at))
    assert is_good(secret, number, code, at)
    assert is_good(secret, number, f" {spaced(code).lower()} ", end)
    assert is_good(secret, number, code, end + timedelta(seconds=STEP - 0.001))
    assert not is_good(secret, number, code, end + timedelta(seconds=STEP))
    assert not is_good(secret, number + 1, code, at)


def test_the_alphabet_has_no_signs_that_look_alike() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("01OI") & set(ALPHABET)


@pytest.mark.parametrize("typed", ["", "K7M", "K7M4P2X", "K7M 4P", "ÅÄÖÅÄÖ", "K7M4P2" * 1000, "٣٤٥٦٧٨"])
def test_what_is_no_code_is_no_code(typed: str) -> None:
    assert plain(typed) == ""
    assert not is_good("secret", 1, typed, NOON)


def test_codes_go_on_through_both_changes_of_the_clock() -> None:
    """The step counts seconds, so the hour that autumn repeats has codes of its own."""
    for day in ("2022-03-27T00:59:45+00:00", "2022-10-30T00:59:45+00:00", "2022-12-31T22:59:45+00:00"):
        before = datetime.fromisoformat(day)
        codes = {code_at("secret", 1, before + timedelta(seconds=step)) for step in range(0, 7200, STEP)}
        assert len(codes) == 7200 // STEP


def test_a_ticket_is_for_its_session_and_device_and_a_quarter_of_an_hour(app: Flask) -> None:
    device = device_hash("cookie")
    text = write_ticket(Ticket(7, clock.now(), "qr", device))
    assert read_ticket(text, 7, device) == Ticket(7, clock.local(NOON), "qr", device)
    assert read_ticket(text, 8, device) is None
    assert read_ticket(text, 7, device_hash("another")) is None
    assert read_ticket(text + "x", 7, device) is None
    assert read_ticket("", 7, device) is None
    with clock.moved(NOON + timedelta(minutes=15)):
        assert read_ticket(text, 7, device) is not None
    with clock.moved(NOON + timedelta(minutes=15, seconds=1)):
        assert read_ticket(text, 7, device) is None
