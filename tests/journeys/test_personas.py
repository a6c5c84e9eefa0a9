"""Everybody of the demo at work: each page that a person is led to is there, looks right and speaks one language.

The rule that matters most: a link that is shown never leads to a refusal.
"""

import re
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from lms.demo.personas import PERSONAS
from tests.journeys.serving import Site
from tests.journeys.visitor import NARROW, WIDE, Visitor, endpoint

DEPTH = 3
FILES = re.compile(r"\.(xlsx|csv|pdf|ics|zip|png|svg|json)$|^/(files|credentials)/")
EU = {"sv": "Medfinansieras av Europeiska unionen", "en": "Co-funded by the European Union"}
CONTENT = {"admin.outbox"}  # pages whose own words are those of people and mails
FOREIGN = {
    "sv": r"the|and|with|your|from|this|have|has|show|save|open|to come|done|missing|sign out|home",
    "en": r"inte|är|som|spara|visa|öppna|läs|klar|pågår|saknas|kommande|närvaro|tillfälle",
}
PAID: set[tuple[str, str]] = set()
"""Languages and kinds of pages where the words of the fund were seen."""
KEYS = [persona.key for persona in PERSONAS]

WORDS = """language => {
  const said = [];
  const walk = element => {
    if (['SCRIPT', 'STYLE'].includes(element.tagName)) return;
    if (element.lang && element.lang !== language) return;
    for (const name of ['aria-label', 'alt', 'placeholder', 'title', 'data-label'])
      if (element.hasAttribute(name)) said.push(element.getAttribute(name));
    for (const child of element.childNodes)
      if (child.nodeType === 3) said.push(child.data); else if (child.nodeType === 1) walk(child);
  };
  walk(document.body);
  return said.map(each => each.trim()).filter(Boolean);
}"""
LINKS = """() => [...document.querySelectorAll('.who a[href], nav a[href], main a[href], footer a[href]')]
  .filter(link => link.origin === location.origin).map(link => link.pathname + link.search)"""


def _be(visitor: Visitor, key: str) -> None:
    """Sign in as visitors of the demo do."""
    visitor.go("/demo", look=False)
    visitor.page.locator(f"form:has(input[value='{key}']) button").click()
    visitor.page.wait_for_url(f"{visitor.site.url}/")


def _check(visitor: Visitor, language: str) -> list[str]:
    """What is wrong with the words of the page."""
    page, found = visitor.page, []
    if page.locator("html").get_attribute("lang") != language:
        found.append("the language of the page is wrong")
    for text in page.evaluate(WORDS, language):
        if re.search(rf"(?<![\w-])({FOREIGN[language]})(?![\w-])", text, re.IGNORECASE):
            found.append(f"foreign words: {text}")
    return found


def _shows_who_pays(visitor: Visitor, language: str) -> None:
    """The words of the fund stand in the first screen, also on a phone: on each kind of page, and everybody's home."""
    kind = (language, endpoint(visitor.site, visitor.page.url))
    if kind in PAID and kind[1] != "home.index":
        return
    PAID.add(kind)
    words = visitor.page.get_by_text(EU[language]).first
    for width in (NARROW, WIDE):
        visitor.page.set_viewport_size({"width": width, "height": 640})
        expect(words).to_be_in_viewport(ratio=1)
    visitor.page.set_viewport_size({"width": WIDE, "height": 900})


def _open(visitor: Visitor, address: str, language: str) -> list[str]:
    """Open a page or fetch a file; what is wrong with it."""
    if FILES.search(urlsplit(address).path):
        answer = visitor.context.request.get(visitor.site.url + address)
        return [] if answer.status == 200 else [f"{address}: {answer.status}"]
    page = visitor.go(address, look=False)
    if page is None or page.status != 200:
        visitor.trouble.clear()
        return [f"{address}: {page and page.status}"]
    is_content = language == "en" and endpoint(visitor.site, address) in CONTENT
    found = [] if is_content else [f"{address}: {problem}" for problem in _check(visitor, language)]
    try:
        if language == "sv":
            visitor.look()
        _shows_who_pays(visitor, language)
    except AssertionError as problem:
        visitor.trouble.clear()
        found.append(f"{address}: {problem}")
    return found


