"""No network in the room: the cable is cut at every step, the browser is killed, others come first. Nothing is lost."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect
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
from tests.courses.sheets import absent, whole
from tests.journeys.cable import Cable
from tests.journeys.conftest import CHROMIUM, Site, Visitor, _serving, _visitors

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
    with _serving(NOW) as site:
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
    cable.losing, cable.delay = False, 0.0
    if cable._listener is None:
        cable.mend()


@pytest.fixture
def tablet(room: Room, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """tablet(email) is a device on which that person has signed in."""
    for make in _visitors(room.site, chromium):

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
    says(tablet.page, "Bladet fungerar utan nät.")
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


def test_with_network_saving_stays_on_the_page_and_says_so(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    inspect(device)
    mark(page, room.people[0], "whole")
    says(page, "Ett svar är inte sparat än.")
    save(page)
    says(page, SAVED)
    assert room.states() == ["whole", "–", "–"]
    assert [entry.method for entry in room.entries()] == ["sheet"]
    inspect(device)


def test_cut_before_opening_says_what_is_missing_and_finds_the_other_sheets(room, tablet):
    device = tablet(room.trainer)
    opened(device, room)
    room.cable.cut()
    device.page.goto(room.site.url + "/sessions/999999/attendance")
    device.sees("Du är offline", "Blad som fungerar utan nät på den här enheten")
    inspect(device)
    device.page.get_by_role("link", name="Närvaro 12 okt.").click()
    says(device.page, OFFLINE)
    quiet(device)


def test_cut_while_marking_and_at_save_the_answers_wait_and_go_once(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    mark(page, room.people[0], "whole")
    room.cable.cut()
    mark(page, room.people[1], "absent")
    save(page)
    says(page, "Du är offline. 2 svar väntar på den här enheten.")
    mark(page, room.people[2], "part")
    page.locator(f"#came{room.people[2]}").fill("9.00")
    save(page)
    says(page, "3 svar väntar")
    inspect(device)
    room.cable.mend()
    says(page, SAVED)
    assert room.states() == ["whole", "absent", "part"]
    entries = room.entries()
    assert len(entries) == 3
    assert {entry.method for entry in entries} == {"offline"}
    assert all(abs(entry.happened_at - NOW) < timedelta(minutes=5) for entry in entries)
    quiet(device)


def test_an_answer_lost_on_its_way_back_is_asked_for_again_and_written_once(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    room.cable.losing = True
    for person in room.people:
        mark(page, person, "whole")
    save(page)
    says(page, "3 svar väntar")
    deadline = time.monotonic() + 15
    while room.cable.lost < 2 and time.monotonic() < deadline:
        page.wait_for_timeout(200)
    assert room.cable.lost >= 2  # the retry was lost as well
    assert room.states() == ["whole"] * 3
    room.cable.losing = False
    says(page, SAVED)
    assert len(room.entries()) == 3
    quiet(device)


def test_cut_at_reload_the_sheet_opens_with_what_waits_and_what_was_not_saved(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    mark(page, room.people[0], "whole")
    save(page)
    says(page, SAVED)
    room.cable.cut()
    mark(page, room.people[1], "absent")
    save(page)
    says(page, "Ett svar väntar")
    mark(page, room.people[2], "part")
    page.locator(f"#came{room.people[2]}").fill("10.15")
    says(page, "Ett svar är inte sparat än.")
    page.reload()
    says(page, "Du är offline. Ett svar väntar på den här enheten.", "Ett svar är inte sparat än.")
    for person, state in zip(room.people, ("whole", "absent", "part"), strict=True):
        chosen(page, person, state)
    expect(page.locator(f"#came{room.people[2]}")).to_have_value("10.15")
    room.cable.mend()
    expect(page.locator("#sheet-state")).not_to_contain_text("väntar", timeout=20_000)
    save(page)
    says(page, SAVED)
    assert room.states() == ["whole", "absent", "part"]
    assert len(room.entries()) == 3
    quiet(device)


def test_saving_twice_while_away_is_two_entries_in_order_and_no_conflict(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    room.cable.cut()
    mark(page, room.people[0], "whole")
    save(page)
    says(page, "Ett svar väntar")
    mark(page, room.people[0], "absent")
    save(page)
    says(page, "Ett svar väntar")
    room.cable.mend()
    says(page, SAVED)
    assert [attendance.state_of(entry) for entry in room.entries()] == ["whole", "absent"]
    quiet(device)


def test_the_browser_that_believes_it_is_offline_says_so_at_once(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    device.context.set_offline(True)
    says(page, OFFLINE)
    mark(page, room.people[0], "whole")
    save(page)
    says(page, "Ett svar väntar")
    page.locator(".signbar-acts button[name=sign]").click()
    says(page, "För att signera behövs nät.")
    assert room.entries() == []
    device.context.set_offline(False)
    says(page, SAVED)
    assert room.states() == ["whole", "–", "–"]
    page.locator(".signbar-acts button[name=save]").focus()
    page.keyboard.press("Enter")
    says(page, SAVED)
    quiet(device)


def test_two_tablets_show_both_values_and_let_choose(room, tablet):
    mine, theirs = tablet(room.trainer), tablet(room.other)
    page = opened(mine, room)
    room.cable.cut()
    mark(page, room.people[0], "absent")
    mark(page, room.people[1], "absent")
    mark(page, room.people[2], "whole")
    save(page)
    says(page, "3 svar väntar")
    first, second = room.people[:2]
    room.act(
        lambda session, by: attendance.record(
            session,
            [whole(db.session.get_one(Person, first)), whole(db.session.get_one(Person, second))],
            by=by,
            nonce=f"their-tablet-{session.id}",
        ),
        by=room.other,
    )
    room.cable.mend()
    says(page, "Någon annan skrev 2 rader före dig. Välj vad som är rätt.")
    assert room.states() == ["whole", "whole", "whole"]
    note = page.locator(f"#note{first}")
    expect(note).to_contain_text("kl. 12.05: Hela tiden")
    expect(note).to_contain_text("Ditt svar: Frånvarande")
    chosen(page, first, "absent")
    inspect(mine)
    page.reload()
    says(page, "Någon annan skrev 2 rader före dig.")
    expect(page.locator(f"#note{first}")).to_contain_text("Ditt svar: Frånvarande")
    chosen(page, first, "absent")
    page.locator("tr", has=page.locator(f"#note{first}")).get_by_role("button", name="Behåll").click()
    chosen(page, first, "whole")
    page.locator("tr", has=page.locator(f"#note{second}")).get_by_role("button", name="Spara mitt").click()
    says(page, SAVED)
    assert room.states() == ["whole", "absent", "whole"]
    other = opened(theirs, room)
    chosen(other, second, "absent")
    quiet(mine)


def test_a_sheet_signed_meanwhile_leads_to_the_correction_with_the_values(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    room.cable.cut()
    mark(page, room.people[0], "absent")
    save(page)
    says(page, "Ett svar väntar")

    def sign(session: Session, by: Person) -> None:
        everybody = [whole(db.session.get_one(Person, person)) for person in room.people]
        attendance.record(session, everybody, by=by, nonce=f"before-signing-{session.id}")
        attendance.sign_off(session, by=by)

    room.act(sign, by=room.other)
    room.cable.mend()
    says(page, "har signerat bladet.", "Ett svar från den här enheten finns inte i det signerade bladet.")
    inspect(device)
    page.locator("#sheet-way").click()
    page.wait_for_url("**/correction")
    chosen(page, room.people[0], "absent")
    says(page, "Svaren som var kvar på den här enheten är ifyllda.")
    page.locator("#reason").fill("Hon var sjuk.")
    page.locator("button[name=correct]").click()
    device.sees("Närvaron är rättad")
    assert room.states() == ["absent", "whole", "whole"]
    expect(page.locator("#sheet-state")).to_have_text("")
    expect(page.locator("#sheet-way")).to_be_hidden()
    page.goto(room.site.url + "/")
    page.wait_for_timeout(500)
    assert "inte skickat" not in page.locator("main").inner_text()
    room.cable.cut()
    page.goto(room.site.url + room.path)
    device.sees("Sidan behöver nät.")  # a signed sheet is kept no longer
    quiet(device)


def test_signed_out_meanwhile_the_answers_wait_for_the_same_person(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    mark(page, room.people[0], "whole")
    device.context.clear_cookies()
    save(page)
    says(page, "Du är utloggad. Logga in, ett svar väntar på den här enheten.")
    inspect(device)
    page.goto(room.site.url + "/sign-in")
    device.sees("Ett svar på den här enheten är inte skickat. Logga in för att skicka.")
    inspect(device)
    device.become(room.trainer)
    page.goto(room.site.url + "/settings")  # any page of hers sends it
    deadline = time.monotonic() + 10
    while room.states() != ["whole", "–", "–"] and time.monotonic() < deadline:
        page.wait_for_timeout(200)
    assert room.states() == ["whole", "–", "–"]
    quiet(device)


def test_another_person_on_the_device_sends_and_sees_nothing_of_it(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    mark(page, room.people[0], "absent")
    device.context.clear_cookies()
    save(page)
    says(page, "Du är utloggad.")
    device.become(room.other)
    save(page)
    says(page, "Någon annan har loggat in på den här enheten.")
    assert room.entries() == []
    page.goto(room.site.url + room.path)
    says(page, "Bladet fungerar utan nät.")
    expect(page.locator(f"#state{room.people[0]}-absent")).not_to_be_checked()
    mark(page, room.people[1], "whole")
    save(page)
    says(page, SAVED)
    assert room.states() == ["–", "whole", "–"]
    device.become(room.trainer)
    page.goto(room.site.url + room.path)
    says(page, SAVED)
    assert room.states() == ["absent", "whole", "–"]
    assert room.entries()[-1].recorded_by_id != room.entries()[0].recorded_by_id
    quiet(device)


def test_signing_out_removes_the_sheets_and_keeps_what_is_not_sent(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    mark(page, room.people[0], "absent")
    says(page, "Ett svar är inte sparat än.")
    device.press("Logga ut", look=False)
    device.sees("Ett svar på den här enheten är inte skickat.")
    assert page.evaluate("caches.keys()") == []
    room.cable.cut()
    with pytest.raises(Exception, match="ERR_"):
        page.goto(room.site.url + room.path)
    page.wait_for_timeout(300)
    room.cable.mend()
    device.become(room.trainer)
    page = opened_again(device, room)
    chosen(page, room.people[0], "absent")
    says(page, "Ett svar är inte sparat än.")


def opened_again(tablet: Visitor, room: Room) -> Page:
    tablet.page.goto(room.site.url + room.path)
    says(tablet.page, "inte sparat")
    return tablet.page


def test_a_network_that_hardly_answers_shows_the_kept_sheet(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    room.cable.delay = 9.0
    page.goto(room.site.url + room.path, wait_until="domcontentloaded")
    assert page.evaluate("document.documentElement.dataset.kept")


@contextmanager
def own_browser(folder: Path, kind: BrowserType) -> Iterator[tuple[BrowserContext, Callable[[], None]]]:
    """A Chromium of its own with a profile on disk, which can be killed like a tablet without power."""
    (folder / "DevToolsActivePort").unlink(missing_ok=True)
    command = [str(shutil.which("chromium")), *CHROMIUM, "--headless=new", "--remote-debugging-port=0"]
    process = subprocess.Popen(
        [*command, f"--user-data-dir={folder}", "--no-first-run", "--lang=sv", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip

    def kill() -> None:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    try:
        deadline = time.monotonic() + 30
        while not (folder / "DevToolsActivePort").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.3)
        port = (folder / "DevToolsActivePort").read_text().split()[0]
        connected = kind.connect_over_cdp(f"http://127.0.0.1:{port}")
        yield connected.contexts[0], kill
    finally:
        kill()


def test_a_flat_battery_loses_nothing(room, chromium, tmp_path):
    """Killed while offline with answers that wait and one that is only marked; opened again without network."""
    profile = tmp_path / "profile"
    profile.mkdir()
    with own_browser(profile, chromium.browser_type) as (context, kill):
        device = on_a_bad_line(Visitor(room.site, context), room.trainer)
        page = opened(device, room)
        room.cable.cut()
        mark(page, room.people[0], "whole")
        mark(page, room.people[1], "absent")
        save(page)
        says(page, "2 svar väntar")
        mark(page, room.people[2], "part")
        says(page, "Ett svar är inte sparat än.")
        kill()
    with own_browser(profile, chromium.browser_type) as (context, kill):
        page = context.new_page()
        page.goto(room.site.url + room.path)
        says(page, "Du är offline. 2 svar väntar på den här enheten.", "Ett svar är inte sparat än.")
        for person, state in zip(room.people, ("whole", "absent", "part"), strict=True):
            chosen(page, person, state)
        device = on_a_bad_line(Visitor(room.site, context), room.trainer)
        room.cable.mend()
        expect(page.locator("#sheet-state")).not_to_contain_text("väntar", timeout=20_000)
        assert room.states() == ["whole", "absent", "–"]
        assert {entry.method for entry in room.entries()} == {"offline"}
        save(page)
        says(page, SAVED)
        assert len(room.entries()) == 3
        kill()


def test_without_a_script_the_form_posts_as_before(room, chromium):
    for make in _visitors(room.site, chromium):
        device = make(java_script_enabled=False)
        device.become(room.trainer)
        device.page.goto(room.site.url + room.path)
        mark(device.page, room.people[0], "absent")
        save(device.page)
        device.sees("Utkastet är sparat")
        assert room.states() == ["absent", "–", "–"]
        assert device.page.locator("#sheet-state").inner_text() == ""
        break


def test_absent_somewhere_else_is_seen_when_the_sheet_is_looked_at_again(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    first = room.people[0]
    room.act(
        lambda session, by: attendance.record(
            session, [absent(db.session.get_one(Person, first))], by=by, nonce=f"their-tablet-{session.id}"
        ),
        by=room.other,
    )
    page.evaluate("window.dispatchEvent(new Event('online'))")
    chosen(page, first, "absent")
    says(page, SAVED)
