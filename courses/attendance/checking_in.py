"""Checking in and out by oneself: what was scanned becomes minutes in the ledger, by the same recording as a sheet.

The rule that matters most: the moment of the scan counts, and what the trainer has answered for somebody stands. Who
checked in keeps a line of it also then, so that the trainer sees both.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from flask_babel import gettext as _
from sqlalchemy import func, select

from courses.activities import Session
from courses.attendance.check_ins import CheckIn, CheckInRules
from courses.attendance.codes import Ticket, is_good
from courses.attendance.ledger import AttendanceEntry
from courses.attendance.marks import Mark, minutes_within, presence_of
from courses.attendance.questions import is_signed, latest, on_sheet
from courses.attendance.recording import record_own
from courses.attendance.signing import locked
from lms import audit, clock, filters
from lms.db import db
from lms.people import Person
from lms.refusals import Refused

MOST_MINUTES = 240


@dataclass(frozen=True)
class Own:
    """What somebody sees of herself: what she did, oldest first, the entry that counts, and whether that is signed."""

    acts: tuple[CheckIn, ...] = ()
    entry: AttendanceEntry | None = None
    signed: bool = False

    @property
    def last(self) -> CheckIn | None:
        """What she did last."""
        return self.acts[-1] if self.acts else None

    @property
    def state(self) -> str:
        """in, out, answered (by the trainer) or nothing."""
        if self.entry is not None and self.entry.method != "self":
            return "answered"
        return self.last.act if self.last is not None and self.entry is not None else ""


# --- operations ---------------------------------------------------------------------------------------------


def open_check_in(session: Session, early: int, late: int, *, by: Person) -> CheckInRules:
    """Open the session for check-in, or change its windows (minutes); the codes stay the same.

    Raises Refused: `cancelled`, `minutes` (0 to 240).
    """
    locked(session)
    _check_held(session)
    if not (0 <= early <= MOST_MINUTES and 0 <= late <= MOST_MINUTES):
        raise Refused(_("Write minutes between 0 and %(most)s.", most=MOST_MINUTES), "minutes")
    rules = rules_of(session)
    if rules is None:
        rules = CheckInRules(session_id=session.id, secret=secrets.token_hex(32))
        db.session.add(rules)
    if (rules.early_minutes, rules.late_minutes) != (early, late):
        rules.early_minutes, rules.late_minutes = early, late
        audit.record("check_in.opened", session, by=by, details={"early": early, "late": late})
    db.session.flush()
    return rules


def check_in(session: Session, ticket: Ticket, *, by: Person) -> CheckIn:
    """The person was there when her ticket was made; twice is once, and after a check-out she is back.

    Raises Refused: `cancelled`, `not_open`, `closed`, `signed`, `not_on_sheet`, `old_scan`.
    """
    _one_at_a_time(session, by)
    rules = _check_open(session, ticket.at)
    own = own_of(session, by)
    _check_own(session, own, by)
    if own.last is not None and own.last.act == "in":
        return own.last
    if own.last is not None and ticket.at <= own.last.at:
        raise Refused(_("You scanned that code before you checked out. Scan the one on the screen now."), "old_scan")
    made = CheckIn(act="in", way=ticket.way, device=ticket.device, at=ticket.at)
    if own.state == "out":
        own = _written(session, own, _mark(session, own, by, [*own.acts, made]), ticket.at, by)
    elif own.entry is None or own.entry.absence == "moved":
        mark = Mark(by.id, "part", own.entry.id if own.entry else None, arrival(session, rules, ticket.at))
        own = _written(session, own, mark, ticket.at, by)
    return _keep(made, session, own, by)


def check_out(session: Session, device: str, *, by: Person) -> CheckIn:
    """The person leaves now; twice is once. To be back takes the code on the screen, since it gives minutes.

    Raises Refused: `cancelled`, `signed`, `not_on_sheet`, `not_in`, `just_came`, `over` (then she stayed to the end).
    """
    _one_at_a_time(session, by)
    _check_held(session)
    own = own_of(session, by)
    _check_own(session, own, by)
    if own.last is None:
        raise Refused(_("You have not checked in to this session."), "not_in")
    if own.last.act == "out":
        return own.last
    now = clock.now()
    if now >= session.ends_at:
        raise Refused(_("The session is over: you are counted to its end. There is nothing more to do."), "over")
    if own.state == "in":
        mark = _mark(session, own, by, own.acts, minute(now))
        if presence_of(mark, session).minutes == 0:
            raise Refused(_("You have only just come. Check out when you leave."), "just_came")
        own = _written(session, own, mark, now, by)
    return _keep(CheckIn(act="out", way=own.acts[-1].way, device=device, at=now), session, own, by)


def _one_at_a_time(session: Session, person: Person) -> None:
    """Whatever one person does from several phones comes one after the other, and before or after a signature."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(session.id, person.id)))
    locked(session, shared=True)


