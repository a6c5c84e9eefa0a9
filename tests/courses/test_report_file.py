"""Reports of Teams and Zoom become people with the time they were connected, whatever their headings are called."""

import io
from datetime import UTC, date, datetime

import pytest
import xlsxwriter

from courses.attendance.report_file import Attendee, Report, read_report
from tests.courses.reports import Stay, old_teams, teams, zoom

DAY = date(2022, 10, 11)
US: list[Stay] = [
    ("Anna Alm", "anna@habo.example", "10/11/22, 8:28:03 AM", "10/11/22, 10:01:00 AM"),
    ("Anna Alm", "anna@habo.example", "10/11/22, 10:10:00 AM", "10/11/22, 12:31:10 PM"),
    ("Bo Ek (Guest)", "", "10/11/22, 9:00:00 AM", "10/11/22, 12:00:00 PM"),
]
SWEDISH = [
    (name, email, *(f"2022-10-11 {clock}" for clock in clocks))
    for (name, email, *_rest), clocks in zip(
        US, (("08:28:03", "10:01:00"), ("10:10:00", "12:31:10"), ("09:00:00", "12:00:00")), strict=True
    )
]


def _at(hour: int, minute: int, second: int = 0) -> datetime:
    """A clock in Stockholm that day."""
    return datetime(2022, 10, 11, hour - 2, minute, second, tzinfo=UTC)


STAYS = {
    "Anna Alm": ((_at(8, 28, 3), _at(10, 1)), (_at(10, 10), _at(12, 31, 10))),
    "Bo Ek": ((_at(9, 0), _at(12, 0)),),
}


def _read(data: bytes, **values: bool) -> Report:
    return read_report(data, near=DAY, **values)


@pytest.mark.parametrize(
    "data",
    [teams(US), teams(US, utf16=False), teams(SWEDISH, swedish=True), teams(SWEDISH, swedish=True, utf16=False),
     zoom([(n, e, a.replace(",", ""), b.replace(",", "")) for n, e, a, b in US]), zoom(SWEDISH, header=False)],
    ids=["teams", "teams utf-8", "teams sv", "teams sv utf-8", "zoom", "zoom sv"],
)  # fmt: skip
def test_connections_of_each_person(data: bytes) -> None:
    report = _read(data)
    assert report.problems == ()
    assert {each.name: each.intervals for each in report.attendees} == STAYS
    assert [each.email for each in report.attendees] == ["anna@habo.example", ""]


def test_without_activities_there_is_first_last_and_a_sum() -> None:
    anna, _bo = _read(teams(US, activities=False)).attendees
    assert anna.intervals == ((_at(8, 28, 3), _at(12, 31, 10)),)
    assert anna.at_most == 200


def test_an_address_of_the_people_section_belongs_to_the_activities_too() -> None:
    text = teams(US).decode("utf-16").replace("\t1h 2m\tanna@habo.example", "\t1h 2m\t")
    assert _read(text.encode("utf-16")).attendees[0].email == "anna@habo.example"


def test_an_older_list_of_comings_and_goings() -> None:
    report = _read(old_teams([
        ("Anna Alm", "Joined before", "10/11/2022, 8:25:00 AM"), ("Bo Ek", "Joined", "10/11/2022, 9:00:00 AM"),
        ("Anna Alm", "Left", "10/11/2022, 10:00:00 AM"), ("Anna Alm", "Joined", "10/11/2022, 10:05:00 AM"),
        ("Anna Alm", "Left", "10/11/2022, 12:30:00 PM"),
    ]))  # fmt: skip
    found = {each.name: each.intervals for each in report.attendees}
    assert found["Anna Alm"] == ((_at(8, 25), _at(10, 0)), (_at(10, 5), _at(12, 30)))
    assert found["Bo Ek"] == ((_at(9, 0), _at(12, 30)),)  # Until the last thing the file knows.


def test_the_waiting_room_is_not_the_meeting() -> None:
    report = _read(zoom(SWEDISH[2:], waiting=[("Cia Öst", "", "2022-10-11 08:00:00", "2022-10-11 08:30:00")]))
    assert [each.name for each in report.attendees] == ["Bo Ek"]


def test_utc_in_a_heading_or_said_by_who_uploads() -> None:
    said = teams(US, utf16=False).decode().replace("Join Time", "Join Time (UTC)").encode()
    for report in (_read(said), _read(teams(US), utc=True)):
        assert report.utc
        assert report.attendees[0].intervals[0][0] == datetime(2022, 10, 11, 8, 28, 3, tzinfo=UTC)


def test_a_workbook_with_real_times() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["Namn", "E-post", "Anslutningstid", "Avgångstid"])
        page.write_row(1, 0, ["Bo Ek", "bo@habo.example"])
        for column, hour in ((2, 9), (3, 12)):
            page.write_datetime(1, column, datetime(2022, 10, 11, hour))  # noqa: DTZ001  as Excel has it
    (bo,) = _read(out.getvalue()).attendees
    assert bo.intervals == STAYS["Bo Ek"]


def test_a_time_that_cannot_be_read_is_a_problem_of_its_row() -> None:
    bad = [("Bo Ek", "", "i morse", "10/11/22, 12:00:00 PM")]
    report = _read(zoom([(n, e, a.replace(",", ""), b.replace(",", "")) for n, e, a, b in bad], header=False))
    ((line, told),) = report.problems
    assert (line, told.values["time"]) == (2, "i morse")


@pytest.mark.parametrize(
    "data", [b"", b"a;b\n1;2", b"\x00\x01", b"Namn;E-post\nBo;b@b.example", b"PK\x03\x04nope", "Å".encode("utf-16")]
)
def test_what_is_no_report_is_told_and_never_a_crash(data: bytes) -> None:
    report = _read(data)
    assert report.attendees == ()
    assert len(report.problems) == 1


def test_a_report_without_people_is_told() -> None:
    assert "nobody" in _read(zoom([], header=False)).problems[0][1].message


def test_our_own_columns_in_any_order() -> None:
    data = "Närvaro;Namn;Kod;E-post;Kom\nhela;Bo;K7M;BO@b.example;\n;;K8M;;\n"
    (first,) = _read(data.encode()).attendees
    assert isinstance(first, Attendee)
    assert first.typed == {"code": "K7M", "state": "hela", "came": "", "left": "", "away": "", "absence": ""}
    assert first.email == "bo@b.example"
