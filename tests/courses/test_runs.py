"""Runs: what stands against a plan, who may lead, two who change the same run, and what goes out by mail."""

import threading
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from courses import enrolment, exemptions, links, materials, runs
from courses.activities import Activity, Session
from courses.runs import Run
from lms import clock, mail
from lms.audit import Audit
from lms.db import db
from lms.organisations import Organisation, add_organisation
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused, Stale
from tests.courses.planning import FIRST, alter, letters_of, plan, published, slot, two
from tests.factories import make_enrolment, make_participant, make_person, make_project, make_role

KINDS: tuple[type[Any], ...] = (Project, materials.Material, Organisation, Person)


@pytest.fixture
def project(app: object) -> Project:
    return make_project()


@pytest.fixture
def leader(project: Project) -> Person:
    return make_role("county_trainer", project, person=make_person("Karin Länsdotter"))


def test_schedules_with_everything_that_a_run_needs(project: Project, leader: Person) -> None:
    run = plan(project, leader)
    assert run.title == "SMAIL för utbildare, Håbo"
    assert [session.minutes for session in run.sessions] == [240, 240]
    assert [session.number for session in run.sessions] == [1, 2]
    assert run.trainers == [leader]
    assert (run.revision, run.sequence) == (1, 0)
    assert db.session.scalar(select(Audit.act).where(Audit.act == "run.scheduled"))


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"sessions": two(date(2022, 10, 11))}, "past", "sessions-0-day"),
        ({"sessions": [slot(date(2022, 10, 12), time(11), time(15)), two()[1]]}, "past", "sessions-0-day"),
        ({"sessions": [slot(end=time(8, 0)), two()[1]]}, "end_before_start", "sessions-0-ends"),
        ({"sessions": [slot(end=time(8, 30)), two()[1]]}, "end_before_start", "sessions-0-ends"),
        ({"sessions": [slot(), slot(start=time(12, 0), end=time(16))]}, "order", "sessions-1-day"),
        ({"sessions": list(reversed(two()))}, "order", "sessions-1-day"),
        ({"sessions": two(date(2023, 4, 28))}, "outside_project", "sessions-1-day"),
        ({"sessions": [slot()]}, "sessions_missing", None),
        ({"sessions": [slot(link="mote.example"), two()[1]]}, "link", "sessions-0-link"),
        ({"sessions": [slot(link="javascript:alert(1)"), two()[1]]}, "link", "sessions-0-link"),
        ({"sessions": [slot(link="https://a b"), two()[1]]}, "link", "sessions-0-link"),
        ({"sessions": [slot(mode="hybrid"), two()[1]]}, "mode", "sessions-0-mode"),
        ({"capacity": 0}, "capacity", "capacity"),
        ({"register_by": FIRST + timedelta(days=1)}, "register_late", "register_by"),
        ({"register_by": date(2022, 10, 11)}, "register_past", "register_by"),
        ({"trainers": []}, "no_trainer", "trainers"),
    ],
)
def test_refuses_a_plan_that_cannot_be_held(
    project: Project, leader: Person, changed: dict[str, Any], code: str, field: str | None
) -> None:
    with pytest.raises(Refused) as refusal:
        plan(project, leader, **changed)
    assert refusal.value.code == code
    assert refusal.value.values.get("field") == field
    assert db.session.scalar(select(Run.id)) is None


def test_refuses_strangers_self_studies_and_a_project_that_has_ended(project: Project, leader: Person) -> None:
    other = make_project(dnr="2099/1")
    for changed, code in (
        ({"organisation": add_organisation("Kiruna")}, "organisation"),
        ({"trainers": [make_role("trainer", other)]}, "trainer"),
        ({"trainers": [make_person()]}, "trainer"),
    ):
        with pytest.raises(Refused) as refusal:
            plan(project, leader, **changed)
        assert refusal.value.code == code
    with pytest.raises(Refused) as refusal:
        plan(project, leader, key="horisontella-principer")
    assert refusal.value.code == "no_sessions"
    with clock.moved(clock.at(date(2023, 5, 2), time(9))), pytest.raises(Refused) as refusal:
        plan(project, leader, sessions=two(date(2023, 5, 10)), register_by=None)
    assert refusal.value.code == "project_ended"


def test_the_last_day_of_the_project_is_in_it(project: Project, leader: Person) -> None:
    run = plan(project, leader, sessions=two(date(2023, 4, 23)))
    assert clock.local(run.sessions[-1].starts_at).date() == project.ends


