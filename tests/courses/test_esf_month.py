"""The month for the funder: sums by hand, what is not signed, corrections, borders of months, and many people."""

from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from courses import meetings
from courses.activities import Session
from courses.attendance.chain import append
from courses.esf.month import month
from courses.esf.months import months
from courses.esf.posts import posts
from courses.esf.rounding import Sum, rounded
from lms import clock, plan, projects
from lms.db import db
from lms.organisations import add_organisation
from lms.people import Person
from lms.projects import Project
from tests.courses.ledger_rows import approved, attended, imported, signed
from tests.factories import make_participant, make_person, make_project, make_run
from tests.queries import count_queries

SEPTEMBER = date(2022, 9, 1)


@given(st.integers(0, 100_000), st.sampled_from(["none", "quarter", "hour"]))
def test_rounding_takes_less_than_a_step(minutes: int, rule: plan.model.Rounding) -> None:
    step = {"none": 1, "quarter": 15, "hour": 60}[rule]
    told = rounded(minutes, rule)
    assert told % step == 0
    assert 0 <= minutes - told < step


class Scene:
    """A run in Håbo with two sessions on 6 and 13 September and its trainer."""

    def __init__(self) -> None:
        self.project = make_project()
        self.trainer = make_person("Tove Trädgård")
        self.run = make_run(self.project, self.trainer, first_day=date(2022, 9, 6))
        self.first, self.second = self.run.sessions


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene()


def test_hours_are_summed_by_person_and_employer(scene: Scene) -> None:
    anna = make_participant(scene.project, "Anna Alm")
    bo = make_participant(scene.project, "Bo Björk", organisation="Heby")
    for session in (scene.first, scene.second):
        attended(session, anna)
        attended(session, bo, 215)
        signed(session, scene.trainer)
    approved(scene.run, anna, 200, date(2022, 9, 20))
    found = month(scene.project, SEPTEMBER)
    assert [(line.name, line.organisation, line.hours.minutes) for line in found.lines] == [
        ("Bo Björk", "Heby", 430),
        ("Anna Alm", "Håbo", 680),
    ]
    assert found.total == Sum(2, 1110, 1110)
    places = {place.name: place for place in found.places}
    assert len(places) == 8
    assert (places["Håbo"].hours.minutes, places["Håbo"].held, places["Heby"].held) == (680, 2, 0)
    assert found.unsigned == ()
    assert found.due == date(2022, 10, 28)
    lines = posts(scene.project, SEPTEMBER)
    assert sum(post.minutes for post in lines) == 1110
    assert [post.day for post in lines if post.person_id == anna.id] == [
        date(2022, 9, 6),
        date(2022, 9, 13),
        date(2022, 9, 20),
    ]


def test_what_nobody_signed_is_named_and_not_counted(scene: Scene) -> None:
    anna = make_participant(scene.project)
    attended(scene.first, anna, 230)
    imported(scene.run, anna, 90, date(2022, 9, 8))
    found = month(scene.project, SEPTEMBER)
    assert found.total == Sum()
    assert posts(scene.project, SEPTEMBER) == []
    sheet, without_sheet, unfilled = sorted(found.unsigned, key=lambda item: item.day)
    assert (sheet.session_id, sheet.state, sheet.day) == (scene.first.id, "unsigned", date(2022, 9, 6))
    assert (sheet.people, sheet.minutes, sheet.signers) == (1, 230, ("Tove Trädgård",))
    assert (without_sheet.session_id, without_sheet.minutes) == (None, 90)
    assert (unfilled.session_id, unfilled.state, unfilled.people) == (scene.second.id, "empty", 0)


def test_a_session_to_come_is_not_missing_and_a_cancelled_one_never(scene: Scene) -> None:
    with clock.moved(clock.at(date(2022, 9, 10), time(9))):
        assert [sheet.session_id for sheet in month(scene.project, SEPTEMBER).sheets] == [scene.first.id]
        scene.run.cancelled_at = clock.now()
        assert month(scene.project, SEPTEMBER).sheets == ()


