"""The page of a PDF against what was signed: its seal, and whether it says the same.

The rule that matters most: the name, the number and the days must stand on the first page, where people read them. A
page that is sealed by us cannot say anything else; without our seal it may, and only what was signed counts.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from certificates.examining.facts import Days, Fact, language
from certificates.examining.outcome import Line
from certificates.reading import Signature
from certificates.standards.integrity import Document
from lms.message import N_, Message

CHANGED = N_("The PDF was changed after it was sealed.")
PRINTED = ("name", "number", "programme", "issued", "until", "days")
_MONTHS = {
    "sv": (
        "januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november",
        "december",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
}  # fmt: skip
"""As certificate.typ writes them."""


def seal(signatures: Sequence[Signature], seals: Collection[str]) -> Line:
    """Whether the whole file is as we sealed it."""
    if not signatures:
        return Line("seal", "failed", Message(N_("The PDF has no seal, so its page can have been changed.")))
    if len(signatures) > 1 or not all(each.intact and each.whole for each in signatures):
        return Line("seal", "failed", Message(CHANGED))
    if signatures[0].certificate.strip() in {each.strip() for each in seals}:
        return Line("seal", "passed")
    if not seals:
        return Line("seal", "open", Message(N_("It is unbroken, but whose it is cannot be told: no seal is given.")))
    return Line("seal", "failed", Message(N_("The PDF is sealed by somebody else.")))


def line(facts: Sequence[Fact], *, proven: bool) -> Line:
    """Whether the page says what was signed."""
    if not proven:
        return Line("page", "open", Message(N_("Not checked, since another check failed.")))
    if any(each.found is False for each in facts):
        return Line("page", "failed", Message(N_("Something that was signed does not stand on the page.")))
    return Line("page", "passed")


def compared(facts: Sequence[Fact], pages: Sequence[str], document: Document) -> tuple[Fact, ...]:
    """The facts, each that a certificate prints with whether it stands on the first page."""
    first, spoken = _plain(pages[0]) if pages else "", language(document)
    return tuple(
        replace(fact, found=_stands(_printed(fact.value, spoken), first)) if fact.code in PRINTED else fact
        for fact in facts
    )


def _stands(wanted: str, text: str) -> bool:
    """Whether the words stand there as whole words, wherever the lines break: between words, and after hyphens."""
    parts = (re.split(r"(?<=[-–/])", word) for word in _plain(wanted).split())
    pattern = r"\s+".join(r"\s*".join(map(re.escape, filter(None, each))) for each in parts)
    return re.search(rf"(?<!\w){pattern}(?!\w)", text) is not None


def _plain(text: str) -> str:
    """Letters as they are compared: ligatures and accents in one spelling, without what cannot be seen."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")


def _printed(value: str | date | Days, spoken: str) -> str:
    """A fact as certificate.typ prints it."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return _range(*value, _MONTHS.get(spoken, _MONTHS["sv"]))
    return _day(value, _MONTHS.get(spoken, _MONTHS["sv"]))


def _day(value: date, months: Sequence[str]) -> str:
    return f"{value.day} {months[value.month - 1]} {value.year}"


def _range(first: date, last: date, months: Sequence[str]) -> str:
    if first == last:
        return _day(first, months)
    if first.year != last.year:
        return f"{_day(first, months)} – {_day(last, months)}"
    if first.month != last.month:
        return f"{first.day} {months[first.month - 1]}–{_day(last, months)}"
    return f"{first.day}–{_day(last, months)}"
