"""One person's browser, with eyes: every page a journey looks at is checked with axe and for sideways scrolling.

WCAG 2.2 A/AA and best practice; 1.4.10 for what is narrow.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, expect
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from lms import accounts, people
from tests.journeys.serving import Site

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


PARTS = """() => [...new Set([...document.querySelectorAll('body *')].map(each => [
  each.tagName, each.className.baseVal ?? each.className, each.type ?? '', each.getAttribute('role') ?? '',
  ['aria-invalid', 'disabled', 'hidden', 'open', 'lang'].filter(name => each.hasAttribute(name)),
].join()))].sort().join(';')"""
"""What a page is built of, each kind of part once."""
LEAVING = """() => {
  window.leaving = false;
  addEventListener('submit', event => { window.leaving = !event.defaultPrevented });
}"""
"""Says that the page is on its way out; the next one knows nothing of it."""
PATIENCE = 30_000
"""Milliseconds that anything may take, so that a busy machine is no fault of the code."""
expect.set_options(timeout=PATIENCE)


def endpoint(site: Site, address: str) -> str:
    """Which page of the site an address is, whatever the numbers, codes and filters in it; of another one, itself."""
    try:
        return str(site.app.url_map.bind("").match(urlsplit(address).path)[0])
    except RequestRedirect as moved:
        return endpoint(site, moved.new_url)
    except HTTPException:
        return address


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
        self._click(self.page.get_by_role("button", name=name))
        if look:
            self.look()

    def follow(self, name: str, *, look: bool = True) -> None:
        """Follow the link that says this."""
        self._click(self.page.get_by_role("link", name=name))
        if look:
            self.look()

    def _click(self, target: Locator) -> None:
        """Click the first of them and be where it leads, also when the machine is busy; what a script keeps on the
        page leads nowhere."""
        self.page.evaluate(LEAVING)
        target.first.click()
        self.page.wait_for_function("() => window.leaving !== true")
        self.page.wait_for_load_state()

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

        A page whose kind and parts were looked at before is not checked twice.
        """
        key = (endpoint(self.site, self.page.url), self.page.evaluate(PARTS))
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
        self._click(self.page.locator(f"main {selector}"))
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
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        visitor = Visitor(site, context)
        if email:
            visitor.sign_in(email)
        return visitor

    yield make
    for context in contexts:
        context.close()
