"""Those who follow have one thing to look at each, and nothing when there is nothing to see."""

from datetime import datetime, time, timedelta

from flask import Flask

from courses import meetings
from courses.today import home
from courses.today.task import Task
from lms import clock
from lms.people import Person
from tests.factories import make_enrolment, make_participant, make_project, make_role, make_run


def _tasks(app: Flask, person: Person) -> list[Task]:
    with app.test_request_context():
        return home.tasks(person)


def test_the_manager_looks_at_staff_who_are_in_a_course(app: Flask) -> None:
    project = make_project()
    manager = make_role("manager", project)
    assert _tasks(app, manager) == []
    make_enrolment(make_run(project), make_participant(project))
    assert [task.url for task in _tasks(app, manager)] == ["/staff"]


def test_the_economist_checks_the_month_that_is_over(app: Flask) -> None:
    project = make_project()
    economist = make_role("economist", project)
    tasks = _tasks(app, economist)
    assert [task.url for task in tasks] == [f"/projects/{project.id}/employers"]
    assert "september 2022" in tasks[0].title
    with clock.moved(clock.at(project.starts, time(12))):
        assert _tasks(app, economist) == []


def test_the_evaluator_has_nothing_until_answers_are_published(app: Flask) -> None:
    assert _tasks(app, make_role("evaluator", make_project())) == []


def test_the_steering_group_prepares_its_next_meeting(app: Flask) -> None:
    project = make_project()
    member, leader = make_role("steering_group", project), make_role("project_leader", project)
    assert _tasks(app, member) == []
    for days in (30, 9):
        starts: datetime = clock.now() + timedelta(days=days)
        meetings.call(
            project, "steering_group", title="Styrgruppsmöte", starts=starts, ends=starts + timedelta(hours=2),
            place="Stora rummet", by=leader,
        )  # fmt: skip
    tasks = _tasks(app, member)
    assert [task.url for task in tasks] == [f"/projects/{project.id}/goals"]
    assert "21 oktober" in tasks[0].text
    assert "Stora rummet" in tasks[0].text
    assert _tasks(app, make_role("steering_group", project)) == []  # not called to it
