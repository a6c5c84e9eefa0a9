"""A stranger has a file: dropped, pasted, chosen by keyboard, without script; a changed page is exposed."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from certificates import register
from certificates.acts import issuing
from certificates.files import making
from certificates.proof.credentials import newest
from lms import clock, people
from tests.certificates.examples import example
from tests.journeys.serving import Site
from tests.journeys.visitor import Visitor

DROP = """([name, data, act]) => {
  const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
  const box = new DataTransfer();
  box.items.add(new File([bytes], name));
  const target = document.querySelector("main");
  if (act === "paste") {
    target.dispatchEvent(new ClipboardEvent("paste", {clipboardData: box, bubbles: true, cancelable: true}));
    return;
  }
  for (const kind of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(kind, {dataTransfer: box, bubbles: true, cancelable: true}));
  }
}"""


@pytest.fixture(scope="module")
def held(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of one certificate, a forged page, and what a scanner reads from its paper."""
    folder = tmp_path_factory.mktemp("held")

    def make() -> None:
        today = clock.today()
        days = {"issued_on": today, "first_day": today - timedelta(days=9), "last_day": today - timedelta(days=2)}
        trainer, holder = (people.add_person(name, "Ström", by=None) for name in ("Vera", "Kim"))
        own = None
        for holder_of, level in ((trainer, "trainer"), (holder, "user")):
            name = holder_of.full_name
            draft = example(number=register.DRAFT, level=level, holder_name=name, valid_until=None, **days)
            own = issuing.issue(draft, holder=holder_of, ground=f"drop:{level}", issuer_certificate=own, by=trainer)
        assert own is not None
        (stored,), stamp = making.stored([own]), making.stamp()
        for kind in ("json", "png", "svg"):
            (folder / f"it.{kind}").write_bytes(making.file(stored, kind))  # type: ignore[arg-type]
        (folder / "it.pdf").write_bytes(making.sealed_pdf(stored, stamp))
        forged = replace(stored, statement=replace(stored.statement, holder_name="Bo Falk"))
        (folder / "forged.pdf").write_bytes(making.sealed_pdf(forged, stamp))
        (folder / "scan").write_text(f"{site.url}/v/{own.code}#{newest(own).paper}")  # type: ignore[union-attr]

    site.act(make)
    return folder


def put(page: Page, file: Path, act: str) -> None:
    """Drop or paste the file onto the page, as the browser would tell of it."""
    with page.expect_navigation():
        page.evaluate(DROP, [file.name, base64.b64encode(file.read_bytes()).decode(), act])
    page.wait_for_selector(".verdict")


def test_files_are_dropped_pasted_and_chosen(visit: Callable[..., Visitor], held: Path) -> None:
    stranger = visit()
    stranger.go("/verify")
    for name, act in (("it.pdf", "drop"), ("it.png", "drop"), ("it.svg", "paste"), ("it.json", "paste")):
        put(stranger.page, held / name, act)
        stranger.sees("Äkta och giltigt", "Kim Ström", "Eva Dahlgren", "Länets intyg om utbildaren är äkta: Stämmer.")
    stranger.look()
    put(stranger.page, held / "forged.pdf", "drop")
    stranger.sees("Sidan är ändrad", "Kim Ström", "står inte där")
    stranger.look()
    stranger.follow("Kontrollera med kod", look=False)

    # With the keyboard alone: the field of the code, its button, the field of the file, its button.
    page = stranger.page
    page.get_by_label("Koden på certifikatet").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "file"
    page.set_input_files("#file", held / "it.json")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".verdict")
    stranger.sees("Äkta och giltigt")

    # What a scanner read, typed into the field of the code; the address tells nothing of it.
    stranger.go("/verify", look=False)
    stranger.fill("code", (held / "scan").read_text())
    page.keyboard.press("Enter")
    page.wait_for_selector(".verdict")
    stranger.sees("Länet har signerat papperet: Stämmer.", "Kim Ström")
    assert page.url == f"{stranger.site.url}/verify"
    stranger.look()
    assert stranger.context.cookies() == []


def test_without_script(visit: Callable[..., Visitor], held: Path) -> None:
    stranger = visit(java_script_enabled=False)
    page = stranger.page
    page.set_viewport_size({"width": 320, "height": 640})
    told = {"it.pdf": "Äkta och giltigt", "forged.pdf": "Sidan är ändrad", "scan": "Det här är ingen"}
    for name, words in told.items():
        page.goto(f"{stranger.site.url}/verify")
        page.set_input_files("#file", held / name)
        page.get_by_role("button", name="Kontrollera filen").click()
        page.wait_for_load_state()
        stranger.sees(words)
    assert stranger.context.cookies() == []
