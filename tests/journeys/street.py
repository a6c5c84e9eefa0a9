"""Papers of a trainer and the product they lead to, behind a cable; for the journeys with a scanned code."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from certificates import register
from certificates.proof.credentials import newest
from certificates.register import Certificate
from tests.certificates.branches import make_branch
from tests.journeys.cable import Cable
from tests.journeys.serving import Site, serving
from tests.journeys.visitor import Visitor, visitors

GENUINE, VOID = "Papperet är äkta", "Papperet är äkta, men certifikatet är återkallat"
OTHER = "QR-koden hör inte till det här certifikatet"
BROKEN = "Beviset i QR-koden är inte äkta"
READ_ON = "Papperet är äkta, men läs vidare"


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
