"""One certificate of the kind the story ends with, to be varied by tests."""

from dataclasses import replace
from datetime import date
from typing import Any

from certificates.statement import Certifier, Named, Part, ProgrammeRef, ProjectRef, Statement

TRAINERS = (Named("Eva Dahlgren", "Enköpings kommun"), Named("Per Blomgren", "Enköpings kommun"))

EXAMPLE = Statement(
    format=1,
    number="SMA-A-2026-0096",
    code="7Q4M9XKD2RTABCDE",
    issued_on=date(2026, 11, 20),
    valid_until=None,
    language="sv",
    holder_name="Elin Forsman",
    level="user",
    programme=ProgrammeRef("smail-anvandare", "SMAIL för användare", "SMAIL for users", "2026-1"),
    competence="kan använda SMAIL i sitt arbete",
    minutes=720,
    parts=(
        Part("session", "Tillfälle 1", date(2026, 10, 22), 240, ("Eva Dahlgren",)),
        Part("horizontal", "Horisontella principer", date(2026, 10, 29), 0, ("Eva Dahlgren",)),
        Part("assignment", "Hemuppgift", date(2026, 11, 12), 240, ("Per Blomgren",)),
        Part("session", "Tillfälle 2", date(2026, 11, 19), 240, ("Eva Dahlgren", "Per Blomgren")),
    ),
    first_day=date(2026, 10, 22),
    last_day=date(2026, 11, 19),
    place="Enköping",
    trainers=TRAINERS,
    certified_by=Certifier("Eva Dahlgren", "Enköpings kommun", "SMA-U-2026-0007", "ABCDEFGH23456789", None),
    issuer="Samordningsförbundet Uppsala län",
    project=ProjectRef("SMAIL", "2021/00320"),
    publicity="Medfinansieras av Europeiska unionen",
)


def example(**values: Any) -> Statement:
    """The example certificate with some values replaced."""
    return replace(EXAMPLE, **values)
