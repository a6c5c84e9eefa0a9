"""A real site for real browsers: the product on 127.0.0.1, mail over SMTP, Chromium from Debian, a clock that moves.

Every page a journey looks at is checked with axe and for sideways scrolling (WCAG 2.2 A/AA, 1.4.10).
"""

import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

import config
from lms import accounts, catalogue, clock, demo, jobs, people
from lms.app import create_app
from lms.commands.installation import prepare
from lms.db import db
from tests.conftest import fast_folder
from tests.smtp_sink import SmtpSink

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW, LEAST = 1280, 360, 320
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
"""What is right is not described: that took most of the time of a journey."""


LONG = ("test_story.py", "test_personas.py", "test_month.py")
"""Begun first, so that no worker is alone with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@dataclass
class Site:
    """The running product: where it is, what time it is there, and the mail that left it."""

    app: Flask
    url: str
    sink: SmtpSink
    now: datetime
    looked_at: set[tuple[str, str]] = field(default_factory=set)

    def act(self, what: Callable[[], object] | None = None) -> None:
        """Do something inside the product at its own time; without anything: what the worker does each minute."""
        with self.app.app_context(), clock.moved(self.now):
            if what is None:
                jobs.run_due(self.app)
            else:
                what()
                db.session.commit()
            db.session.remove()

    def code_for(self, email: str) -> str:
        """The newest sign-in code that was mailed to the address."""
        self.act()
        found = re.search(r"\b\d{6}\b", str(self.sink.to(email)[-1]["Subject"]))
        assert found
        return found.group()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  the name of the parent
        pass


def _clocked(site: Site) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with clock.moved(site.now):
            return site.app.wsgi_app(environ, start_response)

    return application


@contextmanager
def serving(now: datetime, **more: str) -> Iterator[Site]:
    """The product on an empty embedded database, served on a free port."""
    catalogue.compile_all()
    instance = fast_folder()
    with SmtpSink() as sink:
        server = make_server("127.0.0.1", 0, lambda e, s: [], threaded=True, request_handler=_Quiet)
        url = f"http://127.0.0.1:{server.server_port}"
        settings = config.read(
            {
                "LMS_SECRET_KEY": "journey",
                "LMS_KEY_ENCRYPTION_KEY": config.DEMO_KEY,
                "LMS_INSTANCE": str(instance),
                "LMS_BASE_URL": url,
                "LMS_SMTP_URL": sink.url,
                **more,
            }
        )
        app = create_app(settings)
        app.config["RATELIMIT_ENABLED"] = False
        made = Site(app, url, sink, now)
        made.act(lambda: prepare(app))
        server.app = _clocked(made)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()
    shutil.rmtree(instance)


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The product with nobody in it, today Monday 21 February 2022 at 08.00 in Stockholm."""
    now = datetime(2022, 2, 21, 8, 0, tzinfo=clock.STOCKHOLM)
    with serving(now) as made:
        yield made


@pytest.fixture(scope="module")
def afterwards() -> Iterator[Site]:
    """The product on Wednesday 12 October 2022 at 10.00 in Stockholm, with nobody in it."""
    with serving(datetime(2022, 10, 12, 10, 0, tzinfo=clock.STOCKHOLM)) as made:
        yield made


@pytest.fixture(scope="session")
def demo_site() -> Iterator[Site]:
    """The demo, loaded and visited on Wednesday 12 October 2022 at 10.00 in Stockholm."""
    now = datetime(2022, 10, 12, 10, 0, tzinfo=clock.STOCKHOLM)
    with serving(now, LMS_DEMO="1") as made:
        made.act(lambda: demo.load(say=lambda _month: None))
        made.act(jobs.beat)
        yield made


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "missing: chromium. Install it with: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield browser
        browser.close()


