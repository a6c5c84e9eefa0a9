"""Signing off: a trainer certifies the sheet of a session, over exactly the entries that count and who stood on it.

The rule that matters most: everybody on the sheet has an answer, the session nears its end, and who signs may lead.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _

from courses.activities import Session
from courses.attendance.ledger import AttendanceEntry, SignOff
from courses.attendance.marks import local_day, state_of
from courses.attendance.questions import answers, on_sheet, signed
from courses.gate import book, decide
from courses.runs import Run
from lms import audit, clock, filters
from lms.db import db
from lms.people import Person, names
from lms.permissions import YES, Answer, no
from lms.refusals import Refused, Stale

LAST_PART = timedelta(minutes=30)


def sign_off(
    session: Session,
    *,
    by: Person,
    seen_hash: str | None = None,
    deputy_reason: str = "",
    head_count: int | None = None,
) -> SignOff:
    """Certify the sheet; who signs a signed sheet again gets the signature that stands.

    `seen_hash` is `hash_of` the entries that were on the screen: others since then are Stale `changed`;
    `deputy_reason` says why somebody else than the run's trainers signs (see deputies.py); `head_count` is how many
    were counted in the room: it is kept beside the sheet and refuses nothing.
    Raises Refused: `cancelled`, `not_over`, `gate`, `own_sheet`, `nobody`, `unanswered` (values: people).
    """
    locked(session)
    if stands := signed(session):
        return stands
    may_be_signed(session)
    people = on_sheet(session)
    entries = answers(session, people)
    _check_may_sign(session, by, people)
    _check_answered(people, entries)
    if seen_hash is not None and seen_hash != hash_of(entries.values()):
        raise Stale(_("The sheet changed while you looked at it. Look at it again before you sign."), "changed")
    return _sign(session, people, entries, by=by, deputy_reason=deputy_reason, head_count=head_count)


def sign_off_again(session: Session, replaces: SignOff, *, by: Person) -> SignOff:
    """Sign a corrected sheet; part of the correction, not an act of its own."""
    people = on_sheet(session)
    entries = answers(session, people)
    _check_may_sign(session, by, people)
    _check_answered(people, entries)
    return _sign(session, people, entries, by=by, replaces=replaces)


def hash_of(entries: Iterable[AttendanceEntry]) -> str:
    """SHA-256 (hex) of the entries as canonical JSON, by entry id: the same entries give the same hash for ever."""
    rows = [_canonical(entry) for entry in sorted(entries, key=lambda entry: entry.id)]
    text = json.dumps(rows, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def locked(session: Session, *, shared: bool = False) -> None:
    """Writers of one sheet stand in line (PostgreSQL; on SQLite all writers do), and see the times it has now.

    `shared` is for people who write about themselves only: they wait for those writers and not for each other.
    """
    db.session.refresh(session, ["starts_at", "ends_at"], with_for_update={"read": shared})


def may_be_signed(session: Session) -> None:
    """Refuse what is cancelled or far from its end: the sheet is signed in the room, before everybody leaves."""
    if session.activity.cancelled_at is not None:
        raise Refused(_("This is cancelled: there is nothing to sign."), "cancelled")
    opens = session.ends_at - LAST_PART
    if opens > clock.now():
        at = filters.clock(opens)
        told = _("You can sign from %(time)s, half an hour before the end. What you filled in is saved.", time=at)
        raise Refused(told, "not_over")


def may_sign(session: Session, person: Person, people: Iterable[Person]) -> Answer:
    """Whether she may sign the sheet that these people stand on, or the reason why not; told before she fills it in."""
    return next((answer for _code, answer in _rules(session, person, people) if not answer), YES)


def _rules(session: Session, person: Person, people: Iterable[Person]) -> Iterator[tuple[str, Answer]]:
    yield "gate", _leads(session, person)
    yield "own_sheet", _apart(session, person, people)


def _leads(session: Session, person: Person) -> Answer:
    """Who signs for a course may lead its programme on the day of the session (courses/gate.py).

    A certificate that ran out since does not undo what was led; one that is revoked signs nothing more.
    """
    run = session.activity
    if not isinstance(run, Run):
        return YES
    held = book([person], run.project)
    answer = decide(run.programme.led_by, held.standing(person, local_day(session)))
    today = held.standing(person, clock.today())
    return decide(run.programme.led_by, today) if answer and today.proof == "revoked" else answer


def _apart(session: Session, person: Person, people: Iterable[Person]) -> Answer:
    """Nobody signs for her own minutes in a course; who calls a meeting takes part in it herself."""
    own = isinstance(session.activity, Run) and any(each.id == person.id for each in people)
    return no(_("You stand on this sheet yourself, and nobody signs for their own hours.")) if own else YES


def _check_may_sign(session: Session, by: Person, people: Iterable[Person]) -> None:
    for code, answer in _rules(session, by, people):
        if not answer:
            raise Refused(answer.reason, code)


def _check_answered(people: list[Person], entries: dict[int, AttendanceEntry]) -> None:
    if not people:
        raise Refused(_("Nobody is on the sheet."), "nobody")
    missing = [person for person in people if person.id not in entries]
    if missing:
        raise Refused(
            _("Answer for everybody before you sign. Missing: %(names)s.", names=names(missing)),
            "unanswered",
            people=missing,
        )


def _sign(
    session: Session,
    people: list[Person],
    entries: dict[int, AttendanceEntry],
    *,
    by: Person,
    replaces: SignOff | None = None,
    deputy_reason: str = "",
    head_count: int | None = None,
) -> SignOff:
    made = SignOff(
        session_id=session.id,
        by=by,
        at=clock.now(),
        entries_hash=hash_of(entries.values()),
        people=len(people),
        minutes=sum(entry.minutes for entry in entries.values()),
        roster=[_line(person, entries[person.id]) for person in people],
        deputy_reason=deputy_reason,
        head_count=replaces.head_count if replaces else head_count,
        replaces_id=replaces.id if replaces else None,
    )
    db.session.add(made)
    db.session.flush()
    told = {"sign_off": made.id, "people": made.people, "minutes": made.minutes, "reason": deputy_reason}
    audit.record("attendance.signed", session, by=by, details=told)
    return made


def _line(person: Person, entry: AttendanceEntry) -> dict[str, Any]:
    """Who stood on the sheet and what was signed; later changes of name or employer do not reach it."""
    return {
        "person": person.id,
        "name": person.name,
        "organisation": entry.organisation.name if entry.organisation else "",
        "entry": entry.id,
        "state": state_of(entry),
        "minutes": entry.minutes,
    }


def _canonical(entry: AttendanceEntry) -> dict[str, object]:
    return {
        "id": entry.id,
        "person": entry.person_id,
        "session": entry.session_id,
        "activity": entry.activity_id,
        "organisation": entry.organisation_id,
        "kind": entry.kind,
        "day": entry.day.isoformat(),
        "minutes": entry.minutes,
        "came": entry.came_at and entry.came_at.isoformat(),
        "left": entry.left_at and entry.left_at.isoformat(),
        "absence": entry.absence,
        "replaces": entry.replaces_id,
    }
