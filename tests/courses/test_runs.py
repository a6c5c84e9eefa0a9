"""Runs: what stands against a plan, who may lead, two who change the same run, and what goes out by mail."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from courses import enrolment, exemptions, invitations, materials, programmes, runs
from courses.activities import Activity, Session
from courses.runs import Run, Slot
from lms import clock, mail
from lms.audit import Audit
from lms.db import db
from lms.mail import OutboxMail
from lms.organisations import Organisation, add_organisation
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused, Stale
from tests.factories import make_enrolment, make_participant, make_person, make_project, make_role
from tests.queries import count_queries

FIRST = date(2022, 11, 3)
KINDS: tuple[type[Any], ...] = (Project, materials.Material, Organisation, Person)


def slot(day: date = FIRST, start: time = time(8, 30), end: time = time(12, 30), **where: str) -> Slot:
    return Slot(clock.at(day, start), clock.at(day, end), **({"place": "Kommunhuset, Sal 2"} | where))


def two(first: date = FIRST) -> list[Slot]:
    second = slot(first + timedelta(days=7), mode="digital", place="", link="https://mote.example/rum")
    return [slot(first), second]


def published(key: str = "smail-utbildare") -> materials.Material:
    return materials.publish(programmes.load(programmes.CONTENT / key))


def plan(project: Project, trainer: Person, key: str = "smail-utbildare", **changed: Any) -> Run:
    values: dict[str, Any] = {
        "organisation": add_organisation("Håbo"), "title": "", "sessions": two(), "capacity": 12,
        "register_by": FIRST - timedelta(days=7), "trainers": [trainer], "by": trainer,
    } | changed  # fmt: skip
    return runs.schedule(project, published(key), **values)


def alter(run: Run, by: Person, **changed: Any) -> Run:
    values: dict[str, Any] = {
        "title": run.title, "organisation": run.organisation, "sessions": two(), "capacity": run.capacity,
        "register_by": run.register_by, "trainers": list(run.trainers), "revision": run.revision, "by": by,
    } | changed  # fmt: skip
    return runs.change(run, **values)


def letters_of(person: Person) -> list[OutboxMail]:
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.person_id == person.id).order_by(OutboxMail.id)))


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


# --- in the browser -----------------------------------------------------------------------------------------


def typed(leader: Person, days: Sequence[str] = ("2022-11-03", "20221110"), **changed: str) -> dict[str, str]:
    values = {
        "title": "Utbildare i norr", "organisation": str(leader.organisation_id), "capacity": "12",
        "register_by": "2022-10-28", "trainers": str(leader.id),
    }  # fmt: skip
    for number, day in enumerate(days):
        values |= {
            f"sessions-{number}-day": day, f"sessions-{number}-starts": "830", f"sessions-{number}-ends": "12.30",
            f"sessions-{number}-mode": "physical", f"sessions-{number}-place": f"Sal {number + 1}",
            f"sessions-{number}-link": "",
        }  # fmt: skip
    return values | changed


def test_choosing_a_programme_prefills_its_sessions(browser_of: Any, project: Project, leader: Person) -> None:
    published()
    published("horisontella-principer")
    browser = browser_of(leader)
    page = browser.get(f"/projects/{project.id}/runs/new").text
    assert "SMAIL för utbildare" in page
    assert "Horisontella" not in page
    form = browser.get(f"/projects/{project.id}/runs/new?programme=smail-utbildare").text
    assert form.count("12.30\"") == 2
    assert browser.get(f"/projects/{project.id}/runs/new?programme=nope").status_code == 200


def test_schedules_from_the_form_and_goes_on_to_inviting(browser_of: Any, project: Project, leader: Person) -> None:
    published()
    answer = browser_of(leader).post(
        f"/projects/{project.id}/runs/new?programme=smail-utbildare", data=typed(leader)
    )
    run = db.session.scalars(select(Run)).one()
    assert answer.status_code == 303
    assert answer.location == f"/runs/{run.id}/invite"
    assert (run.title, run.capacity, run.created_by_id) == ("Utbildare i norr", 12, leader.id)
    assert [each.starts_at for each in run.sessions] == [slot().starts, slot(FIRST + timedelta(days=7)).starts]


def test_a_form_that_is_refused_keeps_everything_typed(browser_of: Any, project: Project, leader: Person) -> None:
    published()
    url = f"/projects/{project.id}/runs/new?programme=smail-utbildare"
    wrong = {
        "title": "<b>Mitt namn</b>", "sessions-0-day": "i morgon", "sessions-1-starts": "25.99", "capacity": "många",
        "sessions-0-place": "Aulan",
    }  # fmt: skip
    answer = browser_of(leader).post(url, data=typed(leader, **wrong))
    assert answer.status_code == 422
    for kept in ("&lt;b&gt;Mitt namn&lt;/b&gt;", "i morgon", "25.99", "många", "Aulan", "Sal 2", "2022-10-28"):
        assert kept in answer.text
    for place in ("sessions-0-day", "sessions-1-starts", "capacity"):
        assert f'href="#{place}"' in answer.text
        assert f'id="{place}-e"' in answer.text
    answer = browser_of(leader).post(url, data=typed(leader, ("2022-10-03", "2022-11-10")))
    assert answer.status_code == 422
    assert 'id="sessions-0-day-e"' in answer.text
    assert 'value="2022-10-03"' in answer.text
    assert 'value="830"' in answer.text
    assert db.session.scalar(select(Run.id)) is None


def test_two_who_change_the_same_run_see_both_versions(browser_of: Any, project: Project, leader: Person) -> None:
    run = plan(project, leader)
    mine, theirs = browser_of(leader), browser_of(leader)
    form = typed(leader, title="Deras namn", revision="1")
    assert theirs.post(f"/runs/{run.id}/edit", data=form).status_code == 303
    answer = mine.post(f"/runs/{run.id}/edit", data=typed(leader, title="Mitt namn", capacity="15", revision="1"))
    assert answer.status_code == 409
    for seen in ("Deras namn", "Mitt namn", 'value="15"', 'name="revision" type="hidden" value="2"'):
        assert seen in answer.text
    again = typed(leader, title="Mitt namn", capacity="15", revision="2")
    assert mine.post(f"/runs/{run.id}/edit", data=again).status_code == 303
    db.session.rollback()
    assert (run.title, run.capacity, run.revision) == ("Mitt namn", 15, 3)


def test_cancel_asks_first_and_then_does_it(browser_of: Any, project: Project, leader: Person) -> None:
    run = plan(project, leader)
    browser = browser_of(leader)
    assert run.title in browser.get(f"/runs/{run.id}/cancel").text
    assert run.cancelled_at is None
    assert browser.post(f"/runs/{run.id}/cancel", data={"reason": ""}).status_code == 303
    db.session.rollback()
    assert run.cancelled_at is not None
    page = browser.get(f"/runs/{run.id}").text
    assert f"/runs/{run.id}/invite" not in page


def test_a_trainer_sees_own_runs_and_the_county_trainer_all(browser_of: Any, project: Project, leader: Person) -> None:
    plan(project, leader, title="Länets omgång")
    trainer = make_role("trainer", project)
    assert "Länets omgång" in browser_of(leader).get(f"/projects/{project.id}/runs").text
    assert "Länets omgång" not in browser_of(trainer).get(f"/projects/{project.id}/runs").text
    assert browser_of(make_participant(project)).get(f"/projects/{project.id}/runs").status_code == 403


def test_the_list_asks_the_database_as_much_for_many_runs(browser_of: Any, project: Project, leader: Person) -> None:
    browser = browser_of(leader)
    plan(project, leader, sessions=two(date(2022, 11, 1)), register_by=None)
    counted = []
    for start in (2, 8):
        for number in range(start, start + 5):
            day = date(2022, 11, 1) + timedelta(days=14 * (number - 1) // 2)
            trainer = make_role("county_trainer", project)
            run = plan(project, trainer, sessions=two(day), register_by=None)
            make_enrolment(run, make_participant(project))
        db.session.commit()
        with count_queries() as queries:
            assert browser.get(f"/projects/{project.id}/runs").status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_the_run_page_asks_as_much_for_many_people(browser_of: Any, project: Project, leader: Person) -> None:
    run, browser, counted = plan(project, leader, capacity=60), browser_of(leader), []
    for many in (4, 24):
        for number in range(many):
            state = ("registered", "waiting", "invited", "declined")[number % 4]
            make_enrolment(run, make_participant(project), state)
        db.session.commit()
        with count_queries() as queries:
            assert browser.get(f"/runs/{run.id}").status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_the_list_is_paged(browser_of: Any, project: Project, leader: Person) -> None:
    for number in range(22):
        plan(
            project, leader, title=f"Omgång {number + 1:02}", register_by=None,
            sessions=[slot(FIRST + timedelta(days=number)), slot(FIRST + timedelta(days=number), time(13), time(17))],
        )  # fmt: skip
    browser = browser_of(leader)
    first, second = (browser.get(f"/projects/{project.id}/runs?page={page}").text for page in (1, 2))
    assert "Omgång 20" in first
    assert "Omgång 21" not in first
    assert "Omgång 21" in second
    assert "Omgång 22" in browser.get(f"/projects/{project.id}/runs?page=99").text


def test_the_feed_holds_the_sessions_of_one_person(client: Any, project: Project, leader: Person) -> None:
    run = plan(project, leader)
    anna, other = make_participant(project), make_participant(project)
    make_enrolment(run, anna)
    make_enrolment(run, other, "waiting")
    for person, expected in ((anna, 2), (leader, 2), (other, 0)):
        path = invitations.feed_link(person).removeprefix("http://localhost")
        answer = client.get(path)
        assert answer.mimetype == "text/calendar"
        found = Calendar.from_ical(answer.data)
        assert found["METHOD"] == "PUBLISH"
        assert len(found.walk("VEVENT")) == expected
    assert client.get(path.replace("/calendar/", "/calendar/x")).status_code == 404
