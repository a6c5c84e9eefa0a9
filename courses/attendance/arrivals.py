"""Who has come: what the trainer sees while people check in, and what looks doubtful about it.

The rule that matters most: a doubt is shown beside the name and never acts; the trainer, who is in the room, decides.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import select

from courses.activities import Session
from courses.attendance.check_ins import CheckIn
from courses.attendance.ledger import AttendanceEntry
from courses.attendance.marks import state_of
from courses.attendance.questions import latest, on_sheet
from lms.db import db
from lms.people import Person


@dataclass(frozen=True)
class Arrival:
    """One person of the sheet: the entry that counts, her own check-ins and check-outs, and doubts about them.

    `shares` are others who checked in on the same device; `was_away` the moments she checked out and in again.
    """

    person: Person
    entry: AttendanceEntry | None
    acts: tuple[CheckIn, ...] = ()
    shares: tuple[Person, ...] = ()
    was_away: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def is_here(self) -> bool:
        """Whether the sheet says that she was there, however it was written."""
        return self.entry is not None and state_of(self.entry) != "absent"

    @property
    def came(self) -> datetime | None:
        """When she checked in first."""
        return next((act.at for act in self.acts if act.act == "in"), None)

    @property
    def left(self) -> datetime | None:
        """When she checked out, if she has not come back."""
        return self.acts[-1].at if self.acts and self.acts[-1].act == "out" else None

    @property
    def disagrees(self) -> bool:
        """She checked in, and the sheet says that she was absent."""
        return bool(self.acts) and self.entry is not None and not self.is_here

    @property
    def is_doubtful(self) -> bool:
        return bool(self.shares or self.was_away or self.disagrees)


@dataclass(frozen=True)
class Arrivals:
    """Everybody on the sheet: who is here (last arrival first), who is absent, and who has no answer yet."""

    here: tuple[Arrival, ...]
    absent: tuple[Arrival, ...]
    missing: tuple[Arrival, ...]

    @property
    def expected(self) -> int:
        return len(self.here) + len(self.absent) + len(self.missing)

    @property
    def doubtful(self) -> int:
        return sum(1 for each in (*self.here, *self.absent, *self.missing) if each.is_doubtful)


def arrivals_of(session: Session) -> Arrivals:
    """The sheet as it fills; three questions however many people."""
    people, now = on_sheet(session), latest(session)
    query = select(CheckIn).where(CheckIn.session_id == session.id).order_by(CheckIn.id)
    acts = db.session.scalars(query).all()
    own = defaultdict(list)
    for act in acts:
        own[act.person_id].append(act)
    shared = _shared(acts, {person.id: person for person in people})
    rows = [_arrival(person, now.get(person.id), own[person.id], shared[person.id]) for person in people]
    here = sorted((row for row in rows if row.is_here), key=_last, reverse=True)
    absent = tuple(row for row in rows if row.entry is not None and not row.is_here)
    return Arrivals(tuple(here), absent, tuple(row for row in rows if row.entry is None))


def count_here(session: Session) -> tuple[int, int]:
    """How many of the sheet are here, of how many."""
    people, now = on_sheet(session), latest(session)
    here = [person for person in people if person.id in now and state_of(now[person.id]) != "absent"]
    return len(here), len(people)


def _arrival(person: Person, entry: AttendanceEntry | None, acts: list[CheckIn], shares: set[Person]) -> Arrival:
    answered = None if entry is not None and entry.absence == "moved" else entry
    away = tuple((out.at, back.at) for out, back in pairwise(acts) if out.act == "out")
    return Arrival(person, answered, tuple(acts), tuple(sorted(shares, key=lambda each: each.id)), away)


def _shared(acts: Iterable[CheckIn], people: dict[int, Person]) -> dict[int, set[Person]]:
    """person id → the others of the sheet who checked in or out on a device that she used."""
    users = defaultdict(set)
    for act in acts:
        users[act.device].add(act.person_id)
    found: dict[int, set[Person]] = defaultdict(set)
    for together in users.values():
        for number in together if len(together) > 1 else ():
            found[number] |= {people[other] for other in together - {number} if other in people}
    return found


def _last(row: Arrival) -> tuple[float, int]:
    return (row.acts[-1].at.timestamp() if row.acts else 0.0, row.entry.id if row.entry else 0)
