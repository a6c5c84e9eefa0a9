"""A trainer is revoked: what it touches is seen first, her users are decided about, strangers read the outcome."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from lms.db import db
from tests.certificates.branches import make_branch
from tests.journeys.serving import Site
from tests.journeys.visitor import Visitor, visitors


@pytest.fixture
def visit(afterwards: Site, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    yield from visitors(afterwards, chromium)


def test_revoke_decide_and_read(afterwards: Site, visit: Callable[..., Visitor]) -> None:
    known: dict[str, str] = {}

    def begin() -> None:
        branch = make_branch(2, 2)
        db.session.flush()
        known.update(leader=branch.leader.email or "", trainer=str(branch.trainer.id), since=f"{branch.since}")
        known.update(early=branch.early[0].code, other=branch.early[1].code, late=branch.late[0].code)
        known.update(holder=branch.early[0].holder.email or "", project=str(branch.project.id))
        known.update(number=branch.late[0].number)

    afterwards.act(begin)
    leader, stranger = visit(), visit()
    leader.become(known["leader"])
    _revoke(leader, known)
    stranger.go(f"/v/{known['early']}")
    stranger.sees("prövas")
    _decide_about_one(leader, known)
    _decide_about_the_rest(leader)
    stranger.go(f"/v/{known['early']}", look=False)
    assert "prövas" not in stranger.text()
    stranger.sees("Giltigt certifikat", "bekräftade")
    stranger.go(f"/v/{known['late']}", look=False)
    stranger.sees("återkallat")
    afterwards.act()
    told = [str(letter["Subject"]) for letter in afterwards.sink.to(known["holder"])]
    assert len(told) == 2
    assert "prövas" in told[0]
    assert "står fast" in told[1]
    leader.go("/", look=False)
    assert "certifikat prövas" not in leader.text()
    _look_up(leader, known)


def _look_up(leader: Visitor, known: dict[str, str]) -> None:
    """Somebody asks on the telephone about a number: it stands in the register with what became of it."""
    leader.page.get_by_role("navigation").get_by_role("link", name="Certifikat", exact=True).click()
    leader.look()
    leader.page.get_by_label("Nummer, kod, namn eller kommun").fill(known["number"].lower().replace("-", " "))
    leader.press("Sök")
    leader.sees("1 certifikat", known["number"], "Återkallat")
    leader.page.get_by_label("Nummer, kod, namn eller kommun").fill("finns inte")
    leader.press("Sök")
    leader.sees("Inget certifikat stämmer")


def _revoke(leader: Visitor, known: dict[str, str]) -> None:
    """She changes the day, sees both halves, writes a public reason, and comes to the decisions."""
    leader.go(f"/certificates/{known['trainer']}/revoke")
    leader.sees("4 certifikat är utfärdade med stöd av det här", "4 före", "0 från och med den dagen")
    leader.fill("doubted_from", known["since"])
    leader.press("Visa med den dagen")
    leader.sees("2 före", "2 från och med den dagen", "Rollen i projektet finns kvar")
    leader.page.get_by_label("Innehavaren uppfyller inte längre kraven.").check()
    leader.fill("public_text", "Beslutat efter prövning.")
    leader.press("Återkalla certifikatet")
    leader.sees("Läs listan först")
    leader.page.locator("main [name=sure]").check()
    leader.press("Återkalla certifikatet")
    leader.sees("Certifikatet är återkallat", "Certifikat som prövas", "Utfärdade av Eva Dahlgren")


def _decide_about_one(leader: Visitor, known: dict[str, str]) -> None:
    """By keyboard: the first of those proposed to stand, with her own button."""
    leader.go("/")
    leader.sees("4 certifikat prövas")
    leader.follow("Se och besluta")
    kept = leader.page.locator("input[value=keep]:checked")
    row = leader.page.locator("tr", has_text="står fast").filter(has=kept).first
    row.get_by_role("button", name="Besluta bara detta").press("Enter")
    leader.page.wait_for_load_state()
    leader.sees("1 certifikat står fast.")


def _decide_about_the_rest(leader: Visitor) -> None:
    leader.press("Besluta som valt")
    leader.sees("Gå igenom listan först")
    leader.page.locator("main [name=sure]").check()
    leader.press("Besluta som valt")
    leader.sees("1 certifikat står fast. 2 certifikat är återkallade.", "Inget prövas")
