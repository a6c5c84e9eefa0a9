"""Which files a closed month gives, in order: each a name and what makes its bytes from the snapshot.

The rule that matters most: the same snapshot gives the same names and the same bytes, at any time and anywhere.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Literal

from flask_babel import gettext as _
from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from courses.attendance import AttendanceEntry
from courses.esf import wording
from courses.esf.attested import certificate_of_hours
from courses.esf.closings import MonthClosing
from courses.esf.compiled import compiled_list
from courses.esf.days import last_day
from courses.esf.scb import scb_file
from courses.esf.signed_sheet import signed_sheet
from courses.esf.snapshot import Line, Participant, SignedSheet, Snapshot
from lms import records
from lms.db import db
from lms.people import Person
from lms.projects import Participation, Project
from lms.records import RecordError
from lms.refusals import Refused

Part = Literal["all", "certificates", "sheets"]
PARTS: tuple[Part, ...] = ("all", "certificates", "sheets")


@dataclass(frozen=True)
class File:
    """A file to be made: its name (plain ASCII, with folders) and what makes it."""

    name: str
    make: Callable[[], bytes]


def snapshot_of(closing: MonthClosing, person_id: int | None = None) -> Snapshot:
    """The snapshot of a closing, when it still is what was kept. Raises Refused `snapshot_changed`.

    With a person only what is about her is read (no sheets): one of thousands asks for one certificate.
    """
    try:
        text = zlib.decompress(closing.snapshot)
        if hashlib.sha256(text).hexdigest() == closing.snapshot_hash:
            return records.from_json(Snapshot, text.decode() if person_id is None else _about(text, person_id))
    except (RecordError, zlib.error, UnicodeDecodeError) as error:
        raise Refused(_not_as_closed(), "snapshot_changed") from error
    raise Refused(_not_as_closed(), "snapshot_changed")


def _about(text: bytes, person_id: int) -> str:
    """The text of a snapshot with one person in it."""
    found = json.loads(text)
    for name in ("participants", "lines"):
        found[name] = [each for each in found[name] if each["person_id"] == person_id]
    return records.to_json(found | {"sheets": []})


def _not_as_closed() -> object:
    return _("What was kept of this month has been changed in the database. No file is made of it.")


def versions(project: Project, first: date) -> list[MonthClosing]:
    """Every version of a closed month, newest first; none while it is open."""
    query = select(MonthClosing).where(MonthClosing.project_id == project.id, MonthClosing.first == first)
    return list(db.session.scalars(query.order_by(MonthClosing.version.desc())))


def with_certificate_of(person: Person, first: date) -> list[MonthClosing]:
    """The newest closings of a month, one per project, that count hours of the person: each gives a certificate.

    Asked of the ledger as it was when the month was closed: reading a snapshot of thousands to find one takes seconds.
    """
    entry, later, newer = AttendanceEntry, aliased(AttendanceEntry), aliased(MonthClosing)
    counted = exists().where(
        entry.project_id == MonthClosing.project_id,
        entry.person_id == person.id,
        entry.day.between(first, last_day(first)),
        entry.minutes > 0,
        entry.id <= MonthClosing.head_entry_id,
        ~exists().where(later.replaces_id == entry.id, later.id <= MonthClosing.head_entry_id),
    )
    reported = exists().where(
        Participation.person_id == person.id, Participation.project_id == MonthClosing.project_id, Participation.esf
    )
    newest = ~exists().where(
        newer.project_id == MonthClosing.project_id,
        newer.first == MonthClosing.first,
        newer.version > MonthClosing.version,
    )
    query = select(MonthClosing).where(MonthClosing.first == first, newest, counted, reported)
    return list(db.session.scalars(query.order_by(MonthClosing.id)))


def files(snapshot: Snapshot, digits: Mapping[int, str], part: Part = "all") -> list[File]:
    """The files of a part in order; `digits` are the personnummer for SCB's file (scb.numbers)."""
    wanted = [compiled(snapshot), *([scb(snapshot, digits)] if snapshot.project.scb else [])] if part == "all" else []
    if part in ("all", "certificates"):
        wanted += certificates(snapshot)
    if part in ("all", "sheets"):
        wanted += [sheet(snapshot, each) for each in snapshot.sheets]
    return wanted


def announced(snapshot: Snapshot, part: Part = "all") -> int:
    """How many files a part has, counted from the snapshot alone, with the list of contents that comes last."""
    people = len({line.person_id for line in snapshot.lines}) if part != "sheets" else 0
    sheets = len({each.session_id for each in snapshot.sheets}) if part != "certificates" else 0
    return people + sheets + (1 + bool(snapshot.project.scb) if part == "all" else 0) + 1


def compiled(snapshot: Snapshot) -> File:
    return File(f"{wording.base_name(snapshot)}-sammanstallning.xlsx", partial(compiled_list, snapshot))


def scb(snapshot: Snapshot, digits: Mapping[int, str]) -> File:
    return File(f"{wording.base_name(snapshot)}-scb.xlsx", partial(scb_file, snapshot, digits))


def certificates(snapshot: Snapshot) -> list[File]:
    """A certificate of attendance for everybody who has a line."""
    lines = lines_by_person(snapshot)
    return [
        certificate(snapshot, person, lines[person.person_id])
        for person in snapshot.participants
        if person.person_id in lines
    ]


def certificate(snapshot: Snapshot, person: Participant, lines: list[Line]) -> File:
    name = "-".join(filter(None, (wording.plain(person.name), str(person.person_id))))
    return File(
        f"narvarointyg/{wording.base_name(snapshot)}-{name}.pdf",
        partial(certificate_of_hours, snapshot, person, lines),
    )


def sheet(snapshot: Snapshot, signed: SignedSheet) -> File:
    return File(
        f"signerade-listor/{wording.base_name(snapshot)}-{signed.day.isoformat()}-lista-{signed.session_id}.pdf",
        partial(signed_sheet, snapshot, signed),
    )


def lines_by_person(snapshot: Snapshot) -> dict[int, list[Line]]:
    """The lines of each person, by day."""
    found: dict[int, list[Line]] = {}
    for line in sorted(snapshot.lines, key=lambda line: (line.day, line.entry_id)):
        found.setdefault(line.person_id, []).append(line)
    return found
