"""What is measured: a course of thirty people, sheets to save, and a month of many people, written into the tables.

Run as `python -m benchmarks.data {small|large}` on the instance of the environment; prints one JSON document with
addresses and the cookies of people who are signed in. Everybody in it is made up.
"""

import json
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import count, islice

from flask import current_app
from sqlalchemy import insert, select

from benchmarks import strings
from certificates.register import Certificate
from courses import materials, programmes
from courses.activities import Session
from courses.attendance import AttendanceEntry, SignOff, hash_of
from courses.attendance.chain import append
from courses.enrolment import Enrolment
from courses.runs import Run, RunTrainer
from lms import accounts, clock, people, plan, projects
from lms.app import create_app
from lms.db import db
from lms.demo import personas
from lms.organisations import Organisation
from lms.people import Person
from lms.projects import Participation, Project

GROUP = 30
SHEETS = 32
IN_A_RUN = 16
MONTHS = {"small": 159, "large": 10_000}
_numbers = count(1)


@dataclass(frozen=True)
class Group:
    """A project with its leader, a trainer and the organisations that take part."""

    project: Project
    leader: Person
    trainer: Person
    organisations: Sequence[Organisation]


def build(size: str) -> dict[str, object]:
    """Everything of one size; answers with addresses and cookies."""
    group = make_group(MONTHS[size])
    found: dict[str, object] = {"cookies": {"leader": make_cookie(group.leader), "trainer": make_cookie(group.trainer)}}
    found |= {"month": _month(group, MONTHS[size])}
    if size == "large":
        everybody = make_people(strings.TRAINERS + strings.USERS, group.organisations)
        found |= {"cascade": strings.hang(group.project, group.leader, everybody)}
        newest = select(Certificate.code).order_by(Certificate.id.desc()).limit(2000)
        found |= {"codes": [f"/v/{code}" for code in db.session.scalars(newest)]}
    if size == "small":
        found |= _course(group)
        found |= _demo()
    db.session.commit()
    return found


def make_group(number: int) -> Group:
    """SMAIL under another name, as if it were in the middle of its period today."""
    shipped = plan.shipped("smail")
    moved = plan.shift(shipped, plan.months_to(plan.point(shipped.phase("users"), 60), clock.today()))
    project = projects.import_plan(replace(moved, dnr=f"2000/{number:05}", title=f"Mätning {number}"), by=None)
    organisations = [member.organisation for member in project.members]
    leader, trainer = make_people(2, organisations)
    for person, role in ((leader, "project_leader"), (trainer, "trainer")):
        people.give_role(person, role, project_id=project.id, by=None)
    return Group(project, leader, trainer, organisations)


def make_people(number: int, organisations: Sequence[Organisation]) -> list[Person]:
    """So many people, spread over the organisations."""
    rows = [
        {
            "given_name": "Person",
            "family_name": f"Nummer{each}",
            "email": f"person{each}.{secrets.token_hex(3)}@matning.example",
            "gender": "unknown",
            "organisation_id": organisations[each % len(organisations)].id,
        }
        for each in islice(_numbers, number)
    ]
    made = db.session.scalars(insert(Person).returning(Person.id), rows).all()
    found: list[Person] = []
    for start in range(0, len(made), 500):
        found += db.session.scalars(select(Person).where(Person.id.in_(made[start : start + 500]))).unique()
    return found


def join(group: Group, joining: Sequence[Person]) -> None:
    rows = [
        {
            "person_id": person.id,
            "project_id": group.project.id,
            "organisation_id": person.organisation_id,
            "esf": True,
            "since": group.project.starts,
        }
        for person in joining
    ]
    db.session.execute(insert(Participation), rows)


def make_run(group: Group, organisation: Organisation, starts: Sequence[datetime], enrolled: Sequence[Person]) -> Run:
    """A run of the course for users with sessions of four hours, and everybody registered."""
    material = materials.publish(programmes.load(programmes.CONTENT / "smail-anvandare"))
    run = Run(
        project=group.project,
        organisation=organisation,
        title=f"SMAIL för användare, {organisation.name}",
        created_by=group.leader,
        created_at=clock.now(),
        material=material,
        capacity=GROUP,
        register_by=None,
        revision=1,
        sequence=0,
        sessions=[
            Session(number=number, starts_at=begin, ends_at=begin + timedelta(hours=4), mode="physical", place="Sal 1")
            for number, begin in enumerate(starts, 1)
        ],
    )
    db.session.add(run)
    db.session.flush()
    db.session.add(RunTrainer(run_id=run.id, person_id=group.trainer.id))
    rows = [{"run_id": run.id, "person_id": person.id, "state": "registered"} for person in enrolled]
    db.session.execute(insert(Enrolment), rows)
    return run


# --- a course and its sheets --------------------------------------------------------------------------------


