"""A holder asks for another name: the leader has it as a task, says no with a word, and then issues it."""

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


def test_asked_refused_asked_again_and_issued(afterwards: Site, visit: Callable[..., Visitor]) -> None:
    known: dict[str, str] = {}

    def begin() -> None:
        branch = make_branch(1, 1)
        db.session.flush()
        (first,) = branch.early
        known.update(leader=branch.leader.email or "", holder=first.holder.email or "")
        known.update(path=f"/certificates/{first.id}")

    afterwards.act(begin)
    holder, leader = visit(), visit()
    holder.become(known["holder"])
    leader.become(known["leader"])
    ask(holder, known["path"], "Elin Ek")
    answer(leader)
    leader.sees("Innehavaren ber om namnet Elin Ek")
    leader.page.get_by_label("Varför namnet inte ändras").fill("Skicka beslutet om ditt nya namn.")
    leader.press("Behåll namnet och säg varför")
    leader.sees("Namnet ändras inte. Innehavaren får ett mejl som säger varför.")
    holder.go(f"{known['path']}/name-request")
    holder.sees("Projektledaren har svarat att namnet inte ändras")
    ask(holder, known["path"], "Elin af Ek")
    answer(leader)
    assert leader.page.get_by_label("Efternamn").input_value() == "af Ek"
    leader.press("Utfärda i det här namnet")
    leader.sees("Elin af Ek")
    leader.go("/", look=False)
    assert "ett annat namn" not in leader.text()


def ask(holder: Visitor, path: str, wanted: str) -> None:
    holder.go(f"{path}/name-request")
    holder.page.get_by_label("Namnet som det ska stå").fill(wanted)
    holder.press("Be projektledaren")
    holder.sees(f"Du har bett om namnet {wanted}")


def answer(leader: Visitor) -> None:
    """From the task on the home to the page where the wish is answered."""
    leader.go("/")
    leader.sees("1 person har bett om ett annat namn")
    leader.page.get_by_role("main").locator("a[href$='/name-wishes']").click()
    leader.look()
    leader.page.get_by_role("main").locator("a[href$='/name']").click()
    leader.look()
