"""Journeys: real people's ways through a real site (serving.py) in Chromium from Debian (visitor.py)."""

import shutil
from collections.abc import Callable, Generator, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from lms import clock, demo, jobs
from tests.journeys.serving import Site, serving
from tests.journeys.visitor import CHROMIUM, Visitor, visitors

LONG = ("test_story.py", "test_personas.py", "test_month.py")
"""Begun first, so that no worker is alone with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A journey that fails tells where its browsers stood."""
    report = yield
    browser = getattr(item, "funcargs", {}).get("chromium")
    if report.failed and browser is not None:
        for page in (page for context in browser.contexts for page in context.pages):
            report.sections.append((f"a browser at {page.url}", _said(page)))
    return report


def _said(page: Page) -> str:
    try:
        return page.locator("body").inner_text(timeout=2_000)
    except PlaywrightError as error:
        return str(error)


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


@pytest.fixture
def visit(site: Site, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """visit(email) is a browser in which that person has signed in; visit() is a stranger's."""
    yield from visitors(site, chromium)


@pytest.fixture
def demo_visit(demo_site: Site, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """demo_visit() is the browser of somebody who looks at the demo."""
    yield from visitors(demo_site, chromium)
