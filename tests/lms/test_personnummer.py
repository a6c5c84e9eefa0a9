"""Personal identity numbers: what is read, what is refused and why, and that nothing shows a whole one."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.personnummer import Personnummer, WrongPersonnummer, check_digit, masked, parse, synthetic

TODAY = date(2026, 11, 22)
ANNA = synthetic(date(1990, 1, 1), 980)
births = st.dates(date(1927, 1, 1), date(2026, 11, 21))
serials = st.integers(980, 999)


def test_check_digit_of_a_published_example():
    assert check_digit("811218987") == 6


@pytest.mark.parametrize(
    "text",
    ["{0}{1}", "{0}-{1}", " {0}-{1} ", "{0} {1}", "{0}–{1}", "{2}{1}", "{2}-{1}", "\ufeff{2}-{1}\u00a0"],
)
def test_every_usual_spelling_is_read(text):
    digits = ANNA.digits12
    assert parse(text.format(digits[:8], digits[8:], digits[2:8]), today=TODAY) == ANNA


def test_plus_means_a_hundred_years_or_more():
    old = synthetic(date(1920, 5, 17), 981)
    assert parse(f"200517+{old.digits12[8:]}", today=TODAY) == old
    assert parse(f"200517-{old.digits12[8:]}", today=TODAY).birth_date == date(2020, 5, 17)


def test_ten_digits_never_lie_in_the_future():
    tomorrow_a_century_ago = synthetic(date(1926, 11, 23), 982)
    assert parse(tomorrow_a_century_ago.digits12[2:], today=TODAY).birth_date == date(1926, 11, 23)


def test_coordination_number_adds_sixty_to_the_day():
    number = synthetic(date(1985, 2, 28), 983, is_coordination=True)
    assert number.digits12[6:8] == "88"
    assert parse(number.digits12, today=TODAY) == number
    assert number.birth_date == date(1985, 2, 28)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("199001019", "length"),
        ("1990010198", "date"),
        ("1990-01-01-9802", "characters"),
        ("19900101/9802", "characters"),
        ("١٩٩٠٠١٠١٩٨٠٢", "characters"),
        ("19900101-T012", "temporary"),
        ("900101-TF29", "temporary"),
        ("19901301-9800", "date"),
        ("19900230-9800", "date"),
        ("19900160-9800", "date"),
        ("15900101-9800", "date"),
        ("20270101-9800", "future"),
        ("ÅÅÅÅMMDD-1234", "characters"),
    ],
)
def test_refusals_tell_why(text, code):
    with pytest.raises(WrongPersonnummer) as refused:
        parse(text, today=TODAY)
    assert refused.value.code == code
    assert refused.value.message.render()


def test_nothing_shows_a_whole_number():
    assert masked(ANNA) == "19900101-••••"
    assert "980" not in repr(ANNA)
    wrong = ANNA.digits12[:-1] + str((int(ANNA.digits12[-1]) + 1) % 10)
    with pytest.raises(WrongPersonnummer) as refused:
        parse(wrong, today=TODAY)
    assert refused.value.code == "check_digit"
    assert wrong[:8] not in str(refused.value) + refused.value.message.render()


@pytest.mark.parametrize("serial", [0, 979, 1000])
def test_only_serials_that_nobody_has_are_made_up(serial):
    with pytest.raises(ValueError, match=str(serial)):
        synthetic(date(1990, 1, 1), serial)


@given(births, serials, st.booleans())
def test_what_is_made_up_is_read_back(birth, serial, is_coordination):
    number = synthetic(birth, serial, is_coordination=is_coordination)
    assert number.birth_date == birth
    assert parse(number.digits12, today=TODAY) == number
    assert parse(f"{number.digits12[2:8]}-{number.digits12[8:]}", today=TODAY) == number


@given(births, serials, st.integers(2, 11), st.integers(1, 9))
def test_no_single_wrong_digit_passes(birth, serial, place, added):
    digits = list(synthetic(birth, serial).digits12)
    digits[place] = str((int(digits[place]) + added) % 10)
    with pytest.raises(WrongPersonnummer):
        parse("".join(digits), today=TODAY)


@given(st.text(max_size=20) | st.from_regex(r"\d{6,12}[-+T]?\w{0,4}", fullmatch=True))
def test_any_text_is_either_read_or_refused(text):
    with suppress(WrongPersonnummer):
        assert isinstance(parse(text, today=TODAY), Personnummer)
