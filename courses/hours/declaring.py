"""Hours without a sheet: preparation, coaching, long participation; declared by who did it, approved by who leads.

The rule that matters most: nobody declares for somebody else, nobody approves her own, and nothing counts before.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from courses.activities import Activity
from courses.attendance.chain import append
from courses.attendance.ledger import STANDS, AttendanceEntry
from courses.attendance.questions import is_replaced, written_with
from courses.attendance.recording import check_nonce
from courses.attendance.signatures import HoursApproval
from courses.hours.confirming import sign
from courses.hours.declared import DECLARED, activities, approved_of
from lms import audit, clock, mail
from lms.db import db
from lms.employment import employers_on
from lms.people import Person
from lms.projects import participation_of
from lms.refusals import Refused, Stale

MOST = 960
_DAY = 1440


@dataclass(frozen=True)
class Declaration:
    """What somebody says she has done on a day: minutes of some kind, for an activity she belongs to, and a note."""

    activity: Activity
    kind: str
    day: date
    minutes: int
    note: str


# --- operations ---------------------------------------------------------------------------------------------


def declare(what: Declaration, *, nonce: str, seen: int | None = None, by: Person) -> AttendanceEntry:
    """Write down own hours, and certify them by it; they wait for an approval. The same nonce twice is once.

    One entry per activity, kind and day: another one replaces what waits, if `seen` says that she has seen it.
    Raises Refused: `nonce`, `activity`, `kind`, `minutes` (1 to 960), `note` (3 to 500 characters), `future`,
    `outside_project`, `outside_participation`, `full_day` (over 24 hours), `approved`; Stale: `declared` (values:
    entry).
    """
    check_nonce(nonce)
    mine = f"own:{nonce}:{by.id}"
    if sent := written_with([mine]):
        return sent[mine]
    _check(what, by)
    _check_day(what, by)
    stands = _standing(what, by)
    if stands is not None:
        _check_replaced(stands, seen)
    _check_full(what, stands, by)
    row = _row(what, by) | {"nonce": mine, "replaces_id": stands.id if stands else None}
    row["organisation_id"] = stands.organisation_id if stands else employers_on([by], what.day)[by.id]
    (entry,) = append([row])
    audit.record("hours.declared", entry, by=by, details={"kind": what.kind, "minutes": what.minutes})
    sign(by, [entry], "signed_in", clock.now(), by=by)
    return entry


def approve(entries: Collection[AttendanceEntry], *, by: Person) -> list[AttendanceEntry]:
    """Answer for hours: they count from now on; what is approved already is left as it is.

    Raises Refused: `own`; Stale: `changed` when one of them waits no more.
    """
    if any(entry.person_id == by.id for entry in entries):
        raise Refused(_("Nobody approves their own hours."), "own")
    done = approved_of([entry.id for entry in entries])
    new = [entry for entry in entries if entry.id not in done]
    if any(entry.minutes == 0 or is_replaced(entry) for entry in new):
        raise Stale(_("Some of the hours have changed since the page was loaded. Look at them again."), "changed")
    try:
        with db.session.begin_nested():
            db.session.add_all(HoursApproval(entry_id=entry.id, by=by, at=clock.now()) for entry in new)
    except IntegrityError:
        raise Stale(_("Somebody else approved at the same moment. Look at the list again."), "same_moment") from None
    for entry in new:
        audit.record("hours.approved", entry, by=by, details={"minutes": entry.minutes, "person": entry.person_id})
    return new


def refuse(entry: AttendanceEntry, comment: str, *, by: Person) -> AttendanceEntry:
    """Say no: the hours become none, with the comment as the reason, and who declared them gets a mail.

    Approved hours are corrected to none in the same way. Twice is once. Raises Refused: `own`, `comment` (3 to 500
    characters), `kind`; Stale: `changed` when the hours have been replaced.
    """
    if entry.person_id == by.id:
        raise Refused(_("Nobody decides on their own hours."), "own")
    if entry.session_id is not None or entry.kind not in DECLARED:
        raise Refused(_("These hours have a sheet: correct that."), "kind")
    comment = " ".join(comment.split())
    if not 3 <= len(comment) <= 500:
        raise Refused(_("Write why the hours do not count, in a few words."), "comment")
    nonce = f"refused:{entry.id}"
    if sent := written_with([nonce]):
        return sent[nonce]
    mail.enqueue(entry.person, "hours_refused", key=nonce, entry=entry, comment=comment, by=by)
    made = _to_none(entry, comment, nonce, method="review", by=by)
    audit.record("hours.refused", made, by=by, details={"person": entry.person_id, "minutes": entry.minutes})
    return made


def withdraw(entry: AttendanceEntry, *, by: Person) -> AttendanceEntry:
    """Take back own hours that wait; twice is once.

    Raises Refused: `not_yours`, `kind`, `approved`; Stale: `changed`.
    """
    if entry.person_id != by.id:
        raise Refused(_("Nobody takes back hours of somebody else."), "not_yours")
    if entry.session_id is not None or entry.kind not in DECLARED:
        raise Refused(_("These hours have a sheet: correct that."), "kind")
    nonce = f"withdrawn:{entry.id}"
    if sent := written_with([nonce]):
        return sent[nonce]
    if approved_of([entry.id]):
        told = _("These hours are approved. Who approved them can take them back, so that you declare them anew.")
        raise Refused(told, "approved")
    made = _to_none(entry, "", nonce, method="self", by=by)
    audit.record("hours.withdrawn", made, by=by, details={"minutes": entry.minutes})
    return made


def _to_none(entry: AttendanceEntry, reason: str, nonce: str, *, method: str, by: Person) -> AttendanceEntry:
    """A correction to no minutes, by whom and why."""
    if entry.minutes == 0 or is_replaced(entry):
        raise Stale(_("The hours have changed since the page was loaded. Look at them again."), "changed")
    row = _row(Declaration(entry.activity, entry.kind, entry.day, 0, reason), entry.person)
    row |= {"nonce": nonce, "replaces_id": entry.id, "method": method}
    row |= {"recorded_by_id": by.id, "organisation_id": entry.organisation_id}
    (made,) = append([row])
    return made


def _row(what: Declaration, person: Person) -> dict[str, Any]:
    return {
        "project_id": what.activity.project_id,
        "person_id": person.id,
        "activity_id": what.activity.id,
        "kind": what.kind,
        "day": what.day,
        "minutes": what.minutes,
        "method": "self",
        "recorded_by_id": person.id,
        "happened_at": clock.now(),
        "recorded_at": clock.now(),
        "reason": " ".join(what.note.split()),
    }


# --- refusals -----------------------------------------------------------------------------------------------


def _check(what: Declaration, by: Person) -> None:
    choices = {activity.id: leads for activity, leads in activities(by, what.activity.project)}
    if what.activity.id not in choices:
        raise Refused(_("Choose an activity that you lead or take part in."), "activity")
    if what.kind not in DECLARED:
        raise Refused(_("Choose what kind of work it was."), "kind")
    if what.kind == "preparation" and not choices[what.activity.id]:
        raise Refused(_("Preparation belongs to those who lead."), "kind")
    if not 1 <= what.minutes <= MOST:
        raise Refused(_("Write a time from 1 minute to 16 hours."), "minutes")
    if not 3 <= len(" ".join(what.note.split())) <= 500:
        raise Refused(_("Write what you did, in a few words."), "note")


def _check_day(what: Declaration, by: Person) -> None:
    project = what.activity.project
    if what.day > clock.today():
        raise Refused(_("Declare it when it is done: the day is still to come."), "future")
    if not project.starts <= what.day <= project.ends:
        told = _("The day must lie in the project, %(starts)s to %(ends)s.", starts=project.starts, ends=project.ends)
        raise Refused(told, "outside_project")
    part = participation_of(by.id, project.id)
    if part is not None and not part.since <= what.day <= (part.until or project.ends):
        raise Refused(_("You did not take part in the project on that day."), "outside_participation")


def _check_replaced(stands: AttendanceEntry, seen: int | None) -> None:
    """What waits may be replaced by who has seen it; what is approved stays; what was refused is no obstacle."""
    if approved_of([stands.id]):
        told = _("These hours are approved. Who approved them can take them back, so that you declare them anew.")
        raise Refused(told, "approved")
    if stands.minutes and seen != stands.id:
        told = _("You have declared the same kind of work for that day already. Give the time of the whole day.")
        raise Stale(told, "declared", entry=stands)


def _check_full(what: Declaration, stands: AttendanceEntry | None, by: Person) -> None:
    others = select(func.coalesce(func.sum(AttendanceEntry.minutes), 0)).where(
        AttendanceEntry.person_id == by.id,
        AttendanceEntry.day == what.day,
        AttendanceEntry.id != (stands.id if stands else 0),
        STANDS,
    )
    if (db.session.scalar(others) or 0) + what.minutes > _DAY:
        raise Refused(_("That is more than 24 hours on one day, with what is recorded already."), "full_day")


# --- questions ----------------------------------------------------------------------------------------------


def _standing(what: Declaration, by: Person) -> AttendanceEntry | None:
    return db.session.scalar(
        select(AttendanceEntry).where(
            AttendanceEntry.activity_id == what.activity.id,
            AttendanceEntry.person_id == by.id,
            AttendanceEntry.kind == what.kind,
            AttendanceEntry.day == what.day,
            AttendanceEntry.session_id.is_(None),
            STANDS,
        )
    )
