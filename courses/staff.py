"""The own staff of a manager: courses, attendance, assignment yes or no, certificate; never what they write or say."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from certificates.register import NOT_REPLACED, NOT_REVOKED, Certificate, not_expired
from courses.activities import Activity, Session
from courses.assignments import Review, Submission
from courses.attendance import STANDS, AttendanceEntry
from courses.enrolment import Enrolment
from lms import clock
from lms.db import db
from lms.people import Person
from lms.projects import Participation, Project

PER_PAGE = 50

Managed = Collection[tuple[int, int]]
"""Whose staff, as `lms.people.managed_staff` has it: project and organisation. What staff do elsewhere is not shown."""


@dataclass(frozen=True)
class Course:
    """One run of one person: sessions attended of those that have been, and whether the assignment is approved."""

    title: str
    attended: int
    held: int
    approved: bool


@dataclass(frozen=True)
class Member:
    """One of the staff, under the name that is shown."""

    name: str
    organisation: str
    courses: tuple[Course, ...] = field(default=())
    certificates: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Summary:
    """Of the staff in some project: how many are in a course that is not over, and how many are certified."""

    people: int
    in_course: int
    certified: int


def summary(managed: Managed) -> Summary:
    """The figures of the manager's home. One question."""
    enrolled = exists().where(
        Enrolment.person_id == Person.id,
        Enrolment.state == "registered",
        Activity.id == Enrolment.run_id,
        _inside(managed, Activity.project_id),
        Session.activity_id == Enrolment.run_id,
        Session.ends_at > clock.now(),
    )
    certified = exists().where(
        Certificate.holder_id == Person.id,
        Project.dnr == Certificate.project_dnr,
        _inside(managed, Project.id),
        *_valid(),
    )
    query = select(
        func.count(), func.count().filter(enrolled), func.count().filter(certified)
    ).select_from(Person).where(_is_staff(managed))  # fmt: skip
    return Summary(*db.session.execute(query).one())


def members(managed: Managed, page: int = 1) -> list[Member]:
    """One page of the staff by shown name. Six questions, whatever the numbers."""
    query = (
        select(Person)
        .where(_is_staff(managed))
        .order_by(func.coalesce(Person.alias, Person.given_name + " " + Person.family_name), Person.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    people = db.session.scalars(query).all()
    ids = [person.id for person in people]
    courses, certificates = _courses(ids, managed), _certificates(ids, managed)
    return [
        Member(
            person.name,
            person.organisation.name if person.organisation else "",
            tuple(courses.get(person.id, ())),
            tuple(certificates.get(person.id, ())),
        )
        for person in people
    ]


def _is_staff(managed: Managed) -> ColumnElement[bool]:
    """Employed by one of the organisations and taking part in the project that the manager's role is in."""
    return exists().where(Participation.person_id == Person.id, _inside(managed, Participation.project_id))


def _inside(managed: Managed, project_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether something of a project concerns the manager: the project, and the employer of the person in it."""
    pairs = (
        and_(project_id == project, Person.organisation_id == organisation) for project, organisation in sorted(managed)
    )
    return or_(false(), *pairs)


def _valid() -> tuple[ColumnElement[bool], ...]:
    return NOT_REVOKED, NOT_REPLACED, not_expired(clock.today())


def _courses(ids: Sequence[int], managed: Managed) -> dict[int, list[Course]]:
    held, attended, approved = _held(ids), _attended(ids), _approved(ids)
    query = (
        select(Enrolment.person_id, Activity.id, Activity.title)
        .join(Activity, Activity.id == Enrolment.run_id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.person_id.in_(ids), Enrolment.state == "registered", Activity.cancelled_at.is_(None))
        .where(_inside(managed, Activity.project_id))
        .order_by(Enrolment.id)
    )
    found: dict[int, list[Course]] = {}
    for person_id, run_id, title in db.session.execute(query):
        key = (person_id, run_id)
        course = Course(title, attended.get(key, 0), held.get(run_id, 0), key in approved)
        found.setdefault(person_id, []).append(course)
    return found


def _held(ids: Sequence[int]) -> dict[int, int]:
    """Run id → sessions that are over."""
    mine = select(Enrolment.run_id).where(Enrolment.person_id.in_(ids))
    query = (
        select(Session.activity_id, func.count())
        .where(Session.activity_id.in_(mine), Session.ends_at <= clock.now())
        .group_by(Session.activity_id)
    )
    return {run_id: int(count) for run_id, count in db.session.execute(query)}


def _attended(ids: Sequence[int]) -> dict[tuple[int, int], int]:
    """(person id, run id) → sessions that are over and that she was at."""
    query = (
        select(AttendanceEntry.person_id, AttendanceEntry.activity_id, func.count())
        .join(Session, Session.id == AttendanceEntry.session_id)
        .where(
            AttendanceEntry.person_id.in_(ids),
            AttendanceEntry.session_id.is_not(None),
            AttendanceEntry.minutes > 0,
            Session.ends_at <= clock.now(),
            STANDS,
        )
        .group_by(AttendanceEntry.person_id, AttendanceEntry.activity_id)
    )
    return {(person_id, run_id): count for person_id, run_id, count in db.session.execute(query)}


def _approved(ids: Sequence[int]) -> set[tuple[int, int]]:
    query = (
        select(Submission.person_id, Submission.run_id)
        .join(Review, Review.submission_id == Submission.id)
        .where(Submission.person_id.in_(ids), Review.outcome == "approved")
    )
    return {(person_id, run_id) for person_id, run_id in db.session.execute(query)}


def _certificates(ids: Sequence[int], managed: Managed) -> dict[int, list[str]]:
    """Person id → levels with a certificate that is valid today."""
    query = (
        select(Certificate.holder_id, Certificate.level)
        .join(Person, Person.id == Certificate.holder_id)
        .join(Project, Project.dnr == Certificate.project_dnr)
        .where(Certificate.holder_id.in_(ids), _inside(managed, Project.id), *_valid())
        .distinct()
    )
    found: dict[int, list[str]] = {}
    for person_id, level in db.session.execute(query):
        found.setdefault(person_id, []).append(level)
    return found
