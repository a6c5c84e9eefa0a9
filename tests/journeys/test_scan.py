"""Paper is scanned: the page, the chain, the proof of the paper; its trainer is revoked; no network; no script."""


import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import cbor2
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from certificates import keys, register
from certificates.credentials import newest
from certificates.register import Certificate
from certificates.standards import paper, status_list
from tests.certificates.branches import make_branch
from tests.journeys.cable import Cable
from tests.journeys.conftest import Site, Visitor, serving, visitors

DID, LIST = "**/.well-known/did.json", "**/status/*"
GENUINE, VOID = "Papperet är äkta", "Papperet är äkta, men certifikatet är återkallat"


@dataclass
class Scanned:
    """What a code on paper holds, and what the test knows besides."""

    id: int
    code: str
    number: str
    name: str
    digits: str
    list: str

    @property
    def path(self) -> str:
        return f"/v/{self.code}#{self.digits}"


@dataclass
class Street:
    """The product behind a cable, papers of one trainer, and everything that was asked of the server."""

    site: Site
    cable: Cable
    trainer: Scanned
    papers: list[Scanned]
    leader: str
    asked: list[str] = field(default_factory=list)


def scanned(certificate: Certificate) -> Scanned:
    held = newest(certificate)
    assert held is not None
    name = register.statement_of(certificate).holder_name
    listed = json.loads(held.text)["credentialStatus"]["statusListCredential"].rpartition("/")[2]
    return Scanned(certificate.id, certificate.code, certificate.number, name, held.paper, listed)


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    """Now, as the browser's clock has it."""
    with serving(datetime.now(UTC)) as site:
        made: dict[str, Any] = {}

        def prepare() -> None:
            branch = make_branch(early=3, late=1)
            made.update(
                trainer=scanned(branch.trainer), papers=[scanned(each) for each in branch.under],
                leader=branch.leader.email,
            )  # fmt: skip

        site.act(prepare)
        found = Street(site, Cable(int(site.url.rsplit(":", 1)[1])), **made)
        site.url, plain = found.cable.url, site.app.wsgi_app

        def listening(environ: dict[str, Any], start_response: Any) -> Any:
            found.asked.append(" ".join(str(value) for value in environ.values()))
            return plain(environ, start_response)

        site.app.wsgi_app = listening  # type: ignore[method-assign]
        yield found
        found.cable.cut()


