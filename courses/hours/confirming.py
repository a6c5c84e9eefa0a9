"""Participants certify their own hours, over exactly the entries that they saw.

The rule that matters most: nobody confirms for somebody else. `by` is the person herself, known by her sign-in, by a
code sent to her own address, or by having handed in the assignment; the database checks it too.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from courses.activities import Session
from courses.attendance import AttendanceEntry, HoursSignature, SignedEntry, hash_of
from courses.attendance.questions import is_replaced
from courses.attendance.signatures import WAYS
from courses.attendance.signing import LAST_PART
from lms import audit, clock
from lms.db import db
from lms.people import Person
from lms.projects import Participation
from lms.refusals import Refused, Stale


def confirm(
    person: Person, entry_ids: Collection[int], seen_hash: str, way: str, *, by: Person
) -> list[HoursSignature]:
    """Certify these entries of one's own; one signature per project. Confirming again gives the signatures that stand.

    `seen_hash` is `hash_of` the entries that were on the screen. Raises Refused `not_yours`, `nothing`, `not_over`,
    `not_participant`; Stale `changed` when one of them was corrected since.
    """
    if by.id != person.id:
        raise Refused(_("Nobody can confirm hours for somebody else."), "not_yours")
    if way not in WAYS:
        raise ValueError(f"no such way: {way}")
    entries = _entries(person, entry_ids)
    if hash_of(entries) != seen_hash or is_replaced(*entries):
        raise Stale(_("Your hours changed while you looked at them. Look at them again before you confirm."), "changed")
    _check_over(entries)
    _check_participant(person, entries)
    by_project: dict[int, list[AttendanceEntry]] = defaultdict(list)
    for entry in entries:
        by_project[entry.project_id].append(entry)
    return [made for some in by_project.values() for made in sign(person, some, way, clock.now(), by=person)]


def handed_in(entry: AttendanceEntry, at: datetime) -> None:
    """The person declared exactly these minutes when she handed in her assignment (`at`): that is her signature."""
    if entry.minutes > 0:
        sign(entry.person, [entry], "handed_in", at, by=entry.person)


def sign(
    person: Person, entries: Sequence[AttendanceEntry], way: str, at: datetime, *, by: Person
) -> list[HoursSignature]:
    """Put the entries of one project under a signature; those that are already stay under theirs.

    The caller has checked who signs and what. Two at once: the database lets one in, the other gets hers.
    """
    own = by.id == person.id
    kind = "participant" if own else "manager"
    for _try in range(2):
        done = _signatures([entry.id for entry in entries], kind)
        left = [entry for entry in entries if entry.id not in done]
        standing = list({signature.id: signature for signature in done.values()}.values())
        if not left:
            return standing
        try:
            with db.session.begin_nested():
                made = _write(person, left, kind=kind, way=way, at=at, by=by)
        except IntegrityError:
            continue
        told = {"person": person.id, "minutes": made.minutes, "way": way}
        audit.record("hours.confirmed" if own else "hours.countersigned", made, by=by, details=told)
        return [*standing, made]
    raise Stale(_("Somebody signed at the same moment. Try once more."), "same_moment")


def _write(
    person: Person, entries: Sequence[AttendanceEntry], *, kind: str, way: str, at: datetime, by: Person
) -> HoursSignature:
    made = HoursSignature(
        project_id=entries[0].project_id,
        person_id=person.id,
        by_id=by.id,
        kind=kind,
        way=way,
        at=at,
        entries_hash=hash_of(entries),
        minutes=sum(entry.minutes for entry in entries),
    )
    db.session.add(made)
    db.session.flush()
    db.session.add_all(SignedEntry(entry_id=entry.id, kind=kind, signature_id=made.id) for entry in entries)
    db.session.flush()
    return made


def _signatures(ids: Collection[int], kind: str) -> dict[int, HoursSignature]:
    """entry id → the signature it is under."""
    query = (
        select(SignedEntry.entry_id, HoursSignature)
        .join(HoursSignature, HoursSignature.id == SignedEntry.signature_id)
        .where(SignedEntry.entry_id.in_(ids), SignedEntry.kind == kind)
    )
    return {entry_id: signature for entry_id, signature in db.session.execute(query)}  # noqa: C416


def _entries(person: Person, ids: Collection[int]) -> list[AttendanceEntry]:
    found = list(db.session.scalars(select(AttendanceEntry).where(AttendanceEntry.id.in_(ids))))
    if len(found) != len(set(ids)) or any(entry.person_id != person.id for entry in found):
        raise Refused(_("Nobody can confirm hours for somebody else."), "not_yours")
    if not found or any(entry.minutes == 0 for entry in found):
        raise Refused(_("There are no hours to confirm."), "nothing")
    return found


def _check_over(entries: Sequence[AttendanceEntry]) -> None:
    ids = {entry.session_id for entry in entries if entry.session_id}
    early = select(Session.id).where(Session.id.in_(ids), Session.ends_at > clock.now() + LAST_PART)
    if ids and db.session.scalar(early.limit(1)):
        raise Refused(_("You can confirm when the session is over."), "not_over")


def _check_participant(person: Person, entries: Sequence[AttendanceEntry]) -> None:
    wanted = {entry.project_id for entry in entries}
    query = select(Participation.project_id).where(
        Participation.person_id == person.id, Participation.project_id.in_(wanted)
    )
    if set(db.session.scalars(query)) != wanted:
        raise Refused(_("Only participants of the project confirm hours."), "not_participant")
