"""A trainer signs for an absent one: with a reason, under every rule of a signature, and the absent one is told."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from courses import attendance, exemptions
from courses.attendance import record, sign_off, signed
from courses.attendance.deputies import sign_as_deputy
from courses.policy import may_see_attendance, may_sign_as_deputy
from lms import clock
from lms.audit import Audit
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.refusals import Refused, Stale
from tests import factories
from tests.courses.sheets import Day, course_day, whole
from tests.queries import count_queries

WHY = "Utbildaren är borta och jag var med i rummet"


def filled(people: int = 2, *, days_ago: int = 1) -> Day:
    day = course_day(people, days_ago=days_ago)
    record(day.session, [whole(person) for person in day.people], by=day.trainer, nonce="nonce-000")
    return day


def deputy_of(day: Day) -> Person:
    return factories.make_role("county_trainer", day.project)


@pytest.mark.usefixtures("app")
class TestOperation:
    def test_the_reason_stands_on_the_signature_and_in_the_log_and_the_trainer_is_told(self):
        day = filled()
        deputy = deputy_of(day)
        made = sign_as_deputy(day.session, f"  {WHY} ", by=deputy)
        assert (made.by_id, made.deputy_reason, made.people) == (deputy.id, WHY, 2)
        told = db.session.scalars(select(OutboxMail).where(OutboxMail.person_id == day.trainer.id)).one()
        assert WHY in told.text
        assert db.session.scalars(select(Audit).filter_by(act="attendance.signed")).one().details["reason"] == WHY
        assert may_see_attendance(deputy, day.session)

    def test_twice_is_once_and_somebody_else_is_told_who_was_first(self):
        day = filled()
        deputy = deputy_of(day)
        first = sign_as_deputy(day.session, WHY, by=deputy)
        assert sign_as_deputy(day.session, WHY, by=deputy) is first
        assert len(list(db.session.scalars(select(OutboxMail)))) == 1
        with pytest.raises(Stale) as refusal:
            sign_as_deputy(day.session, WHY, by=deputy_of(day))
        assert refusal.value.code == "signed"

    @pytest.mark.parametrize("reason", ["", "  ", "hm", "x" * 501])
    def test_a_reason_is_needed(self, reason: str):
        day = filled()
        with pytest.raises(Refused) as refusal:
            sign_as_deputy(day.session, reason, by=deputy_of(day))
        assert refusal.value.code == "reason"
        assert signed(day.session) is None

    def test_the_runs_own_trainer_signs_as_always(self):
        day = filled()
        with pytest.raises(Refused) as refusal:
            sign_as_deputy(day.session, WHY, by=day.trainer)
        assert refusal.value.code == "own_session"
        assert sign_off(day.session, by=day.trainer).deputy_reason == ""

    def test_every_other_rule_holds(self):
        day = filled()
        uncertified = factories.make_role("trainer", day.project)
        with pytest.raises(Refused) as refusal:
            sign_as_deputy(day.session, WHY, by=uncertified)
        assert refusal.value.code == "gate"
        inside = deputy_of(day)
        factories.projects.join_project(inside, day.project, by=None)
        late = factories.make_enrolment(day.run, inside)
        with pytest.raises(Refused) as refusal:
            sign_as_deputy(day.session, WHY, by=inside)
        assert refusal.value.code == "own_sheet"
        with pytest.raises(Refused) as refusal:
            sign_as_deputy(day.session, WHY, by=deputy_of(day))
        assert refusal.value.code == "unanswered"
        late.state = "withdrawn"
        before = day.session.ends_at - timedelta(minutes=31)
        with clock.moved(before), pytest.raises(Refused) as refusal:
            sign_as_deputy(day.session, WHY, by=deputy_of(day))
        assert refusal.value.code == "not_over"

    def test_a_correction_by_the_trainer_is_no_deputys(self):
        day = filled(1)
        sign_as_deputy(day.session, WHY, by=deputy_of(day))
        (entry,) = attendance.latest(day.session).values()
        mark = attendance.Mark(entry.person_id, "absent", entry.id)
        attendance.correct(day.session, [mark], "Var inte där", by=day.trainer, nonce="nonce-001")
        newest = signed(day.session)
        assert newest is not None
        assert (newest.by_id, newest.deputy_reason) == (day.trainer.id, "")

    def test_who_may(self):
        day = course_day(1)
        other = factories.make_role("county_trainer", factories.make_project(like="smot"))
        leader = factories.make_role("project_leader", day.project)
        answers = [bool(may_sign_as_deputy(each, day.session)) for each in (day.trainer, other, leader, day.people[0])]
        assert answers == [False] * 4
        assert may_sign_as_deputy(deputy_of(day), day.session)
        assert may_sign_as_deputy(factories.make_role("trainer", day.project), day.session)


def test_from_the_list_to_the_signed_sheet(browser_of) -> None:
    day = filled(days_ago=2)
    deputy = deputy_of(day)
    browser, url = browser_of(deputy), f"/sessions/{day.session.id}/deputy"
    listed = browser.get(f"/projects/{day.project.id}/unsigned-sheets").text
    assert f'href="{url}"' in listed
    assert browser.get(f"/sessions/{day.session.id}/attendance").status_code == 403
    page = browser.get(url).text
    assert day.people[0].name in page
    seen = re.search(r'name="seen" value="(\w{64})"', page)
    assert seen
    refused = browser.post(url, data={"seen": seen[1], "reason": "x"})
    assert refused.status_code == 422
    assert 'id="reason-e"' in refused.text
    assert browser.post(url, data={"seen": "0" * 64, "reason": WHY}).status_code == 409
    answer = browser.post(url, data={"seen": seen[1], "reason": WHY})
    assert answer.location == f"/sessions/{day.session.id}/attendance"
    shown = browser.get(answer.location).text
    assert WHY in shown
    assert "/correction" not in browser.get(answer.location).text
    assert "Signed by" in browser.get(url).text
    assert f'href="{url}"' not in browser.get(f"/projects/{day.project.id}/unsigned-sheets").text


def test_the_list_says_what_each_can_do(browser_of) -> None:
    day = course_day(1, days_ago=2)
    leader = factories.make_role("project_leader", day.project)
    url = f"/projects/{day.project.id}/unsigned-sheets"
    assert "Fill in and sign" in browser_of(day.trainer).get(url).text
    assert "Look at the sheet" in browser_of(leader).get(url).text
    refused = browser_of(factories.make_role("trainer", day.project)).get(f"/sessions/{day.session.id}/deputy").text
    assert "You cannot sign this sheet" in refused


def test_the_list_asks_as_much_for_many_sheets(browser_of) -> None:
    day, counts = course_day(1, days_ago=2), []
    browser = browser_of(deputy_of(day))
    for _round in range(3):
        with count_queries() as found:
            assert browser.get(f"/projects/{day.project.id}/unsigned-sheets").status_code == 200
        counts.append(len(found))
        for _one in range(4):
            trainer = factories.make_role("county_trainer", day.project)
            earlier = clock.today() - timedelta(days=3)
            factories.make_run(day.project, trainer, programme="smail-utbildare", first_day=earlier)
    assert counts[1] == counts[2]


def test_an_exempted_trainer_signs_and_is_led_back_to_the_list(browser_of) -> None:
    project, today = factories.make_project(), clock.today()
    leader, trainer = factories.make_role("project_leader", project), factories.make_role("trainer", project)
    run = factories.make_run(project, factories.make_role("trainer", project), first_day=today - timedelta(days=1))
    person = factories.make_participant(project)
    factories.make_enrolment(run, person)
    session = run.sessions[0]
    record(session, [whole(person)], by=run.trainers[0], nonce="nonce-000")
    exemptions.grant(project, trainer, starts=today - timedelta(days=9), ends=today, reason="Ersätter", by=leader)
    browser = browser_of(trainer)
    answer = browser.post(f"/sessions/{session.id}/deputy", data={"reason": WHY})
    shown = browser.get(answer.location).text
    assert WHY in shown
    assert f"/runs/{run.id}" not in shown
    assert f"/projects/{project.id}/unsigned-sheets" in shown
