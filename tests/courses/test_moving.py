"""Somebody in the wrong group: both rosters right after one act, whoever else is at work on them."""

import re
from collections.abc import Callable
from datetime import time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from courses import attendance, enrolment, meetings
from courses.activities import Activity, Session
from courses.attendance import latest, on_sheet, record, sign_off
from courses.attendance.moving import groups, move
from courses.enrolment import Enrolment
from courses.hours import hours_of
from courses.runs import Run
from lms import clock
from lms.audit import Audit
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.refusals import Refused, Stale
from tests import factories
from tests.courses.sheets import Day, absent, course_day, whole
from tests.courses.test_attendance_at_once import at_once

N = "nonce-000"


def other_run(day: Day, *, days: int = 0, capacity: int = 16, programme: str = "smail-utbildare") -> Run:
    """Another run of the same programme, whose first session is so many days after this one's."""
    first = clock.local(day.session.starts_at).date() + timedelta(days=days)
    leader = factories.make_role("county_trainer", day.project)
    return factories.make_run(
        day.project, leader, programme=programme, first_day=first, organisation="Tierp", capacity=capacity
    )


def names(session: Session) -> list[int]:
    return [person.id for person in on_sheet(session)]


@pytest.mark.usefixtures("app")
class TestOperation:
    def test_one_act_makes_both_rosters_right(self):
        day = course_day(2)
        anna, bo = day.people
        other = other_run(day)
        record(day.session, [whole(anna), whole(bo)], by=day.trainer, nonce=N)
        assert move(day.session, anna, other, by=day.trainer) is other.sessions[0]
        assert names(day.session) == [bo.id]
        assert names(other.sessions[0]) == [anna.id]
        entry = latest(day.session)[anna.id]
        assert (entry.absence, entry.minutes) == ("moved", 0)
        places = db.session.scalars(select(Enrolment).filter_by(person_id=anna.id))
        states = {each.run_id: each.state for each in places}
        assert states == {day.run.id: "withdrawn", other.id: "registered"}
        acts = set(db.session.scalars(select(Audit.act)))
        assert {"attendance.moved", "enrolment.walked_in", "enrolment.withdrawn"} <= acts
        signed = sign_off(day.session, by=day.trainer)
        assert [line["person"] for line in signed.roster] == [bo.id]
        assert signed.entries_hash == attendance.hash_of([latest(day.session)[bo.id]])

    def test_the_sheet_she_left_is_not_among_her_hours(self):
        day = course_day(1)
        anna, first = day.people[0], clock.local(day.session.starts_at).date().replace(day=1)
        record(day.session, [whole(anna)], by=day.trainer, nonce=N)
        assert [line.entry.minutes for line in hours_of(anna, first).lines] == [240]
        move(day.session, anna, other_run(day), by=day.trainer)
        assert list(hours_of(anna, first).lines) == []

    def test_without_an_answer_only_the_roster_changes(self):
        day = course_day(1)
        move(day.session, day.people[0], other_run(day, days=7), by=day.trainer)
        assert attendance.entries_of(day.session) == []
        assert names(day.session) == []

    def test_a_full_group_takes_her_as_it_takes_a_walk_in(self):
        day = course_day(1)
        other = other_run(day, capacity=1)
        factories.make_enrolment(other, factories.make_participant(day.project))
        move(day.session, day.people[0], other, by=day.trainer)
        assert enrolment.taken(other) == 2

    def test_twice_is_once(self):
        day = course_day(1)
        other = other_run(day)
        record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N)
        for _twice in range(2):
            assert move(day.session, day.people[0], other, by=day.trainer) is other.sessions[0]
        assert len(attendance.entries_of(day.session)) == 2
        letters = list(db.session.scalars(select(OutboxMail.subject)))
        assert len(letters) == 2

    def test_earlier_sessions_stay_with_their_minutes(self):
        day = course_day(1, days_ago=7)
        anna = day.people[0]
        record(day.session, [whole(anna)], by=day.trainer, nonce=N)
        second = day.run.sessions[1]
        other = other_run(day)
        assert move(second, anna, other, by=day.trainer) is other.sessions[1]
        assert names(day.session) == [anna.id]
        assert latest(day.session)[anna.id].minutes == 240

    def test_who_comes_back_has_to_be_answered_for_again(self):
        day = course_day(1)
        anna, other = day.people[0], other_run(day)
        record(day.session, [whole(anna)], by=day.trainer, nonce=N)
        move(day.session, anna, other, by=day.trainer)
        attendance.add_to_sheet(day.session, anna, by=day.trainer)
        assert names(day.session) == [anna.id]
        with pytest.raises(Refused) as refusal:
            sign_off(day.session, by=day.trainer)
        assert refusal.value.code == "unanswered"
        moved = latest(day.session)[anna.id]
        record(day.session, [whole(anna, moved.id)], by=day.trainer, nonce="nonce-back")
        assert sign_off(day.session, by=day.trainer).minutes == 240
        counted = attendance.sheets_of([day.session])[day.session.id]
        assert (counted.answered, counted.present) == (1, 1)

    def test_there_and_back_again(self):
        day = course_day(1)
        anna, other = day.people[0], other_run(day)
        record(day.session, [whole(anna)], by=day.trainer, nonce=N)
        for _twice in range(2):
            move(day.session, anna, other, by=day.trainer)
            assert (names(day.session), names(other.sessions[0])) == ([], [anna.id])
            move(other.sessions[0], anna, day.run, by=day.trainer)
            assert (names(day.session), names(other.sessions[0])) == ([anna.id], [])
        assert latest(day.session)[anna.id].absence == "moved"

    def test_a_signed_sheet_is_corrected_instead(self):
        day = course_day(1)
        record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N)
        sign_off(day.session, by=day.trainer)
        with pytest.raises(Stale) as refusal:
            move(day.session, day.people[0], other_run(day), by=day.trainer)
        assert refusal.value.code == "signed"
        assert names(day.session) == [day.people[0].id]

    def test_only_groups_she_may_belong_to(self):
        day = course_day(1)
        same, later = other_run(day), other_run(day, days=30)
        over, another = other_run(day, days=-60), other_run(day, programme="smail-anvandare")
        off = other_run(day)
        off.cancelled_at = clock.now()
        elsewhere = factories.make_run(factories.make_project(dnr="2022/1"), programme="smail-utbildare")
        assert groups(day.session) == [same, later]
        for wrong in (over, another, off, elsewhere, day.run):
            with pytest.raises(Refused) as refusal:
                move(day.session, day.people[0], wrong, by=day.trainer)
            assert refusal.value.code == "group"

    def test_a_trainer_is_not_moved_to_the_run_she_leads(self):
        day = course_day(1)
        other = other_run(day)
        factories.make_enrolment(day.run, leader := other.trainers[0])
        factories.projects.join_project(leader, day.project, by=None)
        with pytest.raises(Refused) as refusal:
            move(day.session, leader, other, by=day.trainer)
        assert refusal.value.code == "trainer"

    def test_somebody_who_is_on_neither_sheet(self):
        day = course_day(1)
        with pytest.raises(Refused) as refusal:
            move(day.session, factories.make_participant(day.project), other_run(day), by=day.trainer)
        assert refusal.value.code == "not_on_sheet"

    def test_meetings_move_those_who_were_called(self):
        project = factories.make_project()
        leader = factories.make_role("project_leader", project)
        anna, bo = factories.make_participant(project), factories.make_participant(project)
        day = clock.today()
        first, second = (
            meetings.call(
                project, "coaching", title=title, starts=clock.at(day, time(hour)), ends=clock.at(day, time(hour + 1)),
                place="Rum 1", people=[anna, bo] if hour == 9 else [bo], by=leader,
            )
            for title, hour in (("Grupp A", 9), ("Grupp B", 10))
        )  # fmt: skip
        record(first.sessions[0], [absent(bo)], by=leader, nonce=N)
        assert move(first.sessions[0], bo, second, by=leader) is second.sessions[0]
        move(first.sessions[0], anna, second, by=leader)
        assert names(first.sessions[0]) == []
        assert sorted(names(second.sessions[0])) == [anna.id, bo.id]


