"""Invitations: one click and a code, one click for who is signed in, and clear answers to wrong links."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from courses import enrolment, invitations, links
from courses.enrolment import Enrolment
from courses.invitations import UnconfirmedAnswer
from courses.runs import Run
from lms import clock
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.refusals import Refused
from tests.factories import make_participant, make_project, make_role, make_run


@pytest.fixture
def run(app: object) -> Run:
    project = make_project()
    return make_run(project, make_role("county_trainer", project), capacity=2)


@pytest.fixture
def row(run: Run) -> Enrolment:
    anna = make_participant(run.project, "Anna Hemlig", email="anna@habo.example")
    (made,) = enrolment.invite(run, [anna], by=run.trainers[0])
    db.session.commit()
    return made


def path(row: Enrolment) -> str:
    return f"/invitation/{links.invitation_token(row)}"


def newest_code(person: Person) -> str:
    letter = db.session.scalars(
        select(OutboxMail).where(OutboxMail.person_id == person.id).order_by(OutboxMail.id.desc())
    ).first()
    assert letter is not None
    found = re.search(r"\b\d{6}\b", letter.text)
    assert found
    return found[0]


def test_the_mail_shows_funding_asks_for_needs_and_leads_to_the_page(client: Any, row: Enrolment) -> None:
    letter = db.session.scalars(select(OutboxMail).where(OutboxMail.person_id == row.person_id)).one()
    assert links.invitation(row) in letter.text
    assert "Medfinansieras" in letter.text or "Co-funded" in letter.text
    assert "adaptations" in letter.text or "anpassningar" in letter.text
    assert letter.calendar_method == "REQUEST"
    page = client.get(path(row)).text
    assert "SMAIL för användare" in page
    assert "eu.svg" in page
    assert 'name="adaptations"' in page
    assert 'value="yes"' in page
    assert 'value="no"' in page


def test_the_link_shows_nothing_personal_and_no_meeting_link(client: Any, row: Enrolment) -> None:
    enrolment.answer(row, comes=True, adaptations="Hörslinga", by=row.person)
    db.session.commit()
    page = client.get(path(row)).text
    for hidden in ("Anna", "Hemlig", "anna@habo.example", "Hörslinga", "mote.example"):
        assert hidden not in page


def test_one_click_and_a_code_gives_a_place_and_signs_in(client: Any, row: Enrolment) -> None:
    answer = client.post(path(row), data={"answer": "yes", "adaptations": "Ramp"})
    assert answer.status_code == 303
    assert answer.location == f"{path(row)}/code"
    db.session.rollback()
    assert (row.state, row.adaptations) == ("invited", "")
    assert "anna@" not in client.get(answer.location).text
    wrong = client.post(answer.location, data={"code": "000000"})
    assert wrong.status_code == 422
    db.session.rollback()
    assert row.state == "invited"
    right = client.post(answer.location, data={"code": newest_code(row.person)})
    assert right.status_code == 303
    db.session.rollback()
    assert (row.state, row.adaptations) == ("registered", "Ramp")
    page = client.get(right.location).text
    assert "Anna Hemlig" in page
    assert "Ramp" in page
    assert "/calendar/" in page
    assert db.session.scalar(select(UnconfirmedAnswer.id)) is None


def test_no_is_confirmed_the_same_way_and_keeps_needs_out(client: Any, row: Enrolment) -> None:
    client.post(path(row), data={"answer": "no", "adaptations": "Ramp"})
    assert client.post(f"{path(row)}/code", data={"code": newest_code(row.person)}).status_code == 303
    db.session.rollback()
    assert (row.state, row.adaptations) == ("declined", "")


def test_five_wrong_codes_are_enough(client: Any, row: Enrolment) -> None:
    client.post(path(row), data={"answer": "yes"})
    right = newest_code(row.person)
    wrong = "111111" if right != "111111" else "222222"
    for _each in range(5):
        client.post(f"{path(row)}/code", data={"code": wrong})
    assert client.post(f"{path(row)}/code", data={"code": right}).status_code == 422
    db.session.rollback()
    assert row.state == "invited"


def test_a_code_of_somebody_else_confirms_nothing(client: Any, run: Run, row: Enrolment) -> None:
    """Only the handle of this answer counts, and only the invited person's code fits it."""
    other = make_participant(run.project)
    (theirs,) = enrolment.invite(run, [other], by=run.trainers[0])
    db.session.commit()
    client.post(path(theirs), data={"answer": "yes"})
    foreign = newest_code(other)
    client.post(path(row), data={"answer": "yes"})
    if foreign != newest_code(row.person):
        assert client.post(f"{path(row)}/code", data={"code": foreign}).status_code == 422
    db.session.rollback()
    assert (row.state, theirs.state) == ("invited", "invited")


