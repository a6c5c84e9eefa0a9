"""A room with a course day behind a cable, and devices in it; for the journeys without network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from courses import attendance
from courses.activities import Session
from courses.attendance import AttendanceEntry
from courses.runs import RunTrainer
from lms import clock
from lms.db import db
from lms.people import Person
from lms.projects import Project
from tests import factories
from tests.journeys.cable import Cable
from tests.journeys.serving import Site, serving
from tests.journeys.visitor import Visitor, visitors

NOW = datetime(2022, 10, 12, 12, 5, tzinfo=clock.STOCKHOLM)
SAVED, OFFLINE = "Allt är sparat.", "Du är offline."


@dataclass
class Room:
    """A course day with three people and two trainers, behind a cable."""

    site: Site
    cable: Cable
    session: int
    trainer: str
    other: str
    people: list[int]

    @property
    def path(self) -> str:
        return f"/sessions/{self.session}/attendance"

    def act(self, what: Callable[[Session, Person], object], by: str = "") -> None:
        def inside() -> None:
            person = db.session.scalars(select(Person).where(Person.email == (by or self.trainer))).unique().one()
            what(db.session.get_one(Session, self.session), person)

        self.site.act(inside)

    def entries(self) -> list[AttendanceEntry]:
        found: list[AttendanceEntry] = []

        def look(session: Session, _by: Person) -> None:
            found.extend(attendance.entries_of(session))
            for entry in found:
                db.session.expunge(entry)

        self.act(look)
        return found

    def states(self) -> list[str]:
        """What counts for the three people, «–» where there is no answer."""
        now = {entry.person_id: attendance.state_of(entry) for entry in self.entries()}
        return [now.get(person, "–") for person in self.people]


@pytest.fixture(scope="module")
def wired() -> Iterator[tuple[Site, Cable]]:
    with serving(NOW) as site:
        cable = Cable(int(site.url.rsplit(":", 1)[1]))
        site.url = cable.url
        yield site, cable
        cable.cut()


@pytest.fixture
def room(wired: tuple[Site, Cable]) -> Iterator[Room]:
    site, cable = wired
    made: dict[str, Any] = {}

    def prepare() -> None:
        project = db.session.scalars(select(Project)).first() or factories.make_project()
        trainer, other = (factories.make_role("county_trainer", project) for _each in range(2))
        run = factories.make_run(project, trainer, programme="smail-utbildare", first_day=clock.today())
        db.session.add(RunTrainer(run_id=run.id, person_id=other.id))
        there = [factories.make_participant(project) for _number in range(3)]
        for person in there:
            factories.make_enrolment(run, person)
        made.update(
            session=run.sessions[0].id, trainer=trainer.email, other=other.email, people=[one.id for one in there]
        )

    site.now = NOW
    site.act(prepare)
    yield Room(site, cable, **made)
    cable.losing, cable.lost, cable.delay = False, 0, 0.0
    if cable._listener is None:
        cable.mend()


@pytest.fixture
def tablet(room: Room, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """tablet(email) is a device on which that person has signed in."""
    for make in visitors(room.site, chromium):

        def signed_in(email: str, make: Callable[..., Visitor] = make) -> Visitor:
            return on_a_bad_line(make(), email)

        yield signed_in


def on_a_bad_line(visitor: Visitor, email: str) -> Visitor:
    """Signed in; that a connection failed is told on the console and is no trouble here."""

    def heard(kind: str, text: str) -> None:
        if "net::ERR" not in text:
            Visitor._heard(visitor, kind, text)

    visitor._heard = heard  # type: ignore[method-assign]
    visitor.become(email)
    return visitor


def says(page: Page, *words: str) -> None:
    for word in words:
        expect(page.locator("#sheet-state")).to_contain_text(word, timeout=15_000)


def opened(tablet: Visitor, room: Room) -> Page:
    """The sheet, opened with network and kept."""
    tablet.page.goto(room.site.url + room.path)
    says(tablet.page, "Listan fungerar utan nät.")
    return tablet.page


def mark(page: Page, person: int, state: str) -> None:
    page.locator(f'label[for="state{person}-{state}"]').click()


def chosen(page: Page, person: int, state: str) -> None:
    expect(page.locator(f"#state{person}-{state}")).to_be_checked()


def save(page: Page) -> None:
    page.locator(".signbar-acts button[name=save]").click()


def quiet(tablet: Visitor) -> None:
    """Nothing else than failed connections was told on the console."""
    assert tablet.trouble == []


def inspect(tablet: Visitor) -> None:
    """Look at the page in this very state."""
    tablet.page.mouse.move(0, 0)
    tablet.page.wait_for_timeout(300)  # colours that fade have two
    tablet.site.looked_at.clear()
    tablet.look()