def moving(session_id: int, person_id: int, to: int, by: int) -> Callable[[], object]:
    def act() -> bool:
        session, other = db.session.get_one(Session, session_id), db.session.get_one(Activity, to)
        person, trainer = db.session.get_one(Person, person_id), db.session.get_one(Person, by)
        return move(session, person, other, by=trainer) is not None

    return act


def test_two_trainers_at_once_move_her_to_one_place(app: Flask) -> None:
    day = course_day(1)
    record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N)
    anna, here, by = day.people[0].id, day.session.id, day.trainer.id
    there = [other_run(day), other_run(day)]
    wanted = [run.id for run in there]
    db.session.commit()
    results = at_once(app, *[moving(here, anna, run, by) for run in wanted])
    db.session.rollback()
    assert sorted(str(type(each).__name__) for each in results) == ["Refused", "bool"]
    assert [len(on_sheet(run.sessions[0])) for run in there] in ([0, 1], [1, 0])
    assert len(attendance.entries_of(day.session)) == 2


def test_two_people_change_places_at_the_same_moment(app: Flask) -> None:
    day = course_day(1)
    other = other_run(day)
    bo = factories.make_participant(day.project)
    factories.make_enrolment(other, bo)
    acts = [
        moving(day.session.id, day.people[0].id, other.id, day.trainer.id),
        moving(other.sessions[0].id, bo.id, day.run.id, day.trainer.id),
    ]
    db.session.commit()
    assert at_once(app, *acts) == [True, True]
    db.session.rollback()
    assert (names(day.session), names(other.sessions[0])) == ([bo.id], [day.people[0].id])