def test_a_trainer_is_in_one_place_at_a_time_whatever_the_activity(project: Project, leader: Person) -> None:
    run = plan(project, leader)
    with pytest.raises(Refused) as refusal:
        plan(project, leader, sessions=[slot(start=time(12), end=time(16)), slot(date(2022, 12, 1))])
    assert refusal.value.code == "overlap"
    assert run.title in str(refusal.value)
    plan(project, leader, sessions=[slot(start=time(12, 30), end=time(16, 30)), slot(date(2022, 12, 1))])
    meeting = Activity(kind="network", project=project, title="Nätverk", created_by=leader, revision=1, sequence=0)
    day = date(2022, 12, 8)
    meeting.sessions = [
        Session(number=1, starts_at=clock.at(day, time(9)), ends_at=clock.at(day, time(10)), mode="digital")
    ]
    db.session.add(meeting)
    db.session.flush()
    with pytest.raises(Refused) as refusal:
        plan(project, leader, sessions=[slot(day), slot(date(2022, 12, 15))])
    assert refusal.value.code == "overlap"
    runs.cancel(run, by=leader)
    plan(project, leader, sessions=[slot(), slot(date(2022, 12, 20))])


def test_two_plans_made_at_once_cannot_both_find_the_time_free(app: Flask, project: Project, leader: Person) -> None:
    material, organisation = published(), add_organisation("Håbo")
    db.session.commit()
    ids, moment = (project.id, material.id, organisation.id, leader.id), clock.now()
    ready, outcomes = threading.Barrier(3), []

    def press() -> None:
        with app.app_context(), clock.moved(moment):
            rows = [db.session.get_one(kind, number) for kind, number in zip(KINDS, ids, strict=True)]
            db.session.rollback()
            ready.wait()
            try:
                runs.schedule(
                    rows[0], rows[1], organisation=rows[2], sessions=two(), capacity=5, trainers=[rows[3]], by=rows[3]
                )
                db.session.commit()
                outcomes.append("scheduled")
            except Refused as refusal:
                outcomes.append(refusal.code)

    threads = [threading.Thread(target=press) for _each in range(3)]
    db.session.rollback()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["overlap", "overlap", "scheduled"]


def test_the_gate_stands_before_every_trainer_and_day(project: Project, leader: Person) -> None:
    trainer = make_role("trainer", project, person=make_person("Tove Utan"))
    with pytest.raises(Refused) as refusal:
        plan(project, trainer, key="smail-anvandare")
    assert refusal.value.code == "may_not_lead"
    assert "Tove Utan" in str(refusal.value)
    chief = make_role("project_leader", project)
    exemptions.grant(
        project, trainer, level="trainer", reason="Har lett kursen i en annan region.",
        starts=clock.today(), ends=FIRST, by=chief,
    )  # fmt: skip
    with pytest.raises(Refused) as refusal:
        plan(project, trainer, key="smail-anvandare")
    assert refusal.value.code == "may_not_lead"
    assert plan(
        project, trainer, key="smail-anvandare",
        sessions=[slot(FIRST - timedelta(days=7)), slot()], register_by=None,
    ).trainers == [trainer]  # fmt: skip


def test_capacity_never_goes_below_those_who_have_a_place(project: Project, leader: Person) -> None:
    run = plan(project, leader)
    for _each in range(3):
        make_enrolment(run, make_participant(project))
    with pytest.raises(Refused) as refusal:
        alter(run, leader, capacity=2)
    assert refusal.value.code == "capacity_below_enrolled"
    assert refusal.value.values["field"] == "capacity"
    alter(run, leader, capacity=3)


def test_new_times_go_out_with_a_higher_sequence_and_the_same_uid(project: Project, leader: Person) -> None:
    run = plan(project, leader)
    anna = make_participant(project, "Anna Berg")
    (invited,) = enrolment.invite(run, [anna], by=leader)
    enrolment.answer(invited, comes=True, by=anna)
    alter(run, leader, title="Nytt namn", capacity=20)
    assert run.sequence == 0
    assert len(letters_of(anna)) == 2
    moved = [replace(two()[0], place="Biblioteket"), two()[1]]
    alter(run, leader, sessions=moved)
    assert (run.revision, run.sequence) == (3, 1)
    letter = letters_of(anna)[-1]
    assert "Biblioteket" in letter.text
    events = [_event(each) for each in mail.calendars(letter)]
    earlier = [_event(each) for each in mail.calendars(letters_of(anna)[0])]
    assert [event["UID"] for event in events] == [event["UID"] for event in earlier]
    assert [int(event["SEQUENCE"]) for event in events] == [1, 1]
    assert [int(event["SEQUENCE"]) for event in earlier] == [0, 0]