def _course(group: Group) -> dict[str, object]:
    """A run today whose sheet is filled in, and more of the same whose sheets are saved again and again."""
    everybody = make_people(GROUP, group.organisations)
    join(group, everybody)
    today = clock.at(clock.today(), time(8, 30))
    runs = [make_run(group, group.organisations[0], [today], everybody) for _each in range(SHEETS + 1)]
    for run in runs:
        fill(group, run.sessions[0], everybody)
    return {
        "run": f"/runs/{runs[0].id}",
        "sheet": f"/sessions/{runs[0].sessions[0].id}/attendance",
        "sheets": [f"/sessions/{run.sessions[0].id}/attendance" for run in runs[1:]],
    }


def fill(group: Group, session: Session, present: Sequence[Person]) -> list[AttendanceEntry]:
    """Everybody was there the whole time."""
    rows = [
        {
            "project_id": group.project.id,
            "person_id": person.id,
            "organisation_id": person.organisation_id,
            "activity_id": session.activity_id,
            "session_id": session.id,
            "kind": "session",
            "day": clock.local(session.starts_at).date(),
            "minutes": session.minutes,
            "method": "sheet",
            "recorded_by_id": group.trainer.id,
            "happened_at": session.starts_at,
            "recorded_at": session.ends_at,
            "nonce": secrets.token_urlsafe(16),
            "reason": "",
        }
        for person in present
    ]
    return append(rows)


# --- a month ------------------------------------------------------------------------------------------------


def _month(group: Group, number: int) -> str:
    """The month before this one: everybody took a course of two sessions; one sheet in fifty is not signed."""
    first = (clock.today().replace(day=1) - timedelta(days=1)).replace(day=1)
    everybody = make_people(number, group.organisations)
    join(group, everybody)
    for place, start in enumerate(range(0, number, IN_A_RUN)):
        enrolled = everybody[start : start + IN_A_RUN]
        organisation = group.organisations[place % len(group.organisations)]
        run = make_run(group, organisation, [clock.at(day, time(8, 30)) for day in _days(first, place)], enrolled)
        for session in run.sessions:
            entries = fill(group, session, enrolled)
            if place % 25 != 0 or session.number == 1:
                sign(session, entries, group.trainer)
        db.session.flush()
        if place % 50 == 0:
            db.session.commit()
    return f"/projects/{group.project.id}/months/{first:%Y-%m}"


def _days(first: date, place: int) -> tuple[date, date]:
    return first + timedelta(days=place % 13), first + timedelta(days=place % 13 + 14)


def sign(session: Session, entries: Sequence[AttendanceEntry], trainer: Person) -> None:
    """The sheet signed an hour after its session, over these entries."""
    db.session.add(
        SignOff(
            session_id=session.id,
            by_id=trainer.id,
            at=session.ends_at + timedelta(hours=1),
            entries_hash=hash_of(entries),
            people=len(entries),
            minutes=sum(entry.minutes for entry in entries),
            roster=[_line(entry) for entry in entries],
        )
    )


def _line(entry: AttendanceEntry) -> dict[str, object]:
    """Somebody on a signed sheet, as the product keeps it."""
    return {
        "person": entry.person_id,
        "name": f"Person Nummer{entry.person_id}",
        "organisation": "",
        "entry": entry.id,
        "state": "whole",
        "minutes": entry.minutes,
    }


# --- the demo, and who is signed in -------------------------------------------------------------------------


def _demo() -> dict[str, object]:
    """Certificates of the demo, and three of its people as they begin their day."""
    issued = select(Certificate).where(Certificate.level == "user", Certificate.issuer_certificate_id.is_not(None))
    certificates = db.session.scalars(issued.order_by(Certificate.id.desc()).limit(50)).all()
    who = {
        "participant": personas.PARTICIPANT,
        "trainer": personas.TRAINER,
        "leader": personas.PROJECT_LEADER,
    }
    homes = {name: make_cookie(_persona(email)) for name, email in who.items()}
    return {
        "homes": homes,
        "codes": [f"/v/{each.code}" for each in certificates],
        "pdfs": [f"/certificates/{each.id}.pdf" for each in certificates],
    }


def _persona(email: str) -> Person:
    return db.session.scalars(select(Person).where(Person.email == email)).one()


def make_cookie(person: Person) -> str:
    """The cookie of a browser in which the person has signed in and seen a page."""
    values = {"_user_id": accounts.start_session(person), "_fresh": True, "csrf_token": secrets.token_hex(20)}
    serializer = current_app.session_interface.get_signing_serializer(current_app)  # type: ignore[attr-defined]
    return f"{current_app.config['SESSION_COOKIE_NAME']}={serializer.dumps(values)}"


if __name__ == "__main__":
    app = create_app()
    with app.app_context():
        print(json.dumps(build(sys.argv[1])))
