"""Calendar files: read back by the same library, and looked at as lines."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest

from lms.calendar import Event, Method, calendar

STAMP = datetime(2022, 11, 1, 12, 0, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
EVENT = Event(
    uid="session-7@parlband.example",
    sequence=3,
    starts=datetime(2022, 12, 1, 7, 30, tzinfo=UTC),
    ends=datetime(2022, 12, 1, 11, 30, tzinfo=UTC),
    summary="SMAIL för utbildare, pass 1",
    location="Kommunhuset, Håbo",
    description="Välkommen!\nTa med: block; penna, vatten",
    url="https://kurs.example/sessions/7",
    organiser_name="Åsa Öberg",
    organiser_email="asa.oberg@kommun.example",
    attendee_name="Ärla Lund",
    attendee_email="arla.lund@kommun.example",
)


def write(*events: Event, method: Method = "REQUEST", name: str = "Pärlband") -> bytes:
    return calendar(events, method=method, name=name, stamp=STAMP)


def read(data: bytes) -> list[icalendar.Event]:
    return list(icalendar.Calendar.from_ical(data).walk("VEVENT"))  # type: ignore[arg-type]


def unfolded(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").split("\r\n")


def test_an_event_comes_back_as_it_was() -> None:
    (event,) = read(write(EVENT))
    assert event["uid"] == EVENT.uid
    assert event["sequence"] == 3
    assert event["dtstart"].dt == EVENT.starts
    assert event["dtend"].dt == EVENT.ends
    assert event["dtstamp"].dt == STAMP
    assert event["summary"] == EVENT.summary
    assert event["location"] == EVENT.location
    assert event["description"] == EVENT.description
    assert event["url"] == EVENT.url
    assert event["status"] == "CONFIRMED"
    assert event["organizer"] == "mailto:asa.oberg@kommun.example"
    assert event["organizer"].params["CN"] == "Åsa Öberg"
    assert event["attendee"] == "mailto:arla.lund@kommun.example"
    assert event["attendee"].params["CN"] == "Ärla Lund"


def test_times_are_local_and_carry_their_zone() -> None:
    lines = unfolded(write(EVENT))
    assert "DTSTART;TZID=Europe/Stockholm:20221201T083000" in lines
    assert "DTEND;TZID=Europe/Stockholm:20221201T123000" in lines
    assert "DTSTAMP:20221101T120000Z" in lines


def test_the_file_is_the_same_every_time() -> None:
    assert write(EVENT) == write(EVENT)


def test_lines_end_in_crlf_and_hold_at_most_75_bytes() -> None:
    data = write(replace(EVENT, summary="Återkoppling på övningen " * 20, description="å" * 500))
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 75
    for line in data.split(b"\r\n"):
        line.decode()  # No character is cut in two.
    assert read(data)[0]["description"] == "å" * 500


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "PUBLISH"])
def test_the_method_is_told(method: Method) -> None:
    assert f"METHOD:{method}" in unfolded(write(EVENT, method=method))


def test_a_cancellation_keeps_the_uid() -> None:
    (by_method,) = read(write(EVENT, method="CANCEL"))
    (by_event,) = read(write(replace(EVENT, cancelled=True, sequence=4), method="PUBLISH"))
    for event in (by_method, by_event):
        assert event["uid"] == EVENT.uid
        assert event["status"] == "CANCELLED"
        assert event["transp"] == "TRANSPARENT"


def test_a_feed_names_no_attendee() -> None:
    assert "ATTENDEE" not in write(EVENT, method="PUBLISH").decode()


def test_a_feed_holds_many_events_and_may_be_empty() -> None:
    other = replace(EVENT, uid="session-8@parlband.example")
    assert [event["uid"] for event in read(write(EVENT, other, method="PUBLISH"))] == [EVENT.uid, other.uid]
    assert read(write(method="PUBLISH")) == []


@pytest.mark.parametrize(
    ("starts", "local"),
    [
        (datetime(2022, 3, 27, 0, 30, tzinfo=UTC), "20220327T013000"),  # before spring forward
        (datetime(2022, 3, 27, 1, 30, tzinfo=UTC), "20220327T033000"),  # after it
        (datetime(2022, 10, 29, 23, 30, tzinfo=UTC), "20221030T013000"),
        (datetime(2022, 10, 30, 2, 30, tzinfo=UTC), "20221030T033000"),
    ],
)
def test_the_days_the_clock_changes(starts: datetime, local: str) -> None:
    data = write(replace(EVENT, starts=starts, ends=starts + timedelta(minutes=15)))
    assert f"DTSTART;TZID=Europe/Stockholm:{local}" in unfolded(data)
    assert read(data)[0]["dtstart"].dt == starts


def test_the_hour_that_autumn_repeats() -> None:
    first = datetime(2022, 10, 30, 0, 30, tzinfo=UTC)
    second = first + timedelta(hours=1)
    (early,) = read(write(replace(EVENT, starts=first, ends=first + timedelta(minutes=15))))
    late_file = write(replace(EVENT, starts=second, ends=second + timedelta(hours=2)))
    assert early["dtstart"].dt.astimezone(UTC) == first  # Times of two zones never equal in this hour.
    assert "DTSTART:20221030T013000Z" in unfolded(late_file)
    assert "DTEND:20221030T033000Z" in unfolded(late_file)


@pytest.mark.parametrize("year", [1996, 2022, 2026, 2037])
def test_the_zone_in_the_file_agrees_with_the_real_one(year: int) -> None:
    (zone,) = icalendar.Calendar.from_ical(write(EVENT)).walk("VTIMEZONE")
    told = zone.to_tz()  # type: ignore[attr-defined]
    for day in range(0, 365):
        noon = datetime(year, 1, 1, 12) + timedelta(days=day)  # noqa: DTZ001
        if noon > datetime(1996, 3, 31):  # noqa: DTZ001  the rules of the file begin here
            assert told.utcoffset(noon) == noon.replace(tzinfo=STOCKHOLM).utcoffset(), noon


@pytest.mark.parametrize("breaker", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x85"])
def test_no_text_starts_a_line_of_its_own(breaker: str) -> None:
    hostile = f"Pass 1{breaker}ATTENDEE:mailto:x@evil.example{breaker}END:VEVENT"
    event = replace(
        EVENT,
        summary=hostile,
        location=hostile,
        description=hostile,
        organiser_name=hostile,
        attendee_name=hostile,
    )
    data = write(event, name=hostile)
    lines = unfolded(data)
    assert sum(line.startswith("ATTENDEE") for line in lines) == 1
    assert lines.count("END:VEVENT") == 1
    assert read(data)[0]["attendee"] == "mailto:arla.lund@kommun.example"


def test_a_name_cannot_leave_its_quotes() -> None:
    (event,) = read(write(replace(EVENT, organiser_name='Eva "X";ROLE=CHAIR:mailto:x@evil.example, Lund')))
    assert event["organizer"] == "mailto:asa.oberg@kommun.example"
    assert "ROLE" not in event["organizer"].params


@pytest.mark.parametrize("field", ["uid", "url", "organiser_email", "attendee_email"])
def test_values_written_as_they_stand_refuse_line_breaks(field: str) -> None:
    with pytest.raises(ValueError, match="not usable"):
        write(replace(EVENT, **{field: "a@b.example\r\nX-EVIL:1"}))


def test_times_must_be_aware_and_in_order() -> None:
    with pytest.raises(ValueError, match="time zone"):
        write(replace(EVENT, starts=datetime(2022, 12, 1, 8)))  # noqa: DTZ001
    with pytest.raises(ValueError, match="ends before"):
        write(replace(EVENT, ends=EVENT.starts))