def test_a_correction_counts_when_the_sheet_is_signed_again(scene: Scene) -> None:
    anna = make_participant(scene.project)
    old = attended(scene.first, anna, 240)
    signed(scene.first, scene.trainer)
    later = scene.first.ends_at + timedelta(days=2)
    attended(scene.first, anna, 180, recorded_at=later, replaces=old)
    late = make_participant(scene.project, "Lisa Lind")
    attended(scene.first, late, 240, recorded_at=later)
    found = month(scene.project, SEPTEMBER)
    assert found.total.minutes == 240
    changed = found.unsigned[0]
    assert (changed.state, changed.people, changed.minutes) == ("changed", 2, 420)
    signed(scene.first, scene.trainer, later + timedelta(minutes=1))
    found = month(scene.project, SEPTEMBER)
    assert found.total == Sum(2, 420, 420)
    assert [sheet.state for sheet in found.sheets] == ["signed", "empty"]


def test_a_correction_to_nothing_takes_the_line_away(scene: Scene) -> None:
    anna = make_participant(scene.project)
    old = attended(scene.first, anna, 240)
    attended(scene.first, anna, 0, replaces=old)
    signed(scene.first, scene.trainer)
    assert month(scene.project, SEPTEMBER).lines == ()


def test_hours_stay_with_the_employer_of_the_day(scene: Scene) -> None:
    anna = make_participant(scene.project, "Anna Alm")
    attended(scene.first, anna)
    anna.organisation = add_organisation("Heby")
    db.session.flush()
    attended(scene.second, anna, 100)
    for session in scene.run.sessions:
        signed(session, scene.trainer)
    found = month(scene.project, SEPTEMBER)
    assert [(line.organisation, line.hours.minutes) for line in found.lines] == [("Heby", 100), ("Håbo", 240)]
    assert found.total == Sum(1, 340, 340)


def test_hours_of_an_employer_outside_the_project_and_of_none(scene: Scene) -> None:
    attended(scene.first, make_participant(scene.project, organisation="Företaget"), 60)
    attended(scene.first, make_participant(scene.project), 30, organisation_id=None)
    signed(scene.first, scene.trainer)
    places = {place.name: place.hours.minutes for place in month(scene.project, SEPTEMBER).places}
    assert (places["Företaget"], places[""]) == (60, 30)


def test_others_are_a_number_beside_the_sums(scene: Scene) -> None:
    attended(scene.first, make_participant(scene.project, esf=False))
    attended(scene.first, make_person(), 60)
    attended(scene.first, make_participant(scene.project), 120)
    signed(scene.first, scene.trainer)
    found = month(scene.project, SEPTEMBER)
    assert found.total == Sum(1, 120, 120)
    assert found.others == Sum(2, 300, 300)
    assert len(posts(scene.project, SEPTEMBER)) == 1


def test_protected_people_are_named_by_their_alias(scene: Scene) -> None:
    hidden = make_participant(scene.project, "Hemlig Person", protected=True, alias="Deltagare 7")
    attended(scene.first, hidden)
    signed(scene.first, scene.trainer)
    assert [line.name for line in month(scene.project, SEPTEMBER).lines] == ["Deltagare 7"]
    assert [post.name for post in posts(scene.project, SEPTEMBER)] == ["Deltagare 7"]


def meeting(project: Project, starts: datetime, ends: datetime, by: Person) -> Session:
    called = meetings.call(project, "network", title="Nätverk", starts=starts, ends=ends, place="Här", people=[], by=by)
    return called.sessions[0]


@pytest.mark.parametrize(
    ("day", "at", "first"),
    [
        (date(2022, 8, 31), time(23, 30), date(2022, 8, 1)),
        (date(2022, 9, 1), time(0, 30), date(2022, 9, 1)),
        (date(2022, 3, 31), time(23, 59), date(2022, 3, 1)),
        (date(2022, 1, 31), time(23, 30), date(2022, 1, 1)),
    ],
)
def test_a_session_belongs_to_the_month_it_begins_in_stockholm(app: Flask, day: date, at: time, first: date) -> None:
    project, caller = make_project(), make_person("Kim Kull")
    session = meeting(project, clock.at(day, at), clock.at(day, at) + timedelta(hours=2), caller)
    assert [sheet.signers for sheet in month(project, first).sheets] == [("Kim Kull",)]
    attended(session, make_participant(project), 120)
    signed(session, caller)
    for other in (date(2022, month_number, 1) for month_number in (1, 2, 3, 8, 9, 10)):
        found = month(project, other)
        assert (found.total.minutes, len(found.sheets)) == ((120, 1) if other == first else (0, 0))


def test_the_hour_of_summer_time_is_no_minute_more_or_less(app: Flask) -> None:
    project, caller = make_project(), make_person()
    night = meeting(project, clock.at(date(2022, 3, 26), time(23)), clock.at(date(2022, 3, 27), time(4)), caller)
    attended(night, make_participant(project), night.minutes)
    signed(night, caller)
    assert month(project, date(2022, 3, 1)).total.minutes == 240


