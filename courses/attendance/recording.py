"""Recording: marks of a sheet become entries, and only where something changed.

The rule that matters most: a mark made on top of an older entry than the newest is a conflict of that row, never an
overwrite; the same message sent twice (nonce) writes once.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from courses.activities import Activity, Session
from courses.attendance.chain import append
from courses.attendance.ledger import ABSENCES, METHODS, AttendanceEntry
from courses.attendance.marks import PARTS, Mark, Presence, local_day, presence_of, said_by, says_again
from courses.attendance.questions import employers_of, latest, signed, written_with
from courses.attendance.signing import locked, may_be_signed, sign_off_again
from courses.runs import Run
from lms import audit, clock
from lms.db import db
from lms.employment import employers_on, on_the_day
from lms.filters import clock as clock_text
from lms.people import Person
from lms.refusals import Refused, Stale

_NONCE = re.compile(r"[A-Za-z0-9_-]{8,36}")


@dataclass(frozen=True)
class Conflict:
    """A row that somebody else wrote first: what stands and what was meant."""

    person_id: int
    stands: AttendanceEntry
    meant: Mark


@dataclass(frozen=True)
class Recorded:
    """What came of a sheet: new entries, and rows that somebody else wrote first. The rest had not changed."""

    entries: list[AttendanceEntry] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def record(
    session: Session,
    marks: Sequence[Mark],
    *,
    by: Person,
    nonce: str,
    method: str = "sheet",
    happened_at: datetime | None = None,
) -> Recorded:
    """Write the marks of a sheet that is not signed yet; rows in conflict are returned, the others are written.

    `happened_at` is when they were made, where that is known to the minute; else they are about the whole session.
    Raises Refused: `cancelled`, `too_early` (before the day), `not_on_sheet`, `times` (values: errors by person id),
    `signed` when a mark would change a sheet that is signed off (see `correct`).
    """
    locked(session)
    _check_time(session, marks)
    changes, conflicts = _changes(session, marks, nonce)
    if changes and (stands := signed(session)):
        raise Stale(
            _("%(name)s has signed this sheet. A change is a correction and needs a reason.", name=stands.by.name),
            "signed",
        )
    entries = _write(session, changes, by=by, nonce=nonce, method=method, happened_at=happened_at)
    if entries:
        audit.record("attendance.recorded", session, by=by, details=_summary(entries))
    return Recorded(entries, conflicts)


def record_own(
    session: Session, mark: Mark, stands: AttendanceEntry | None, *, by: Person, nonce: str, at: datetime
) -> AttendanceEntry:
    """What somebody did herself at that moment, in place of her entry that stands; that one when nothing changed.

    Whoever asks holds the sheet (`signing.locked`) and has checked that she is on it and that it is not signed.
    """
    meant = presence_of(mark, session)
    if stands is not None and said_by(stands) == meant:
        return stands
    audit.record("attendance.recorded", session, by=by, details={"minutes": {str(by.id): meant.minutes}})
    db.session.flush()  # Whatever can be written before standing in line for the chain keeps nobody else waiting.
    change = _Change(by.id, by.organisation_id, meant, stands)
    (entry,) = _write(session, [change], by=by, nonce=nonce, method="self", happened_at=at)
    return entry


def correct(session: Session, marks: Sequence[Mark], reason: str, *, by: Person, nonce: str) -> Recorded:
    """Change a signed sheet for a reason, and sign it anew in the same act; the old values stay visible.

    Conflicting rows are returned and the others are written. Raises Refused: as `record`, and `not_signed`,
    `reason` (3 to 500 characters), and what `sign_off` refuses.
    """
    locked(session)
    stands = signed(session)
    if stands is None:
        raise Refused(_("This sheet is not signed yet: change it as it is."), "not_signed")
    if not 3 <= len(reason.strip()) <= 500:
        raise Refused(_("Write why the sheet is corrected, in a few words."), "reason")
    may_be_signed(session)
    changes, conflicts = _changes(session, marks, nonce)
    entries = _write(session, changes, by=by, nonce=nonce, method="sheet", reason=reason.strip())
    if entries:
        audit.record("attendance.corrected", session, by=by, details={**_summary(entries), "reason": reason.strip()})
        sign_off_again(session, stands, by=by)
    return Recorded(entries, conflicts)


def record_assignment(run: Run, person: Person, *, minutes: int, day: date, by: Person) -> AttendanceEntry:
    """The minutes of an approved home assignment, once per run and person, at most what the programme gives.

    Called again it answers with the entry that stands. Raises Refused: `minutes`.
    """
    most = run.programme.assignment.minutes if run.programme.assignment else 0
    if not 0 <= minutes <= most:
        raise Refused(_("The assignment may count at most %(most)s minutes.", most=most), "minutes")
    standing = (
        select(AttendanceEntry)
        .where(
            AttendanceEntry.activity_id == run.id,
            AttendanceEntry.person_id == person.id,
            AttendanceEntry.kind == "assignment",
        )
        .order_by(AttendanceEntry.id.desc())
        .limit(1)
    )
    if found := db.session.scalar(standing):
        return found
    done = Presence(minutes, None, None, None)
    row = _values(run, person.id, done, by=by, kind="assignment", method="review", day=day)
    row["organisation_id"] = employers_on([person], day)[person.id]
    try:
        (entry,) = append([row | {"nonce": f"assignment:{run.id}:{person.id}"}])
    except Stale:
        return db.session.scalars(standing).one()
    audit.record("attendance.assignment", entry, by=by, details={"person": person.id, "minutes": minutes})
    return entry


def check_nonce(nonce: str) -> None:
    """A page sends 8 to 36 letters, digits, hyphens or underlines, the same each time it sends. Refused: `nonce`."""
    if not _NONCE.fullmatch(nonce):
        raise Refused(_("Load the page again and save once more."), "nonce")


def _check_time(session: Session, marks: Sequence[Mark]) -> None:
    """A sheet is filled in from the morning of its day; before that nobody has attended anything."""
    if session.activity.cancelled_at is not None:
        raise Refused(_("This is cancelled: nothing can be recorded."), "cancelled")
    if marks and local_day(session) > clock.today():
        raise Refused(_("You can fill in the sheet from the day of the session."), "too_early")


@dataclass(frozen=True)
class _Change:
    """What is to be written about a person, her employer today, and the entry in whose place it comes."""

    person_id: int
    employer: int | None
    presence: Presence
    replaces: AttendanceEntry | None


def _changes(session: Session, marks: Sequence[Mark], nonce: str) -> tuple[list[_Change], list[Conflict]]:
    """Which marks say something new, and which stand on something older than the newest entry."""
    check_nonce(nonce)
    asked = [mark.person_id for mark in marks]
    employers = employers_of(session, asked)
    _check(session, marks, employers)
    now, sent = latest(session, asked), written_with(_row_nonce(nonce, session, mark.person_id) for mark in marks)
    changes, conflicts = [], []
    for mark in marks:
        stands = now.get(mark.person_id)
        meant = presence_of(mark, session)
        if stands is not None and (said_by(stands) == meant or says_again(mark, stands)):
            continue
        mine = sent.get(_row_nonce(nonce, session, mark.person_id))
        if mine is not None and said_by(mine) == meant:
            continue  # The same message again: it was written, and corrected by somebody since.
        if stands is not None and (mine is not None or stands.id != mark.seen_entry_id):
            conflicts.append(Conflict(mark.person_id, stands, mark))
        else:
            changes.append(_Change(mark.person_id, employers[mark.person_id], meant, stands))
    return changes, conflicts


def _check(session: Session, marks: Sequence[Mark], on_sheet: Collection[int]) -> None:
    """Every mark is about somebody on the sheet, once, and says something possible."""
    numbers = [mark.person_id for mark in marks]
    if len(numbers) != len(set(numbers)) or not set(numbers) <= set(on_sheet):
        raise Refused(_("Somebody is no longer on the sheet. Look at it and save again."), "not_on_sheet")
    errors = {mark.person_id: wrong for mark in marks if (wrong := _wrong(mark, session))}
    if errors:
        raise Refused(_("Some times cannot be right."), "times", errors=errors)


def _wrong(mark: Mark, session: Session) -> str:
    """What is impossible about a mark, in words; nothing when it is fine."""
    if mark.state not in PARTS or (mark.absence or "unknown") not in ABSENCES:
        return str(_("Choose whole, part or absent."))
    if mark.state == "part" and presence_of(mark, session).minutes == 0:
        start, end = clock_text(session.starts_at), clock_text(session.ends_at)
        return str(_("Write when the person was there, between %(start)s and %(end)s.", start=start, end=end))
    return ""


def _row_nonce(nonce: str, session: Session, person_id: int) -> str:
    return f"{nonce}:{session.id}:{person_id}"


def _write(
    session: Session,
    changes: Sequence[_Change],
    *,
    by: Person,
    nonce: str,
    method: str,
    reason: str = "",
    happened_at: datetime | None = None,
) -> list[AttendanceEntry]:
    """Entries for all changes. Somebody who slips between the look and the insert is met by unique indexes."""
    if method not in METHODS:
        raise ValueError(f"no such method: {method}")
    activity = session.activity
    kind = "session" if isinstance(activity, Run) else activity.kind
    day, rows = local_day(session), []
    employers = on_the_day({each.person_id: each.employer for each in changes if each.replaces is None}, day)
    for change in changes:
        row = _values(activity, change.person_id, change.presence, by=by, kind=kind, method=method, day=day)
        row |= {"session_id": session.id, "happened_at": happened_at or session.starts_at, "reason": reason}
        row["nonce"] = _row_nonce(nonce, session, change.person_id)
        if change.replaces is None:
            row["organisation_id"] = employers[change.person_id]
        else:
            row |= {"replaces_id": change.replaces.id, "organisation_id": change.replaces.organisation_id}
        rows.append(row)
    return append(rows)


def _values(
    activity: Activity, person_id: int, presence: Presence, *, by: Person, kind: str, method: str, day: date
) -> dict[str, Any]:
    """The columns of an entry but the employer: that of the day, or of the entry that is replaced."""
    return {
        "project_id": activity.project_id,
        "person_id": person_id,
        "activity_id": activity.id,
        "session_id": None,
        "kind": kind,
        "day": day,
        "minutes": presence.minutes,
        "came_at": presence.came,
        "left_at": presence.left,
        "absence": presence.absence,
        "method": method,
        "recorded_by_id": by.id,
        "happened_at": clock.now(),
        "recorded_at": clock.now(),
        "replaces_id": None,
        "reason": "",
    }


def _summary(entries: Sequence[AttendanceEntry]) -> dict[str, object]:
    """What the audit log keeps: who got how many minutes, and the end of the chain, by which a proof goes later."""
    minutes = {str(entry.person_id): entry.minutes for entry in entries}
    return {"minutes": minutes, "entry": entries[-1].id, "hash": entries[-1].hash}