class Visitor:
    """One person's browser. `look` checks the page on the way; a page that breaks a rule fails the journey."""

    def __init__(self, site: Site, context: BrowserContext) -> None:
        self.site = site
        self.context = context
        self.page: Page = context.new_page()
        self.trouble: list[str] = []
        self.page.on("console", lambda message: self._heard(message.type, message.text))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and "status of 4" not in text:
            self.trouble.append(text)

    def go(self, path: str, *, look: bool = True) -> Response | None:
        """Open an address of the site and look at it."""
        answer = self.page.goto(self.site.url + path)
        if look:
            self.look()
        return answer

    def press(self, name: str, *, look: bool = True) -> None:
        """Press the button that says this and look at what comes."""
        self.page.get_by_role("button", name=name).first.click()
        self.page.wait_for_load_state()
        if look:
            self.look()

    def follow(self, name: str, *, look: bool = True) -> None:
        """Follow the link that says this."""
        self.page.get_by_role("link", name=name).first.click()
        self.page.wait_for_load_state()
        if look:
            self.look()

    def text(self) -> str:
        """What the page's main part says."""
        return self.page.locator("main").inner_text()

    def sees(self, *words: str) -> None:
        """The page says all this (spaces of any kind are the same)."""
        said = re.sub(r"\s+", " ", self.page.locator("body").inner_text())
        for word in words:
            assert word in said, f"{word!r} is not on {self.page.url}:\n{said[:3000]}"

    def look(self) -> None:
        """No violation of WCAG 2.2 A/AA or best practice at both widths, no sideways scrolling at 320 px.

        A page whose address (numbers aside), heading and state were looked at before is not checked twice.
        """
        shape = re.sub(r"[0-9A-Z]{16}|\d+|[\w.-]{60,}", "N", self.page.url.removeprefix(self.site.url).split("?")[0])
        marks = self.page.evaluate("document.querySelectorAll('[aria-invalid],.note,.chip,form,table').length")
        key = (shape, f"{self.page.title()}:{marks}")
        if key not in self.site.looked_at:
            self.site.looked_at.add(key)
            for width in (NARROW, WIDE):
                self.page.set_viewport_size({"width": width, "height": 900})
                self._axe(width)
            self.page.set_viewport_size({"width": LEAST, "height": 640})
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= LEAST, f"{self.page.url} scrolls sideways at 320 px ({wide})"
            self.page.set_viewport_size({"width": WIDE, "height": 900})
        assert not self.trouble, f"{self.page.url}: {self.trouble}"

    def _axe(self, width: int) -> None:
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        wrong = self.page.evaluate("options => axe.run(options).then(found => found.violations)", AXE)
        assert not wrong, f"{self.page.url} at {width} px\n{AxeResults({'violations': wrong}).generate_report()}"

    def become(self, email: str) -> None:
        """Go on as this person in the same browser, without the mail (which has a journey of its own)."""
        cookie: dict[str, object] = {}

        def start() -> None:
            person = people.find_person(email=email)
            assert person is not None, email
            cookie.update(_user_id=accounts.start_session(person), _fresh=True)

        self.site.act(start)
        serializer = self.site.app.session_interface.get_signing_serializer(self.site.app)  # type: ignore[attr-defined]
        self.context.clear_cookies()
        name = self.site.app.config["SESSION_COOKIE_NAME"]
        self.context.add_cookies([{"name": name, "value": serializer.dumps(cookie), "url": self.site.url}])

    def fill(self, name: str, value: str) -> None:
        """Type into the field of this name."""
        self.page.locator(f"main [name='{name}']").first.fill(value)

    def send(self, selector: str, *, look: bool = True) -> None:
        """Press a button by its name=value or form, where the words differ with the state."""
        self.page.locator(f"main {selector}").first.click()
        self.page.wait_for_load_state()
        if look:
            self.look()

    def sign_in(self, email: str) -> None:
        """Sign in the way people do: address, mail, six digits."""
        self.go("/sign-in")
        self.page.get_by_label("Din e-postadress på jobbet").fill(email)
        self.press("Skicka en kod till mig")
        self.page.get_by_label("Koden i mejlet").fill(self.site.code_for(email))
        self.press("Logga in", look=False)


def visitors(site: Site, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    contexts: list[BrowserContext] = []

    def make(email: str = "", **options: Any) -> Visitor:
        context = chromium.new_context(locale="sv-SE", viewport={"width": WIDE, "height": 900}, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        visitor = Visitor(site, context)
        if email:
            visitor.sign_in(email)
        return visitor

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def visit(site: Site, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """visit(email) is a browser in which that person has signed in; visit() is a stranger's."""
    yield from visitors(site, chromium)


@pytest.fixture
def demo_visit(demo_site: Site, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """demo_visit() is the browser of somebody who looks at the demo."""
    yield from visitors(demo_site, chromium)
