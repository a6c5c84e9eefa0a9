"""What a credential says in short, and who stands behind it, read without trusting its shape.

The rule that matters most: these are claims. Who shows them says whether the signature has proven them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from certificates.standards.document import RIGHT
from certificates.standards.integrity import Document
from lms import clock

Days = tuple[date, date]


@dataclass(frozen=True)
class Fact:
    """One thing a credential says. `found` tells whether it stands on the page of its PDF; None: nobody looked."""

    code: str
    value: str | date | Days
    found: bool | None = None

    def plain(self) -> str:
        """As programs read it: days in ISO 8601, two of them with a slash."""
        if isinstance(self.value, tuple):
            return "/".join(each.isoformat() for each in self.value)
        return self.value if isinstance(self.value, str) else self.value.isoformat()


@dataclass(frozen=True)
class Step:
    """One pearl of the chain: `role` county, trainer or certificate; since and until when; what the checks say."""

    role: str
    name: str
    outcome: str
    number: str = ""
    since: date | None = None
    until: date | None = None

    def plain(self) -> dict[str, str | None]:
        """As programs read it."""
        days = {"since": self.since, "until": self.until}
        written = {name: value.isoformat() if value else None for name, value in days.items()}
        return {"role": self.role, "name": self.name, "number": self.number, "outcome": self.outcome} | written


def text(value: object, *path: str | int) -> str:
    """The text at the end of a path of names and places, empty when there is none."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if step < len(value) else None
        else:
            return ""
    return value if isinstance(value, str) else ""


def day(value: object, *path: str | int) -> date | None:
    """The day in Stockholm of a moment at the end of a path."""
    try:
        moment = datetime.strptime(text(value, *path), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return clock.local(moment).date()
    except (ValueError, OverflowError):
        return None


def facts(document: Document) -> tuple[Fact, ...]:
    """Who can do what since when, as far as the document says it."""
    subject: Any = document.get("credentialSubject")
    first, last = day(subject, "activityStartDate"), day(subject, "activityEndDate")
    level = text(subject, "achievement", "tag", 0)
    found: tuple[tuple[str, str | date | Days | None], ...] = (
        ("name", text(subject, "identifier", 0, "identityHash")),
        ("number", text(subject, "licenseNumber")),
        ("programme", programme(document)),
        ("level", level if level in ("trainer", "user") else ""),
        ("issued", day(document, "validFrom")),
        ("until", day(document, "validUntil")),
        ("days", (first, last) if first and last else None),
        ("issuer", text(document, "issuer", "name")),
    )
    return tuple(Fact(code, value) for code, value in found if value)


def programme(document: Document) -> str:
    """The title of the programme; the name of an achievement ends in its level."""
    name = text(document, "credentialSubject", "achievement", "name")
    return name.rpartition(": ")[0] or name


def language(document: Document) -> str:
    """The language that the certificate is printed in."""
    return text(document, "credentialSubject", "achievement", "inLanguage") or "sv"


def chain(document: Document, outcomes: Mapping[str, str]) -> tuple[Step, ...]:
    """The county, the trainer when it was one, and the certificate, each with what the checks found out about it."""
    subject: Any = document.get("credentialSubject")
    issuer: Any = document.get("issuer")
    words = issuer.get("endorsement") if isinstance(issuer, dict) else None
    word = words[0] if isinstance(words, list) and words else None
    own = Step(
        "certificate", text(subject, "identifier", 0, "identityHash"), _worst(outcomes, "signature", "dates", "status"),
        text(subject, "licenseNumber"), day(document, "validFrom"), day(document, "validUntil"),
    )  # fmt: skip
    if not isinstance(word, dict):
        return (Step("county", text(document, "issuer", "name"), outcomes.get("signature", "open")), own)
    number = text(word, "credentialSubject", "endorsementComment").removeprefix(f"{RIGHT}: ")
    trainer = Step(
        "trainer", text(issuer, "name"), _worst(outcomes, "endorsement", "chain", "endorsement-status"), number,
        day(word, "validFrom"), day(word, "validUntil"),
    )  # fmt: skip
    return (Step("county", text(word, "issuer", "name"), outcomes.get("endorsement", "open")), trainer, own)


def _worst(outcomes: Mapping[str, str], *codes: str) -> str:
    found = {outcomes.get(code, "open") for code in codes}
    return next(each for each in ("failed", "open", "passed") if each in found)
