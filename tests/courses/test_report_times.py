"""Days, clocks and lengths as meeting reports write them, and connections that become minutes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.attendance.merging import present, union
from courses.attendance.report_times import minutes_of, moment_of, says_utc
from lms.clock import STOCKHOLM

DAY = date(2022, 10, 11)
EIGHT = datetime(2022, 10, 11, 6, 28, 3, tzinfo=UTC)  # 08.28.03 in Stockholm


@pytest.mark.parametrize(
    "text",
    [
        "10/11/22, 8:28:03 AM", "10/11/2022, 8:28:03 AM", "2022-10-11 08:28:03", "2022-10-11, 08:28:03",
        "11/10/2022 08:28:03", "11.10.2022, 08:28:03", "11/10/22 8.28.03 fm", "2022-10-11T06:28:03Z",
        "2022-10-11T08:28:03+02:00", "2022-10-11 06:28:03 UTC", "11 okt. 2022 08:28:03", "Oct 11, 2022 08:28:03 AM",
        "2022-10-11 06:28:03 (UTC)", "2022/10/11 08:28:03", "2022-10-11T08:28:03.000+0200",
    ],
)  # fmt: skip
def test_every_usual_way_is_the_same_moment(text: str) -> None:
    assert moment_of(text, DAY, STOCKHOLM) == EIGHT


def test_a_cell_of_excel_is_a_clock_of_the_zone() -> None:
    naive = datetime(2022, 10, 11, 8, 28, 3)  # noqa: DTZ001  as calamine gives it
    assert moment_of(naive, DAY, STOCKHOLM) == EIGHT
    assert moment_of(naive, DAY, UTC) == EIGHT + timedelta(hours=2)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("10/11/22, 12:05:00 AM", 0), ("10/11/22, 12:05:00 PM", 12), ("10/11/22 1:05 em", 13), ("10/11/22 11:05 PM", 23)],
)
def test_noon_and_midnight(text: str, hour: int) -> None:
    found = moment_of(text, DAY, UTC)
    assert found is not None
    assert found.hour == hour


@pytest.mark.parametrize(
    "text", ["", "08:28", "2022-10-11", "2022-13-45 08:28", "10/11/22 25:00", "10/11/22 13:05 PM", "snart", "1.2 3.4.5"]
)
def test_what_says_no_moment_is_none(text: str) -> None:
    assert moment_of(text, DAY, STOCKHOLM) is None
    assert moment_of(DAY, DAY, STOCKHOLM) is None


def test_a_file_of_another_day_is_not_bent_to_ours() -> None:
    found = moment_of("3/14/22, 8:00 AM", DAY, STOCKHOLM)
    assert found is not None
    assert found.date() == date(2022, 3, 14)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("4h 3m 7s", 243), ("1 tim 5 min", 65), ("45 min 59 sek", 45), ("00:45:10", 45), ("1:05", 65), ("212", 212),
     ("30s", 0), ("", None), ("lång tid", None)],
)  # fmt: skip
def test_lengths(text: str, minutes: int | None) -> None:
    assert minutes_of(text) == minutes


def test_utc_in_a_heading() -> None:
    assert says_utc("Join Time (UTC)")
    assert not says_utc("Cutco tid")


START = datetime(2022, 10, 11, 6, 30, tzinfo=UTC)
END = START + timedelta(hours=4)
seconds = st.integers(-3 * 3600, 7 * 3600)


def _at(*pairs: tuple[int, int]) -> list[tuple[datetime, datetime]]:
    return [(START + timedelta(minutes=a), START + timedelta(minutes=b)) for a, b in pairs]


def test_dropping_out_and_two_devices_count_each_minute_once() -> None:
    found = present(_at((-5, 60), (70, 120), (100, 250)), START, END)
    assert found is not None
    assert (found.minutes, found.came, found.left) == (
        230, START - timedelta(minutes=5), START + timedelta(minutes=250)
    )  # fmt: skip


def test_somebody_who_only_came_before_or_after_was_not_there() -> None:
    assert present(_at((-60, -1), (241, 300), (20, 20)), START, END) is None
    assert present([(START, START + timedelta(seconds=59))], START, END) is None


@given(st.lists(st.tuples(seconds, seconds), max_size=12))
def test_minutes_are_never_more_than_the_session_nor_than_the_clocks(pairs: list[tuple[int, int]]) -> None:
    intervals = [(START + timedelta(seconds=a), START + timedelta(seconds=b)) for a, b in pairs]
    slow = sum(
        any(a <= START + timedelta(seconds=s) < b for a, b in intervals) for s in range(0, 4 * 3600, 60)
    )  # each whole minute looked at by hand, give or take its edges
    found = present(intervals, START, END)
    minutes = found.minutes if found else 0
    assert 0 <= minutes <= 240
    assert abs(minutes - slow) <= 2 * len(pairs) + 1
    assert found is None or minutes <= (min(found.left, END) - max(found.came, START)).total_seconds() / 60
    assert all(a[1] < b[0] for a, b in zip(union(intervals), union(intervals)[1:], strict=False))
    assert present(reversed(intervals), START, END) == found