def test_the_code_page_without_an_answer_leads_back(client: Any, row: Enrolment) -> None:
    assert client.get(f"{path(row)}/code").location == path(row)
    assert client.post(f"{path(row)}/code", data={"code": "123456"}).status_code == 422


def test_who_is_signed_in_answers_at_once(browser_of: Any, row: Enrolment) -> None:
    browser = browser_of(row.person)
    assert browser.post(path(row), data={"answer": "yes", "adaptations": "Paus"}).status_code == 303
    db.session.rollback()
    assert (row.state, row.adaptations) == ("registered", "Paus")
    assert "Paus" in browser.get(path(row)).text
    assert browser.post(path(row), data={"answer": "no", "adaptations": "Paus"}).status_code == 303
    db.session.rollback()
    assert row.state == "withdrawn"


def test_somebody_else_is_told_and_answers_nothing(browser_of: Any, run: Run, row: Enrolment) -> None:
    browser = browser_of(make_participant(run.project))
    page = browser.get(path(row))
    assert page.status_code == 200
    assert 'name="answer"' not in page.text
    assert "Anna" not in page.text
    assert browser.post(path(row), data={"answer": "yes"}).status_code == 403
    db.session.rollback()
    assert row.state == "invited"


def test_forged_links_get_a_clear_answer(client: Any, row: Enrolment) -> None:
    good = links.invitation_token(row)
    for bad in (good[:-1], good + "x", "x", good.replace(".", ".x"), links.calendar(row.person)[-40:-4]):
        for answer in (client.get(f"/invitation/{bad}"), client.post(f"/invitation/{bad}", data={"answer": "yes"})):
            assert answer.status_code == 404
            assert "<h1>" in answer.text
    elsewhere = links._signer("invitation").dumps([row.id, row.person_id + 1])
    assert client.get(f"/invitation/{elsewhere}").status_code == 404
    with pytest.raises(Refused) as refusal:
        invitations.invited_by("x")
    assert refusal.value.code == "forged"


def test_a_link_that_came_too_late_says_so_before_any_code(client: Any, run: Run, row: Enrolment) -> None:
    assert run.register_by is not None
    late = clock.at(run.register_by + timedelta(days=1), clock.local(clock.now()).time())
    with clock.moved(late):
        page = client.get(path(row))
        assert run.register_by.isoformat() in page.text
        assert 'name="answer"' not in page.text
        refused = client.post(path(row), data={"answer": "yes", "adaptations": "Ramp"})
        assert refused.status_code == 422
    db.session.rollback()
    assert db.session.scalar(select(UnconfirmedAnswer.id)) is None


def test_who_has_a_place_may_still_leave_after_the_last_day(browser_of: Any, run: Run, row: Enrolment) -> None:
    enrolment.answer(row, comes=True, by=row.person)
    db.session.commit()
    assert run.register_by is not None
    with clock.moved(clock.at(run.register_by + timedelta(days=1), clock.local(clock.now()).time())):
        browser = browser_of(row.person)
        assert 'value="no"' in browser.get(path(row)).text
        assert browser.post(path(row), data={"answer": "no"}).status_code == 303
    db.session.rollback()
    assert row.state == "withdrawn"


def test_a_cancelled_run_is_not_answered(client: Any, run: Run, row: Enrolment) -> None:
    run.cancelled_at = clock.now()
    db.session.commit()
    assert 'name="answer"' not in client.get(path(row)).text
    assert client.post(path(row), data={"answer": "yes"}).status_code == 422


def test_an_answer_refused_after_the_code_still_signs_in_and_says_why(client: Any, run: Run, row: Enrolment) -> None:
    client.post(path(row), data={"answer": "yes"})
    run.cancelled_at = clock.now()
    db.session.commit()
    assert client.post(f"{path(row)}/code", data={"code": newest_code(row.person)}).status_code == 303
    db.session.rollback()
    assert row.state == "invited"
    assert "Anna Hemlig" in client.get(path(row)).text


def test_what_was_typed_stays_when_it_cannot_be_taken(client: Any, row: Enrolment) -> None:
    long = "Behov " * 400
    answer = client.post(path(row), data={"answer": "yes", "adaptations": long})
    assert answer.status_code == 422
    assert long.strip() in answer.text
    assert 'id="adaptations-e"' in answer.text
    answer = client.post(path(row), data={"adaptations": "Ramp"})
    assert answer.status_code == 422
    assert "Ramp" in answer.text


def test_unconfirmed_answers_are_forgotten_after_a_day(client: Any, row: Enrolment) -> None:
    client.post(path(row), data={"answer": "yes", "adaptations": "Ramp"})
    with clock.moved(clock.now() + timedelta(days=1, minutes=1)):
        invitations.forget_old()
    assert db.session.scalar(select(UnconfirmedAnswer.id)) is None
