"""Horizontal principles: offered, accepted, completed in this order, each once and with its day."""

from datetime import date, timedelta

import pytest
from flask import Flask

from courses import horizontal, lessons, materials
from lms import clock
from lms.db import db
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused
from tests.factories import make_participant, make_person, make_project, make_role
from tests.letters import recent
from tests.queries import count_queries


@pytest.fixture
def project(app: Flask) -> Project:
    materials.publish_all()
    return make_project()


def read_all(person: Person) -> None:
    material = materials.latest(horizontal.PROGRAMME)
    assert material
    for lesson in materials.programme_of(material).lessons:
        lessons.tick(person, material, lesson.slug, by=person)


def test_three_steps_in_order_each_with_its_day(project: Project) -> None:
    person, leader = make_participant(project), make_role("project_leader", project)
    with pytest.raises(Refused) as early:
        horizontal.accept(person, project, by=person)
    assert early.value.code == "not_offered"
    assert horizontal.offer(project, [person, person], by=leader) == 1
    with pytest.raises(Refused) as early:
        horizontal.complete(person, project, by=person)
    assert early.value.code == "not_accepted"
    with clock.moved(clock.now() + timedelta(days=1)):
        horizontal.accept(person, project, by=person)
    with pytest.raises(Refused) as early:
        horizontal.complete(person, project, by=person)
    assert early.value.code == "unread"
    read_all(person)
    with clock.moved(clock.now() + timedelta(days=2)):
        horizontal.complete(person, project, by=person)
        horizontal.complete(person, project, by=person)
        horizontal.accept(person, project, by=person)
    assert horizontal.steps(person, project) == {
        "offered": date(2022, 10, 12),
        "accepted": date(2022, 10, 13),
        "completed": date(2022, 10, 14),
    }
    assert horizontal.steps_of([person.id], project)[person.id]["completed"] == date(2022, 10, 14)


def test_offering_everybody_mails_each_of_them_once(project: Project) -> None:
    leader = make_role("project_leader", project)
    people = [make_participant(project) for _each in range(3)] + [make_role("trainer", project)]
    outsider = make_person()
    waiting = horizontal.not_offered(project)
    assert {person.id for person in waiting} == {person.id for person in people}
    assert horizontal.offer(project, waiting, by=leader) == 4
    assert horizontal.offer(project, waiting, by=leader) == 0
    assert horizontal.not_offered(project) == []
    assert sorted(each.recipient for each in recent()) == sorted(str(person.email) for person in people)
    assert "/horizontal" in recent()[0].text
    assert horizontal.steps(outsider, project) == {}
    assert horizontal.projects_offered(people[0]) == [project]


def test_counts_per_organisation_in_as_many_queries_for_many(project: Project) -> None:
    leader = make_role("project_leader", project)
    first = make_participant(project, organisation="Håbo")
    horizontal.offer(project, [first], by=leader)
    db.session.flush()
    with count_queries() as few:
        assert horizontal.counts(project) == [horizontal.Count("Håbo", 1, 1, 0, 0)]
    more = [make_participant(project, organisation="Heby") for _each in range(12)]
    horizontal.offer(project, more[:7], by=leader)
    for person in more[:4]:
        horizontal.accept(person, project, by=person)
    db.session.flush()
    with count_queries() as many:
        counted = horizontal.counts(project)
    assert set(counted) == {horizontal.Count("Håbo", 1, 1, 0, 0), horizontal.Count("Heby", 12, 7, 4, 0)}
    assert len(few) == len(many) == 1