def test_rounding_follows_the_rules_of_the_project(scene: Scene) -> None:
    document = plan.to_document(scene.project.plan)
    document["rules"]["rounding"] = "hour"
    projects.import_plan(plan.from_document(document), by=None)
    person = make_participant(scene.project)
    for session, minutes in ((scene.first, 115), (scene.second, 50)):
        attended(session, person, minutes)
        signed(session, scene.trainer)
    found = month(scene.project, SEPTEMBER)
    assert (found.rounding, found.total) == ("hour", Sum(1, 165, 120)), "once, on the sum"


@pytest.mark.parametrize(("like", "first"), [("smot", date(2020, 3, 1)), ("siri", date(2021, 3, 1))])
def test_a_project_without_courses_has_empty_months(app: Flask, like: str, first: date) -> None:
    project = make_project(like=like)
    found = month(project, first)
    assert (found.total, found.sheets, found.lines) == (Sum(), (), ())
    assert {item.state for item in months(project)} == {"none"}


def test_months_say_where_they_stand(scene: Scene) -> None:
    attended(scene.first, make_participant(scene.project), 240)
    signed(scene.first, scene.trainer)
    states = {item.first.month: item for item in months(scene.project)}
    assert len(states) == 11
    assert (states[8].state, states[10].state, states[11].state) == ("none", "open", "coming")
    assert (states[9].state, states[9].unsigned, states[9].minutes) == ("unsigned", 1, 240)
    attended(scene.second, make_participant(scene.project), 240)
    signed(scene.second, scene.trainer)
    states = {item.first.month: item for item in months(scene.project)}
    assert (states[9].state, states[9].minutes) == ("ready", 480)


def fill(scene: Scene, people: int) -> None:
    for _number in range(people):
        person = make_participant(scene.project)
        attended(scene.first, person)
        attended(scene.second, person)


def test_queries_do_not_grow(scene: Scene) -> None:
    def count() -> list[int]:
        db.session.flush()
        project = db.session.get(Project, scene.project.id)
        assert project
        with count_queries() as one:
            month(project, SEPTEMBER)
        with count_queries() as two:
            posts(project, SEPTEMBER)
        with count_queries() as three:
            months(project)
        return [len(one), len(two), len(three)]

    fill(scene, 2)
    signed(scene.first, scene.trainer)
    before = count()
    fill(scene, 12)
    for week in range(1, 5):
        day = clock.at(date(2022, 9, 1) + timedelta(days=week), time(9))
        meeting(scene.project, day, day + timedelta(hours=1), make_person())
    assert count() == before


def test_ten_thousand_people_are_as_few_questions(scene: Scene) -> None:
    people, employer = 10_000, add_organisation("Uppsala").id
    db.session.execute(
        Person.__table__.insert(),  # type: ignore[attr-defined]
        [
            {"id": 100_000 + n, "given_name": "Namn", "family_name": f"Nummer {n}", "gender": "unknown",
             "protected": False, "language": "sv", "theme": "", "job_title": "", "created_at": clock.now()}
            for n in range(people)
        ],
    )  # fmt: skip
    db.session.execute(
        projects.Participation.__table__.insert(),  # type: ignore[attr-defined]
        [
            {"person_id": 100_000 + n, "project_id": scene.project.id, "esf": True, "since": SEPTEMBER,
             "created_at": clock.now()}
            for n in range(people)
        ],
    )  # fmt: skip
    append(
        [
            {"project_id": scene.project.id, "person_id": 100_000 + n, "organisation_id": employer,
             "activity_id": scene.run.id, "session_id": session.id, "kind": "session", "day": date(2022, 9, 6),
             "minutes": 240, "method": "import", "recorded_by_id": scene.trainer.id, "happened_at": clock.now(),
             "recorded_at": session.ends_at, "nonce": f"many-{session.id}-{n}", "reason": ""}
            for n in range(people)
            for session in scene.run.sessions
        ],
    )  # fmt: skip
    for session in scene.run.sessions:
        signed(session, scene.trainer)
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("ANALYZE"))  # as autovacuum does within a minute, but not inside one transaction
    with count_queries() as queries:
        found = month(scene.project, SEPTEMBER)
    assert len(queries) < 10
    assert found.total == Sum(people, people * 480, people * 480)
