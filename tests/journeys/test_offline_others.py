"""Without network, and not alone: others write first, sign, sign in on the same device. Nothing is lost or mixed up."""

# ruff: noqa: F401, F811  fixtures are imported, and used by their names
import time

import pytest
from playwright.sync_api import Page, expect

from courses import attendance
from courses.activities import Session
from lms.db import db
from lms.people import Person
from tests.courses.sheets import absent, whole
from tests.journeys.room import SAVED, Room, chosen, inspect, mark, opened, quiet, room, save, says, tablet, wired
from tests.journeys.visitor import PATIENCE, Visitor


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
    says(page, "har signerat listan.", "Ett svar från den här enheten finns inte i den signerade listan.")
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
    page.wait_for_function("() => parlband.waiting().then((records) => records.length === 0)")
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
    told = page.locator(".waiting")
    expect(told).to_contain_text("Ett svar på den här enheten är inte skickat. Logga in för att skicka.")
    inspect(device)
    device.become(room.trainer)
    page.goto(room.site.url + "/settings")  # any page of hers sends it
    deadline = time.monotonic() + PATIENCE / 1000
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
    says(page, "Listan fungerar utan nät.")
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
    expect(page.locator(".waiting")).to_contain_text("Ett svar på den här enheten är inte skickat.")
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


def test_two_windows_of_one_device_send_everything_once(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    second = device.context.new_page()
    second.goto(room.site.url + room.path)
    says(second, SAVED)
    room.cable.cut()
    mark(page, room.people[0], "whole")
    mark(second, room.people[1], "absent")
    says(second, "Ett svar är inte sparat än.")
    save(page)
    says(page, "Ett svar väntar")
    save(second)
    says(second, "svar väntar")
    room.cable.mend()
    says(page, SAVED)
    says(second, SAVED)
    assert room.states() == ["whole", "absent", "–"]
    assert len(room.entries()) == 2
    page.reload()
    chosen(page, room.people[1], "absent")
    quiet(device)


def test_signing_goes_over_the_device_to_the_page_that_repeats_the_sheet(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    page.locator("[data-all]").click()
    page.locator(".signbar-acts button[name=sign]").click()
    page.wait_for_url("**/sign-off")
    assert room.states() == ["whole"] * 3
    device.send("button.btn-pearl")
    device.sees("Närvaron är signerad")
    assert page.evaluate("caches.open('parlband-sheets').then((kept) => kept.keys()).then((keys) => keys.length)") == 0
    quiet(device)


def opened_again(tablet: Visitor, room: Room) -> Page:
    tablet.page.goto(room.site.url + room.path)
    says(tablet.page, "inte sparat")
    return tablet.page
