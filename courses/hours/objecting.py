"""Who disagrees with what was recorded says which minutes she means and why; her trainer corrects it or keeps it.

The rule that matters most: an objection blocks nobody. Everybody else confirms, sheets are signed and months close.
"""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from courses.attendance import AttendanceEntry, HoursApproval, Objection, ObjectionAnswer, SignedEntry, append
from courses.attendance.questions import is_replaced
from courses.attendance.signing import LAST_PART
from courses.hours.telling import tell_corrected
from courses.runs import Run, leaders_of
from lms import audit, clock, mail
from lms.db import db
from lms.people import Person, holders
from lms.refusals import Refused, Stale

LONGEST = 500

# --- operations ---------------------------------------------------------------------------------------------


def object_to(entry: AttendanceEntry, minutes: int, comment: str, *, by: Person) -> Objection:
    """Say that an entry about oneself is wrong: the minutes one means, and why. The same again gives the first.

    The trainers get a mail. Raises Refused `not_yours`, `confirmed`, `not_over`, `minutes`, `same`, `comment`;
    Stale `changed` (corrected since) and `already` (another objection stands).
    """
    if by.id != entry.person_id:
        raise Refused(_("Nobody can object for somebody else."), "not_yours")
    comment = comment.strip()
    _check(entry, minutes, comment)
    try:
        with db.session.begin_nested():
            made = Objection(entry_id=entry.id, person_id=by.id, minutes=minutes, comment=comment, at=clock.now())
            db.session.add(made)
    except IntegrityError:
        first = db.session.scalars(select(Objection).where(Objection.entry_id == entry.id)).one()
        if (first.minutes, first.comment) == (minutes, comment):
            return first
        raise Stale(_("You have already told your trainer about this."), "already", first=first) from None
    audit.record("hours.objected", made, by=by, details={"entry": entry.id, "minutes": minutes})
    for trainer in answerers(entry):
        mail.enqueue(trainer, "hours_objection", key=f"objection:{made.id}:{trainer.id}", objection=made, entry=entry)
    return made


def keep(objection: Objection, comment: str, *, by: Person) -> ObjectionAnswer:
    """Keep the entry as it is and say why; the participant gets a mail, and confirms or lets it stand.

    Raises Refused `own`, `comment`; Stale `answered` (by whom) and `changed` (corrected since).
    """
    comment = comment.strip()
    _check_answer(objection, comment, by)
    row = {"objection_id": objection.id, "by_id": by.id, "at": clock.now(), "comment": comment}
    try:
        with db.session.begin_nested():
            made = db.session.scalars(insert(ObjectionAnswer).values(row).returning(ObjectionAnswer)).one()
    except IntegrityError:
        first = db.session.get_one(ObjectionAnswer, objection.id)
        if (first.by_id, first.comment) == (by.id, comment):
            return first
        raise Stale(_("%(name)s has already answered this.", name=first.by.name), "answered") from None
    audit.record("hours.kept", objection, by=by, details={"entry": objection.entry_id})
    mail.enqueue(objection.person, "hours_kept", key=f"kept:{objection.id}", objection=objection, answer=made)
    return made


def correct_loose(objection: Objection, minutes: int, reason: str, *, by: Person) -> AttendanceEntry:
    """Correct hours that have no sheet (an assignment, approved hours); a sheet is corrected on its own page.

    Fewer hours stay approved; more of them wait for who approves.
    Raises Refused `own`, `comment`, `minutes`, `same`, `sheet`; Stale `answered`, `changed`.
    """
    entry, reason = objection.entry, reason.strip()
    if entry.session_id is not None:
        raise Refused(_("Correct the sheet of the session instead."), "sheet")
    _check_answer(objection, reason, by)
    if not 0 <= minutes <= most_minutes(entry):
        raise Refused(_("Write minutes between 0 and %(most)s.", most=most_minutes(entry)), "minutes")
    if minutes == entry.minutes:
        raise Refused(_("That is what stands there already."), "same")
    (made,) = append([_replacement(entry, minutes, reason, by)])
    if minutes < entry.minutes and db.session.get(HoursApproval, entry.id) is not None:
        db.session.add(HoursApproval(entry_id=made.id, by_id=by.id, at=clock.now()))
    details = {"person": entry.person_id, "minutes": minutes, "reason": reason}
    audit.record("hours.corrected", made, by=by, details=details)
    tell_corrected([made])
    return made


def _replacement(entry: AttendanceEntry, minutes: int, reason: str, by: Person) -> dict[str, Any]:
    kept = ("project_id", "person_id", "organisation_id", "activity_id", "kind", "day", "method", "happened_at")
    return {name: getattr(entry, name) for name in kept} | {
        "minutes": minutes,
        "recorded_by_id": by.id,
        "recorded_at": clock.now(),
        "nonce": f"objection:{entry.id}",
        "replaces_id": entry.id,
        "reason": reason,
    }


def _check(entry: AttendanceEntry, minutes: int, comment: str) -> None:
    session = entry.session
    if is_replaced(entry):
        raise Stale(_("This line has been corrected. Look at it again."), "changed")
    if db.session.get(SignedEntry, (entry.id, "participant")) is not None:
        raise Refused(_("You have confirmed this line. Ask your trainer if it is wrong after all."), "confirmed")
    if session is not None and session.ends_at > clock.now() + LAST_PART:
        raise Refused(_("You can say so when the session is over."), "not_over")
    if not 0 <= minutes <= most_minutes(entry):
        raise Refused(_("Write minutes between 0 and %(most)s.", most=most_minutes(entry)), "minutes")
    if minutes == entry.minutes:
        raise Refused(_("That is what stands there already."), "same")
    if not 3 <= len(comment) <= LONGEST:
        raise Refused(_("Write what happened, in a few words."), "comment")


def _check_answer(objection: Objection, comment: str, by: Person) -> None:
    if by.id == objection.person_id:
        raise Refused(_("Nobody answers their own objection."), "own")
    if not 3 <= len(comment) <= LONGEST:
        raise Refused(_("Write why, in a few words: the participant reads it."), "comment")
    if is_replaced(objection.entry):
        raise Stale(_("This line has been corrected. Look at it again."), "changed")


# --- questions ----------------------------------------------------------------------------------------------


def most_minutes(entry: AttendanceEntry) -> int:
    """No more than the session, or what the programme gives for the assignment; a day for other hours."""
    if entry.session is not None:
        return entry.session.minutes
    plan = entry.activity.programme.assignment if isinstance(entry.activity, Run) else None
    return plan.minutes if plan and entry.kind == "assignment" else 1440


def answerers(entry: AttendanceEntry) -> list[Person]:
    """Who is asked: the run's trainers or who called the meeting; where that is she herself, the project leaders."""
    others = [person for person in leaders_of(entry.activity) if person.id != entry.person_id]
    return others or [
        person for person in holders("project_leader", project_id=entry.project_id) if person.id != entry.person_id
    ]


def is_waiting(objection: Objection) -> bool:
    """Whether somebody still has to answer."""
    answered = db.session.get(ObjectionAnswer, objection.id)
    confirmed = db.session.get(SignedEntry, (objection.entry_id, "participant"))
    return not (answered or confirmed or is_replaced(objection.entry))