@pytest.fixture
def visit(street: Street, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    yield from visitors(street.site, chromium)
    if street.cable._listener is None:
        street.cable.mend()


def note(page: Page, title: str) -> Any:
    """The answer about the paper, as soon as it has this title."""
    found = page.locator("[data-paper] .note")
    expect(found.get_by_role("heading", name=title, exact=True)).to_be_visible()
    return found


# --- what the page makes of what it meets ---------------------------------------------------------------------


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
    expect(told).to_contain_text(re.compile(r"Inte återkallat enligt listan från .+ \((nu|för \d+ minut)"))
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
    told = note(page, "QR-koden hör inte till det här certifikatet")
    expect(told).to_contain_text(second.number)
    expect(told).to_contain_text(first.number)
    page.evaluate("digits => { location.hash = digits }", first.digits)
    note(page, GENUINE)
    page.evaluate("location.hash = ''")
    expect(page.locator("[data-paper] .note")).to_have_count(0)


def test_a_swapped_code_is_exposed(street: Street, desk: BrowserContext) -> None:
    first, second = street.papers[:2]
    note(opened(desk, f"/v/{first.code}#{second.digits}"), "QR-koden hör inte till det här certifikatet")
    page = opened(desk, f"/v/ABCDEFGHJKMNPQRS#{second.digits}")
    expect(note(page, "QR-koden hör inte till det här certifikatet")).to_contain_text("inget certifikat")
    assert page.locator("main h1, main h2").first.inner_text() == "QR-koden hör inte till det här certifikatet"


@pytest.mark.parametrize("change", ["last", "cut", "huge", "letters"])
def test_changed_digits_are_exposed(street: Street, desk: BrowserContext, change: str) -> None:
    good = street.papers[0].digits
    last = good[:-1] + str((int(good[-1]) + 1) % 10)
    wrong = {"last": last, "cut": good[:-7], "huge": good * 200, "letters": good + "a"}
    note(opened(desk, f"/v/{street.papers[0].code}#{wrong[change]}"), "Beviset i QR-koden är inte äkta")


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


def test_a_browser_without_the_signatures_says_so(street: Street, desk: BrowserContext) -> None:
    desk.add_init_script("delete SubtleCrypto.prototype.importKey")
    told = note(opened(desk, street.papers[0].path), "Webbläsaren kan inte kontrollera papperet")
    expect(told).to_contain_text("Det som registret säger här ovanför gäller ändå.")


def listed(street: Street, own: Scanned, at: datetime, *revoked: int) -> dict[str, Any]:
    """The list of a paper as it would be at a moment."""
    return status_list.document(f"{street.site.url}/status/{own.list}", "did:web:x", revoked, at)


def test_the_list_of_revocations(street: Street, desk: BrowserContext) -> None:
    own, now = street.papers[0], street.site.now
    place = int(cbor2.loads(paper._message(own.digits)[2])[7])
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
        expect(told).to_contain_text(re.compile(r"Inte återkallat enligt listan från .+ \((nu|för \d+ minut)"))


# --- the journey ----------------------------------------------------------------------------------------------


def on_a_bad_line(visitor: Visitor) -> Visitor:
    """That a connection failed is told on the console and is no trouble here."""

    def heard(kind: str, text: str) -> None:
        if "net::ERR" not in text:
            Visitor._heard(visitor, kind, text)

    visitor._heard = heard  # type: ignore[method-assign]
    return visitor


def read_off(leader: Visitor, own: Scanned, folder: Path) -> str:
    """The code on the PDF as a camera reads it, as a path of the site."""
    file, picture = folder / "certificate.pdf", folder / "certificate"
    answer = leader.context.request.get(f"{leader.site.url}/certificates/{own.id}.pdf")
    file.write_bytes(answer.body())
    subprocess.run(["pdftoppm", "-r", "150", "-png", "-singlefile", "-f", "1", "-l", "1", file, picture], check=True)
    found = zxingcpp.read_barcode(Image.open(picture.with_suffix(".png")))
    assert found is not None
    return re.sub(r"^https?://[^/]+", "", found.text)


def kept(page: Page) -> dict[str, str]:
    """Everything that the browser keeps for the site: address → text."""
    found: dict[str, str] = page.evaluate(
        """async () => {
            const found = {};
            for (const name of await caches.keys()) {
                const cache = await caches.open(name);
                for (const each of await cache.keys()) {
                    found[new URL(each.url).pathname] = await (await cache.match(each)).text();
                }
            }
            return found;
        }"""
    )
    return found


def test_paper_is_scanned(street: Street, visit: Callable[..., Visitor], tmp_path: Path) -> None:
    """The whole way: paper, page, proof; the trainer is revoked; no network; no script."""
    own, other = street.papers[:2]
    leader, phone = visit(), on_a_bad_line(visit())
    leader.become(street.leader)
    path = read_off(leader, own, tmp_path)
    assert path == own.path
    phone.go(path, look=False)
    note(phone.page, GENUINE)
    phone.look()
    phone.sees("Giltigt certifikat", "P. N.", own.name, "Giltigt när certifikatet nedanför utfärdades, och i dag.")
    assert phone.context.cookies() == []

    # Her certificate is revoked: nothing is decided about what she has issued.
    leader.go(f"/certificates/{street.trainer.id}/revoke", look=False)
    leader.page.locator("main [name=reason]").last.check()
    leader.page.locator("main [name=sure]").check()
    leader.send("button[type=submit]", look=False)
    phone.page.reload()
    told = note(phone.page, "Papperet är äkta, men läs vidare")
    expect(told).to_contain_text("Registret säger något annat i dag: se ovanför.")
    phone.look()
    phone.sees("Certifikatet prövas", "Om certifikatet nedanför ska gälla prövas nu.", "Inte återkallat enligt listan")
    phone.go(street.trainer.path, look=False)
    note(phone.page, VOID)
    phone.look()

    # No network: the same paper, another one, and one that was changed.
    phone.page.evaluate("navigator.serviceWorker.ready.then(() => {})")
    street.cable.cut()
    phone.page.goto(street.site.url + own.path)
    told = note(phone.page, GENUINE)
    expect(told).to_contain_text("Kedjan bakom certifikatet, och vad som har beslutats sedan dess, syns med nät.")
    phone.sees("Registret gick inte att nå", own.name, "Inte återkallat enligt listan")
    phone.look()
    phone.page.goto(street.site.url + other.path)
    expect(note(phone.page, GENUINE)).to_contain_text(other.name)
    phone.page.goto(street.site.url + street.trainer.path)
    note(phone.page, VOID)
    phone.page.goto(f"{street.site.url}/v/{own.code}#{own.digits[:-1]}")
    note(phone.page, "Beviset i QR-koden är inte äkta")
    phone.page.goto(f"{street.site.url}/v/{own.code}")
    note(phone.page, "Inget papper att kontrollera")
    phone.look()
    for address, text in kept(phone.page).items():
        assert not re.fullmatch(r"/v/[A-Z2-9]{16}", address)
        for secret in (own.name, own.code, own.number, own.digits[:20], street.trainer.name):
            assert secret not in text, address
    street.cable.mend()
    phone.page.get_by_role("link", name="Försök igen").click()
    expect(phone.page.get_by_role("heading", name="Certifikatet prövas")).to_be_visible()

    # Without script the register's word is all there is; and nobody's digits have reached the server.
    plain = visit(java_script_enabled=False)
    plain.page.goto(street.site.url + own.path)
    expect(plain.page.get_by_role("heading", name="Certifikatet prövas")).to_be_visible()
    assert plain.page.locator("[data-paper]").inner_text() == ""
    assert not [text for text in street.asked for each in street.papers if each.digits[:20] in text]
    assert any(f"/v/{own.code}" in text for text in street.asked)
