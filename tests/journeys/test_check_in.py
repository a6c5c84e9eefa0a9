"""A morning in the room: the code on the screen, phones of several people, one phone for two, and the signature."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from courses import attendance
from courses.activities import Session
from lms import clock
from lms.db import db
from tests import factories
from tests.journeys.serving import Site, serving
from tests.journeys.visitor import Visitor, visitors

NOW = datetime(2022, 10, 12, 8, 20, tzinfo=clock.STOCKHOLM)
TRAINER, ANNA, BO, CIA = (f"{name}@habo.example" for name in ("tove", "anna", "bo", "cia"))
Visit = Callable[..., Visitor]


@dataclass
class Room:
    """A session 08.30–12.30 with three people, and the minutes that stand in its sheet."""

    site: Site
    session: int = 0
    people: dict[str, int] = field(default_factory=dict)

    def at(self, wall: str, second: int = 0) -> None:
        hour, minute = map(int, wall.split("."))
        self.site.now = NOW.replace(hour=hour, minute=minute, second=second)

    def minutes(self) -> dict[str, int]:
        found: dict[int, int] = {}

        def look() -> None:
            session = db.session.get_one(Session, self.session)
            found.update({number: entry.minutes for number, entry in attendance.latest(session).items()})

        self.site.act(look)
        return {name: found[number] for name, number in self.people.items() if number in found}


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with serving(NOW) as site:
        made = Room(site)

        def prepare() -> None:
            project = factories.make_project()
            tove = factories.make_person("Tove Länsutbildare", email=TRAINER)
            trainer = factories.make_role("county_trainer", project, person=tove)
            run = factories.make_run(project, trainer, programme="smail-utbildare", first_day=clock.today())
            for name, email in (("Anna Ek", ANNA), ("Bo Ask", BO), ("Cia Al", CIA)):
                person = factories.make_participant(project, name, email=email)
                factories.make_enrolment(run, person)
                made.people[email] = person.id
            made.session = run.sessions[0].id

        site.act(prepare)
        yield made


@pytest.fixture
def visit(room: Room, chromium: Browser) -> Iterator[Visit]:
    yield from visitors(room.site, chromium)


def code_on(page: Page) -> str:
    """The code that stands on the screen now."""
    return page.locator(".code [aria-hidden]").text_content() or ""


def _new_code(page: Page, old: str) -> None:
    """Wait for the screen to show another one by itself."""
    expect(page.locator(".code [aria-hidden]")).not_to_have_text(old, timeout=25_000)


def press(visitor: Visitor, button: str, then: str) -> None:
    """Press the button, wait for the page that says this, and look at it."""
    visitor.page.get_by_role("button", name=button).first.click()
    expect(visitor.page.locator("main, footer").get_by_text(then).first).to_be_visible(timeout=15_000)
    visitor.look()


def scan(room: Room, page: Page, folder: Path) -> str:
    """What the camera of a phone reads from a picture of the screen."""
    page.set_viewport_size({"width": 1280, "height": 800})
    picture = folder / "screen.png"
    page.screenshot(path=picture)
    read = zxingcpp.read_barcode(Image.open(picture))
    assert read is not None
    assert read.text.startswith(f"{room.site.url}/in/{room.session}?c=")
    return str(read.text).removeprefix(room.site.url)


def test_a_morning_in_the_room(room: Room, visit: Visit, tmp_path: Path) -> None:
    screen = visit(TRAINER)
    screen.go(f"/sessions/{room.session}/attendance")
    screen.page.get_by_role("link", name="Visa kod för incheckning").click()
    expect(screen.page.get_by_label("Öppnar så många minuter")).to_be_visible()
    screen.fill("late_minutes", "en kvart")
    press(screen, "Visa koden", "1 uppgift behöver rättas")
    assert screen.page.locator("[aria-invalid]").input_value() == "en kvart"
    screen.fill("late_minutes", "15")
    press(screen, "Visa koden", "Checka in till")
    screen.sees("Checka in till", "0 av 3", "Ny kod om", "Medfinansieras av Europeiska unionen")

    phone = visit()
    room.at("08.21")
    expect(screen.page.locator(".code")).to_be_visible()
    phone.go(_fresh(room, screen, tmp_path))
    phone.sees("Vem är du?", "08.21")
    phone.fill("email", ANNA)
    press(phone, "Skicka en kod till mig", "Skriv koden")
    room.at("08.29")  # the mail took its time
    phone.fill("code", room.site.code_for(ANNA))
    press(phone, "Logga in", "Välkommen, Anna")
    _press_with_keys(phone)
    phone.sees("Du checkade in kl. 08.21", "Hela tillfället står på listan: 240 minuter")
    expect(screen.page.locator(".show-foot .big")).to_have_text("1 av 3", timeout=15_000)

    old = code_on(screen.page)
    room.at("08.55")
    _new_code(screen.page, old)
    other = visit(BO)
    other.go("/in")
    other.fill("code", "222222")
    press(other, "Fortsätt", "Det är inte koden på skärmen nu")
    other.fill("code", code_on(screen.page).lower())
    press(other, "Fortsätt", "Välkommen, Bo")
    press(other, "Checka in", "215 av 240 minuter")

    _one_phone_for_two(room, screen, other, tmp_path)
    _out_and_back(room, screen, other, tmp_path)
    _signed(room, visit)


def _fresh(room: Room, screen: Visitor, folder: Path) -> str:
    """The address on the screen after it has been loaded anew, as a camera reads it."""
    screen.go(f"/sessions/{room.session}/display")
    return scan(room, screen.page, folder)


def _press_with_keys(phone: Visitor) -> None:
    """From the top of the page to the button with Tab alone."""
    for _tab in range(20):
        phone.page.keyboard.press("Tab")
        if phone.page.evaluate("document.activeElement.textContent.trim()") == "Checka in":
            break
    phone.page.keyboard.press("Enter")
    expect(phone.page.get_by_text("Du checkade in")).to_be_visible()
    phone.look()


def _one_phone_for_two(room: Room, screen: Visitor, phone: Visitor, folder: Path) -> None:
    """Cia has no phone and borrows that of Bo: she gets in, and the trainer sees it."""
    screen.page.get_by_role("link", name="Stäng").click()
    expect(screen.page.get_by_role("heading", name="Inte här än")).to_be_visible()
    screen.sees("2 av 3", "Cia Al")
    device = next(cookie for cookie in phone.context.cookies() if cookie["name"].endswith("-device"))
    address = _fresh(room, screen, folder)
    phone.become(CIA)
    phone.context.add_cookies([device])
    screen.go(f"/sessions/{room.session}/arrivals")
    phone.go(address)
    press(phone, "Checka in", "Du checkade in")
    expect(screen.page.get_by_text("Samma mobil som Bo Ask")).to_be_visible(timeout=15_000)
    expect(screen.page.get_by_text("2 personer att titta på")).to_be_visible()
    screen.look()


def _out_and_back(room: Room, screen: Visitor, phone: Visitor, folder: Path) -> None:
    room.at("10.00")
    phone.become(BO)
    phone.go(f"/in/{room.session}")
    press(phone, "Checka ut nu", "Du checkade ut kl. 10.00")
    phone.sees("65 av 240 minuter")
    room.at("10.20")
    phone.go(_fresh(room, screen, folder))
    phone.sees("Är du tillbaka, Bo?")
    press(phone, "Checka in", "Du checkade in kl. 10.20")
    assert room.minutes() == {ANNA: 240, BO: 195, CIA: 215}
    screen.page.get_by_role("link", name="Pausa").click()
    expect(screen.page.get_by_text("Incheckningen är pausad")).to_be_visible()
    screen.look()
    screen.page.get_by_role("link", name="Stäng").click()
    expect(screen.page.get_by_text("Checkade ut kl. 10.00 och in igen kl. 10.20")).to_be_visible()


def _signed(room: Room, visit: Visit) -> None:
    """The trainer counts one more than the sheet, is told, and signs."""
    room.at("12.15")
    trainer = visit(TRAINER)
    trainer.go(f"/sessions/{room.session}/arrivals")
    trainer.fill("head_count", "4")
    press(trainer, "Jämför", "Du räknar 4 i rummet, och 3 på listan var där")
    trainer.go(f"/sessions/{room.session}/sign-off")
    assert trainer.page.locator("main [name=head_count]").input_value() == "4"
    press(trainer, "Signera närvaron", "Räknade i rummet: 4. Där enligt listan: 3.")
    trainer.go(f"/sessions/{room.session}/display")
    trainer.sees("Listan är signerad")


def test_a_screen_that_has_lost_the_server_hides_its_code(room: Room, visit: Visit) -> None:
    """A code that nobody renews is soon no good; it comes back with the network."""
    room.at("08.40")
    room.site.now += timedelta(days=7)
    screen = visit()
    screen.become(TRAINER)
    screen.page.clock.install()
    screen.go(f"/sessions/{room.session + 1}/check-in", look=False)
    screen.page.get_by_role("button", name="Visa koden").click()
    expect(screen.page.locator(".code")).to_be_visible()
    screen.context.set_offline(True)
    for _second in range(40):
        screen.page.clock.run_for(1000)
    expect(screen.page.get_by_text("Ingen kontakt med servern")).to_be_visible()
    expect(screen.page.locator(".code")).to_be_hidden()
    screen.context.set_offline(False)
    screen.page.clock.run_for(5000)
    expect(screen.page.locator(".code")).to_be_visible()
    expect(screen.page.get_by_text("Ingen kontakt med servern")).to_be_hidden()


def test_the_screen_without_a_script(room: Room, visit: Visit) -> None:
    """The code is there, the page loads itself anew, and a pause stops that."""
    room.at("08.40")
    room.site.now += timedelta(days=7)
    trainer = visit(java_script_enabled=False)
    trainer.become(TRAINER)
    session = room.session + 1
    trainer.go(f"/sessions/{session}/check-in", look=False)
    trainer.page.get_by_role("button", name="Visa koden").click()
    expect(trainer.page.locator(".code")).to_be_visible()
    assert trainer.page.locator("noscript meta[http-equiv=refresh], meta[http-equiv=refresh]").count() == 1
    first = code_on(trainer.page)
    room.site.now += timedelta(seconds=15)
    _new_code(trainer.page, first)
    trainer.page.get_by_role("link", name="Pausa").click()
    trainer.sees("Incheckningen är pausad")
    assert trainer.page.locator("meta[http-equiv=refresh]").count() == 0
    room.site.now = NOW
