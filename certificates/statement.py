"""The statement a certificate makes: who can do what, when, and on which grounds.

A statement has exactly one spelling: `to_json` writes it, `from_json` refuses every other one, so a stored
text and its digest can be compared byte by byte for decades. Store it as text: a JSON column reorders it.
"""

import hashlib
import re
import secrets
import typing
import unicodedata
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from typing import Literal

from lms import records
from lms.records import RecordError

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 signs, five bits each: no 0 or O, no 1 or I, so that a code on paper is read in one way only."""

CODE_LENGTH = 16
"""Sixteen signs are 80 bits: nobody guesses a code, and it still fits on one line."""

FORMAT = 1

Level = Literal["trainer", "user"]
PartKind = Literal["session", "assignment", "horizontal", "renewal"]
Language = Literal["sv", "en"]

JOINERS = "\u200c\u200d"
"""They shape letters in some scripts and hide nothing."""


StatementError = RecordError
"""The text is not a statement in its one canonical spelling, or its values contradict each other."""


def tidy(text: str) -> str:
    """`text` in NFC, with single spaces and without control, format and unassigned characters.

    Direction overrides can make a name read as another one, and the vertical tab of a word processor is
    canonicalised differently by different verifiers, so neither is ever signed.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    spaced = " ".join(text.split())
    kept = "".join(sign for sign in spaced if sign in JOINERS or unicodedata.category(sign)[0] != "C")
    return " ".join(unicodedata.normalize("NFC", kept).split())


@dataclass(frozen=True)
class _Tidy:
    """Cleans its own texts, so that no statement holds a character that cannot be seen."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str):
                object.__setattr__(self, field.name, tidy(value))
            elif isinstance(value, tuple):
                tidied = (tidy(item) if isinstance(item, str) else item for item in value)
                object.__setattr__(self, field.name, tuple(tidied))


@dataclass(frozen=True)
class ProgrammeRef(_Tidy):
    """The programme as it was named and versioned on the day of issue."""

    key: str
    title: str
    title_en: str
    material_version: str

    def title_in(self, language: str) -> str:
        """The title in a language; the Swedish one where there is no other."""
        return (language == "en" and self.title_en) or self.title


@dataclass(frozen=True)
class Part(_Tidy):
    """One thing that was assessed: which day, how many minutes, and the names of those who signed for it."""

    kind: PartKind
    title: str
    day: date
    minutes: int
    by: tuple[str, ...]


@dataclass(frozen=True)
class Named(_Tidy):
    """A person as named on the certificate, with the organisation that person worked for."""

    name: str
    organisation: str


@dataclass(frozen=True)
class Certifier(_Tidy):
    """Who certified, and by what right: the own certificate, or a documented exemption."""

    name: str
    organisation: str
    certificate_number: str | None = None
    certificate_code: str | None = None
    exemption: str | None = None


@dataclass(frozen=True)
class ProjectRef(_Tidy):
    """The project that paid, and its reference number at the ESF council."""

    name: str
    dnr: str


@dataclass(frozen=True)
class Statement(_Tidy):
    """All a certificate says; nothing in it is ever derived again from live data.

    Minutes are whole minutes, days are days in Europe/Stockholm. `valid_until` is the last valid day, None
    means without end. `code` is stored without dashes. Raises `StatementError` for values that contradict.
    """

    format: int
    number: str
    code: str
    issued_on: date
    valid_until: date | None
    language: Language
    holder_name: str
    level: Level
    programme: ProgrammeRef
    competence: str
    minutes: int
    parts: tuple[Part, ...]
    first_day: date
    last_day: date
    place: str
    trainers: tuple[Named, ...]
    certified_by: Certifier
    issuer: str
    project: ProjectRef
    publicity: str

    def __post_init__(self) -> None:
        super().__post_init__()
        for wrong, complaint in (
            (self.format != FORMAT, f"format {self.format} is not known"),
            (normalise_code(self.code) != self.code, "the code is not sixteen signs of the alphabet"),
            (not self.number or not self.holder_name, "number and holder name are needed"),
            (self.language not in typing.get_args(Language), f"language {self.language} is not known"),
            (self.level not in typing.get_args(Level), f"level {self.level} is not known"),
            (self.minutes < 0 or any(part.minutes < 0 for part in self.parts), "minutes below zero"),
            (self.first_day > self.last_day, "the last day is before the first"),
            (self.valid_until is not None and self.valid_until < self.issued_on, "validity ends too early"),
        ):
            if wrong:
                raise StatementError(complaint)

    @property
    def title(self) -> str:
        """The title of the programme in the language of the certificate."""
        return self.programme.title_in(self.language)


def to_json(statement: Statement) -> str:
    """The one canonical text of a statement (lms/records.py)."""
    return records.to_json(statement)


@lru_cache(maxsize=512)
def from_json(text: str) -> Statement:
    """The statement that `to_json` wrote; the same text is read once, since a statement never changes.

    Raises `StatementError` for any other text, also for one that merely means the same: spaces, a changed
    order, doubled or unknown keys would each be a second spelling of a signed thing.
    """
    return records.from_json(Statement, text)


def digest(statement: Statement) -> str:
    """SHA-256 of the canonical text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(to_json(statement).encode()).hexdigest()


def new_code() -> str:
    """A fresh code of 80 random bits, without dashes."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def bare(text: str) -> str:
    """What somebody typed, without spaces and dashes of any kind."""
    return re.sub(r"[\s\-\u2010-\u2015\u2212]+", "", text)


def normalise_code(text: str) -> str | None:
    """The code somebody typed, without dashes, spaces and lower case; None when it cannot be a code.

    0, O, 1 and I are never corrected: they stand in no code, so whoever typed one misread another sign.
    """
    code = bare(text[:200])
    code = code.upper() if code.isascii() else code
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else None


def grouped(code: str) -> str:
    """`code` as people read it aloud: 7Q4M-9XKD-2RTA-BCDE."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
