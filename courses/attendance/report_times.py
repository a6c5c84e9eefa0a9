"""Days and clocks as meeting reports write them, in Swedish and English, American and European order.

The rule that matters most: a day that can be read two ways is the one nearest to the session; nothing else is guessed.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from lms import clock
from lms.filters import parse_day

_CLOCK = r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.\d+)?)?\s*(am|pm|a\.m\.|p\.m\.|fm|em|f\.m\.|e\.m\.)?"
_ZONE = r"\s*(z|utc|gmt|[+-]\d{2}:?\d{2})?"
_WHOLE = re.compile(rf"(.+?)(?:,|\s|t)\s*{_CLOCK}\s*\(?{_ZONE}\)?", re.IGNORECASE)
_NUMBERS = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})")
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,})\.? (\d{1,2}),? (\d{4})")
_LENGTH = re.compile(
    r"(?:(\d+)\s*(?:h|t|tim|timmar?|hours?|hrs?)\b\.?)?\s*(?:(\d+)\s*(?:m|min|minuter|minutes?|mins)\b\.?)?"
    r"\s*(?:(\d+)\s*(?:s|sek|sekunder|seconds?|secs?)\b\.?)?",
    re.IGNORECASE,
)
_LONGEST = 60  # Nobody writes a moment with more letters; a cell may have millions.
_FARTHEST = timedelta(days=366)
_HANDS = re.compile(r"(\d{1,3}):(\d{2})(?::(\d{2}))?")


def moment_of(cell: str | date, near: date, zone: tzinfo) -> datetime | None:
    """The moment (UTC) that a cell says, or None; without a zone of its own it is a clock in `zone`.

    What lies more than a year from `near` is no moment of a report: a broken clock, or an empty field of a program.
    """
    try:
        found = _read(cell, near, zone)
        return found.astimezone(UTC) if found and abs(found.date() - near) <= _FARTHEST else None
    except (ValueError, OverflowError):  # a zone that no place has
        return None


def _read(cell: str | date, near: date, zone: tzinfo) -> datetime | None:
    if isinstance(cell, datetime):
        return cell if cell.tzinfo else cell.replace(tzinfo=zone)
    found = _WHOLE.fullmatch(cell.strip()) if isinstance(cell, str) and len(cell) <= _LONGEST else None
    if not found:
        return None
    hands = _time(found[2], found[3], found[4], found[5])
    days = sorted(_days(found[1].strip(" ,")), key=lambda day: abs(day - near))
    if hands is None or not days:
        return None
    return datetime.combine(days[0], hands, _zone(found[6]) or zone)


def minutes_of(cell: str | date) -> int | None:
    """Whole minutes of a length: «4h 3m 7s», «1 tim 5 min», «00:45:10», or a number of minutes."""
    text = cell.strip() if isinstance(cell, str) and len(cell) <= _LONGEST else ""
    if text.isascii() and text.isdigit() and len(text) < 5:
        return int(text)
    found = _HANDS.fullmatch(text) or _LENGTH.fullmatch(text)
    if not text or not found:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 60 + minutes + seconds // 60


def says_utc(heading: str) -> bool:
    """Whether a heading says that the clocks below it are in UTC."""
    return re.search(r"\b(utc|gmt)\b", heading, re.IGNORECASE) is not None


def zone_of(utc: bool) -> tzinfo:
    return UTC if utc else clock.STOCKHOLM


def _time(hour: str, minute: str, second: str | None, half: str | None) -> time | None:
    hours, half = int(hour), (half or "").replace(".", "").lower()
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half in ("pm", "em") else 0)
    if hours > 23 or int(minute) > 59 or int(second or 0) > 59:
        return None
    return time(hours, int(minute), int(second or 0))


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text.lower() in ("z", "utc", "gmt"):
        return UTC
    return datetime.strptime(text.replace(":", ""), "%z").tzinfo


def _days(text: str) -> Iterator[date]:
    """Every day that the words may mean."""
    if found := _NUMBERS.fullmatch(text):
        first, second, third = (int(part) for part in found.groups())
        orders = [(first, second, third)] if len(found[1]) == 4 else [(third, first, second), (third, second, first)]
        for year, month, day in orders:
            try:
                yield date(year + 2000 if year < 100 else year, month, day)
            except ValueError:
                continue
        return
    named = _MONTH_FIRST.fullmatch(text)
    if day_found := parse_day(f"{named[2]} {named[1]} {named[3]}" if named else text):
        yield day_found
