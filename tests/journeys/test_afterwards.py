"""The project has ended: a folder of files stands where the product stood, and old QR codes are scanned."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from certificates import bundle
from certificates.acts import revoking
from certificates.proof.credentials import newest
from certificates.register import Certificate
from tests.certificates.branches import make_branch
from tests.journeys.serving import Site, serving
from tests.journeys.visitor import Visitor, visitors

GENUINE = "Papperet är äkta"


class _Files(SimpleHTTPRequestHandler):
    """Files and 404.html, as the bundle's README configures a web server."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        page = (Path(self.directory) / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_told: object) -> None:
        pass


@dataclass
class Kept:
    """What stands where the product stood: its address, and the codes and digits of two papers and a revoked one."""

    site: Site
    papers: tuple[tuple[str, str], ...]
    fallen: tuple[str, str]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    goal = tmp_path_factory.mktemp("kept") / "site"
    made: dict[str, Any] = {}
    with serving(datetime.now(UTC)) as site:

        def prepare() -> None:
            branch = make_branch(early=2, late=1)
            revoking.revoke(branch.late[0], reason_code="grounds", by=branch.leader)
            made["papers"] = tuple(map(_paper, branch.early))
            made["fallen"] = _paper(branch.late[0])

        site.act(prepare)
        site.act(lambda: bundle.make(goal))
        port = int(site.url.rpartition(":")[2])
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Files, directory=str(goal)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Kept(site, **made)
    server.shutdown()
    thread.join()
    server.server_close()


def _paper(certificate: Certificate) -> tuple[str, str]:
    held = newest(certificate)
    assert held is not None
    return certificate.code, held.paper


@pytest.fixture
def visit(kept: Kept, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    yield from visitors(kept.site, chromium)


def answered(page: Page, title: str) -> Any:
    found = page.locator("[data-paper] .note")
    expect(found.get_by_role("heading", name=title, exact=True)).to_be_visible()
    return found


def test_an_old_code_is_answered_by_files_alone(kept: Kept, visit: Callable[..., Visitor]) -> None:
    stranger = visit()
    code, digits = kept.papers[0]
    stranger.go(f"/v/{code}#{digits}")
    answered(stranger.page, GENUINE)
    stranger.sees("Giltigt certifikat", "Så stod det i registret den", "Medfinansieras av Europeiska unionen")
    stranger.look()
    stranger.go(f"/v/{kept.fallen[0]}#{kept.fallen[1]}", look=False)
    answered(stranger.page, "Papperet är äkta, men certifikatet är återkallat")
    stranger.go(f"/v/{kept.papers[1][0]}#{digits}", look=False)
    answered(stranger.page, "QR-koden hör inte till det här certifikatet")
    stranger.go("/v/ABCDEFGHJKLMNPQR")
    stranger.sees("Vi hittar inget certifikat")
    stranger.go("/")
    assert stranger.context.cookies() == []


def test_what_was_scanned_or_typed_leads_to_its_page(kept: Kept, visit: Callable[..., Visitor]) -> None:
    stranger = visit()
    code, digits = kept.papers[0]
    stranger.go("/verify/")
    stranger.fill("code", "7Q4M 9XKD")
    stranger.press("Kontrollera")
    stranger.sees("Här finns ingen kod.")
    stranger.fill("code", f"https://certifikat.example/v/{code}#{digits}")
    stranger.press("Kontrollera", look=False)
    answered(stranger.page, GENUINE)
    grouped = "-".join(code[start : start + 4] for start in range(0, 16, 4)).lower()
    stranger.go(f"/v/{grouped}#{digits}", look=False)
    answered(stranger.page, GENUINE)
    stranger.go(f"/verify/?code={grouped}", look=False)
    expect(stranger.page.get_by_role("heading", name="Giltigt certifikat")).to_be_visible()


def test_without_javascript_the_verdict_stands_there(kept: Kept, visit: Callable[..., Visitor]) -> None:
    stranger = visit(java_script_enabled=False)
    stranger.go(f"/v/{kept.papers[0][0]}", look=False)
    stranger.sees("Giltigt certifikat", "Äkta och i kraft den")
    stranger.go("/verify/", look=False)
    stranger.sees("Utan JavaScript: skriv koden")


def test_fifteen_years_later_it_is_genuine_and_in_thirty_its_list_is_too_old(
    kept: Kept, visit: Callable[..., Visitor]
) -> None:
    stranger = visit(service_workers="block")
    code, digits = kept.papers[0]
    for years, words in ((15, "Inte återkallat enligt listan"), (30, "för gammal")):
        stranger.page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=365 * years))
        stranger.go(f"/v/{code}#{digits}", look=False)
        told = answered(stranger.page, GENUINE)
        expect(told).to_contain_text(words)
        expect(told).not_to_contain_text("klocka")
        stranger.page.goto("about:blank")


def test_another_paper_is_checked_without_network_after_the_first(kept: Kept, visit: Callable[..., Visitor]) -> None:
    stranger = visit()
    first, second = kept.papers
    stranger.go(f"/v/{first[0]}#{first[1]}", look=False)
    answered(stranger.page, GENUINE)
    stranger.page.evaluate("navigator.serviceWorker.ready")
    stored = "() => caches.open('parlband-paper').then((kept) => kept.match(location.origin + '/v/offline'))"
    stranger.page.wait_for_function(stored)
    stranger.context.set_offline(True)
    stranger.go(f"/v/{second[0]}#{second[1]}", look=False)
    stranger.sees("Registret gick inte att nå")
    answered(stranger.page, GENUINE)
