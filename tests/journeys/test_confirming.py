"""Two signatures in a real browser: object, correct, confirm; one tap after the session; a mail with a code."""

import re
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from sqlalchemy import select

from courses import attendance, hours
from courses.activities import Session
from courses.attendance import HoursSignature, Mark
from courses.enrolment import Enrolment
from lms import clock, people
from lms.db import db
from lms.demo.personas import PARTICIPANT, PROJECT_LEADER, TRAINER
from lms.mail import OutboxMail
from lms.people import Person
from lms.projects import Project
from tests.journeys.serving import Site
from tests.journeys.visitor import Visitor

SEPTEMBER = date(2022, 9, 1)


@pytest.fixture
def later(demo_site: Site) -> Iterator[Site]:
    """The demo on its day; what a test moves of the time is put back."""
    before = demo_site.now
    yield demo_site
    demo_site.now = before


def sessions_of(site: Site, email: str) -> list[int]:
    """The sessions of the course the person is in, first to last."""
    found: list[int] = []

    def look() -> None:
        person = people.find_person(email=email)
        assert person is not None
        query = (
            select(Session.id)
            .join(Enrolment, Enrolment.run_id == Session.activity_id)
            .where(Enrolment.person_id == person.id)
            .order_by(Session.starts_at)
        )
        found.extend(db.session.scalars(query))

    site.act(look)
    return found


def signatures(site: Site, email: str) -> list[str]:
    """The ways in which the person has signed, in order."""
    found: list[str] = []

    def look() -> None:
        query = select(HoursSignature.way).join(Person, Person.id == HoursSignature.person_id)
        found.extend(db.session.scalars(query.where(Person.email == email).order_by(HoursSignature.id)))

    site.act(look)
    return found


def test_object_correct_confirm_and_one_tap(later: Site, demo_visit: Callable[..., Visitor]) -> None:
    person, trainer = demo_visit(), demo_visit()
    first, second = sessions_of(later, PARTICIPANT)[-2:]
    before = signatures(later, PARTICIPANT)

    # The participant means another time than the sheet.
    person.become(PARTICIPANT)
    person.go("/")
    person.sees("Bekräfta dina timmar i september 2022")
    person.go("/hours")
    person.page.get_by_role("link", name="Tiden stämmer inte").first.click()
    person.page.wait_for_load_state()
    person.look()
    person.press("Säg det till min utbildare")
    assert person.page.locator("[aria-invalid=true]").count()
    person.fill("left", "11.30")
    person.fill("comment", "Jag gick till bussen.")
    person.press("Säg det till min utbildare")
    person.sees("Du menar 3 h", "Jag gick till bussen.")

    # The trainer compares and corrects; the participant sees why, and signs the new time.
    trainer.become(TRAINER)
    trainer.go("/")
    trainer.page.locator("main a[href*='/objections/']").last.click()
    trainer.page.wait_for_load_state()
    trainer.look()
    trainer.go(f"/sessions/{first}/correction", look=False)
    name = _name(later, PARTICIPANT)
    row = trainer.page.locator("main tr", has_text=name)
    row.locator("input[value=part] + label").click()
    row.locator("input[name^=left]").fill("11.30")
    trainer.fill("reason", "Gick 11.30 till bussen.")
    trainer.send("button[name=correct]", look=False)
    person.go("/hours")
    person.sees("Rättad av", "den var 4 h, nu är den 3 h", "Gick 11.30 till bussen.")
    person.press("Bekräfta min närvaro")
    person.sees("Dina timmar är bekräftade: 3 h", "Bekräftad", "inloggad")

    # Half an hour before the end of today's session the sheet is filled in; one tap on the home does the rest.
    later.now = later.now.replace(hour=12, minute=10)
    later.act(lambda: _attended(second))
    person.become(PARTICIPANT)
    person.go("/")
    person.sees("Bekräfta att du var med i dag", "4 h")
    button = person.page.get_by_role("button", name="Bekräfta min närvaro")
    button.focus()
    with person.page.expect_navigation():
        person.page.keyboard.press("Enter")
    person.sees("Dina timmar är bekräftade: 4 h")
    assert signatures(later, PARTICIPANT)[len(before) :] == ["signed_in", "signed_in"]


def test_reminded_and_confirmed_with_a_code(later: Site, demo_visit: Callable[..., Visitor]) -> None:
    leader, stranger = demo_visit(), demo_visit()
    leader.become(PROJECT_LEADER)
    leader.go("/projects/1/months/2022-09/confirmations")
    email = _forgetful(later)
    leader.press("Påminn alla")
    body = _letter(later, email).text
    assert "minuter)" in body
    found = re.search(r"/hours/mail/\S+", body)
    assert found

    stranger.go(found.group())
    stranger.sees("Bekräfta dina timmar i september 2022")
    stranger.press("Skicka en kod till mig")
    stranger.fill("code", "000000")
    stranger.press("Bekräfta min närvaro")
    stranger.sees("Det är inte koden i mejlet")
    code = re.search(r"\b\d{6}\b", _letter(later, email).subject)
    assert code
    stranger.fill("code", code.group())
    stranger.press("Bekräfta min närvaro")
    stranger.sees("Dina timmar är bekräftade", "Inget väntar på dig i september 2022")
    stranger.go("/hours", look=False)
    assert "/sign-in" in stranger.page.url, "the code confirms hours and signs nobody in"
    assert signatures(later, email)[-1] == "code"

    # Somebody else who is signed in sees no hours there; without scripts the page works as well.
    stranger.become(TRAINER)
    stranger.go(found.group())
    stranger.sees("De här timmarna är någon annans")
    plain = demo_visit(java_script_enabled=False)
    plain.become(PARTICIPANT)
    plain.go("/hours", look=False)
    plain.sees("Mina timmar")


def _attended(session_id: int) -> None:
    """The trainer's sheet: everybody was there."""
    session, trainer = db.session.get_one(Session, session_id), people.find_person(email=TRAINER)
    assert trainer is not None
    marks = [Mark(person.id, "whole") for person in attendance.on_sheet(session)]
    attendance.record(session, marks, by=trainer, nonce="journey-hours")


def _letter(site: Site, email: str) -> OutboxMail:
    """The newest mail to the address; the demo has more in its outbox than one round of the worker sends."""
    found: list[OutboxMail] = []

    def look() -> None:
        query = select(OutboxMail).where(OutboxMail.recipient == email).order_by(OutboxMail.id.desc()).limit(1)
        found.append(db.session.scalars(query).one())
        db.session.expunge(found[0])

    site.act(look)
    return found[0]


def _name(site: Site, email: str) -> str:
    found: list[str] = []

    def look() -> None:
        person = people.find_person(email=email)
        assert person is not None
        found.append(person.name)

    site.act(look)
    return found[0]


def _forgetful(site: Site) -> str:
    """Somebody whose hours of September wait."""
    found: list[str] = []

    def look() -> None:
        project = db.session.get_one(Project, 1)
        waiting = [row for row in hours.missing(project, SEPTEMBER) if row.lines and row.has_address]
        person = db.session.get_one(Person, waiting[0].person_id)
        assert clock.today().month == 10
        found.append(person.email or "")

    site.act(look)
    return found[0]
