"""The proof on paper: digits that fit a code of three centimetres, and no other digits are believed."""

from dataclasses import replace
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from certificates.standards import paper
from certificates.standards.paper import Paper, PaperError

KEY = Ed25519PrivateKey.generate()
KEYS = {paper.key_id(KEY.public_key()): KEY.public_key()}
PAPER = Paper(
    "SMA-A-2022-0123", "Anna-Karin Öberg", "SMAIL för användare", "user", date(2022, 12, 1), None, "k7q2m4xa", 9,
    b"d" * 16,
)  # fmt: skip


def test_there_and_back() -> None:
    for each in (PAPER, replace(PAPER, valid_until=date(2024, 12, 1), level="trainer")):
        assert paper.read(paper.digits(each, KEY), KEYS) == each


def test_a_long_name_still_fits_the_code() -> None:
    digits = paper.digits(replace(PAPER, name="Bartholomäus-Alexander Wolfeschlegelsteinhausen"), KEY)
    assert len(digits) < 520


def test_each_changed_digit_is_refused() -> None:
    digits = paper.digits(PAPER, KEY)
    for place, digit in enumerate(digits):
        with pytest.raises(PaperError):
            paper.read(digits[:place] + str((int(digit) + 1) % 10) + digits[place + 1 :], KEYS)


@given(st.text(max_size=60) | st.integers(min_value=0, max_value=2**900).map(str))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(PaperError):
        paper.read(text, KEYS)


def test_another_key_is_refused() -> None:
    other = Ed25519PrivateKey.generate()
    with pytest.raises(PaperError):
        paper.read(paper.digits(PAPER, other), KEYS)
    with pytest.raises(PaperError):
        paper.read(paper.digits(PAPER, KEY), {paper.key_id(KEY.public_key()): other.public_key()})
