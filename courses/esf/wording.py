"""What the files of a closed month say in Swedish, apart from the catalogue of the screens.

The rule that matters most: these words are part of files that must come out byte for byte the same for years. A word
that changes on a screen changes no file; whoever changes one here changes the files of months that are closed.
"""

import re
import unicodedata
from datetime import date, datetime

from courses.esf.snapshot import Line, Signed, Snapshot
from lms import clock, filters

SUPPORT = "Underlag för ESF:s egen portal eller blanketter. Det ersätter dem inte."
EMBLEM = "EU-flaggan"
NO_EMPLOYER = "Utan arbetsgivare"
SOMEBODY = "Annan deltagare, redovisas inte till ESF"
KINDS = {
    "session": "Kurstillfälle",
    "assignment": "Hemuppgift",
    "network": "Nätverksträff",
    "reference_group": "Referensgrupp",
    "steering_group": "Styrgrupp",
    "coaching": "Handledning",
    "horizontal": "Horisontella principer",
    "lecture": "Föreläsning",
    "conference": "Konferens",
    "preparation": "Utbildarens förberedelse",
}
METHODS = {
    "sheet": "närvarolista",
    "self": "egen incheckning",
    "import": "inläst fil",
    "offline": "närvarolista utan nät",
    "paper": "pappersblankett",
    "review": "godkänd hemuppgift",
}
STATES = {"whole": "Hela", "part": "Del", "absent": "Frånvarande"}
WAYS = {
    "sheet": "signerad närvarolista",
    "review": "godkänd hemuppgift",
    "approval": "godkända timmar",
    "signed_in": "inloggad",
    "code": "engångskod per e-post",
    "handed_in": "uppgiven vid inlämningen",
}
DECLARED = "anmäld av deltagaren"
_TRAINER = {
    "sheet": "Signerad av utbildaren",
    "review": "Hemuppgiften godkänd av utbildaren",
    "approval": "Timmarna godkända av",
}


def recorded(line: Line) -> str:
    """How a line came into the ledger. What is recorded by oneself without a session was declared, not checked in."""
    return DECLARED if line.method == "self" and line.session_id is None else METHODS[line.method]


def trainer(signed: Signed | None) -> str:
    """Who answers for a line, when and how."""
    if signed is None:
        return "Inte signerad av utbildaren"
    return f"{_TRAINER.get(signed.way, 'Signerad av utbildaren')} {signed.name} {moment(signed.at)}"


def participant(signed: Signed | None) -> str:
    """Whether the participant has certified a line, when and how she was known."""
    if signed is None:
        return "Inte bekräftad av deltagaren"
    if signed.way == "handed_in":
        return f"Uppgiven av deltagaren vid inlämningen {moment(signed.at)}"
    return f"Bekräftad av deltagaren {moment(signed.at)}, {WAYS[signed.way]}"


def manager(signed: Signed | None) -> str:
    """Whether the manager has countersigned a line."""
    if signed is None:
        return "Inte bekräftad av chefen"
    return f"Bekräftad av chefen {signed.name} {moment(signed.at)}, {WAYS[signed.way]}"


def objection(line: Line) -> str:
    """What the participant means instead; empty when she has not objected."""
    return "" if line.objects is None else f"Deltagaren menar {filters.hours(line.objects)}"


def missing(snapshot: Snapshot, line: Line) -> list[str]:
    """What a line lacks: a confirmation, or an answer to an objection."""
    told = [] if line.participant else [participant(None)]
    told += [manager(None)] if snapshot.project.countersignature and not line.manager else []
    return told + ([objection(line)] if line.objects is not None else [])


def month(snapshot: Snapshot) -> str:
    return filters.month(snapshot.first.year, snapshot.first.month, "sv")


def day(value: date) -> str:
    return filters.plain_day(value, "sv")


def moment(at: datetime) -> str:
    """ "3 december 2022 kl. 08.12", in Stockholm."""
    return f"{filters.plain_day(at, 'sv')} kl. {filters.clock(at)}"


def stamp(at: datetime) -> str:
    """ "2022-12-03 08.12", in Stockholm."""
    return f"{clock.local(at).date().isoformat()} {filters.clock(at)}"


def version(snapshot: Snapshot) -> str:
    """ "version 2: Fel tid den 11", or "version 1" of a month that was never corrected."""
    reason = " ".join(snapshot.reason.split())
    return f"version {snapshot.version}: {reason}" if reason else f"version {snapshot.version}"


def closed(snapshot: Snapshot) -> str:
    return f"Låst {moment(snapshot.closed_at)} av {snapshot.closed_by}"


def head(snapshot: Snapshot, digits: int = 64) -> str:
    """The end of the ledger's chain at that moment: number of the last entry and its hash."""
    return f"Närvaroliggaren slutade då med post {snapshot.head_entry_id}, {snapshot.head_hash[:digits]}"


def rounding(snapshot: Snapshot, minutes: int, reported: int) -> str:
    """The project's rule, and what it takes away from these minutes."""
    if snapshot.project.rounding == "none":
        return "Timmarna avrundas inte."
    what = "Kvartar" if snapshot.project.rounding == "quarter" else "Hela timmar"
    lost = filters.hours(minutes - reported)
    return f"{what}, avrundade nedåt per person och arbetsgivare: {lost} faller bort."


def publicity(snapshot: Snapshot) -> str:
    """The co-funding text, where the plan has the emblem."""
    return snapshot.project.publicity.within("sv") if snapshot.project.emblem == "eu" else ""


def base_name(snapshot: Snapshot) -> str:
    """ "smail-2022-11-v1": how every file of this version begins."""
    return f"{plain(snapshot.project.name) or 'projekt'}-{snapshot.first:%Y-%m}-v{snapshot.version}"


def plain(text: str) -> str:
    """Words as part of a file's name: small ASCII letters, digits and hyphens, at most 60; may be empty."""
    ascii_text = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:60].rstrip("-")