def _mark(session: Session, own: Own, by: Person, acts: Sequence[CheckIn], left: datetime | None = None) -> Mark:
    """There from when she came until she left, or the end, but for the time between each check-out and the next in."""
    assert own.entry is not None
    came, end = own.entry.came_at or session.starts_at, left or session.ends_at
    gaps = [(minute(out.at), minute(back.at)) for out, back in pairwise(acts) if out.act == "out"]
    away = [minutes_within(session, out, back) for out, back in gaps]
    minutes = minutes_within(session, came, end) - sum(away)
    return Mark(by.id, "part", own.entry.id, came, end, minutes=max(0, minutes) if any(away) else None)


def _written(session: Session, own: Own, mark: Mark, at: datetime, by: Person) -> Own:
    """Where she stands when the mark is in the ledger."""
    nonce = f"self-{secrets.token_hex(8)}"
    return replace(own, entry=record_own(session, mark, own.entry, by=by, nonce=nonce, at=at))


def _keep(made: CheckIn, session: Session, own: Own, by: Person) -> CheckIn:
    made.session_id, made.person_id, made.entry_id = session.id, by.id, own.entry.id if own.entry else None
    db.session.add(made)
    db.session.flush()
    return made


def _check_held(session: Session) -> None:
    if session.activity.cancelled_at is not None:
        raise Refused(_("This is cancelled: nothing can be recorded."), "cancelled")


def _check_open(session: Session, at: datetime) -> CheckInRules:
    """The rules of the session when it was open for check-in at that moment."""
    _check_held(session)
    rules = rules_of(session)
    if rules is None:
        raise Refused(_("Check-in is not open for this session."), "not_open")
    if at < opens(session, rules):
        at_clock = filters.clock(opens(session, rules))
        raise Refused(_("Check-in opens at %(time)s. Scan the code again then.", time=at_clock), "not_open")
    if at >= session.ends_at:
        raise Refused(_("The session is over. Ask your trainer to note that you were there."), "closed")
    return rules


def _check_own(session: Session, own: Own, by: Person) -> None:
    if own.signed:
        told = _("The trainer has signed the sheet of this session. Ask the trainer if something about you is wrong.")
        raise Refused(told, "signed")
    if not on_sheet(session, [by.id]):
        raise Refused(_("You are not on the list of this session. Ask the trainer, who can add you."), "not_on_sheet")


# --- questions ----------------------------------------------------------------------------------------------


def rules_of(session: Session) -> CheckInRules | None:
    """How the session is opened, or None when nobody has opened it."""
    return db.session.get(CheckInRules, session.id)


def own_of(session: Session, person: Person, *, glance: bool = False) -> Own:
    """Where the person stands in this session; at a glance only whether she did anything, and if so where she stands.

    The glance is for pages: before somebody has pressed the button nothing else is shown to her.
    """
    mine = select(CheckIn).where(CheckIn.session_id == session.id, CheckIn.person_id == person.id).order_by(CheckIn.id)
    acts = tuple(db.session.scalars(mine))
    if not acts and glance:
        return Own()
    return Own(acts, latest(session, [person.id]).get(person.id), is_signed(session))


def opens(session: Session, rules: CheckInRules) -> datetime:
    """The moment from which codes are shown and taken."""
    return session.starts_at - timedelta(minutes=rules.early_minutes)


def arrival(session: Session, rules: CheckInRules, at: datetime) -> datetime | None:
    """From when somebody who scanned at that moment is counted; None is from the start."""
    if at < session.starts_at + timedelta(minutes=rules.late_minutes + 1):  # 08.40.59 is still 08.40
        return None
    return minute(at)


def minute(moment: datetime) -> datetime:
    """The moment as the clock on the wall says it, without seconds."""
    return moment.replace(second=0, microsecond=0)


def session_with(code: str) -> Session | None:
    """The session on whose screen the typed code stands now, among those that are open."""
    now = clock.now()
    widest = now + timedelta(minutes=MOST_MINUTES)
    query = (
        select(Session, CheckInRules)
        .join(CheckInRules, CheckInRules.session_id == Session.id)
        .where(Session.starts_at <= widest, Session.ends_at > now)
        .order_by(Session.id)
    )
    for session, rules in db.session.execute(query):
        if opens(session, rules) <= now and is_good(rules.secret, session.id, code, now):
            found: Session = session
            return found
    return None
