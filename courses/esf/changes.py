"""What the ledger says now and a closed month does not: person by person, before and after, who changed it and why.

The rule that matters most: a closed month is compared with a recomputation, so nothing that differs goes unseen.
Signatures of participants and managers that came since are told as well, but change nothing that was reported.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import aliased

from courses.attendance import AttendanceEntry
from courses.esf.closings import ClosingNumber, MonthClosing
from courses.esf.days import last_day
from courses.esf.freezing import freeze
from courses.esf.snapshot import Line, Participant, Snapshot, unpacked
from lms import secrets
from lms.db import db
from lms.people import Person, name_columns, shown_name
from lms.projects import Project

Kind = Literal["minutes", "started", "ended", "number", "rules", "signed"]
Slot = tuple[int, int, str, str, date]


@dataclass(frozen=True)
class Change:
    """One thing that is otherwise now. `before` and `after` are minutes or days; None: there was or is nothing.

    `number` (a personnummer, placeholder or protection) and `rules` (rounding, columns) have neither.
    """

    kind: Kind
    person_id: int = 0
    name: str = ""
    day: date | None = None
    what: str = ""
    before: int | date | None = None
    after: int | date | None = None
    by: str = ""
    at: datetime | None = None
    reason: str = ""

    @property
    def is_reported(self) -> bool:
        """Whether the funder was told otherwise."""
        return self.kind != "signed"


def changes(closing: MonthClosing) -> list[Change]:
    """Everything that a version made now would say otherwise, with who did it where the ledger knows."""
    before, after = unpacked(closing.snapshot), _now(closing)
    found = [*compare(before, after), *_numbers(closing, after)]
    return _told(closing, found) if any(change.kind == "minutes" for change in found) else found


def _now(closing: MonthClosing) -> Snapshot:
    return freeze(closing.project, closing.first, closed_at=closing.at, closed_by=closing.by.name)


def compare(before: Snapshot, after: Snapshot) -> list[Change]:
    """What differs between two snapshots of a month; a pure function."""
    found: list[Change] = []
    if (before.project.rounding, before.project.scb) != (after.project.rounding, after.project.scb):
        found.append(Change("rules"))
    found += _people(before, after)
    names = {each.person_id: each.name for each in (*before.participants, *after.participants)}
    return found + _entries(before.lines, after.lines, names)


def _people(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    old = {each.person_id: each for each in before.participants}
    new = {each.person_id: each for each in after.participants}
    for number in sorted(old.keys() | new.keys()):
        yield from _person(old.get(number), new.get(number))


def _person(old: Participant | None, new: Participant | None) -> Iterator[Change]:
    some = new or old
    assert some is not None
    days = ((old.started if old else None, new.started if new else None),
            (old.ended if old else None, new.ended if new else None))  # fmt: skip
    for kind, (was, stands) in zip(("started", "ended"), days, strict=True):
        if was != stands:
            yield Change(kind, some.person_id, some.name, before=was, after=stands)  # type: ignore[arg-type]
    if old and new and _identity(old) != _identity(new):
        yield Change("number", some.person_id, some.name)


def _identity(person: Participant) -> tuple[object, ...]:
    """What the file for SCB says instead of a name, as far as a snapshot knows it."""
    return (True, person.placeholder) if person.protected else (False, person.has_number)


def _slot(line: Line) -> Slot:
    """Which line of a person it is, whatever it says: her session, or activity, kind and day without one."""
    activity = "" if line.session_id else line.activity
    return line.person_id, line.session_id or 0, line.kind, activity, line.day


def _entries(before: Iterable[Line], after: Iterable[Line], names: Mapping[int, str]) -> list[Change]:
    old, new = {_slot(line): line for line in before}, {_slot(line): line for line in after}
    found, signed = [], set()
    for slot in sorted(old.keys() | new.keys()):
        was, stands = old.get(slot), new.get(slot)
        some = stands or was
        assert some is not None
        told = Change("minutes", some.person_id, names[some.person_id], some.day, some.activity)
        if was is None or stands is None or _reported(was) != _reported(stands):
            before_it, after_it = (line.minutes if line else None for line in (was, stands))
            found.append(replace(told, before=before_it, after=after_it))
        elif (was.participant, was.manager) != (stands.participant, stands.manager):
            signed.add(some.person_id)
    return found + [Change("signed", number, names[number]) for number in sorted(signed)]


def _reported(line: Line) -> tuple[int, str]:
    return line.minutes, line.employer


def _numbers(closing: MonthClosing, after: Snapshot) -> Iterator[Change]:
    """Numbers that were corrected since."""
    wanted = {each.person_id: each.name for each in after.participants if each.has_number and not each.protected}
    rows = db.session.execute(
        select(ClosingNumber.person_id, ClosingNumber.cipher, Person.personnummer_cipher)
        .join(Person, Person.id == ClosingNumber.person_id)
        .where(ClosingNumber.closing_id == closing.id)
    )
    for number, old, new in rows:
        if new and number in wanted and new != old and secrets.decrypted(old) != secrets.decrypted(new):
            yield Change("number", number, wanted[number])


def _told(closing: MonthClosing, found: list[Change]) -> list[Change]:
    """With who wrote the entries after the closing, when, and for what reason."""
    later = {}
    for person_id, day, at, reason, *who in _later(closing.project, closing):
        later[person_id, day] = (shown_name(*who), at, reason)
    return [
        replace(change, by=told[0], at=told[1], reason=told[2])
        if change.day and (told := later.get((change.person_id, change.day)))
        else change
        for change in found
    ]


def _later(project: Project, closing: MonthClosing) -> Iterable[Any]:
    who = aliased(Person)
    entry = AttendanceEntry
    return db.session.execute(
        select(
            entry.person_id, entry.day, entry.recorded_at, entry.reason,
            *name_columns(who),
        )
        .join(who, who.id == entry.recorded_by_id)
        .where(
            entry.project_id == project.id,
            entry.day.between(closing.first, last_day(closing.first)),
            entry.id > closing.head_entry_id,
        )
        .order_by(entry.id)
    )  # fmt: skip
