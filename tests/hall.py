"""A prepared installation with a course held today, for tests with real processes."""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select

import config
from courses import enrolment, links, materials, programmes
from lms import clock, mail, plan, projects
from lms.app import create_app
from lms.db import db
from tests.factories import make_enrolment, make_participant, make_person, make_role, make_run
from tests.served import Browser, lms


@dataclass
class Hall:
    """An installation: `environment` starts its commands; people are addresses, courses are ids."""

    environment: dict[str, str]
    trainer: str = ""
    participant: str = ""
    people: list[int] = field(default_factory=list)
    sessions: list[int] = field(default_factory=list)
    run: int = 0
    invited: list[tuple[str, str]] = field(default_factory=list)
    """Address and invitation link of who has not answered yet."""


def furnish(environment: dict[str, str], *, sessions: int = 1, people: int = 12) -> Hall:
    """Prepare the database, and a run per session with its first meeting this morning."""
    done = lms(environment, "init")
    assert done.returncode == 0, done.stderr
    hall = Hall(environment)
    made = create_app(config.read(environment | {"LMS_SMTP_URL": ""}))
    with made.app_context():
        read = plan.shipped("smail")
        months = plan.months_to(date(2022, 10, 12), clock.today())
        project = projects.import_plan(plan.shift(read, months), by=None)
        tove = make_person("Tove Länsutbildare", email="tove@region.example")
        trainer = make_role("county_trainer", project, person=tove)
        there = [make_participant(project, email=f"deltagare{number}@habo.example") for number in range(people)]
        materials.publish(programmes.load(programmes.CONTENT / "smail-utbildare"))
        for _number in range(sessions):
            run = make_run(project, trainer, programme="smail-utbildare", first_day=clock.today(), capacity=20)
            for person in there:
                make_enrolment(run, person)
            hall.sessions.append(run.sessions[0].id)
            hall.run = run.id
        coming = make_run(project, trainer, programme="smail-utbildare", first_day=clock.today() + timedelta(days=30))
        coming.capacity = 16
        guests = [make_participant(project, email=f"bjuden{number}@habo.example") for number in range(3)]
        rows = enrolment.invite(coming, guests, by=trainer)
        hall.trainer, hall.participant = str(trainer.email), str(there[0].email)
        hall.people = [person.id for person in there]
        hall.invited = [(str(row.person.email), f"/invitation/{links.invitation_token(row)}") for row in rows]
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return hall


def code_for(hall: Hall, address: str) -> str:
    """The code of the newest mail to the address, read from the outbox."""
    made = create_app(config.read(hall.environment | {"LMS_SMTP_URL": ""}))
    with made.app_context():
        newest = select(mail.OutboxMail.text).where(mail.OutboxMail.recipient == address)
        text = db.session.scalars(newest.order_by(mail.OutboxMail.id.desc())).first() or ""
        db.session.remove()
        db.engine.dispose()
    return code_in(text)


def code_in(text: str) -> str:
    found = re.search(r"(?<!\d)(\d{3}) ?(\d{3})(?!\d)", text)
    assert found, text
    return found[1] + found[2]


def sign_in(hall: Hall, port: int, address: str) -> Browser:
    """Sign in over HTTP with the code from the outbox."""
    browser = Browser(port)
    browser.get("/sign-in")
    assert browser.post("/sign-in", email=address).status == 303
    browser.get("/sign-in/code")
    answer = browser.post("/sign-in/code", code=code_for(hall, address))
    assert answer.status == 303, answer.text
    return browser


def sheet(hall: Hall, browser: Browser, session: int, state: str = "whole") -> dict[str, object]:
    """What the browser sends of an attendance sheet on which everybody gets the same state."""
    page = browser.get(f"/sessions/{session}/attendance").text
    seen = dict(re.findall(r'name="(seen\d+)" value="(\d*)"', page))
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)
    assert nonce, page
    return {"nonce": nonce[1], "save": "1", **seen, **{f"state{number}": state for number in hall.people}}
