"""Which page of a list an address asks for: always one that there is."""

import pytest
from flask import Flask

from lms.views import asked_page, asked_part

HUGE = 10**25


@pytest.mark.parametrize(
    ("asked", "total", "told"),
    [
        ("", 0, (1, 1)), ("1", 10, (1, 1)), ("2", 10, (1, 1)), ("2", 11, (2, 2)), ("3", 11, (2, 2)),
        ("0", 30, (1, 3)), ("-5", 30, (1, 3)), ("x", 30, (1, 3)), (str(HUGE), 30, (3, 3)),
    ],
)  # fmt: skip
def test_the_page_is_one_that_there_is(asked: str, total: int, told: tuple[int, int]) -> None:
    with Flask(__name__).test_request_context(f"/?page={asked}"):
        assert asked_page(total, 10) == told


def test_the_rows_are_those_of_that_page() -> None:
    for asked, rows in ((1, [1, 2]), (3, [5]), (9, [5])):
        with Flask(__name__).test_request_context(f"/?page={asked}"):
            assert asked_part([1, 2, 3, 4, 5], 2) == (rows, min(asked, 3), 3)
