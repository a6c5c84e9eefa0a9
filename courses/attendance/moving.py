"""Moving: somebody sits in the wrong group; one act takes her off this sheet and puts her on that of the right one.

The rule that matters most: nobody has a place in both. What this sheet already says about her becomes "moved", without
minutes, and a signed sheet is corrected instead.
"""

from datetime import date, datetime, time

from flask_babel import gettext as _
from sqlalchemy import delete, exists, select

from courses import enrolment, letters
from courses.activities import Activity, Expected, Session
from courses.attendance.marks import Mark, local_day
from courses.attendance.questions import latest, on_sheet, signed
from courses.attendance.recording import record
from courses.attendance.signing import locked
from courses.materials import Material
from courses.runs import Run, is_over
from lms import audit, clock
from lms.db import db
from lms.people import Person
from lms.refusals import Refused, Stale

MOST = 30

# --- operations ---------------------------------------------------------------------------------------------


def move(session: Session, person: Person, to: Activity, *, by: Person) -> Session | None:
    """Move a person from this unsigned sheet to another group; the answer is that group's session of the same day.

    The other group may be full: she stands in its room. Moving twice is once. Raises Refused: `group`, `not_on_sheet`,
    what `courses.enrolment.walk_in` refuses; Stale: `signed`.
    """
    _hold(session, to)
    if all(group.id != to.id for group in groups(session)):
        raise Refused(_("Choose another group of the same kind, today or later."), "group")
    if stands := signed(session):
        told = _("%(name)s has signed this sheet: correct it instead, with a reason.", name=stands.by.name)
        raise Stale(told, "signed")
    there = same_day(session, to)
    if not on_sheet(session, {person.id}):
        if _is_in(to, person):
            return there
        raise Refused(_("%(name)s is not on this sheet any more.", name=person.name), "not_on_sheet")
    _take_in(to, person, by)
    _let_go(session.activity, person, by)
    audit.record("attendance.moved", session, by=by, details={"person": person.id, "to": to.id})
    _empty_row(session, person, by)
    return there


def _hold(session: Session, to: Activity) -> None:
    """Hold both groups, then their sheets, the older first: everybody who moves people takes them in this order."""
    for group in sorted((session.activity, to), key=lambda each: each.id):
        if isinstance(group, Run):
            enrolment.lock(group)
    sheets = {session, *(to.sessions if not isinstance(to, Run) else ())}
    for each in sorted(sheets, key=lambda each: each.id):
        locked(each)


def _take_in(to: Activity, person: Person, by: Person) -> None:
    if isinstance(to, Run):
        before = enrolment.of(to, person)
        had_place = before is not None and before.state == "registered"
        place = enrolment.walk_in(to, person, by=by)
        if not had_place and not is_over(to):
            letters.send("place", place)
    elif not _is_in(to, person):
        db.session.add(Expected(activity_id=to.id, person_id=person.id))
        db.session.flush()


def _let_go(group: Activity, person: Person, by: Person) -> None:
    if not isinstance(group, Run):
        db.session.execute(delete(Expected).where(Expected.activity_id == group.id, Expected.person_id == person.id))
        return
    place = enrolment.of(group, person)
    if place is not None:
        enrolment.withdraw(place, letter="moved", by=by)


def _empty_row(session: Session, person: Person, by: Person) -> None:
    """What the sheet says about her becomes "moved"; last of all, since writers of the ledger lock nothing after it."""
    entry = latest(session, {person.id}).get(person.id)
    if entry is not None and entry.absence != "moved":
        mark = Mark(person.id, "absent", entry.id, absence="moved")
        record(session, [mark], by=by, nonce=f"moved-{entry.id:08}")


# --- questions ----------------------------------------------------------------------------------------------


def groups(session: Session) -> list[Activity]:
    """Where somebody on this sheet may belong instead, those that meet on the same day first, then the next ones.

    Other runs of the same programme in the project, or the project's other meetings; over before this day is none.
    """
    activity, begins = session.activity, clock.at(local_day(session), time())
    query = select(Activity).where(
        Activity.project_id == activity.project_id,
        Activity.id != activity.id,
        Activity.cancelled_at.is_(None),
        exists().where(Session.activity_id == Activity.id, Session.starts_at >= begins),
    )
    if isinstance(activity, Run):
        same = select(Material.id).where(Material.key == activity.material.key)
        query = query.where(Activity.kind == "course", Activity.__table__.c.material_id.in_(same))
    else:
        query = query.where(Activity.kind != "course")
    found = list(db.session.scalars(query).unique())
    return sorted(found, key=lambda group: _order(group, local_day(session)))[:MOST]


def same_day(session: Session, group: Activity) -> Session | None:
    """The group's session on the day of this one."""
    return next((each for each in group.sessions if local_day(each) == local_day(session)), None)


def _order(group: Activity, day: date) -> tuple[datetime, int]:
    coming = [each.starts_at for each in group.sessions if local_day(each) >= day]
    return min(coming), group.id


def _is_in(group: Activity, person: Person) -> bool:
    if isinstance(group, Run):
        place = enrolment.of(group, person)
        return place is not None and place.state == "registered"
    return db.session.get(Expected, (group.id, person.id)) is not None
