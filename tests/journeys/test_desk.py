"""What the page of a code says about the paper in hand, for everything it can meet: digits, keys, lists, clocks."""

# ruff: noqa: F401, F811  fixtures are imported, and used by their names
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import cbor2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from certificates.proof import keys
from certificates.standards import paper, status_list
from tests.journeys.street import BROKEN, GENUINE, OTHER, READ_ON, VOID, Scanned, Street, note, street

LISTED_NOW = re.compile(r"Inte återkallat enligt listan från .+ kl. \d\d[.]\d\d \((nu|för \d+ minut)")
DID, LIST = "**/.well-known/did.json", "**/status/*"


@pytest.fixture
def desk(street: Street, chromium: Browser) -> Iterator[BrowserContext]:
    """A browser whose answers the test may change on their way; it keeps nothing."""
    context = chromium.new_context(locale="sv-SE", base_url=street.site.url, service_workers="block")
    context.set_default_timeout(10_000)
    yield context
    context.close()


def answer(desk: BrowserContext, address: str, **told: Any) -> None:
    """From now on this is what the address answers."""
    desk.unroute(address)
    desk.route(address, partial(_fulfil, told))


def _fulfil(told: dict[str, Any], route: Route) -> None:
    route.fulfill(**told)


def opened(desk: BrowserContext, path: str) -> Page:
    page = desk.new_page()
    page.goto(path)
    return page


def test_genuine_with_what_is_printed(street: Street, desk: BrowserContext) -> None:
    own = street.papers[0]
    told = note(opened(desk, own.path), GENUINE)
    for words in (own.name, own.number, "Användarcertifikat", "SMAIL för användare", "utan slutdatum"):
        expect(told).to_contain_text(words)
    expect(told).to_contain_text(LISTED_NOW)
    told = note(opened(desk, street.trainer.path), GENUINE)
    expect(told).to_contain_text("Utbildarcertifikat")


def test_without_digits_nothing_is_claimed(street: Street, desk: BrowserContext) -> None:
    page = opened(desk, f"/v/{street.papers[0].code}")
    page.wait_for_load_state("networkidle")
    assert page.locator("[data-paper]").inner_text() == ""
    page.evaluate("location.hash = '#content'")
    page.wait_for_timeout(200)
    assert page.locator("[data-paper]").inner_text() == ""


def test_the_next_paper_in_the_same_tab(street: Street, desk: BrowserContext) -> None:
    first, second = street.papers[:2]
    page = opened(desk, first.path)
    note(page, GENUINE)
    page.evaluate("digits => { location.hash = digits }", second.digits)
    told = note(page, OTHER)
    expect(page.locator(".verdict")).to_have_class(re.compile(r"\bquiet\b"))
    expect(page).to_have_title(f"{OTHER} – Pärlband")
    expect(told.locator("[lang=en]")).to_contain_text("Do not trust the paper")
    expect(told).to_contain_text(second.number)
    expect(told).to_contain_text(first.number)
    page.evaluate("digits => { location.hash = digits }", first.digits)
    note(page, GENUINE)
    page.evaluate("location.hash = ''")
    expect(page.locator("[data-paper] .note")).to_have_count(0)
    expect(page).to_have_title("Giltigt certifikat – Pärlband")
    expect(page.locator(".verdict.quiet")).to_have_count(0)


def test_a_swapped_code_is_exposed(street: Street, desk: BrowserContext) -> None:
    first, second = street.papers[:2]
    note(opened(desk, f"/v/{first.code}#{second.digits}"), OTHER)
    page = opened(desk, f"/v/ABCDEFGHJKMNPQRS#{second.digits}")
    expect(note(page, OTHER)).to_contain_text("inget certifikat")
    assert page.locator("main h1, main h2").first.inner_text() == OTHER


