"""A month as the ledger says it now, in the shape in which it is kept for ever (snapshot.py).

The rule that matters most: a constant number of questions, whatever the number of people, and every line counted once.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import aliased

from courses.activities import Activity, Session
from courses.attendance import AttendanceEntry, HoursApproval, HoursSignature, Objection, SignedEntry, SignOff, head
from courses.esf import figures, ledger
from courses.esf.days import last_day
from courses.esf.figures import Member, Part, is_objected, with_objections
from courses.esf.ledger import is_counted, is_esf
from courses.esf.snapshot import Facts, Hours, Line, Participant, Row, Signed, SignedSheet, Snapshot
from lms import clock
from lms.db import db
from lms.organisations import Organisation
from lms.people import Person, alphabetical, name_columns, shown_name
from lms.projects import Participation, Project

FORMAT = 1
_signer = aliased(Person, name="signer")
_approval = aliased(HoursApproval, name="approval")
SIGNER = name_columns(_signer)


def freeze(
    project: Project, first: date, *, version: int = 1, reason: str = "", closed_at: datetime, closed_by: str
) -> Snapshot:
    """The month that begins on `first` as it stands. Nine queries; nobody may append meanwhile (`attendance.hold`)."""
    found = [part for part in figures.parts(project, first) if part.minutes]
    people = figures.members(project, first, found)
    order = {member.person_id: (alphabetical(member.name), member.person_id) for member in people}
    sheets = _sheets(project, first)
    end = head()
    return Snapshot(
        format=FORMAT,
        project=_facts(project),
        first=first,
        version=version,
        reason=reason,
        closed_at=closed_at,
        closed_by=closed_by,
        head_entry_id=end.entry_id,
        head_hash=end.hash,
        participants=_participants(project, sorted(people, key=lambda member: order[member.person_id]), found),
        lines=tuple(sorted(_lines(project, first, sheets), key=lambda x: (order[x.person_id], x.day, x.entry_id))),
        sheets=sheets,
        others=_others(project, first),
    )


def _facts(project: Project) -> Facts:
    plan = project.plan
    return Facts(
        project.name, project.dnr, project.owner, plan.publicity.emblem, plan.publicity.text, plan.rules.rounding,
        plan.rules.countersignature, plan.scb,
    )  # fmt: skip


def _participants(project: Project, people: Iterable[Member], found: Iterable[Part]) -> tuple[Participant, ...]:
    by_person: dict[int, list[Part]] = {}
    for part in found:
        by_person.setdefault(part.person_id, []).append(part)
    names = {part.organisation_id for part in found}
    places = _places(names)
    return tuple(
        Participant(
            member.person_id, member.name, member.protected, member.placeholder, member.has_number, member.started,
            member.ended, _hours(project, by_person.get(member.person_id, []), places),
        )
        for member in people
    )  # fmt: skip


def _hours(project: Project, found: list[Part], places: dict[int | None, str]) -> tuple[Hours, ...]:
    summed = (
        Hours(places[part.organisation_id], part.minutes, figures.reported(part.minutes, project)) for part in found
    )
    return tuple(sorted(summed, key=lambda hours: alphabetical(hours.employer)))


def _places(ids: Iterable[int | None]) -> dict[int | None, str]:
    wanted = [number for number in ids if number is not None]
    rows = db.session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(wanted)))
    return {None: "", **{row.id: row.name for row in rows}}


# --- entries ------------------------------------------------------------------------------------------------


def _lines(project: Project, first: date, sheets: tuple[SignedSheet, ...]) -> Iterable[Line]:
    signed = {sheet.session_id: Signed(sheet.by, sheet.at, "sheet") for sheet in sheets}
    signatures = _signatures(project, first)
    for row in _counted(project, first):
        number, person_id, employer, day, kind, activity, session_id, minutes, method, mark, at, objects = row[:12]
        approved_at, approver = row[12], row[13:]
        if session_id is not None:
            trainer = signed.get(session_id)
        elif approved_at is not None:
            trainer = Signed(shown_name(*approver), approved_at, "approval")
        else:
            trainer = Signed(shown_name(*approver), at, "review")
        yield Line(
            number, person_id, employer, day, kind, activity, session_id, minutes, method, mark, trainer,
            signatures.get((number, "participant")), signatures.get((number, "manager")), objects,
        )  # fmt: skip


def _counted(project: Project, first: date) -> Iterable[Any]:
    """The counted entries of ESF participants, with who approved or assessed those that have no sheet."""
    answers_for = func.coalesce(_approval.by_id, AttendanceEntry.recorded_by_id)
    entry = AttendanceEntry
    columns = (
        entry.id, entry.person_id, func.coalesce(Organisation.name, ""), entry.day, entry.kind, Activity.title,
        entry.session_id, entry.minutes, entry.method, entry.hash, entry.recorded_at,
        case((is_objected, Objection.minutes)), _approval.at, *SIGNER,
    )  # fmt: skip
    return db.session.execute(
        with_objections(ledger.lines(project.id, first, last_day(first), *columns))
        .join(Activity, Activity.id == entry.activity_id)
        .outerjoin(Organisation, Organisation.id == entry.organisation_id)
        .outerjoin(_approval, and_(_approval.entry_id == entry.id, entry.session_id.is_(None)))
        .join(_signer, _signer.id == answers_for)
        .where(is_counted, is_esf, entry.minutes > 0)
    )


def _signatures(project: Project, first: date) -> dict[tuple[int, str], Signed]:
    """(entry, participant or manager) → who signed it."""
    rows: Iterable[Any] = db.session.execute(
        select(SignedEntry.entry_id, SignedEntry.kind, HoursSignature.at, HoursSignature.way, *SIGNER)
        .join(HoursSignature, HoursSignature.id == SignedEntry.signature_id)
        .join(AttendanceEntry, AttendanceEntry.id == SignedEntry.entry_id)
        .join(_signer, _signer.id == HoursSignature.by_id)
        .where(AttendanceEntry.project_id == project.id, AttendanceEntry.day.between(first, last_day(first)))
    )
    return {(number, kind): Signed(shown_name(*who), at, way) for number, kind, at, way, *who in rows}


def _others(project: Project, first: date) -> int:
    """People with counted minutes who are not ESF participants."""
    query = ledger.lines(project.id, first, last_day(first), func.count(AttendanceEntry.person_id.distinct()))
    return db.session.scalar(query.where(is_counted, ~is_esf, AttendanceEntry.minutes > 0)) or 0


# --- sheets -------------------------------------------------------------------------------------------------


def _sheets(project: Project, first: date) -> tuple[SignedSheet, ...]:
    """The newest signature of every sheet of the month, oldest sheet first."""
    begins = clock.at(first, time())
    ends = clock.at(last_day(first) + timedelta(days=1), time())
    counted = select(AttendanceEntry.session_id).where(
        AttendanceEntry.project_id == project.id, AttendanceEntry.day.between(first, last_day(first))
    )
    rows = db.session.execute(
        select(SignOff, Session.place, Session.starts_at, Session.ends_at, Activity.title, *SIGNER)
        .join(Session, Session.id == SignOff.session_id)
        .join(Activity, Activity.id == Session.activity_id)
        .join(_signer, _signer.id == SignOff.by_id)
        .where(
            Activity.project_id == project.id,
            or_(and_(Session.starts_at >= begins, Session.starts_at < ends), Session.id.in_(counted)),
        )
        .order_by(Session.starts_at, Session.id, SignOff.id.desc())
    )
    newest = [next(group) for _number, group in groupby(rows, key=lambda row: row[0].session_id)]
    known = _aliases(project) if newest else {}
    return tuple(_sheet(row, known) for row in newest)


def _sheet(found: Any, known: dict[int, tuple[bool, str]]) -> SignedSheet:
    sign_off, place, starts_at, ends_at, title, *who = found
    return SignedSheet(
        session_id=sign_off.session_id,
        sign_off_id=sign_off.id,
        activity=title,
        place=place,
        day=clock.local(starts_at).date(),
        starts_at=starts_at,
        ends_at=ends_at,
        by=shown_name(*who),
        at=sign_off.at,
        deputy_reason=sign_off.deputy_reason,
        head_count=sign_off.head_count,
        entries_hash=sign_off.entries_hash,
        rows=tuple(_row(line, *known.get(line["person"], (False, ""))) for line in sign_off.roster),
    )


def _row(line: dict[str, Any], esf: bool, alias: str) -> Row:
    """As it was signed; but who is protected since stands under her alias, and others than participants under none."""
    name = (alias or line["name"]) if esf else ""
    return Row(line["person"], name, line["organisation"], line["state"], line["minutes"], line["entry"])


def _aliases(project: Project) -> dict[int, tuple[bool, str]]:
    """person id → is an ESF participant, and the alias of who is protected."""
    rows = db.session.execute(
        select(Participation.person_id, Person.protected, Person.alias)
        .join(Person, Person.id == Participation.person_id)
        .where(Participation.project_id == project.id, Participation.esf)
    )
    return {number: (True, (alias or "") if protected else "") for number, protected, alias in rows}
