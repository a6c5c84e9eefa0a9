"""Meetings become an iCalendar file (RFC 5545) that calendars of people can read, update and cancel.

The rule that matters most: the same events and the same stamp give the same bytes, and an event keeps its
UID for life; a change is announced by a higher SEQUENCE, never by a new UID.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:  # Imported by the functions: few requests make a calendar.
    from icalendar import Event as Component
    from icalendar import Timezone, vCalAddress

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]

ZONE: Final = "Europe/Stockholm"
_STOCKHOLM: Final = ZoneInfo(ZONE)
_PRODUCT: Final = "-//Parlband//Course calendar//SV"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, kw_only=True)
class Event:
    """One meeting; `starts` and `ends` are aware (UTC), `sequence` grows with every change sent out."""

    uid: str
    sequence: int
    starts: datetime
    ends: datetime
    summary: str
    organiser_name: str
    organiser_email: str
    location: str = ""
    description: str = ""
    url: str = ""
    attendee_name: str | None = None
    attendee_email: str | None = None
    cancelled: bool = False


def calendar(events: Iterable[Event], *, method: Method, name: str, stamp: datetime) -> bytes:
    """Return the .ics file of `events`, UTF-8 with CRLF; `stamp` (aware) is when it was made.

    A personal feed is "PUBLISH". A "REQUEST" or "CANCEL" is meant for one UID (RFC 5546 §3.2.2), and some
    mail programmes read only its first event: an invitation to two sessions is two files, or one "PUBLISH".
    Raises ValueError for a naive time, an end that is not after the start, or an address that is none.
    """
    from icalendar import Calendar, vText  # noqa: PLC0415  few requests need it

    result = Calendar()
    result.add("prodid", _PRODUCT)
    result.add("version", "2.0")
    result.add("calscale", "GREGORIAN")
    result.add("method", method)
    result.add("name", vText(_line(name)))
    result.add("x-wr-calname", vText(_line(name)))
    result.add("x-wr-timezone", ZONE)
    result.add_component(_timezone())
    for event in events:
        result.add_component(_component(event, method, _aware(stamp)))
    return bytes(result.to_ical())


def _component(event: Event, method: Method, stamp: datetime) -> Component:
    starts, ends = _aware(event.starts), _aware(event.ends)
    if ends <= starts:
        raise ValueError(f"event {event.uid} ends before it starts")
    from icalendar import Event as Component  # noqa: PLC0415  few requests need it

    component = Component()
    component.add("uid", _word(event.uid))
    component.add("sequence", event.sequence)
    component.add("dtstamp", stamp)
    _add_times(component, starts, ends)
    component.add("summary", _line(event.summary))
    _add_texts(component, event)
    component.add("organizer", _address(event.organiser_name, event.organiser_email), encode=False)
    if event.attendee_email and method != "PUBLISH":  # RFC 5546 §3.2.1: a published event has no attendee.
        component.add("attendee", _attendee(event.attendee_name, event.attendee_email), encode=False)
    gone = event.cancelled or method == "CANCEL"
    component.add("status", "CANCELLED" if gone else "CONFIRMED")
    component.add("transp", "TRANSPARENT" if gone else "OPAQUE")
    return component


def _add_texts(component: Component, event: Event) -> None:
    if event.location:
        component.add("location", _line(event.location))
    if event.description:
        component.add(
            "description", _CONTROL.sub("", event.description.replace("\r\n", "\n").replace("\r", "\n"))
        )
    if event.url:
        component.add("url", _word(event.url))


def _add_times(component: Component, starts: datetime, ends: datetime) -> None:
    """Local times with their zone; in UTC when a time falls in the hour that autumn repeats.

    A local time in that hour always means its first occurrence (RFC 5545 §3.3.5), so the second one
    has no local form.
    """
    local = [moment.astimezone(_STOCKHOLM) for moment in (starts, ends)]
    repeated = any(moment.fold for moment in local)
    for name, moment in zip(("dtstart", "dtend"), (starts, ends) if repeated else local, strict=True):
        component.add(name, moment)


def _timezone() -> Timezone:
    """Swedish summer time since 1996 (directive 2000/84/EC): last Sundays of March and October."""
    from icalendar import Timezone, TimezoneDaylight, TimezoneStandard  # noqa: PLC0415  few requests need it

    zone = Timezone()
    zone.add("tzid", ZONE)
    winter, summer = timedelta(hours=1), timedelta(hours=2)
    for part, name, month, hour, before, after in (
        (TimezoneDaylight(), "CEST", 3, 2, winter, summer),
        (TimezoneStandard(), "CET", 10, 3, summer, winter),
    ):
        day = 31 if month == 3 else 27
        part.add("dtstart", datetime(1996, month, day, hour))  # noqa: DTZ001  local by definition of VTIMEZONE
        part.add("rrule", {"freq": "yearly", "bymonth": month, "byday": "-1SU"})
        part.add("tzname", name)
        part.add("tzoffsetfrom", before)
        part.add("tzoffsetto", after)
        zone.add_component(part)
    return zone


def _attendee(name: str | None, email: str) -> vCalAddress:
    """The invited person; no reply by calendar is asked for, since people answer on the page."""
    address = _address(name or "", email)
    address.params["CUTYPE"] = "INDIVIDUAL"
    address.params["ROLE"] = "REQ-PARTICIPANT"
    address.params["PARTSTAT"] = "NEEDS-ACTION"
    address.params["RSVP"] = "FALSE"
    return address


def _address(name: str, email: str) -> vCalAddress:
    from icalendar import vCalAddress  # noqa: PLC0415  few requests need it

    address = vCalAddress(f"mailto:{_word(email)}")
    if _line(name):
        address.params["CN"] = _line(name).replace('"', "'")
    return address


def _line(text: str) -> str:
    """Text on one line: line breaks become spaces and control characters go."""
    return _CONTROL.sub("", " ".join(text.split()))


def _word(text: str) -> str:
    """A value that is written as it stands (UID, address, URL): nothing in it may end the line."""
    if not text or re.search(r"\s", text) or _CONTROL.search(text):
        raise ValueError(f"not usable in a calendar: {text!r}")
    return text


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC).replace(microsecond=0)