@pytest.mark.parametrize("change", ["last", "cut", "huge", "letters"])
def test_changed_digits_are_exposed(street: Street, desk: BrowserContext, change: str) -> None:
    good = street.papers[0].digits
    last = good[:-1] + str((int(good[-1]) + 1) % 10)
    wrong = {"last": last, "cut": good[:-7], "huge": good * 200, "letters": good + "a"}
    note(opened(desk, f"/v/{street.papers[0].code}#{wrong[change]}"), BROKEN)


def published(street: Street) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    street.site.act(lambda: found.append(keys.did_document()))
    return found[0]


def test_keys_that_are_withdrawn_or_others(street: Street, desk: BrowserContext) -> None:
    own, document = street.papers[0], published(street)
    for each in document["verificationMethod"]:
        each["revoked"] = "2022-01-01T00:00:00Z"
    answer(desk, DID, json=document | {"assertionMethod": []})
    told = note(opened(desk, own.path), "Signerat med en nyckel som är tillbakadragen")
    expect(told).to_contain_text("Lita på registrets ord")
    answer(desk, DID, json=document | {"verificationMethod": []})
    note(opened(desk, own.path), "Koden är signerad av någon annan")
    answer(desk, DID, status=503)
    told = note(opened(desk, own.path), "Koden är signerad av någon annan")
    expect(told).to_contain_text("Utfärdarens nycklar på enheten är från")


def test_without_keys_nothing_is_said_about_the_paper(street: Street, desk: BrowserContext) -> None:
    for broken in ({"status": 503}, {"status": 404}, {"body": "<html>"}):
        answer(desk, DID, **broken)
        note(opened(desk, street.papers[0].path), "Papperet gick inte att kontrollera")


def test_a_browser_that_keeps_nothing_checks_all_the_same(street: Street, desk: BrowserContext) -> None:
    desk.add_init_script("caches.open = () => Promise.reject(new DOMException('no', 'SecurityError'))")
    note(opened(desk, street.papers[0].path), GENUINE)
    answer(desk, DID, status=503)
    note(opened(desk, street.papers[0].path), "Papperet gick inte att kontrollera")


def test_lists_without_a_way_to_unpack_them_say_nothing(street: Street, desk: BrowserContext) -> None:
    desk.add_init_script("delete globalThis.DecompressionStream")
    told = note(opened(desk, street.papers[0].path), GENUINE)
    expect(told).to_contain_text("gick inte att läsa")


def test_a_browser_without_the_signatures_says_so(street: Street, desk: BrowserContext) -> None:
    desk.add_init_script("delete SubtleCrypto.prototype.importKey")
    told = note(opened(desk, street.papers[0].path), "Webbläsaren kan inte kontrollera papperet")
    expect(told).to_contain_text("Det som registret säger här ovanför gäller ändå.")


def listed(street: Street, own: Scanned, at: datetime, *revoked: int) -> dict[str, Any]:
    """The list of a paper as it would be at a moment."""
    return status_list.document(f"{street.site.url}/status/{own.list}", "did:web:x", revoked, at)


def place_of(own: Scanned) -> int:
    """The place in the list that the digits name."""
    return int(cbor2.loads(paper._message(own.digits)[2])[7])


def test_the_list_of_revocations(street: Street, desk: BrowserContext) -> None:
    own, now = street.papers[0], street.site.now
    place = place_of(own)
    for made, title, words in (
        (listed(street, own, now - timedelta(hours=3), place), VOID, "(för 3 timmar sedan)"),
        (listed(street, own, now - timedelta(days=9), place), VOID, "Återkallat enligt listan"),
        (listed(street, own, now - timedelta(hours=3), place + 1), GENUINE, "(för 3 timmar sedan)"),
        (listed(street, own, now - timedelta(days=9)), GENUINE, "för gammal att gå efter"),
        (listed(street, own, now + timedelta(days=2)), GENUINE, "ligger det här i framtiden"),
        (listed(street, own, now) | {"id": "https://x.example/status/other"}, GENUINE, "gick inte att läsa"),
    ):
        answer(desk, LIST, json=made)
        expect(note(opened(desk, own.path), title)).to_contain_text(words)
    for broken in ({"status": 404}, {"status": 500}, {"body": "[]"}):
        answer(desk, LIST, **broken)
        expect(note(opened(desk, own.path), GENUINE)).to_contain_text("gick inte att läsa")


