"""Hours without a sheet: declared by who did it, approved by who leads, counted from then on and never twice."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from courses import attendance, meetings
from courses.activities import Activity
from courses.attendance import AttendanceEntry, HoursApproval, HoursSignature
from courses.esf.month import month
from courses.hours.declared import own, waiting
from courses.hours.declaring import Declaration, approve, declare, refuse, withdraw
from courses.policy import may_decide_hours
from lms import clock, projects
from lms.audit import Audit
from lms.db import db
from lms.employment import change_employer
from lms.mail import OutboxMail
from lms.organisations import add_organisation
from lms.people import Person
from lms.refusals import Refused, Stale
from tests import factories
from tests.courses.sheets import Day, course_day, whole
from tests.courses.test_attendance_at_once import at_once
from tests.queries import count_queries

OCTOBER = date(2022, 10, 1)
N = "nonce-000"


def taught(**values: object) -> tuple[Day, Declaration]:
    """A course day whose trainer is an ESF participant herself, and the preparation she declares for it."""
    day = course_day(1)
    projects.join_project(day.trainer, day.project, since=day.project.starts, by=None)
    what = Declaration(day.run, "preparation", clock.today() - timedelta(days=1), 150, "Förberedde passet")
    return day, replace(what, **values)  # type: ignore[arg-type]


def leader_of(day: Day) -> Person:
    return factories.make_role("project_leader", day.project)


def minutes(day: Day) -> int:
    return month(day.project, OCTOBER).total.minutes


@pytest.mark.usefixtures("app")
class TestDeclaring:
    def test_hours_count_when_they_are_approved(self):
        day, what = taught()
        entry = declare(what, nonce=N, by=day.trainer)
        assert (entry.minutes, entry.method, entry.session_id, entry.reason) == (150, "self", None, "Förberedde passet")
        assert (entry.person_id, entry.recorded_by_id) == (day.trainer.id, day.trainer.id)
        loose = [sheet for sheet in month(day.project, OCTOBER).unsigned if sheet.session_id is None]
        assert [(sheet.people, sheet.minutes) for sheet in loose] == [(1, 150)]
        assert minutes(day) == 0
        leader = leader_of(day)
        assert approve([entry], by=leader) == [entry]
        assert approve([entry], by=leader) == []
        assert minutes(day) == 150
        assert [each.state for each in own(day.trainer, day.project)] == ["approved"]
        assert waiting(day.project) == []
        assert set(db.session.scalars(select(Audit.act).where(Audit.act.startswith("hours.")))) >= {
            "hours.declared", "hours.approved"
        }  # fmt: skip

    def test_who_declares_certifies_by_it(self):
        day, what = taught()
        declare(what, nonce=N, by=day.trainer)
        (signature,) = db.session.scalars(select(HoursSignature))
        assert (signature.by_id, signature.way, signature.minutes) == (day.trainer.id, "signed_in", 150)

    def test_the_same_message_twice_is_once(self):
        day, what = taught()
        assert declare(what, nonce=N, by=day.trainer) is declare(what, nonce=N, by=day.trainer)
        assert len(list(db.session.scalars(select(AttendanceEntry)))) == 1

    def test_what_waits_is_replaced_only_by_who_has_seen_it(self):
        day, what = taught()
        first = declare(what, nonce=N, by=day.trainer)
        more = replace(what, minutes=200, note="Hela dagen")
        with pytest.raises(Stale) as refusal:
            declare(more, nonce="nonce-001", by=day.trainer)
        assert (refusal.value.code, refusal.value.values["entry"]) == ("declared", first)
        second = declare(more, nonce="nonce-001", seen=first.id, by=day.trainer)
        assert (second.replaces_id, second.minutes) == (first.id, 200)
        with pytest.raises(Stale) as refusal:
            approve([first], by=leader_of(day))
        assert refusal.value.code == "changed"
        approve([second], by=leader_of(day))
        with pytest.raises(Refused) as late:
            declare(replace(what, minutes=1), nonce="nonce-002", seen=second.id, by=day.trainer)
        assert late.value.code == "approved"
        assert minutes(day) == 200

    def test_no_is_told_with_a_reason_and_she_may_declare_anew(self):
        day, what = taught()
        entry, leader = declare(what, nonce=N, by=day.trainer), leader_of(day)
        made = refuse(entry, "Det står redan på listan", by=leader)
        assert refuse(entry, "Det står redan på listan", by=leader) is made
        assert (made.minutes, made.replaces_id, made.recorded_by_id) == (0, entry.id, leader.id)
        letter = db.session.scalars(select(OutboxMail)).one()
        assert (letter.person_id, "Det står redan på listan" in letter.text) == (day.trainer.id, True)
        assert [each.state for each in own(day.trainer, day.project)] == ["refused"]
        assert waiting(day.project) == []
        assert [sheet for sheet in month(day.project, OCTOBER).unsigned if sheet.session_id is None] == []
        again = declare(replace(what, minutes=60), nonce="nonce-001", by=day.trainer)
        assert (again.replaces_id, [each.state for each in own(day.trainer, day.project)]) == (made.id, ["waiting"])

    def test_a_mistake_is_taken_back_while_it_waits(self):
        day, what = taught()
        entry, leader = declare(what, nonce=N, by=day.trainer), leader_of(day)
        with pytest.raises(Refused) as refusal:
            withdraw(entry, by=leader)
        assert refusal.value.code == "not_yours"
        assert withdraw(entry, by=day.trainer) is withdraw(entry, by=day.trainer)
        assert [each.state for each in own(day.trainer, day.project)] == ["withdrawn"]
        with pytest.raises(Stale):
            approve([entry], by=leader)
        again = declare(what, nonce="nonce-001", by=day.trainer)
        approve([again], by=leader)
        with pytest.raises(Refused) as late:
            withdraw(again, by=day.trainer)
        assert late.value.code == "approved"
        assert minutes(day) == 150

    def test_approved_hours_are_taken_back_with_a_reason(self):
        day, what = taught()
        entry, leader = declare(what, nonce=N, by=day.trainer), leader_of(day)
        approve([entry], by=leader)
        made = refuse(entry, "Fel månad", by=leader)
        assert minutes(day) == 0
        with pytest.raises(Stale) as refusal:
            approve([made], by=leader)
        assert refusal.value.code == "changed"

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"kind": "session"}, "kind"),
            ({"kind": "assignment"}, "kind"),
            ({"minutes": 0}, "minutes"),
            ({"minutes": 961}, "minutes"),
            ({"minutes": -5}, "minutes"),
            ({"note": "  x "}, "note"),
            ({"note": "x" * 501}, "note"),
            ({"day": date(2022, 10, 13)}, "future"),
            ({"day": date(2021, 12, 31)}, "outside_project"),
        ],
    )
    def test_what_cannot_be(self, changed: dict[str, object], code: str):
        day, what = taught(**changed)
        with pytest.raises(Refused) as refusal:
            declare(what, nonce=N, by=day.trainer)
        assert refusal.value.code == code

    def test_only_for_what_she_belongs_to(self):
        day, what = taught()
        outsider = factories.make_participant(day.project)
        with pytest.raises(Refused) as refusal:
            declare(what, nonce=N, by=outsider)
        assert refusal.value.code == "activity"
        with pytest.raises(Refused) as refusal:
            declare(what, nonce=N, by=day.people[0])
        assert refusal.value.code == "kind"
        assert declare(replace(what, kind="coaching"), nonce=N, by=day.people[0]).kind == "coaching"
        day.run.cancelled_at = clock.now()
        with pytest.raises(Refused) as refusal:
            declare(what, nonce="nonce-001", by=day.trainer)
        assert refusal.value.code == "activity"

    def test_days_outside_her_own_time_in_the_project(self):
        day, what = taught()
        part = projects.participation_of(day.trainer.id, day.project.id)
        assert part
        projects.end_participation(part, what.day - timedelta(days=1), by=day.trainer)
        with pytest.raises(Refused) as refusal:
            declare(what, nonce=N, by=day.trainer)
        assert refusal.value.code == "outside_participation"

    def test_no_day_has_more_than_24_hours(self):
        day, what = taught(minutes=960)
        declare(what, nonce=N, by=day.trainer)
        with pytest.raises(Refused) as refusal:
            declare(replace(what, kind="coaching", minutes=481), nonce="nonce-001", by=day.trainer)
        assert refusal.value.code == "full_day"
        declare(replace(what, kind="coaching", minutes=480), nonce="nonce-001", by=day.trainer)

    def test_hours_belong_to_the_employer_of_their_day(self):
        day, what = taught()
        before = day.trainer.organisation_id
        change_employer(day.trainer, day.project, add_organisation("Tierp").id, clock.today(), by=leader_of(day))
        assert declare(what, nonce=N, by=day.trainer).organisation_id == before
        today = replace(what, day=clock.today())
        assert declare(today, nonce="nonce-001", by=day.trainer).organisation_id == add_organisation("Tierp").id

    def test_nobody_decides_on_her_own(self):
        day, what = taught()
        factories.make_role("project_leader", day.project, person=day.trainer)
        entry = declare(what, nonce=N, by=day.trainer)
        assert not may_decide_hours(day.trainer, entry)
        for act in (lambda: approve([entry], by=day.trainer), lambda: refuse(entry, "Nej tack", by=day.trainer)):
            with pytest.raises(Refused) as refusal:
                act()
            assert refusal.value.code == "own"

    def test_county_trainers_decide_on_trainers_only(self):
        project = factories.make_project()
        trainer = factories.make_role("trainer", project, person=factories.make_participant(project))
        person, county = factories.make_participant(project), factories.make_role("county_trainer", project)
        run = factories.make_run(project, trainer, first_day=clock.today())
        factories.make_enrolment(run, person)
        what = Declaration(run, "coaching", clock.today(), 60, "Handledning")
        hers, his = declare(what, nonce=N, by=trainer), declare(what, nonce=N, by=person)
        assert (bool(may_decide_hours(county, hers)), bool(may_decide_hours(county, his))) == (True, False)
        elsewhere = factories.make_role("project_leader", factories.make_project(like="smot"))
        assert not may_decide_hours(elsewhere, hers)

    def test_sheets_are_not_decided_on_here(self):
        day, _what = taught()
        (entry,) = attendance.record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N).entries
        assert not may_decide_hours(leader_of(day), entry)
        with pytest.raises(Refused) as refusal:
            refuse(entry, "Nej tack", by=leader_of(day))
        assert refusal.value.code == "kind"

    def test_a_long_participation_in_a_project_without_courses(self):
        project = factories.make_project(like="smot")
        with clock.moved(clock.at(date(2021, 3, 10), time(12))):
            leader = factories.make_role("project_leader", project)
            person = factories.make_participant(project)
            coaching = meetings.call(
                project, "coaching", title="Coachning Uppsala", starts=clock.at(date(2021, 3, 1), time(9)),
                ends=clock.at(date(2021, 3, 1), time(10)), place="Folkuniversitetet", people=[person], by=leader,
            )  # fmt: skip
            for number in (8, 9, 10):
                what = Declaration(coaching, "coaching", date(2021, 3, number), 360, "Praktik och coachning")
                declare(what, nonce=f"nonce-{number:03}", by=person)
            approve(waiting(project), by=leader)
            assert month(project, date(2021, 3, 1)).total.minutes == 3 * 360


def declaring_now(what: tuple[int, date], by: int, nonce: str) -> Callable[[], object]:
    def act() -> int:
        run = db.session.get_one(Activity, what[0])
        declaration = Declaration(run, "preparation", what[1], 60, "Förberedde passet")
        return declare(declaration, nonce=nonce, by=db.session.get_one(Person, by)).minutes

    return act


def test_two_windows_at_once_write_one_line(app: Flask) -> None:
    day, what = taught()
    acts = [declaring_now((day.run.id, what.day), day.trainer.id, f"nonce-{number}00") for number in range(4)]
    db.session.commit()
    results = at_once(app, *acts)
    assert sorted(str(type(each).__name__) for each in results) == ["Stale"] * 3 + ["int"]
    db.session.rollback()
    assert len(list(db.session.scalars(select(AttendanceEntry)))) == 1


def test_two_leaders_at_once_approve_once(app: Flask) -> None:
    day, what = taught()
    entry, leaders = declare(what, nonce=N, by=day.trainer).id, [leader_of(day).id, leader_of(day).id]
    db.session.commit()

    def approving(by: int) -> Callable[[], object]:
        def act() -> int:
            row = db.session.get_one(AttendanceEntry, entry)
            return len(approve([row], by=db.session.get_one(Person, by)))

        return act

    at_once(app, *[approving(leader) for leader in leaders])
    db.session.rollback()
    assert len(list(db.session.scalars(select(HoursApproval)))) == 1


def test_from_declaring_to_the_answer_in_the_browser(browser_of) -> None:
    day, what = taught()
    browser, url = browser_of(day.trainer), f"/hours/own/{day.project.id}"
    page = browser.get(url).text
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)
    assert nonce
    typed = {
        "nonce": nonce[1], "activity": day.run.id, "kind": "preparation", "day": what.day.isoformat(),
        "hours": "2", "minutes": "30", "note": "Förberedde passet",
    }  # fmt: skip
    for wrong in ({"day": "i går"}, {"hours": "tre"}, {"hours": "17"}, {"note": ""}, {"activity": "²"}, {"kind": "x"}):
        refused = browser.post(url, data=typed | wrong)
        assert refused.status_code == 422, wrong
        assert 'id="errors"' in refused.text
    assert [browser.post(url, data=typed).status_code for _twice in range(2)] == [303, 303]
    assert "2 h 30 min" in browser.get(url).text
    (mistake,) = waiting(day.project)
    assert browser.post(f"/declared-hours/{mistake.id}/withdraw").location == url
    assert "Taken back" in browser.get(url).text
    assert browser.post(url, data=typed | {"nonce": "nonce-anew"}).status_code == 303
    again = browser.post(url, data=typed | {"nonce": "nonce-another", "hours": "3"})
    assert again.status_code == 409
    seen = re.search(r'name="seen"[^>]* value="(\d+)"', again.text)
    assert seen
    assert browser.post(url, data=typed | {"nonce": "nonce-another", "hours": "3", "seen": seen[1]}).status_code == 303
    (entry,) = waiting(day.project)
    assert entry.minutes == 210
    leading, to_approve = browser_of(leader_of(day)), f"/projects/{day.project.id}/hours-to-approve"
    shown = leading.get(to_approve).text
    assert "3 h 30 min" in shown
    assert leading.post(to_approve, data={}).status_code == 422
    assert leading.post(to_approve, data={"entry": "999"}).status_code == 409
    ask = f"/declared-hours/{entry.id}/refuse"
    assert leading.post(ask, data={"comment": "x"}).status_code == 422
    assert leading.post(to_approve, data={"entry": entry.id}).status_code == 303
    assert "Approved" in browser.get(url).text
    assert leading.post(ask, data={"comment": "Det var en annan månad"}).status_code == 303
    assert "Det var en annan månad" in browser.get(url).text
    assert browser_of(day.people[0]).get(to_approve).status_code == 403


def test_protected_people_stand_there_by_their_alias(browser_of) -> None:
    day, what = taught()
    day.trainer.protected, day.trainer.alias = True, "Utbildare 7"
    declare(what, nonce=N, by=day.trainer)
    page = browser_of(leader_of(day)).get(f"/projects/{day.project.id}/hours-to-approve").text
    assert "Utbildare 7" in page
    assert day.trainer.full_name not in page


def test_the_lists_ask_as_much_for_many_lines(browser_of) -> None:
    day, what = taught()
    leading, mine, counts = browser_of(leader_of(day)), browser_of(day.trainer), []
    for number in range(3):
        for back in range(5):
            one = replace(what, day=what.day - timedelta(days=5 * number + back))
            declare(one, nonce=f"nonce-{number}-{back}", by=day.trainer)
        with count_queries() as found:
            assert leading.get(f"/projects/{day.project.id}/hours-to-approve").status_code == 200
        with count_queries() as own_page:
            assert mine.get(f"/hours/own/{day.project.id}").status_code == 200
        counts.append((len(found), len(own_page)))
    assert counts[1] == counts[2]


def test_the_way_there_from_ones_own_hours(browser_of) -> None:
    day, _what = taught()
    browser = browser_of(day.people[0])
    assert 'href="/hours/own"' in browser.get("/hours").text
    assert browser.get("/hours/own").location == f"/hours/own/{day.project.id}"
    projects.join_project(day.people[0], factories.make_project(like="smot"), by=None)
    assert "SMAIL" in browser.get("/hours/own").text
    assert "You take part in no project" in browser_of(factories.make_person()).get("/hours/own").text
