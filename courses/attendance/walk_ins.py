"""Walk-ins: somebody stands in the room and not on the sheet; known people are found, new ones added once."""

from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from courses import enrolment
from courses.activities import Expected, Session
from courses.attendance.questions import by_name, on_sheet
from courses.attendance.signing import locked
from courses.runs import Run
from lms import audit, projects
from lms.db import db
from lms.organisations import Organisation
from lms.people import Person, Role, add_person, find_person, normal_email
from lms.projects import Participation, Project
from lms.refusals import Refused


def candidates(session: Session, words: str) -> list[Person]:
    """At most 20 people of the project by name or whole e-mail; protected ones only by their e-mail."""
    project_id, words = session.activity.project_id, words[:254]
    wanted = " ".join(words.lower().split())
    if len(wanted) < 2:
        return []
    name = Person.given_name + " " + Person.family_name
    known = or_(
        Person.id.in_(select(Participation.person_id).where(Participation.project_id == project_id)),
        Person.id.in_(select(Role.person_id).where(Role.project_id == project_id)),
    )
    named = or_(
        name.contains(wanted.title(), autoescape=True),  # SQLite knows no capital å, ä, ö.
        name.contains(" ".join(words.split()), autoescape=True),
        func.lower(name).contains(wanted, autoescape=True),
    )
    matches = or_(Person.email == normal_email(words), Person.protected.is_(False) & named)
    return by_name(db.session.scalars(select(Person).where(known, matches).order_by(Person.id).limit(20)).unique())


def add_to_sheet(session: Session, person: Person, *, by: Person) -> None:
    """Put a person on the sheet; twice is once. In a run it is a walk-in (a place), in a meeting somebody expected.

    Raises Refused: what `courses.enrolment.walk_in` refuses.
    """
    if isinstance(session.activity, Run):
        enrolment.lock(session.activity)  # before the sheet, as who moves people does
    locked(session)
    if any(other.id == person.id for other in on_sheet(session)):
        return
    if isinstance(session.activity, Run):
        enrolment.walk_in(session.activity, person, by=by)
    else:
        db.session.add(Expected(activity_id=session.activity_id, person_id=person.id))
        db.session.flush()
        audit.record("meeting.called_person", session.activity, by=by, details={"person": person.id})


def add_new(
    session: Session,
    given_name: str,
    family_name: str,
    *,
    email: str | None,
    organisation: Organisation | None,
    by: Person,
) -> Person:
    """Put somebody new on the sheet: a person, her part in the project and her place in one act.

    Who already has the address is that person, never a second one. Raises Refused: `name`.
    """
    project = db.session.get_one(Project, session.activity.project_id)
    person = find_person(email=email)
    if person is None:
        if not given_name.strip() or not family_name.strip():
            raise Refused(_("Write both given name and family name."), "name")
        person = _same_name(given_name, family_name, email, organisation, project) or add_person(
            given_name, family_name, email=email, organisation=organisation, by=by
        )
    projects.join_project(person, project, by=by)
    add_to_sheet(session, person, by=by)
    return person


def _same_name(
    given: str, family: str, email: str | None, organisation: Organisation | None, project: Project
) -> Person | None:
    """The one participant of the project with this name and employer: pressing twice makes nobody twice.

    Another address means another person.
    """
    found = db.session.scalars(
        select(Person)
        .join(Participation, Participation.person_id == Person.id)
        .where(
            Participation.project_id == project.id,
            Person.given_name == given.strip(),
            Person.family_name == family.strip(),
            Person.organisation_id == (organisation.id if organisation else None),
            Person.protected.is_(False),
        )
        .limit(2)
    ).all()
    alone = found[0] if len(found) == 1 else None
    return None if alone and email and alone.email else alone
