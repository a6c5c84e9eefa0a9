"""A certificate that a newer one has taken the place of: every page that lists certificates knows the word for it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from certificates import register
from certificates.acts import issuing, renaming, revoking
from courses import burnup, certification, goals
from lms import clock
from lms.people import Person
from tests.certificates.branches import make_certificate
from tests.certificates.examples import example
from tests.courses.earning import earn, sign_all
from tests.factories import make_participant, make_person, make_project, make_role, make_run


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


def test_who_has_another_name_is_certified_in_the_run_by_the_newer_one(app: Flask) -> None:
    project = make_project()
    trainer, leader = make_role("trainer", project), make_role("project_leader", project)
    make_certificate(project, trainer, "trainer")
    run = make_run(project, trainer, first_day=clock.today() - timedelta(days=20))
    person = earn(run, make_participant(project, "Elin Forsman"), by=trainer)
    sign_all(run, by=trainer)
    (first,) = certification.certify(run, [person], by=trainer)
    second = renaming.rename(first, given_name="Elin", family_name="Åkerström", by=leader)
    known = certification.facts(run)[person.id]
    assert (known.certificate, known.certificate_id) == ("here", second.id)
    assert certification.certify(run, [person], by=trainer) == [second]
    revoking.revoke(second, reason_code="mistake", by=leader)
    assert certification.facts(run)[person.id].certificate == "revoked"


def test_only_the_newest_counts_for_the_goals_of_today(app: Flask) -> None:
    """A successor with fewer days than the first: whoever has run out is not counted by the paper that was replaced."""
    project = make_project()
    holder, today = make_participant(project), clock.today()
    board = lambda: next(each for each in goals.board(project) if each.goal.level == "user")  # noqa: E731
    first = make_certificate(project, holder)
    draft = replace(register.statement_of(first), number=register.DRAFT, valid_until=today + timedelta(days=2))
    values = {"holder": holder, "issuer_certificate": None, "by": holder, "replaces": first}
    issuing.issue(draft, ground="shorter", **values)  # type: ignore[arg-type]
    assert board().reached.count == 1  # type: ignore[union-attr]
    with clock.moved(clock.now() + timedelta(days=3)):
        assert board().reached.count == 0  # type: ignore[union-attr]
        assert burnup.pace(project, board())[-1].day >= clock.today()
        reached = {month.day: month.reached for month in burnup.pace(project, board())}
        assert reached[clock.today()] == 0
    assert {month.day: month.reached for month in burnup.pace(project, board())}[today] == 1
