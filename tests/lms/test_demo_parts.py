"""What the demo is made of: people who cannot exist, days that can, and an agenda that stops before today."""

import random
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms import clock, people_file, personnummer
from lms.demo import story, texts
from lms.demo.agenda import Agenda, around, course_days, every, working_day
from lms.demo.names import Crowd, ascii_of, domain_of
from lms.demo.personas import BY_KEY, PERSONAS
from lms.demo.stage import as_list
from lms.filetypes import recognise

TODAY = date(2026, 11, 22)


@pytest.fixture
def crowd() -> Crowd:
    return Crowd(random.Random(1))


def test_nobody_is_drawn_twice_and_the_same_seed_draws_the_same(crowd: Crowd) -> None:
    drawn = [crowd.draw("Älvkarleby") for _number in range(1000)]
    assert len({each.email for each in drawn}) == len({each.personnummer for each in drawn}) == 1000
    assert len({(each.given_name, each.family_name) for each in drawn}) == 1000
    again = Crowd(random.Random(1))
    assert [again.draw("Älvkarleby") for _number in range(1000)] == drawn


def test_a_drawn_person_cannot_be_a_real_one(crowd: Crowd) -> None:
    for each in (crowd.draw("Östhammar") for _number in range(300)):
        assert each.email.endswith("@osthammar.example")
        assert each.email.isascii()
        number = personnummer.parse(each.personnummer, today=TODAY)
        assert int(number.digits12[8:11]) in personnummer.SYNTHETIC_SERIALS
        odd = int(number.digits12[10]) % 2
        assert odd == {"woman": 0, "man": 1}.get(each.gender, odd)


def test_addresses_have_no_marks() -> None:
    assert ascii_of("Åsa-Lena Öberg") == "asalenaoberg"
    assert domain_of("Samordningsförbundet Uppsala län") == "samordningsforbundet.example"


def test_a_drawn_list_reads_as_a_municipalitys(crowd: Crowd) -> None:
    drawn = [crowd.draw("Håbo") for _number in range(40)]
    read = people_file.read_people(as_list(drawn), "Håbo.csv", today=TODAY)
    assert read.problems == ()
    assert read.notices == ()
    assert [row.email for row in read.rows] == [each.email for each in drawn]


def test_the_agenda_acts_in_order_of_time_and_stops_before_today() -> None:
    agenda, told = Agenda(TODAY), []
    agenda.at(TODAY, 8.0, lambda: told.append("today"))
    agenda.at(TODAY - timedelta(days=1), 9.5, lambda: told.append(clock.local(clock.now()).strftime("%d %H.%M")))
    agenda.at(TODAY - timedelta(days=3), 12, lambda: agenda.at(clock.today(), 13, lambda: told.append("after")))
    months: list[str] = []
    agenda.tell(months.append)
    assert told == ["after", "21 09.30"]
    assert months == ["the demo tells 2026-11"]


@pytest.mark.parametrize("minutes", range(6 * 60, 21 * 60, 7))
def test_the_session_of_today_is_going_on_whenever_a_visitor_comes(minutes: int) -> None:
    """From half past eight it may have begun up to two and a half hours ago; check-in is open until it ends."""
    for day in (TODAY, date(2026, 3, 29), date(2026, 10, 25)):
        moment = clock.at(day, time(minutes // 60, minutes % 60))
        begins = around(moment)
        assert begins <= minutes / 60 < begins + 4 < 24
        assert begins * 2 == int(begins * 2)


def test_at_night_the_session_is_in_the_morning() -> None:
    for at in (time(0, 0), time(5, 59), time(21, 0), time(23, 59), time(8, 30), time(10, 59)):
        assert around(clock.at(TODAY, at)) == 8.5
    assert [around(clock.at(TODAY, time(hour))) for hour in (6, 11, 12, 20)] == [6.0, 11.0, 12.0, 19.5]


@pytest.mark.parametrize("today", [date(2026, month, 15) for month in range(1, 13)])
def test_courses_find_their_days_whatever_day_it_is(today: date) -> None:
    days = course_days(today - timedelta(days=190), today - timedelta(days=37), 9)
    assert days == sorted(set(days))
    assert len(days) == 9
    assert all(working_day(day) == day for day in days)


def test_meetings_come_back_in_their_cadence() -> None:
    days = every(2, date(2026, 12, 1), date(2026, 3, 1))
    assert [day.month for day in days] == [4, 6, 8, 10, 12]
    assert working_day(date(2026, 12, 24)) == date(2027, 1, 4)


def test_the_story_keeps_the_numbers_of_the_plan() -> None:
    assert sum(course.size for course in story.USER_COURSES) == 145
    assert sum(story.users_of(place) for place in [*story.TRAINERS, "Östhammar"]) == 145
    assert sum(course.size for course in story.more_courses(1)) == 145
    assert "Östhammar" not in story.TRAINERS


def test_there_is_a_persona_for_every_side() -> None:
    assert set(BY_KEY) == {
        "administrator", "project-leader", "county-trainer", "trainer", "participant", "manager", "economist",
        "evaluator", "steering-group",
    }  # fmt: skip
    assert all(persona.email.endswith(".example") for persona in PERSONAS)


def test_what_is_handed_in_is_a_real_pdf() -> None:
    kind = recognise(texts.plan_as_pdf())
    assert kind is not None
    assert kind.media_type == "application/pdf"


def test_outside_the_demo_there_is_no_door(app: Flask, client: FlaskClient) -> None:
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(settings, demo=False)
    try:
        for address in ("/demo", "/demo/outbox", "/demo/outbox/1", "/demo/outbox/1/kurs-1.ics"):
            assert client.get(address).status_code == 404
        assert client.post("/demo/sign-in", data={"persona": "trainer"}).status_code == 404
        assert 'href="/demo' not in client.get("/sign-in").text
    finally:
        app.config["SETTINGS"] = settings
