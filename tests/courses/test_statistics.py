"""Statistics as a page and a workbook: right sums, only what is over and signed, and nothing about fewer than five."""

import io
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from courses.esf.statistics import statistics
from courses.esf.suppression import Figure
from lms import clock, employment, plan, projects
from lms.db import db
from lms.organisations import add_organisation
from lms.people import Person
from tests.courses.ledger_rows import attended, signed
from tests.factories import make_participant, make_person, make_project, make_role, make_run
from tests.queries import count_queries

NOVEMBER = datetime(2022, 11, 20, 10, tzinfo=UTC)


class World:
    """A run in September (8 to 9 people per municipality) and one whose second session is in November."""

    def __init__(self) -> None:
        self.project = make_project()
        self.leader = make_role("project_leader", self.project)
        self.trainer = make_person("Tove Trädgård")
        self.people = [
            *self.crowd(9, "Håbo", "woman"), *self.crowd(6, "Håbo", "man"),
            *self.crowd(8, "Heby", "woman"), *self.crowd(2, "Heby", "man"),
            *self.crowd(6, "Tierp", "woman"), *self.crowd(5, "Tierp", "man"),
        ]  # fmt: skip
        self.run = make_run(self.project, self.trainer, first_day=date(2022, 9, 6))
        for session in self.run.sessions:
            for person in self.people:
                attended(session, person)
            signed(session, self.trainer)
        db.session.flush()
        self.address = f"/projects/{self.project.id}/statistics"

    def crowd(self, count: int, organisation: str, gender: str) -> list[Person]:
        return [make_participant(self.project, organisation=organisation, gender=gender) for _each in range(count)]


@pytest.fixture
def world(app: Flask) -> World:
    return World()


def test_people_and_hours_by_gender_and_organisation(world: World) -> None:
    found = statistics(world.project)
    assert found.classes == (("woman",), ("man", "other", "unknown"))
    assert found.whole is not None
    assert found.whole.figures == (Figure(23, 23 * 480), Figure(13, 13 * 480))
    assert found.whole.total == Figure(36, 36 * 480)
    assert {row.names: [each.people for each in row.figures] for row in found.groups} == {
        ("Håbo",): [9, 6],
        ("Heby", "Tierp"): [14, 7],
    }
    assert dict(found.units) == {("Håbo",): 15, ("Heby",): 10, ("Tierp",): 11}
    assert len(found.phases) == 1, "all hours lie in one phase, so the others cannot be told from it"


def test_only_months_that_are_over_and_signed_sheets_count(world: World) -> None:
    late = make_run(world.project, world.trainer, first_day=date(2022, 10, 4))
    for person in world.people:
        attended(late.sessions[0], person)
    signed(late.sessions[0], world.trainer)
    attended(late.sessions[1], world.people[0])
    db.session.flush()
    assert statistics(world.project).whole.total == Figure(36, 36 * 480)  # type: ignore[union-attr]
    with clock.moved(NOVEMBER):
        assert statistics(world.project).whole.total == Figure(36, 36 * 720)  # type: ignore[union-attr]


def test_hours_follow_people_to_their_latest_employer(world: World) -> None:
    mover = world.people[0]
    employment.employ(mover, add_organisation("Heby"), since=date(2022, 9, 10), by=world.leader)
    late = make_run(world.project, world.trainer, first_day=date(2022, 9, 20))
    attended(late.sessions[0], mover)
    signed(late.sessions[0], world.trainer)
    assert dict(statistics(world.project).units) == {("Håbo",): 14, ("Heby",): 11, ("Tierp",): 11}


def test_others_than_esf_participants_and_empty_projects_are_not_counted(app: Flask) -> None:
    project = make_project()
    trainer = make_person()
    run = make_run(project, trainer, first_day=date(2022, 9, 6))
    assert statistics(project).whole is None
    for _each in range(8):
        attended(run.sessions[0], make_participant(project, esf=False))
    for _each in range(4):
        attended(run.sessions[0], make_participant(project, gender="woman"))
    signed(run.sessions[0], trainer)
    assert statistics(project).whole is None


def test_by_month_when_the_plan_says_so(world: World) -> None:
    document = plan.to_document(world.project.plan)
    document["rules"]["statistics"] = "month"  # type: ignore[index]
    projects.import_plan(plan.from_document(document), by=None)
    spring = make_run(world.project, world.trainer, first_day=date(2022, 3, 1))
    for person in [*world.crowd(7, "Heby", "woman"), *world.crowd(6, "Heby", "man")]:
        attended(spring.sessions[0], person)
    signed(spring.sessions[0], world.trainer)
    found = statistics(world.project)
    told = [(row.starts, row.ends, row.total.people) for row, _within in found.phases]
    assert told == [(date(2022, 1, 1), date(2022, 3, 31), 13), (date(2022, 4, 1), date(2022, 9, 30), 36)]
    assert found.groups == ()


def test_protected_people_are_counted_and_not_told_apart(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    before = statistics(world.project)
    world.people[0].protected, world.people[0].alias = True, "Deltagare 7"
    assert statistics(world.project) == before
    page = browser_of(world.leader).get(world.address).text
    assert "Deltagare 7" not in page
    assert not any(person.family_name in page for person in world.people)


def test_the_page_says_what_is_counted_together(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    page = browser_of(world.leader).get(world.address).text
    assert "Heby, Tierp" in page
    assert "Men, other gender or not stated" in page
    assert "The whole project" in page
    make_project(like="smot")
    db.session.commit()
    empty = make_role("evaluator", projects.project_with("2019/00144"))
    assert "Nothing to show yet" in browser_of(empty).get(f"/projects/{empty.roles[0].project_id}/statistics").text


def test_the_workbook_holds_the_same_and_no_more(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    answer = browser_of(make_role("steering_group", world.project)).get(f"{world.address}.xlsx")
    assert "smail-statistik.xlsx" in answer.headers["Content-Disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    assert book.sheet_names == ["Periods", "Organisations", "People per organisation"]
    periods, organisations, people = (
        [row for row in book.get_sheet_by_index(place).to_python() if row[0] != ""][4:] for place in range(3)
    )
    assert periods[-1] == ["The whole project", "januari–september 2022", 23, 184, 13, 104, 36, 288]
    assert [row[0] for row in organisations[2:]] == ["Håbo", "Heby, Tierp"]
    assert [row[:2] for row in people[2:]] == [["Heby", 10], ["Håbo", 15], ["Tierp", 11]]


def test_one_question_however_many_people(world: World) -> None:
    db.session.commit()
    project = projects.project_with("2021/00320")
    assert project is not None
    assert project.plan
    with count_queries() as queries:
        statistics(project)
    assert len(queries) == 1
