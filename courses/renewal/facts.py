"""What trainers have done for their renewal, read from runs and the ledger in a constant number of questions."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import exists, func, select

from certificates.register import NOT_REPLACED, NOT_REVOKED, Certificate, project_of
from courses import materials
from courses.activities import Activity, Session
from courses.attendance import STANDS, AttendanceEntry, SignOff
from courses.programmes import Programme, Renewal
from courses.renewal.rule import SOON, Done, Phase, is_met, missing, phase
from courses.runs import RunTrainer
from lms import clock
from lms.db import db
from lms.message import Message
from lms.people import Person
from lms.projects import Project


@dataclass(frozen=True)
class Renewable:
    """A certificate with a last day, the rule of its programme, and what its holder has done since it was issued."""

    certificate: Certificate
    programme: Programme
    rule: Renewal
    done: tuple[Done, ...]
    phase: Phase

    @property
    def last_day(self) -> date:
        """The last day on which it can be renewed."""
        assert self.certificate.valid_until is not None
        return self.certificate.valid_until + timedelta(days=self.rule.grace_days)

    @property
    def is_met(self) -> bool:
        return is_met(self.rule, self.done)

    @property
    def missing(self) -> list[Message]:
        return missing(self.rule, self.done)


def of_certificate(certificate: Certificate) -> Renewable | None:
    """The state of one certificate; None when it has no end or its programme no renewal."""
    project = project_of(certificate)
    found = _renewables([certificate], project) if project else []
    return found[0] if found else None


def of_project(project: Project) -> list[Renewable]:
    """Certificates of the project that are to be renewed or could have been: from ninety days before the last day on.

    Those that nobody has revoked or replaced, the one that ends first at the top.
    """
    query = select(Certificate).where(
        Certificate.project_dnr == project.dnr,
        Certificate.valid_until <= clock.today() + SOON,
        NOT_REVOKED,
        NOT_REPLACED,
    )
    rows = list(db.session.scalars(query.order_by(Certificate.valid_until, Certificate.id)))
    return _renewables(rows, project)


def _renewables(certificates: Collection[Certificate], project: Project) -> list[Renewable]:
    ending = [each for each in certificates if each.valid_until is not None]
    programmes = {key: _programme(key) for key in {each.programme_key for each in ending}}
    done = _done({each.holder_id for each in ending}, project) if ending else {}
    found = []
    for each in ending:
        programme = programmes[each.programme_key]
        if programme is None or programme.renewal is None:
            continue
        mine = tuple(item for item in done.get(each.holder_id, ()) if item.day >= each.issued_on)
        now = phase(each.valid_until, clock.today(), programme.renewal.grace_days)
        found.append(Renewable(each, programme, programme.renewal, mine, now))
    return found


def _programme(key: str) -> Programme | None:
    """The rule that counts is the one published last, not the one of the day of issue."""
    material = materials.latest(key)
    return materials.programme_of(material) if material else None


def _done(ids: Collection[int], project: Project) -> dict[int, list[Done]]:
    """Person id → runs led and network meetings attended, in the order of days. Three questions."""
    found: dict[int, list[Done]] = defaultdict(list)
    for person_id, title, last in db.session.execute(_led(ids, project)):
        found[person_id].append(Done("run", title, clock.local(last).date()))
    meetings = db.session.execute(_attended(ids, project)).all()
    signers = _signers({session_id for _person, _title, _day, session_id in meetings})
    for person_id, title, day, session_id in meetings:
        found[person_id].append(Done("meeting", title, day, signers.get(session_id, ())))
    return {person_id: sorted(items, key=lambda item: item.day) for person_id, items in found.items()}


def _led(ids: Collection[int], project: Project) -> Any:
    """Runs that are over, whose every sheet is signed and that somebody attended."""
    unsigned = exists().where(
        Session.activity_id == Activity.id,
        (Session.ends_at > clock.now()) | ~exists().where(SignOff.session_id == Session.id),
    )
    attended = exists().where(AttendanceEntry.activity_id == Activity.id, AttendanceEntry.minutes > 0, STANDS)
    last = select(func.max(Session.ends_at)).where(Session.activity_id == Activity.id).scalar_subquery()
    return (
        select(RunTrainer.person_id, Activity.title, last)
        .join(Activity, Activity.id == RunTrainer.run_id)
        .where(
            RunTrainer.person_id.in_(ids),
            Activity.project_id == project.id,
            Activity.cancelled_at.is_(None),
            exists().where(Session.activity_id == Activity.id),
            ~unsigned,
            attended,
        )
    )


def _attended(ids: Collection[int], project: Project) -> Any:
    """Network meetings with a signed sheet on which the person has minutes."""
    return (
        select(AttendanceEntry.person_id, Activity.title, AttendanceEntry.day, AttendanceEntry.session_id)
        .join(Activity, Activity.id == AttendanceEntry.activity_id)
        .where(
            AttendanceEntry.person_id.in_(ids),
            AttendanceEntry.project_id == project.id,
            AttendanceEntry.kind == "network",
            AttendanceEntry.minutes > 0,
            exists().where(SignOff.session_id == AttendanceEntry.session_id),
            STANDS,
        )
    )


def _signers(ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Session id → who signed its sheet last."""
    query = (
        select(SignOff.session_id, Person)
        .join(Person, Person.id == SignOff.by_id)
        .where(SignOff.session_id.in_(ids))
        .order_by(SignOff.id)
    )
    return {session_id: (person.name,) for session_id, person in db.session.execute(query)}
