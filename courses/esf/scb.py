"""The file for Statistics Sweden (SCB): the project's own column map, one row per participant of a closed month.

The rule that matters most: this is the only file with personnummer. A protected person's number is never in it, and
a project only gets the numbers that it answers for: those of people it took in first (lms.projects.home_of). Whoever
knows an address can write somebody into a project; that must not show her number.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select

from courses.esf import wording
from courses.esf.closings import ClosingNumber, MonthClosing
from courses.esf.snapshot import Participant, Snapshot
from lms import spreadsheet
from lms.db import db
from lms.plan.model import ScbColumn, ScbField
from lms.projects import Participation
from lms.secrets import decrypted
from lms.spreadsheet import Cell, Column, Sheet


@dataclass(frozen=True)
class Missing:
    """A participant whose cell is empty: no number was stored, another project answers for it, or no placeholder."""

    person_id: int
    name: str
    why: Literal["number", "elsewhere", "placeholder"]


def numbers(closing: MonthClosing) -> dict[int, str]:
    """Twelve digits by person, as they were when the month was closed; for those whom the project took in first."""
    first = select(func.min(Participation.id)).group_by(Participation.person_id)
    own = select(Participation.person_id).where(
        Participation.project_id == closing.project_id, Participation.id.in_(first)
    )
    rows = db.session.execute(
        select(ClosingNumber.person_id, ClosingNumber.cipher).where(
            ClosingNumber.closing_id == closing.id, ClosingNumber.person_id.in_(own)
        )
    )
    return {person_id: decrypted(cipher) for person_id, cipher in rows}


def missing(snapshot: Snapshot, known: Collection[int]) -> list[Missing]:
    """Whose cell is empty and why; `known` are the people with a number (see `numbers`)."""
    found = []
    for person in snapshot.participants:
        if person.protected:
            if not person.placeholder:
                found.append(Missing(person.person_id, person.name, "placeholder"))
        elif person.person_id not in known:
            found.append(Missing(person.person_id, person.name, "elsewhere" if person.has_number else "number"))
    return found


def scb_file(snapshot: Snapshot, digits: Mapping[int, str]) -> bytes:
    """The workbook: the columns of the map from the first row on, and a second sheet that says what it is."""
    columns = [_column(each) for each in snapshot.project.scb]
    rows = [
        [_cell(each, snapshot, person, digits) for each in snapshot.project.scb] for person in snapshot.participants
    ]
    sheets = [Sheet("Deltagare", columns, rows), _about(snapshot)]
    title = f"{snapshot.project.name}, underlag för SCB, {wording.month(snapshot)}"
    return spreadsheet.workbook(sheets, title=title, created=snapshot.closed_at, publicity=wording.publicity(snapshot))


def _column(column: ScbColumn) -> Column:
    return Column(column.heading, "minutes" if column.field == "hours" else "text", width=18)


def _cell(column: ScbColumn, snapshot: Snapshot, person: Participant, digits: Mapping[int, str]) -> Cell:
    """Days and numbers are text, hours are hours; a start or an end only in the month in which it lies."""
    if column.field is None:
        return column.value or ""
    own = digits.get(person.person_id, "")
    told: dict[ScbField, Cell] = {
        "personnummer": person.placeholder if person.protected else own,
        "start_date": person.started.isoformat() if person.started else "",
        "end_date": person.ended.isoformat() if person.ended else "",
        "hours": person.reported,
        "month": f"{snapshot.first:%Y-%m}",
        "dnr": snapshot.project.dnr,
    }
    return told[column.field]


def _about(snapshot: Snapshot) -> Sheet:
    project = snapshot.project
    reported = sum(person.reported for person in snapshot.participants)
    rows: list[list[Cell]] = [
        ["Vad filen är", wording.SUPPORT],
        ["Kolumnerna", "Enligt projektets egen kolumnkarta. Jämför med SCB:s mall innan filen skickas."],
        ["Projekt", f"{project.name}, dnr {project.dnr}, {project.owner}"],
        ["Medfinansiering", wording.publicity(snapshot)],
        ["Månad", f"{wording.month(snapshot)}, {wording.version(snapshot)}"],
        ["Låst", wording.closed(snapshot)],
        ["Närvaroliggaren", wording.head(snapshot)],
        ["Avrundning", wording.rounding(snapshot, snapshot.minutes, reported)],
        ["Deltagare", str(len(snapshot.participants))],
    ]
    return Sheet("Om filen", [Column("Uppgift", width=20), Column("Innehåll", width=100)], rows)
