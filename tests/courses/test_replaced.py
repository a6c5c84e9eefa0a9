"""A certificate that a newer one has taken the place of: every page that lists certificates knows the word for it."""

import pytest
from flask import Flask

from certificates import issuing, register
from lms import clock
from lms.people import Person
from tests.certificates.examples import example
from tests.factories import make_person


@pytest.fixture
def replaced(app: Flask) -> tuple[Person, register.Certificate, register.Certificate]:
    """Somebody with a user certificate and the one that took its place."""
    holder = make_person("Elin Forsman")
    draft = example(number=register.DRAFT, holder_name="Elin Forsman", issued_on=clock.today())
    first = issuing.issue(draft, holder=holder, ground="a", issuer_certificate=None, by=holder)
    second = issuing.issue(draft, holder=holder, ground="b", issuer_certificate=None, by=holder, replaces=first)
    return holder, first, second


def test_home_and_list_say_what_is_replaced(browser_of, replaced):  # type: ignore[no-untyped-def]
    holder, first, second = replaced
    browser = browser_of(holder)
    home, mine = browser.get("/").text, browser.get("/my/certificates").text
    assert home.count("Replaced by a newer one") == 1
    assert mine.count("Replaced") >= 1
    for page in (home, mine):
        assert first.number in page
        assert second.number in page
    assert browser.get(f"/certificates/{first.id}").status_code == 200