def test_a_clock_that_is_a_day_wrong_is_named(street: Street, desk: BrowserContext) -> None:
    for days in (-1, 1):
        page = desk.new_page()
        page.clock.set_fixed_time(street.site.now + timedelta(days=days))
        page.goto(street.papers[0].path)
        told = note(page, GENUINE)
        expect(told).to_contain_text("Klockan i enheten går fel")
        expect(told).to_contain_text(LISTED_NOW)


# --- the page that a device keeps for when there is no network -------------------------------------------------


def test_alone_it_says_what_it_does_not_know(street: Street, desk: BrowserContext) -> None:
    own = street.papers[0]
    desk.route(LIST, lambda route: route.abort())
    told = note(opened(desk, f"/v/offline#{own.digits}"), READ_ON)
    expect(told).to_contain_text("Enheten har ingen lista över återkallade")
    desk.route(DID, lambda route: route.abort())
    told = note(opened(desk, f"/v/offline#{own.digits}"), READ_ON)
    expect(told).to_contain_text("Utfärdarens nycklar på enheten är från")
    desk.new_page().goto("/v/offline")


def test_alone_without_keys_nothing_is_believed(street: Street, desk: BrowserContext) -> None:
    desk.route(DID, lambda route: route.abort())
    told = note(opened(desk, f"/v/offline#{street.papers[0].digits}"), "Papperet gick inte att kontrollera")
    expect(told).to_contain_text("Enheten har inga nycklar")


def test_alone_with_a_kept_list_its_age_is_told(street: Street, desk: BrowserContext) -> None:
    own, now = street.papers[0], street.site.now
    for made, days, title, words in (
        (listed(street, own, now - timedelta(days=3)), 0, GENUINE, "(för 3 dagar sedan)"),
        (listed(street, own, now - timedelta(days=3)), 9, READ_ON, "för gammal att gå efter"),
        (listed(street, own, now), -1, READ_ON, "Går klockan rätt?"),
        (listed(street, own, now - timedelta(days=3), place_of(own)), 9, VOID, "Återkallat enligt listan"),
    ):
        answer(desk, LIST, json=made)
        note(opened(desk, own.path), VOID if title == VOID else GENUINE)
        desk.unroute(LIST)
        desk.route(LIST, lambda route: route.abort())
        page = desk.new_page()
        page.clock.set_fixed_time(now + timedelta(days=days))
        page.goto(f"/v/offline#{own.digits}")
        told = note(page, title)
        expect(told).to_contain_text(words)
        expect(told).to_contain_text("kedjan bakom certifikatet")


def test_alone_an_ended_paper_says_so(street: Street, desk: BrowserContext) -> None:
    page = desk.new_page()
    page.clock.set_fixed_time(street.site.now + timedelta(days=900))
    page.goto(f"/v/offline#{street.trainer.digits}")
    expect(note(page, READ_ON)).to_contain_text(re.compile(r"Enligt papperet gällde det till \d+ \w+ 2028"))


def test_no_more_lists_are_kept_than_thirty(street: Street, desk: BrowserContext) -> None:
    page = opened(desk, f"/v/{street.papers[0].code}")
    page.wait_for_load_state("networkidle")
    page.evaluate(
        """async () => {
            const store = await caches.open("parlband-paper");
            for (let n = 0; n < 40; n += 1) await store.put(`/status/old${n}`, new Response("{}"));
        }"""
    )
    note(opened(desk, street.papers[0].path), GENUINE)
    kept = page.evaluate("caches.open('parlband-paper').then(s => s.keys()).then(all => all.map(one => one.url))")
    lists = [url.rpartition("/")[2] for url in kept if "/status/" in url]
    assert len(lists) == 30
    assert street.papers[0].list in lists
    assert "old39" in lists
    assert "old0" not in lists
    assert [url for url in kept if url.endswith("did.json")]