def _crawl(visitor: Visitor, language: str, depth: int) -> list[str]:
    """Follow every link, each kind of page once; what is wrong with the pages."""
    seen, wrong = {"home.index"}, _open(visitor, "/", language)
    waiting = deque((link, "/", 1) for link in visitor.page.evaluate(LINKS))
    while waiting:
        address, shown_on, steps = waiting.popleft()
        kind = endpoint(visitor.site, address)
        if kind in seen:
            continue
        seen.add(kind)
        wrong += [f"{problem} (shown on {shown_on})" for problem in _open(visitor, address, language)]
        if steps < depth and not FILES.search(urlsplit(address).path):
            waiting.extend((link, address, steps + 1) for link in visitor.page.evaluate(LINKS))
    return wrong


@pytest.mark.parametrize("key", KEYS)
def test_everything_a_person_is_led_to_is_there_for_her(key: str, demo_visit: Callable[..., Visitor]) -> None:
    visitor = demo_visit()
    _be(visitor, key)
    expect(visitor.page.locator(".lake a.btn, .lake button").first).to_be_visible()
    assert not (wrong := _crawl(visitor, "sv", DEPTH)), "\n".join(wrong)


@pytest.mark.parametrize("key", KEYS)
def test_the_menu_in_english(key: str, demo_visit: Callable[..., Visitor]) -> None:
    visitor = demo_visit()
    _be(visitor, key)
    visitor.press("English", look=False)
    try:
        menu = [link.get_attribute("href") or "" for link in visitor.page.locator(".nav-row a").all()]
        assert not (wrong := [each for address in menu for each in _open(visitor, address, "en")]), "\n".join(wrong)
    finally:
        visitor.press("Svenska", look=False)


def test_the_sheet_by_keyboard(demo_visit: Callable[..., Visitor]) -> None:
    """Tab from the top: first the way past the menu, then everything the trainer needs, and nothing traps the focus."""
    visitor = demo_visit()
    _be(visitor, "trainer")
    visitor.follow("Öppna närvarolistan", look=False)
    page = visitor.page
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Hoppa till innehållet")
    page.keyboard.press("Enter")
    reached = ""
    for _ in range(80):
        page.keyboard.press("Tab")
        reached = page.locator(":focus").inner_text()
        if "Signera" in reached:
            break
    assert "Signera" in reached, f"the last place that Tab reached was {reached!r}"
    box, bar = page.locator(":focus").bounding_box(), page.viewport_size
    assert box
    assert bar
    assert 0 <= box["y"] < bar["height"]


def test_a_day_without_scripts(demo_site: Site, demo_visit: Callable[..., Visitor]) -> None:
    """The trainer fills in the sheet of today and signs it; then a participant answers the survey."""
    before, demo_site.now = demo_site.now, demo_site.now + timedelta(hours=3)
    try:
        trainer = demo_visit(java_script_enabled=False)
        _be(trainer, "trainer")
        trainer.follow("Öppna närvarolistan", look=False)
        for row in trainer.page.locator("main tbody tr").all():
            row.get_by_text("Hela", exact=False).first.click()
        trainer.press("Signera", look=False)
        trainer.press("Signera", look=False)
        trainer.sees("signerad")
        demo_site.act()
        participant = demo_visit(java_script_enabled=False)
        _be(participant, "participant")
        participant.follow("Svara på enkäten", look=False)
        for question in participant.page.locator("main .likert").all():
            question.locator("label").nth(3).click()
        participant.press("Skicka", look=False)
        participant.sees("Tack")
    finally:
        demo_site.now = before
