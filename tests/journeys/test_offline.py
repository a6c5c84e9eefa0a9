"""No network in the room: the cable is cut at every step and the browser is killed. Nothing is lost or doubled."""

# ruff: noqa: F401, F811  fixtures are imported, and used by their names
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, BrowserType, expect

from courses import attendance
from tests.journeys.room import (
    NOW,
    OFFLINE,
    SAVED,
    chosen,
    inspect,
    mark,
    on_a_bad_line,
    opened,
    quiet,
    room,
    save,
    says,
    tablet,
    wired,
)
from tests.journeys.visitor import CHROMIUM, PATIENCE, Visitor, visitors


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
    device.sees("Du är offline", "Närvarolistor som fungerar utan nät på den här enheten")
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
    deadline = time.monotonic() + PATIENCE / 1000
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


def test_a_network_that_hardly_answers_shows_the_kept_sheet(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    room.cable.delay = 9.0
    page.goto(room.site.url + room.path, wait_until="domcontentloaded")
    assert page.evaluate("document.documentElement.dataset.kept")


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
        page.locator(f"#came{room.people[2]}").fill("9.00")
        save(page)
        says(page, SAVED)
        assert room.states() == ["whole", "absent", "part"]
        kill()


def test_killed_after_the_server_wrote_and_before_it_was_heard(room, chromium, tmp_path):
    """The next browser on the profile sends again, and the server knows the message."""
    with own_browser(tmp_path, chromium.browser_type) as (context, kill):
        device = on_a_bad_line(Visitor(room.site, context), room.trainer)
        page = opened(device, room)
        room.cable.losing = True
        for person in room.people:
            mark(page, person, "whole")
        save(page)
        deadline = time.monotonic() + PATIENCE / 1000
        while not room.cable.lost and time.monotonic() < deadline:
            page.wait_for_timeout(50)
        kill()
    assert room.states() == ["whole"] * 3
    room.cable.losing = False
    with own_browser(tmp_path, chromium.browser_type) as (context, kill):
        device = on_a_bad_line(Visitor(room.site, context), room.trainer)
        device.page.goto(room.site.url + "/settings")
        device.page.goto(room.site.url + room.path)
        says(device.page, SAVED)
        assert device.page.evaluate("parlband.waiting().then((records) => records.length)") == 0
        kill()
    assert len(room.entries()) == 3


def test_without_a_script_the_form_posts_as_before(room, chromium):
    for make in visitors(room.site, chromium):
        device = make(java_script_enabled=False)
        device.become(room.trainer)
        device.page.goto(room.site.url + room.path)
        mark(device.page, room.people[0], "absent")
        save(device.page)
        device.sees("Utkastet är sparat")
        assert room.states() == ["absent", "–", "–"]
        assert device.page.locator("#sheet-state").inner_text() == ""
        break


def test_a_time_that_cannot_be_is_told_at_its_row_and_the_others_are_saved(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    first, second, _third = room.people
    mark(page, first, "part")
    page.locator(f"#came{first}").fill("kvart i nio")
    mark(page, second, "whole")
    save(page)
    says(page, "En rad sparades inte. Se vad som ska rättas.")
    expect(page.locator(f"#note{first}")).to_contain_text("Skriv tiden så här: 08.55.")
    assert room.states() == ["–", "whole", "–"]
    inspect(device)
    page.locator(f"#came{first}").fill("855")
    page.keyboard.press("Enter")
    says(page, SAVED)
    assert room.states() == ["part", "whole", "–"]
    quiet(device)


@pytest.mark.parametrize(
    "broken",
    [
        "Object.defineProperty(window, 'indexedDB', { value: undefined })",
        "IDBObjectStore.prototype.put = () => { throw new Error('full') }",
        "delete Navigator.prototype.serviceWorker",
    ],
)
def test_a_browser_that_can_keep_nothing_saves_as_forms_do(room, tablet, broken):
    device = tablet(room.trainer)
    device.context.add_init_script(broken)
    device.page.goto(room.site.url + room.path)
    mark(device.page, room.people[0], "whole")
    save(device.page)
    deadline = time.monotonic() + PATIENCE / 1000
    while room.states() != ["whole", "–", "–"] and time.monotonic() < deadline:
        device.page.wait_for_timeout(200)
    assert room.states() == ["whole", "–", "–"]
    expect(device.page.locator('[data-sum="klar"]')).to_have_text("1")


def test_the_worker_that_the_browser_stopped_wakes_without_network(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    mark(page, room.people[0], "whole")
    room.cable.cut()
    save(page)
    says(page, "Ett svar väntar")
    talk = device.context.new_cdp_session(page)
    talk.send("ServiceWorker.enable")
    talk.send("ServiceWorker.stopAllWorkers")
    page.reload()
    says(page, "Ett svar väntar")
    conditions = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    talk.send("Network.emulateNetworkConditions", {"offline": True, **conditions})
    room.cable.mend()
    page.wait_for_timeout(1500)
    assert room.entries() == []
    talk.send("Network.emulateNetworkConditions", {"offline": False, **conditions})
    says(page, SAVED)
    assert len(room.entries()) == 1
    quiet(device)


def test_a_sheet_is_kept_for_three_days(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    page.evaluate(
        """async (path) => {
            const kept = await caches.open("parlband-sheets"), found = await kept.match(path);
            const headers = new Headers(found.headers);
            headers.set("Kept-At", new Date(Date.now() - 73 * 3600 * 1000).toISOString());
            await kept.put(path, new Response(await found.text(), { headers }));
        }""",
        room.path,
    )
    room.cable.cut()
    page.goto(room.site.url + room.path)
    device.sees("Du är offline", "Ingen närvarolista är öppnad på den här enheten.")
    inspect(device)
    room.cable.mend()
    page.get_by_role("link", name="Försök igen").click()
    says(page, "Listan fungerar utan nät.")


def test_no_other_page_is_kept(room, tablet):
    device = tablet(room.trainer)
    page = opened(device, room)
    for path in ("/", "/settings", f"/sessions/{room.session}/sign-off", f"/sessions/{room.session}/attendance/add"):
        page.goto(room.site.url + path)
    kept = page.evaluate(
        """async () => {
            const all = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
            return all.flat().map((request) => new URL(request.url).pathname);
        }"""
    )
    pages = {path for path in kept if "/static/" not in path}
    assert pages == {room.path, "/offline"}


def test_in_english_too(room, tablet):
    device = tablet(room.trainer)
    room.act(lambda _session, by: setattr(by, "language", "en"))
    device.page.goto(room.site.url + room.path)
    says(device.page, "Everything is saved. The sheet works without network.")
    room.cable.cut()
    mark(device.page, room.people[0], "whole")
    says(device.page, "One answer is not saved yet.")
    save(device.page)
    says(device.page, "You are offline. One answer is waiting on this device.")