def _event(content: bytes) -> Any:
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    return event


def test_a_mail_carries_one_calendar_per_session(project: Project, leader: Person) -> None:
    run = plan(project, leader)
    anna = make_participant(project, "Anna Berg")
    enrolment.invite(run, [anna], by=leader)
    db.session.flush()
    letter = letters_of(anna)[0]
    parts = [part for part in mail.message(letter).walk() if part.get_content_type() == "text/calendar"]
    assert len(parts) == 2
    for number, part in enumerate(parts, 1):
        assert part.get_param("method") == "REQUEST"
        assert part.get_filename() == f"kurs-{number}.ics"
        found = Calendar.from_ical(part.get_payload(decode=True))
        assert found["METHOD"] == "REQUEST"
        event = _event(part.get_payload(decode=True))
        assert event["DTSTART"].params["TZID"] == "Europe/Stockholm"
        assert event["DTSTART"].dt.time() == time(8, 30)
        assert str(event["ORGANIZER"]) == f"mailto:{leader.email}"
        assert str(event["ATTENDEE"]) == f"mailto:{anna.email}"
    assert letter.text.count("Medfinansieras") + letter.text.count("Co-funded") == 1


def test_cancelling_tells_everybody_once_and_takes_it_out_of_calendars(project: Project, leader: Person) -> None:
    run = plan(project, leader, capacity=1)
    people = [make_participant(project) for _each in range(3)]
    invited = enrolment.invite(run, people, by=leader)
    for each in invited[:2]:
        enrolment.answer(each, comes=True, by=each.person)
    runs.cancel(run, reason="Utbildaren är sjuk.", by=leader)
    runs.cancel(run, by=leader)
    for person in people:
        letters = [each for each in letters_of(person) if each.calendar_method == "CANCEL"]
        assert len(letters) == 1
        assert "Utbildaren är sjuk." in letters[0].text
        for content in mail.calendars(letters[0]):
            assert _event(content)["STATUS"] == "CANCELLED"
            assert int(_event(content)["SEQUENCE"]) == 1
    with pytest.raises(Refused) as refusal:
        alter(run, leader)
    assert refusal.value.code == "cancelled"


def test_what_has_begun_keeps_its_time_and_what_was_held_is_not_cancelled(project: Project, leader: Person) -> None:
    run = plan(project, leader)
    with clock.moved(clock.at(FIRST, time(9))):
        with pytest.raises(Refused) as refusal:
            alter(run, leader, sessions=[slot(start=time(10), end=time(14)), two()[1]])
        assert refusal.value.code == "begun"
        alter(run, leader, sessions=[two()[0], slot(FIRST + timedelta(days=8))])
    with clock.moved(clock.at(date(2022, 12, 1), time(9))):
        alter(run, leader, title="Rättat namn", sessions=[runs.timetable.slot_of(each) for each in run.sessions])
        with pytest.raises(Refused) as refusal:
            runs.cancel(run, by=leader)
        assert refusal.value.code == "held"


def test_stale_carries_the_run_as_it_is_now(project: Project, leader: Person) -> None:
    run = plan(project, leader)
    alter(run, leader, title="Först")
    with pytest.raises(Stale) as stale:
        alter(run, leader, title="Sedan", revision=1)
    assert stale.value.values["current"].title == "Först"


def test_the_feed_holds_the_sessions_of_one_person(client: Any, project: Project, leader: Person) -> None:
    run = plan(project, leader)
    anna, other = make_participant(project), make_participant(project)
    make_enrolment(run, anna)
    make_enrolment(run, other, "waiting")
    for person, expected in ((anna, 2), (leader, 2), (other, 0)):
        path = links.calendar(person).removeprefix("http://localhost")
        answer = client.get(path)
        assert answer.mimetype == "text/calendar"
        found = Calendar.from_ical(answer.data)
        assert found["METHOD"] == "PUBLISH"
        assert len(found.walk("VEVENT")) == expected
    assert client.get(path.replace("/calendar/", "/calendar/x")).status_code == 404
