"""How days, clocks, hours and numbers are written for people, and how the ways people type them are read.

The rule that matters most: nothing here guesses; what has two readings is not read at all.
"""

import re
from datetime import date, datetime, time
from functools import lru_cache
from typing import Final

from babel.dates import format_date, get_month_names
from babel.numbers import format_decimal
from flask_babel import get_locale
from werkzeug.datastructures import LanguageAccept

from lms import clock as our_clock

_LOCALES: Final = {"sv": "sv_SE", "en": "en_GB"}
_THIN_SPACE: Final = "\u202f"  # Narrow no-break space: groups stay on one line.
_MINUS: Final = "\u2212"
_CLOCK: Final = re.compile(r"(\d{1,2})[.:](\d{2})|(\d{1,2})(\d{2})", re.ASCII)
_ISO_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{4})(\d{2})(\d{2})", re.ASCII)
_SLASH_DAY: Final = re.compile(r"(\d{1,2})/(\d{1,2})[ -](\d{4})", re.ASCII)
_NAMED_DAY: Final = re.compile(r"(\d{1,2}) ([^\W\d_]+)\.?,? (\d{4})")
_YEARS: Final = range(1900, 2200)


LANGUAGES = ("sv", "en")


def preferred(accepted: LanguageAccept) -> str:
    """The language that a browser asks for, sv or en; Swedish when it asks for neither."""
    return accepted.best_match(LANGUAGES, "sv") or "sv"


def spoken() -> str:
    """The language in force, sv or en: the request's, or the one a mail is written in."""
    locale = get_locale()
    return str(locale.language) if locale else "sv"


def day(value: date, language: str = "sv") -> str:
    """A day in full: "torsdag 1 december 2022", "Thursday 1 December 2022"; moments as in Stockholm."""
    return _written(_as_day(value), "EEEE d MMMM y", _locale(language))


def plain_day(value: date, language: str = "sv") -> str:
    """A day of which nobody needs the weekday: "1 december 2022", "1 December 2022"."""
    return _written(_as_day(value), "d MMMM y", _locale(language))


def short_day(value: date, language: str = "sv") -> str:
    """A day where room is short and the year is known: "1 dec.", "1 Dec"."""
    return _written(_as_day(value), "d MMM", _locale(language))


def moment(value: datetime, language: str = "sv") -> str:
    """A day and its time: "torsdag 1 december 2022 kl. 08.30", "Thursday 1 December 2022 at 08.30"."""
    return f"{day(value, language)} {'kl.' if language[:2] == 'sv' else 'at'} {clock(value)}"


def month(year: int, number: int, language: str = "sv") -> str:
    """A month with its year: "december 2022", "December 2022"."""
    return _written(date(year, number, 1), "LLLL y", _locale(language))


def clock(value: datetime | time) -> str:
    """A time of day in Stockholm: "08.30". A moment must be aware; a plain time is shown as it stands."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        value = our_clock.local(value).time()
    return f"{value.hour:02}.{value.minute:02}"


def hours(minutes: int, language: str = "sv") -> str:
    """Minutes as hours and minutes: "3 h 30 min", "4 h", "0 min". The symbols are SI's in any language."""
    _locale(language)
    whole, rest = divmod(abs(minutes), 60)
    parts = ([f"{whole} h"] if whole else []) + ([f"{rest} min"] if rest or not whole else [])
    return (_MINUS if minutes < 0 else "") + " ".join(parts)


def number(value: float, language: str = "sv") -> str:
    """A number with its thousands apart and a real minus sign: "1 234 567", "−12,5" (English "−12.5")."""
    shown = format_decimal(value, locale=_locale(language))
    separators = {"sv": "\u00a0", "en": ","}[language[:2]]
    return shown.replace(separators, _THIN_SPACE).replace("-", _MINUS)


def parse_clock(text: str) -> time | None:
    """A time of day as people type it (855, 0855, 08.55, 8:55), or None when it is none."""
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        return None
    hour, minute = (int(part) for part in found.groups() if part is not None)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def parse_number(text: str, digits: int = 18) -> int | None:
    """A whole number as forms and addresses carry it, or None; what has more digits no database takes as an id."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def parse_day(text: str) -> date | None:
    """A day as people type it, or None when it is none or could be another.

    Read are 2026-03-01, 20260301, 1/3 2026 (day before month) and 1 mars 2026, in Swedish or English.
    A year of two digits, a missing year and 1/3/2026 or 1.3.2026 (which some read as January) are not.
    """
    text = " ".join(text.split()).lower()
    if found := _ISO_DAY.fullmatch(text):
        year, month_number, day_number = (int(part) for part in found.groups() if part is not None)
    elif found := _SLASH_DAY.fullmatch(text):
        day_number, month_number, year = map(int, found.groups())
    elif (found := _NAMED_DAY.fullmatch(text)) and found[2] in _months():
        day_number, month_number, year = int(found[1]), _months()[found[2]], int(found[3])
    else:
        return None
    try:
        return date(year, month_number, day_number) if year in _YEARS else None
    except ValueError:
        return None


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """Names of months, whole and shortened, in both languages: no name means two months."""
    return {
        name.lower().rstrip("."): month_number
        for locale in _LOCALES.values()
        for width in ("wide", "abbreviated")
        for month_number, name in get_month_names(width, locale=locale).items()
    }


@lru_cache(maxsize=1000)
def _written(value: date, pattern: str, locale: str) -> str:
    """Most pages write the same few days again and again, and Babel reads its pattern each time."""
    return format_date(value, pattern, locale=locale)


def _as_day(value: date) -> date:
    """The day of a moment is the day in Stockholm."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} has no time zone")
    return our_clock.local(value).date()


def _locale(language: str) -> str:
    """Our two languages as Babel's locales; "sv_SE" or "en-GB" name them as well."""
    try:
        return _LOCALES[language[:2]]
    except KeyError:
        raise ValueError(f"no such language: {language}") from None
