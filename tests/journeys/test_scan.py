"""Paper is scanned: the page, the chain, the proof of the paper; its trainer is revoked; no network; no script."""

# ruff: noqa: F401, F811  fixtures are imported, and used by their names
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.street import BROKEN, GENUINE, READ_ON, VOID, Scanned, Street, note, street, visit
from tests.journeys.visitor import Visitor


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
    told = note(phone.page, READ_ON)
    expect(told).to_contain_text("Registret säger något annat: se ovanför.")
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
    expect(told).to_contain_text("Med nät syns kedjan bakom certifikatet och vad som har beslutats sedan dess.")
    phone.sees("Registret gick inte att nå", own.name, "Inte återkallat enligt listan")
    phone.look()
    phone.page.goto(street.site.url + other.path)
    expect(note(phone.page, GENUINE)).to_contain_text(other.name)
    phone.page.goto(street.site.url + street.trainer.path)
    note(phone.page, VOID)
    phone.page.goto(f"{street.site.url}/v/{own.code}#{own.digits[:-1]}")
    note(phone.page, BROKEN)
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
