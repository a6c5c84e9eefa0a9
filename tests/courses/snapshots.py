"""Closed months out of nothing: small ones to read, and large ones to measure."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from courses.esf import snapshot
from courses.esf.closings import ClosingNumber, MonthClosing
from courses.esf.snapshot import Facts, Hours, Line, Participant, Row, Signed, SignedSheet, Snapshot
from lms.db import db
from lms.people import Person
from lms.plan.model import ScbColumn, Text
from lms.projects import Project
from lms.secrets import encrypted

FIRST = date(2022, 11, 1)
CLOSED = datetime(2022, 12, 5, 9, 12, tzinfo=UTC)
COLUMNS = (
    ScbColumn("Personnummer", "personnummer"),
    ScbColumn("E-post", None, "okänt"),
    ScbColumn("Startdatum", "start_date"),
    ScbColumn("Slutdatum", "end_date"),
    ScbColumn("Timmar", "hours"),
    ScbColumn("Månad", "month"),
    ScbColumn("Dnr", "dnr"),
)
PROJECT = Facts(
    name="SMAIL",
    dnr="2021/00320",
    owner="Samordningsförbundet Uppsala län",
    emblem="eu",
    publicity=Text("Medfinansieras av Europeiska unionen", "Co-funded by the European Union"),
    rounding="hour",
    countersignature=False,
    scb=COLUMNS,
)
EMPLOYERS = ("Enköping", "Heby", "Håbo", "Tierp", "Älvkarleby")
GIVEN = ("Anna", "Bo", "Cecilia", "David", "Elin", "Åsa")
FAMILY = ("Alm", "Björk", "Dahl", "Ek", "Öst")
TRAINER = Signed("Tove Trädgård", datetime(2022, 11, 3, 12, 5, tzinfo=UTC), "sheet")


def digest(number: object) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def make_line(entry: int, person_id: int, day: date, minutes: int, **changes: object) -> Line:
    """A line of a course session, signed by trainer and participant."""
    line = Line(
        entry_id=entry,
        person_id=person_id,
        employer=EMPLOYERS[person_id % len(EMPLOYERS)],
        day=day,
        kind="session",
        activity="SMAIL för användare, Enköping",
        session_id=40 + day.day,
        minutes=minutes,
        method="sheet",
        entry_hash=digest(entry),
        trainer=TRAINER,
        participant=Signed("Deltagaren", datetime(2022, 12, 3, 7, 12, tzinfo=UTC), "signed_in"),
        manager=None,
        objects=None,
    )
    return replace(line, **changes)  # type: ignore[arg-type]


def make_person(person_id: int, lines: list[Line], **changes: object) -> Participant:
    """A participant with the hours of these lines, rounded to whole hours per employer."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.employer] = sums.get(line.employer, 0) + line.minutes
    person = Participant(
        person_id=person_id,
        name=f"{GIVEN[person_id % len(GIVEN)]} {FAMILY[person_id % len(FAMILY)]}",
        protected=False,
        placeholder="",
        has_number=True,
        started=None,
        ended=None,
        hours=tuple(Hours(name, minutes, minutes // 60 * 60) for name, minutes in sorted(sums.items())),
    )
    return replace(person, **changes)  # type: ignore[arg-type]


def make_sheet(day: date, rows: tuple[Row, ...], **changes: object) -> SignedSheet:
    """A sheet of four hours that Tove Trädgård signed."""
    starts = datetime(day.year, day.month, day.day, 7, 30, tzinfo=UTC)
    sheet = SignedSheet(
        session_id=40 + day.day,
        sign_off_id=day.day,
        activity="SMAIL för användare, Enköping",
        place="Stadshuset",
        day=day,
        starts_at=starts,
        ends_at=starts + timedelta(hours=4),
        by=TRAINER.name,
        at=TRAINER.at,
        deputy_reason="",
        head_count=None,
        entries_hash=digest(f"sheet {day}"),
        rows=rows,
    )
    return replace(sheet, **changes)  # type: ignore[arg-type]


def make_month(people: int = 3, days: int = 2, project: Facts = PROJECT, **changes: object) -> Snapshot:
    """A closed month in which everybody came every day, 220 minutes each time."""
    taken = [FIRST + timedelta(days=2 + 5 * number) for number in range(days)]
    lines = [
        make_line(1000 + person * 10 + place, person, day, 220)
        for person in range(1, people + 1)
        for place, day in enumerate(taken)
    ]
    per_person = {person: [] for person in range(1, people + 1)}  # type: dict[int, list[Line]]
    for line in lines:
        per_person[line.person_id].append(line)
    persons = tuple(make_person(person, hers) for person, hers in per_person.items())
    names = {person.person_id: person.name for person in persons}
    sheets = tuple(
        make_sheet(
            day,
            tuple(
                Row(line.person_id, names[line.person_id], line.employer, "part", line.minutes, line.entry_id)
                for line in lines
                if line.day == day and line.person_id <= 25
            ),
        )
        for day in taken
    )
    month = Snapshot(
        format=1,
        project=project,
        first=FIRST,
        version=1,
        reason="",
        closed_at=CLOSED,
        closed_by="Lena Hallgren",
        head_entry_id=4321,
        head_hash=digest("head"),
        participants=persons,
        lines=tuple(lines),
        sheets=sheets,
        others=1,
    )
    return replace(month, **changes)  # type: ignore[arg-type]


def keep(project: Project, month: Snapshot, *, by: Person, digits: Mapping[int, str] | None = None) -> MonthClosing:
    """The month as a closing in the database, with the numbers of people who exist there."""
    closing = MonthClosing(
        project_id=project.id, first=month.first, version=month.version, reason=month.reason, by_id=by.id,
        at=month.closed_at, head_entry_id=month.head_entry_id, head_hash=month.head_hash,
        people=len(month.participants), minutes=month.minutes, snapshot_hash=snapshot.digest(month),
        snapshot=snapshot.kept(month)[0],
    )  # fmt: skip
    db.session.add(closing)
    db.session.flush()
    for person_id, twelve in (digits or {}).items():
        db.session.add(ClosingNumber(closing_id=closing.id, person_id=person_id, cipher=encrypted(twelve)))
    db.session.flush()
    return closing
