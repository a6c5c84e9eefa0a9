"""The goals board: figures counted by hand, pace against the plan, and nothing shown that was not measured."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from itertools import count

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from certificates.register import Certificate, CertificateEvent
from courses import goals
from courses.burnup import PaceMonth, draw, pace
from courses.goals import GoalState, Reached, code_of, expected_by
from courses.horizontal import HorizontalStep
from courses.surveys import Response, SurveyBatch
from lms import clock
from lms.db import db
from lms.people import Person
from lms.projects import Project
from tests.factories import make_participant, make_person, make_project, make_role
from tests.queries import count_queries

_numbers = count(1)
APRIL, FEBRUARY = date(2022, 4, 1), date(2023, 2, 28)


def certify(
    project: Project, person: Person, level: str = "user", on: date = date(2022, 6, 1), until: date | None = None
) -> Certificate:
    number = next(_numbers)
    made = Certificate(
        number=f"T-{number}",
        code=f"T{number:09}",
        project_dnr=project.dnr,
        holder_id=person.id,
        level=level,
        programme_key="smail-anvandare",
        issued_at=clock.now(),
        issued_on=on,
        valid_until=until,
        statement="{}",
        digest="0" * 64,
        issued_by_id=person.id,
        ground=f"test:{number}",
    )
    db.session.add(made)
    db.session.flush()
    return made


def revoke(certificate: Certificate) -> None:
    db.session.add(
        CertificateEvent(
            certificate_id=certificate.id,
            kind="revoked",
            at=clock.now(),
            on=clock.today(),
            by_id=certificate.holder_id,
            reason_code="error",
            public_text="",
            note="",
        )
    )
    db.session.flush()


def step(project: Project, person: Person, name: str) -> None:
    db.session.add(
        HorizontalStep(project_id=project.id, person_id=person.id, step=name, day=APRIL, recorded_at=clock.now())
    )
    db.session.flush()


def state(project: Project, key: str) -> GoalState:
    return next(each for each in goals.board(project) if each.goal.key == key)


@contextmanager
def on(day: date) -> Iterator[None]:
    with clock.moved(clock.at(day, time(12))):
        yield


@pytest.fixture
def project(app: Flask) -> Project:
    return make_project()


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2022, 3, 31), 0), (APRIL, 0), (date(2022, 11, 14), 98), (FEBRUARY, 145), (date(2023, 4, 1), 145)],
)
def test_expected_follows_a_straight_line(day: date, expected: int) -> None:
    assert expected_by(day, 145, starts=APRIL, by=FEBRUARY) == expected


@given(st.dates(date(2022, 1, 1), date(2023, 12, 31)), st.integers(0, 500), st.integers(0, 600))
def test_every_goal_has_one_word(day: date, needed: int, reached: int) -> None:
    expected = expected_by(day, needed, starts=APRIL, by=FEBRUARY)
    assert 0 <= expected <= needed
    word = code_of(Reached(reached, max(needed, 1), needed), expected, starts=APRIL, by=FEBRUARY, today=day)
    assert (word == "reached") == (reached >= needed)
    assert (word == "late") == (reached < needed and day > FEBRUARY)
    if word == "behind":
        assert reached < expected


def test_certified_people_count_once_and_only_while_valid(project: Project) -> None:
    anna, bo, eva, ulf = (make_participant(project) for _number in range(4))
    certify(project, anna)
    certify(project, anna, on=date(2022, 7, 1))
    certify(project, bo, until=date(2022, 10, 12))
    certify(project, eva, until=date(2022, 10, 11))
    revoke(certify(project, ulf))
    certify(make_project(like="siri"), make_person())
    certify(project, make_person(), level="trainer")
    found = state(project, "users-certified")
    assert found.reached == Reached(2, 145, 145)
    assert (found.code, found.expected, found.missing) == ("behind", 84, 143)
    assert state(project, "trainers-certified").code == "late"
    assert state(project, "trainers-certified").reached == Reached(1, 14, 14)


def test_a_goal_is_reached_on_track_or_coming(project: Project) -> None:
    for _number in range(14):
        certify(project, make_participant(project), level="trainer")
    assert state(project, "trainers-certified").code == "reached"
    with on(date(2022, 3, 31)):
        assert state(project, "users-certified").code == "coming"
    with on(date(2022, 4, 2)):
        assert state(project, "users-certified").code == "on_track"


def test_horizontal_counts_those_the_goal_speaks_of(project: Project) -> None:
    trainers = [make_role("trainer", project, person=make_participant(project)) for _number in range(3)]
    others = [make_participant(project) for _number in range(2)]
    outside = make_participant(project, esf=False)
    for person in (*trainers[:2], others[0], outside):
        step(project, person, "offered")
    step(project, trainers[0], "completed")
    step(project, others[1], "completed")
    completed, offered = state(project, "trainers-horizontal"), state(project, "participants-horizontal")
    assert completed.reached == Reached(1, 3, 3)
    assert (completed.code, completed.percent) == ("late", 33)
    assert offered.reached == Reached(4, 5, 5)


def test_surveys_count_when_they_are_published(project: Project) -> None:
    batch = SurveyBatch(
        project_id=project.id,
        programme_key="smail-utbildare",
        audience="participant",
        kind="k",
        questions=[{"key": "q1", "goal": "can_train"}],
        asked=6,
        answers=5,
    )
    db.session.add(batch)
    db.session.flush()
    db.session.add_all(
        Response(id=f"{number:032}", batch_id=batch.id, answers={"q1": value})
        for number, value in enumerate((5, 4, 4, 5, 2))
    )
    db.session.flush()
    assert state(project, "trainers-can-train").code == "not_measured"
    batch.published_on = date(2022, 10, 1)
    db.session.flush()
    found = state(project, "trainers-can-train")
    assert found.reached == Reached(4, 5, 4)
    assert (found.code, found.percent) == ("reached", 80)


def test_the_instrument_is_not_measured_and_says_so(project: Project, browser_of) -> None:  # type: ignore[no-untyped-def]
    found = state(project, "instrument-in-use")
    assert (found.reached, found.code) == (None, "not_measured")
    page = browser_of(make_role("steering_group", project)).get(f"/projects/{project.id}/goals")
    assert page.status_code == 200


@pytest.mark.parametrize("like", ["smot", "siri"])
def test_a_project_without_goals_has_a_board_all_the_same(app: Flask, browser_of, like: str) -> None:  # type: ignore[no-untyped-def]
    project = make_project(like=like)
    make_participant(project)
    assert goals.board(project) == []
    assert goals.participants(project) == goals.Participants(1, project.plan.planned_participants)
    page = browser_of(make_role("steering_group", project)).get(f"/projects/{project.id}/goals")
    assert page.status_code == 200


def test_phases_say_where_today_is(project: Project) -> None:
    assert [each.when for each in goals.phases(project)] == ["past", "past", "now", "coming"]
    with on(date(2023, 3, 15)):
        assert [each.when for each in goals.phases(project)] == ["past", "past", "past", "coming"]


def test_places_and_genders_name_nobody(project: Project) -> None:
    for number in range(11):
        certify(project, make_participant(project, gender="woman" if number < 6 else "man"))
    certify(project, make_participant(project, organisation="Heby", gender="woman"), level="trainer")
    places = {place.name: (place.trainers, place.users) for place in goals.places(project)}
    assert (places["Håbo"], places["Heby"], places["Tierp"]) == ((0, 11), (1, 0), (0, 0))
    assert goals.genders(project) == {"user": {"woman": 6, "man": 5}}


def test_pace_follows_the_days_and_knows_no_future(project: Project) -> None:
    for day in (date(2022, 4, 30), date(2022, 6, 1), date(2022, 6, 2)):
        certify(project, make_participant(project), on=day)
    certify(project, make_participant(project), on=date(2022, 5, 1), until=date(2022, 6, 30))
    months = pace(project, state(project, "users-certified"))
    reached = {month.day: month.reached for month in months}
    assert [reached[date(2022, 4, 30)], reached[date(2022, 5, 31)], reached[date(2022, 6, 30)]] == [1, 2, 4]
    assert reached[date(2022, 10, 12)] == 3
    assert reached[date(2022, 10, 31)] is None
    assert months[-1] == PaceMonth(FEBRUARY, 145, None)
    for narrow in (False, True):
        drawing = draw(months, APRIL, 145, clock.today(), narrow=narrow)
        assert all(drawing.left <= point.x <= drawing.right for point in drawing.points)
        assert all(drawing.top <= point.y <= drawing.bottom for point in drawing.points)


def test_only_leader_and_steering_group_see_the_board(project: Project, browser_of) -> None:  # type: ignore[no-untyped-def]
    anna = certify(project, make_participant(project, "Anna Alm")).holder
    address = f"/projects/{project.id}/goals"
    for role in ("project_leader", "steering_group"):
        page = browser_of(make_role(role, project)).get(address)
        assert page.status_code == 200
        assert anna.family_name not in page.text
    for role in ("economist", "evaluator", "trainer", "county_trainer", "administrator"):
        assert browser_of(make_role(role, project)).get(address).status_code == 403


def test_queries_do_not_grow(project: Project, browser_of) -> None:  # type: ignore[no-untyped-def]
    browser = browser_of(make_role("steering_group", project))

    def count_once() -> int:
        with count_queries() as queries:
            assert browser.get(f"/projects/{project.id}/goals").status_code == 200
        return len(queries)

    certify(project, make_participant(project))
    count_once()
    before = count_once()
    for number in range(12):
        person = make_participant(project, organisation=("Heby", "Tierp", "Håbo")[number % 3])
        certify(project, person)
        step(project, person, "offered")
    assert count_once() == before
