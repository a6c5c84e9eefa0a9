"""Small true things for tests: each function makes one row the way the product makes it, with sensible defaults."""

from dataclasses import replace
from datetime import date, time, timedelta
from functools import cache
from itertools import count

from courses import materials, programmes
from courses.activities import Session
from courses.enrolment import Enrolment
from courses.runs import Run, RunTrainer
from lms import clock, people, plan, projects
from lms.db import db
from lms.organisations import Organisation, add_organisation
from lms.people import Person
from lms.projects import Project

_numbers = count(1)
_shipped = cache(plan.shipped)
_programme = cache(programmes.load)


def make_project(*, like: str = "smail", dnr: str | None = None) -> Project:
    """A project from a shipped plan, 2022-01-01 to 2023-04-30 for SMAIL; its 8 municipalities come with it."""
    read = _shipped(like)
    if dnr:
        read = replace(read, dnr=dnr)
    return projects.import_plan(read, by=None)


def make_person(
    name: str = "", *, organisation: str | Organisation = "Håbo", email: str | None = "", **values: object
) -> Person:
    """A person with an own address; `values` are columns of Person such as gender or protected and alias."""
    number = next(_numbers)
    given, _space, family = (name or f"Person Nummer{number}").partition(" ")
    employer = add_organisation(organisation) if isinstance(organisation, str) else organisation
    person = people.add_person(
        given,
        family,
        email=f"person{number}@habo.example" if email == "" else email,
        organisation=employer,
        by=None,
    )
    for key, value in values.items():
        setattr(person, key, value)
    db.session.flush()
    return person


def make_role(name: str, project: Project | None = None, *, person: Person | None = None, **scope: object) -> Person:
    """A person with the role; managers get organisation=… (default the person's own)."""
    person = person or make_person()
    organisation_id = person.organisation_id if name == "manager" else None
    people.give_role(
        person,
        name,
        project_id=project.id if project else None,
        organisation_id=organisation_id,
        by=None,
        **scope,  # type: ignore[arg-type]
    )
    return person


def make_participant(project: Project, name: str = "", *, esf: bool = True, **values: object) -> Person:
    """A person who takes part in the project."""
    person = make_person(name, **values)  # type: ignore[arg-type]
    projects.join_project(person, project, since=project.starts, esf=esf, by=None)
    return person


def make_run(
    project: Project,
    *trainers: Person,
    programme: str = "smail-anvandare",
    first_day: date | None = None,
    capacity: int = 16,
    organisation: str = "Håbo",
) -> Run:
    """A run with two sessions of 4 hours a week apart at 08.30, written straight into the tables (no gate)."""
    material = materials.publish(_programme(programmes.CONTENT / programme))
    day = first_day or clock.today() + timedelta(days=14)
    creator = trainers[0] if trainers else make_person()
    run = Run(
        project=project,
        organisation=add_organisation(organisation),
        title=f"{programmes.text(programmes.from_document(material.document).title, 'sv')} {organisation}",
        created_by=creator,
        created_at=clock.now(),
        material=material,
        capacity=capacity,
        register_by=day - timedelta(days=3),
        revision=1,
        sequence=0,
        sessions=[
            Session(
                number=number,
                starts_at=clock.at(day + timedelta(days=7 * (number - 1)), time(8, 30)),
                ends_at=clock.at(day + timedelta(days=7 * (number - 1)), time(12, 30)),
                mode=mode,
                place="Kommunhuset" if mode == "physical" else "",
                link="https://mote.example/rum" if mode == "digital" else "",
            )
            for number, mode in ((1, "physical"), (2, "digital"))
        ],
    )
    db.session.add(run)
    db.session.flush()
    for trainer in trainers:
        db.session.add(RunTrainer(run_id=run.id, person_id=trainer.id))
    db.session.flush()
    return run


def make_enrolment(run: Run, person: Person, state: str = "registered", **values: object) -> Enrolment:
    """The person in the run, straight into the table."""
    enrolment = Enrolment(
        run=run, person=person, state=state, queued_at=clock.now(), changed_at=clock.now(), walk_in=False, **values
    )
    enrolment.adaptations = enrolment.adaptations or ""
    db.session.add(enrolment)
    db.session.flush()
    return enrolment
