"""What a device sends that filled in a sheet by itself: answers that were kept on it until the network came back.

The rule that matters most: sent any number of times they are written once, and a row that cannot be written (taken by
somebody else, impossible, gone from the sheet) never stops the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from courses.activities import Session
from courses.attendance import Conflict, Mark, local_day, on_sheet, record
from lms import clock
from lms.people import Person
from lms.refusals import Refused


@dataclass(frozen=True)
class Received:
    """What came of it: rows that somebody else wrote first, what is wrong by person id, and people not there."""

    conflicts: list[Conflict]
    errors: dict[int, str] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)


def receive(
    session: Session, marks: Sequence[Mark], *, by: Person, nonce: str, marked_at: datetime | None, waited: bool
) -> Received:
    """Record what a device sends. What `waited` on it was marked at `marked_at` (aware; its clock put right).

    Raises Refused: as `record`, but `times` and `not_on_sheet` are answered row by row.
    """
    there = {person.id for person in on_sheet(session, [mark.person_id for mark in marks])}
    gone = [mark.person_id for mark in marks if mark.person_id not in there]
    known = [mark for mark in marks if mark.person_id in there]
    method, moment = ("offline", happened(session, marked_at)) if waited else ("sheet", None)
    try:
        done = record(session, known, by=by, nonce=nonce, method=method, happened_at=moment)
    except Refused as refusal:
        if refusal.code != "times":
            raise
        wrong = refusal.values["errors"]
        known = [mark for mark in known if mark.person_id not in wrong]
        again = receive(session, known, by=by, nonce=nonce, marked_at=marked_at, waited=waited)
        return replace(again, errors=wrong, gone=gone)
    return Received(done.conflicts, gone=gone)


def happened(session: Session, told: datetime | None) -> datetime:
    """When it was marked; the time of arrival when the device says nothing, the future, or before the session's day."""
    now = clock.now()
    if told is None or told > now or clock.local(told).date() < local_day(session):
        return now
    return told


def moment_in(text: str) -> datetime | None:
    """A moment as a device writes it, «2022-10-11T07:05:00.000Z»; nothing for what is no moment with a zone."""
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo is not None and clock.local(found) else None
    except (ValueError, OverflowError):
        return None