def test_from_the_sheet_to_the_other_sheet(browser_of) -> None:
    day = course_day(2)
    anna, bo = day.people
    other, url = other_run(day), f"/sessions/{day.session.id}/attendance/move"
    browser = browser_of(day.trainer)
    sheet = browser.get(f"/sessions/{day.session.id}/attendance").text
    assert 'name="move"' in sheet
    nonce = re.search(r'name="nonce" value="([^"]+)"', sheet)
    assert nonce
    saved = {"nonce": nonce[1], "move": "1", f"seen{bo.id}": "", f"state{bo.id}": "whole"}
    assert browser.post(f"/sessions/{day.session.id}/attendance", data=saved).location == url
    page = browser.get(url).text
    assert f'value="{other.id}"' in page
    assert other.trainers[0].name in page
    assert browser.post(url, data={"person": anna.id}).status_code == 422
    assert browser.post(url, data={"person": "x", "group": "²"}).status_code == 422
    answer = browser.post(url, data={"person": anna.id, "group": other.id})
    assert answer.location == f"{url}?then={other.sessions[0].id}"
    assert "The other group meets the same day" in browser.get(answer.location).text
    assert f"/sessions/{other.sessions[0].id}/attendance" not in browser.get(answer.location).text
    db.session.rollback()
    assert names(day.session) == [bo.id]
    assert latest(day.session)[bo.id].minutes == 240
    assert browser.get(f"{url}?then=999999").status_code == 200


def test_nothing_to_choose_is_told(browser_of) -> None:
    day = course_day(1)
    browser = browser_of(day.trainer)
    url = f"/sessions/{day.session.id}/attendance/move"
    assert "There is no other group" in browser.get(url).text
    record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N)
    sign_off(day.session, by=day.trainer)
    other = other_run(day)
    assert "This sheet is signed" in browser.get(url).text
    assert browser.post(url, data={"person": day.people[0].id, "group": other.id}).status_code == 409
