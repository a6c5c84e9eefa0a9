"""The sheet tells a trainer before she begins that she cannot sign it, why, and that what she fills in is kept."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from certificates import register
from certificates.acts import revoking
from courses import attendance, exemptions
from courses.attendance import latest
from lms import clock
from lms.db import db
from tests import factories
from tests.certificates.branches import make_certificate
from tests.courses.sheets import Day, course_day, whole
from tests.courses.test_attendance_pages import nonce_on, rows, sheet_url

NOTE = "You cannot sign this sheet"


def user_day(certificate: str = "", *, days_ago: int = 1) -> Day:
    """A user course led by a trainer whose certificate is "" (never issued), expired, revoked or valid."""
    project = factories.make_project()
    trainer = factories.make_role("trainer", project)
    first = clock.today() - timedelta(days=days_ago)
    if certificate:
        with clock.moved(clock.now() - timedelta(days=30)):
            ends = first - timedelta(days=1) if certificate == "expired" else None
            held = make_certificate(project, trainer, "trainer", valid_until=ends)
        if certificate == "revoked":
            revoking.revoke(held, reason_code="grounds", by=factories.make_role("project_leader", project))
    run = factories.make_run(project, trainer, first_day=first)
    there = [factories.make_participant(project) for _each in range(2)]
    for person in there:
        factories.make_enrolment(run, person)
    return Day(project, trainer, run, run.sessions[0], there)


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [("", "There is no trainer certificate"), ("expired", "has not been valid since"), ("revoked", "is revoked since")],
)
def test_the_sheet_tells_why_and_saves_all_the_same(browser_of, app, certificate: str, reason: str) -> None:
    day = user_day(certificate)
    browser: FlaskClient = browser_of(day.trainer)
    page = browser.get(sheet_url(day)).text
    assert page.index(NOTE) < page.index(reason) < page.index("everything is saved") < page.index('id="sheet"')
    values = rows(day, dict.fromkeys(day.people, "whole"), sign="1", nonce=nonce_on(page))
    assert browser.post(sheet_url(day), data=values).status_code == 303
    db.session.rollback()
    assert [attendance.state_of(latest(day.session)[p.id]) for p in day.people] == ["whole", "whole"]
    confirm = browser.get(sheet_url(day, "sign-off")).text
    assert NOTE in confirm
    assert reason in confirm
    refused = browser.post(sheet_url(day, "sign-off"))
    assert refused.status_code == 422
    assert refused.text.count(reason) == 1
    db.session.rollback()
    assert not attendance.is_signed(day.session)


OTHER_WAYS = ("attendance/paper", "attendance/import")
"""How a sheet is filled in besides by ticking it."""


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_paper_and_files_tell_so_before_they_begin(browser_of, app, way: str) -> None:
    day = user_day("revoked")
    page = browser_of(day.trainer).get(f"/sessions/{day.session.id}/{way}").text
    assert page.index(NOTE) < page.index("is revoked since") < page.index('action="/sessions/')
    led = course_day()
    assert NOTE not in browser_of(led.trainer).get(f"/sessions/{led.session.id}/{way}").text


def test_who_stands_on_the_sheet_herself_is_told_before_she_fills_it_in(browser_of, app) -> None:
    day = course_day(people=1)
    factories.make_enrolment(day.run, day.trainer)
    db.session.commit()
    for way in ("attendance", *OTHER_WAYS, "sign-off"):
        page = browser_of(day.trainer).get(f"/sessions/{day.session.id}/{way}").text
        assert page.count("You stand on this sheet yourself") == 1, way


def test_who_may_sign_reads_no_such_note(browser_of, app) -> None:
    for day in (user_day("valid"), course_day()):
        page = browser_of(day.trainer).get(sheet_url(day))
        assert page.status_code == 200
        assert NOTE not in page.text


def test_one_that_ran_out_after_the_session_signs(app) -> None:
    day = user_day("valid", days_ago=20)
    late = factories.make_role("trainer", day.project)
    with clock.moved(clock.now() - timedelta(days=40)):
        make_certificate(day.project, late, "trainer", valid_until=clock.today() + timedelta(days=22))
    assert register.state(register.of(late)[0], clock.today()) == "expired"
    assert attendance.may_sign(day.session, late, day.people)


def test_an_exemption_takes_the_note_away(browser_of, app) -> None:
    day = user_day()
    leader, on = factories.make_role("project_leader", day.project), clock.today()
    browser = browser_of(day.trainer)
    assert NOTE in browser.get(sheet_url(day)).text
    exemptions.grant(
        day.project, day.trainer, starts=on - timedelta(days=3), ends=on, reason="Vikarie", by=leader
    )
    db.session.commit()
    assert NOTE not in browser.get(sheet_url(day)).text


def test_a_correction_says_that_it_cannot_be_saved_and_keeps_what_was_typed(browser_of, app) -> None:
    day = user_day("valid")
    for person in day.people:
        attendance.record(day.session, [whole(person)], by=day.trainer, nonce=f"nonce-{person.id:04}")
    attendance.sign_off(day.session, by=day.trainer)
    (held,) = register.of(day.trainer)
    revoking.revoke(held, reason_code="grounds", by=factories.make_role("project_leader", day.project))
    db.session.commit()
    browser = browser_of(day.trainer)
    page = browser.get(sheet_url(day, "correction")).text
    assert NOTE in page
    assert "A correction is signed as it is saved" in page
    values = rows(day, {day.people[0]: "absent"}, reason="Gick hem.", correct="1", nonce=nonce_on(page))
    answer = browser.post(sheet_url(day, "correction"), data=values)
    assert answer.status_code == 422
    assert "Gick hem." in answer.text
    assert answer.text.count("is revoked since") == 1
