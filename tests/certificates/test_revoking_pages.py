"""Revoking on screen: what is touched is shown first, and what is doubted is decided about on one page."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from certificates import register
from certificates.acts import deciding, revoking
from lms import clock
from lms.db import db
from tests.certificates.branches import Branch, make_branch
from tests.factories import make_role, make_run
from tests.queries import count_queries

WHY = {"reason": "conduct", "sure": "1"}


@pytest.fixture
def branch(app: Flask) -> Branch:
    return make_branch()


@pytest.fixture
def browser(browser_of, branch: Branch) -> FlaskClient:  # type: ignore[no-untyped-def]
    return browser_of(branch.leader)  # type: ignore[no-any-return]


def revoked(branch: Branch) -> str:
    """The trainer's certificate revoked; the address of the decisions."""
    revoking.revoke(branch.trainer, reason_code="conduct", doubted_from=branch.since, by=branch.leader)
    return f"/projects/{branch.project.id}/certificates-under-review"


def test_the_page_shows_what_is_touched_before_and_after_a_day(browser: FlaskClient, branch: Branch) -> None:
    make_run(branch.project, branch.trainer.holder, first_day=clock.today() - timedelta(days=2), organisation="Tierp")
    make_run(branch.project, branch.trainer.holder, organisation="Heby")
    gone = make_run(branch.project, branch.trainer.holder, first_day=clock.today() - timedelta(days=60))
    address = f"/certificates/{branch.trainer.id}/revoke"
    page = browser.get(f"{address}?doubted_from={branch.since}").text
    for words in ("2 before", "2 from that day on", "Tierp", "Heby", "Under way", "Planned", "The role in the project"):
        assert words in page
    assert f"/runs/{gone.id}" not in page
    for each in branch.under:
        assert each.number in page
    today = browser.get(address).text
    assert "4 before" in today
    assert "0 from that day on" in today
    for typed in ("2999-01-01", "nonsense", ""):
        assert "4 before" in browser.get(f"{address}?doubted_from={typed}").text
    assert db.session.scalars(db.select(register.CertificateEvent)).all() == []


def test_revoking_leads_to_the_decisions_and_keeps_the_words_apart(  # type: ignore[no-untyped-def]
    browser: FlaskClient, browser_of, branch: Branch
) -> None:
    sent = {**WHY, "doubted_from": branch.since.isoformat(), "public_text": "Efter en anmälan.", "note": "Dnr 7."}
    answer = browser.post(f"/certificates/{branch.trainer.id}/revoke", data=sent)
    assert answer.location == f"/projects/{branch.project.id}/certificates-under-review"
    event = register.revocation(branch.trainer)
    assert event is not None
    assert (event.public_text, event.note, event.doubted_from) == ("Efter en anmälan.", "Dnr 7.", branch.since)
    assert "Note for the file: Dnr 7." in browser.get(f"/certificates/{branch.trainer.id}").text
    assert "Dnr 7." not in browser_of(branch.trainer.holder).get(f"/certificates/{branch.trainer.id}").text
    again = browser.post(f"/certificates/{branch.trainer.id}/revoke", data=sent)
    assert again.location == f"/certificates/{branch.trainer.id}"
    assert "revoked already" in browser.get(f"/certificates/{branch.trainer.id}/revoke").text


@pytest.mark.parametrize(
    "sent", [{}, {"reason": "conduct"}, {**WHY, "reason": "x"}, {**WHY, "public_text": "x" * 301},
             {**WHY, "doubted_from": "2999-01-01"}, {**WHY, "doubted_from": "soon"}],
)  # fmt: skip
def test_what_is_wrong_is_told_and_nothing_is_revoked(
    browser: FlaskClient, branch: Branch, sent: dict[str, str]
) -> None:
    answer = browser.post(f"/certificates/{branch.trainer.id}/revoke", data=sent)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert register.revocation(branch.trainer) is None


def test_everything_is_decided_in_one_act_as_proposed(browser: FlaskClient, branch: Branch) -> None:
    address = revoked(branch)
    page = browser.get(address).text
    assert page.count("checked") == 4
    sent = {f"outcome-{doubt.certificate.id}": doubt.proposed for doubt in deciding.waiting(branch.project)}
    unread = browser.post(address, data=sent)
    assert unread.status_code == 422
    assert "Look the list through first" in unread.text
    assert browser.post(address, data={**sent, "sure": "1", "note": "Prövat."}).status_code == 303
    told = browser.get(address).text
    assert "2 certificates stand. 2 certificates are revoked." in told
    assert "Nothing is under review" in told
    stale = browser.post(address, data={**sent, "sure": "1"})
    assert stale.status_code == 409
    assert "decided already" in stale.text


def test_one_button_decides_about_one(browser: FlaskClient, branch: Branch) -> None:
    address = revoked(branch)
    first, second = branch.early
    sent = {f"outcome-{first.id}": "revoke", f"outcome-{second.id}": "keep", "one": str(first.id)}
    unsure = browser.post(address, data=sent)
    assert (unsure.status_code, deciding.count(branch.project)) == (422, 4)
    assert "To revoke cannot be undone" in unsure.text
    assert browser.post(address, data=sent | {"sure": "1"}).status_code == 303
    db.session.expire_all()
    assert [register.state(each, clock.today()) for each in branch.early] == ["revoked", "valid"]
    assert deciding.count(branch.project) == 3
    later = browser.post(address, data={f"outcome-{second.id}": "", "one": str(second.id)})
    assert later.status_code == 422
    kept = browser.post(address, data={f"outcome-{first.id}": "keep", f"outcome-{second.id}": "keep", "sure": "1"})
    assert kept.status_code == 303
    assert first.number in browser.get(address).text  # somebody had decided about it already


@pytest.mark.parametrize(
    "sent", [{"outcome-x": "keep", "sure": "1"}, {"outcome-99999999999999999999": "keep", "sure": "1"},
             {"one": "9" * 30}, {"outcome-1": "maybe", "sure": "1"}, {"sure": "1", "note": "x" * 2001}],
)  # fmt: skip
def test_nonsense_decides_nothing(browser: FlaskClient, branch: Branch, sent: dict[str, str]) -> None:
    address = revoked(branch)
    assert browser.post(address, data=sent).status_code in (409, 422)
    assert deciding.count(branch.project) == 4


def test_many_cost_no_more_questions_than_few(browser_of, app: Flask) -> None:  # type: ignore[no-untyped-def]
    counts = []
    for size in (1, 6):
        branch = make_branch(size, size)
        browser = browser_of(branch.leader)
        for address in (f"/certificates/{branch.trainer.id}/revoke", revoked(branch)):
            browser.get(address)
            db.session.expunge_all()
            with count_queries() as queries:
                assert browser.get(address).status_code == 200
            counts.append(len(queries))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 16


def test_the_list_has_pages(browser_of, app: Flask) -> None:  # type: ignore[no-untyped-def]
    branch = make_branch(30, 4)
    browser = browser_of(branch.leader)
    address = f"/certificates/{branch.trainer.id}/revoke?doubted_from={branch.since}"
    first, second = browser.get(address).text, browser.get(address + "&page=2").text
    assert sum(each.number in first for each in branch.under) == 25
    assert sum(each.number in second for each in branch.under) == 9
    assert "doubted_from=" in first


def test_other_leaders_see_nothing(browser_of, branch: Branch) -> None:  # type: ignore[no-untyped-def]
    address = revoked(branch)
    assert browser_of(make_role("trainer", branch.project)).get(address).status_code == 403
