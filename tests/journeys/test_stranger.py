"""What anybody meets: the public pages, signing in with a code, language, and the way out."""

from collections.abc import Callable

from lms import people
from tests.journeys.serving import Site
from tests.journeys.visitor import Visitor


def _anna(site: Site) -> None:
    site.act(lambda: people.add_person("Anna", "Lind", email="anna.lind@habo.example", by=None))


def test_public_pages(visit: Callable[..., Visitor]) -> None:
    stranger = visit()
    for path in ("/", "/sign-in", "/accessibility", "/privacy", "/help", "/nowhere"):
        stranger.go(path)
        stranger.sees("Medfinansieras av Europeiska unionen")
    assert stranger.go("/demo", look=False).status == 404  # type: ignore[union-attr]


def test_sign_in_with_a_code_and_out_again(site: Site, visit: Callable[..., Visitor]) -> None:
    _anna(site)
    anna = visit("anna.lind@habo.example")
    anna.look()
    anna.sees("Anna Lind")
    anna.follow("Inställningar")
    anna.page.get_by_label("Språk").select_option("en")
    anna.press("Spara")
    anna.sees("Settings")
    anna.press("Svenska", look=False)
    anna.press("Logga ut")
    anna.sees("Logga in")


def test_a_wrong_code_is_told_at_the_field_and_in_the_summary(site: Site, visit: Callable[..., Visitor]) -> None:
    stranger = visit()
    stranger.go("/sign-in")
    stranger.page.get_by_label("Din e-postadress på jobbet").fill("nobody")
    stranger.press("Skicka en kod till mig")
    stranger.sees("Skriv hela adressen")
    assert stranger.page.get_by_label("Din e-postadress på jobbet").input_value() == "nobody"
    stranger.page.get_by_label("Din e-postadress på jobbet").fill("nobody@habo.example")
    stranger.press("Skicka en kod till mig")
    stranger.page.get_by_label("Koden i mejlet").fill("123456")
    stranger.press("Logga in")
    stranger.sees("Det är inte koden i mejlet")
