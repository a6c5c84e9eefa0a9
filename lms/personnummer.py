"""Swedish personal identity and coordination numbers: read, checked, masked, made up for demonstrations.

The rule that matters most: a number is shown masked everywhere; no message, repr or log holds a whole one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from lms.message import N_, Message

Code = Literal["empty", "characters", "temporary", "length", "date", "future", "check_digit"]
SYNTHETIC_SERIALS = range(980, 1000)
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_SHAPE = re.compile(r"(\d{6}|\d{8})([-+]?)(\d{4})", re.ASCII)
_MENTIONED = re.compile(
    r"(?<![^\W_])(?:\d{6}|\d{8})\s?[-+]?\s?(?:\d{4}|[A-Z]{1,2}\d{2,3})(?![^\W_])", re.ASCII | re.IGNORECASE
)
_MESSAGES: dict[Code, str] = {
    "empty": N_("The personnummer is missing."),
    "characters": N_("A personnummer has only digits and one hyphen, such as ååååmmdd-nnnn."),
    "temporary": N_(
        "A temporary number with letters cannot be used; give a personnummer or samordningsnummer."
    ),
    "length": N_("A personnummer has 12 digits (ååååmmdd-nnnn) or 10 (ååmmdd-nnnn)."),
    "date": N_("The first digits of the personnummer are not a date that exists."),
    "future": N_("The personnummer begins with a date in the future."),
    "check_digit": N_("The last digit of the personnummer does not fit the others; some digit is wrong."),
}


class WrongPersonnummer(ValueError):  # noqa: N818 - named for what it is, as the code reads it
    """A text that is no personnummer: a `code` for tests, a `message` for people, neither with its digits."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code: Code = code
        self.message = Message(_MESSAGES[code])


@dataclass(frozen=True)
class Personnummer:
    """Twelve digits that passed every check; a coordination number (samordningsnummer) adds 60 to its day."""

    digits12: str = field(repr=False)
    is_coordination: bool

    @property
    def birth_date(self) -> date:
        """The day of birth that the number tells."""
        day = int(self.digits12[6:8]) - (60 if self.is_coordination else 0)
        return date(int(self.digits12[:4]), int(self.digits12[4:6]), day)


def parse(text: str, *, today: date) -> Personnummer:
    """Reads 10 or 12 digits, with or without a hyphen (plus: a hundred years or more), or WrongPersonnummer.

    `today` settles the century of ten digits and what lies in the future. Source: folkbokföringslagen 18 §.
    """
    compact = re.sub(r"[\s\u200b\ufeff]", "", text).translate(_HYPHENS)
    if not compact:
        raise WrongPersonnummer("empty")
    found = _SHAPE.fullmatch(compact)
    if found is None:
        raise WrongPersonnummer(_why_unreadable(compact))
    begins, sign, serial = found.groups()
    if len(begins) == 6:
        begins = _with_century(begins, sign, today)
    is_coordination = int(begins[6:8]) > 60
    number = Personnummer(begins + serial, is_coordination)
    if not _is_born(number):
        raise WrongPersonnummer("date")
    if number.birth_date > today:
        raise WrongPersonnummer("future")
    if check_digit(number.digits12[2:11]) != int(number.digits12[11]):
        raise WrongPersonnummer("check_digit")
    return number


def mentions(text: str) -> bool:
    """Whether something in a text has the shape of a number, also of a wrong or temporary one: it is still somebody's.

    For fields where none belongs, so that it is neither searched for nor shown again.
    """
    plain = text.translate(_HYPHENS)
    return bool(_MENTIONED.search(plain) or _SHAPE.fullmatch(re.sub(r"[\s\u200b\ufeff]", "", plain)))


def masked(number: Personnummer) -> str:
    """The number as screens show it: 19900101-••••."""
    return f"{number.digits12[:8]}-••••"


def check_digit(nine: str) -> int:
    """The tenth digit after nine: modulus 10 with the weights 2, 1, 2, …"""
    products = (int(digit) * (1 if index % 2 else 2) for index, digit in enumerate(nine))
    return -sum(product // 10 + product % 10 for product in products) % 10


def synthetic(birth_date: date, serial: int, *, is_coordination: bool = False) -> Personnummer:
    """A number for a made-up person; ValueError unless `serial` is 980–999, which is never given to anybody.

    An odd serial reads as a man and an even one as a woman.
    """
    if serial not in SYNTHETIC_SERIALS:
        raise ValueError(serial)
    day = birth_date.day + (60 if is_coordination else 0)
    nine = f"{birth_date:%y%m}{day:02d}{serial}"
    return Personnummer(f"{birth_date.year // 100}{nine}{check_digit(nine)}", is_coordination)


def _why_unreadable(compact: str) -> Code:
    digits = re.sub(r"[-+]", "", compact)
    if digits.isascii() and digits.isdigit():
        return "length" if len(digits) not in (10, 12) else "characters"
    if re.fullmatch(r"(\d{6}|\d{8})[-+]?[A-Z]\w{2,3}", compact, re.ASCII | re.IGNORECASE):
        return "temporary"
    return "characters"


def _with_century(six: str, sign: str, today: date) -> str:
    """Eight digits for six: the latest possible year, with a plus the latest a hundred years ago."""
    latest = today.year - 100 if sign == "+" else today.year
    year = latest - (latest - int(six[:2])) % 100
    month_and_day = int(six[2:4]) * 100 + int(six[4:6]) % 60
    if year == today.year and month_and_day > today.month * 100 + today.day:
        year -= 100
    return f"{year:04d}{six[2:]}"


def _is_born(number: Personnummer) -> bool:
    try:
        return number.birth_date.year >= 1800
    except ValueError:
        return False
