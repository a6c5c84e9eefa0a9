"""Lessons: ticked off, taken back, and remembered as long as the lesson is the same."""

from dataclasses import replace

import pytest
from flask import Flask

from courses import lessons, materials, programmes
from courses.materials import Material
from lms.db import db
from lms.refusals import Refused
from tests.factories import make_person
from tests.queries import count_queries

USER = programmes.load(programmes.CONTENT / "smail-anvandare")


@pytest.fixture
def material(app: Flask) -> Material:
    return materials.publish(USER)


def test_tick_remembers_where_the_person_was(material: Material) -> None:
    person, other = make_person(), make_person()
    assert lessons.where_was(USER, lessons.ticks(person, material)) == USER.lessons[0]
    for lesson in USER.lessons[:2]:
        lessons.tick(person, material, lesson.slug, by=person)
        lessons.tick(person, material, lesson.slug, by=person)
    assert lessons.ticks(person, material) == {lesson.slug for lesson in USER.lessons[:2]}
    assert lessons.where_was(USER, lessons.ticks(person, material)) == USER.lessons[2]
    assert lessons.ticks(other, material) == set()
    lessons.untick(person, material, USER.lessons[0].slug, by=person)
    lessons.untick(person, material, USER.lessons[0].slug, by=person)
    assert lessons.where_was(USER, lessons.ticks(person, material)) == USER.lessons[0]


def test_a_lesson_that_does_not_exist_is_refused(material: Material) -> None:
    person = make_person()
    with pytest.raises(Refused) as refused:
        lessons.tick(person, material, "../../etc/passwd", by=person)
    assert refused.value.code == "no_such_lesson"


def test_a_newer_material_keeps_ticks_of_unchanged_lessons_only(material: Material) -> None:
    person = make_person()
    for lesson in USER.lessons[:3]:
        lessons.tick(person, material, lesson.slug, by=person)
    changed = (replace(USER.lessons[0], version="2027.1"), *USER.lessons[1:])
    newer = materials.publish(replace(USER, version="2027.1", lessons=changed))
    assert lessons.ticks(person, newer) == {lesson.slug for lesson in USER.lessons[1:3]}
    lessons.untick(person, newer, USER.lessons[1].slug, by=person)
    assert USER.lessons[1].slug not in lessons.ticks(person, newer) | lessons.ticks(person, material)
    assert USER.lessons[0].slug in lessons.ticks(person, material)


def test_as_many_queries_for_eight_ticks_as_for_one(material: Material) -> None:
    person = make_person()
    lessons.tick(person, material, USER.lessons[0].slug, by=person)
    db.session.flush()
    with count_queries() as few:
        lessons.ticks(person, material)
    for lesson in USER.lessons:
        lessons.tick(person, material, lesson.slug, by=person)
    db.session.flush()
    with count_queries() as many:
        assert lessons.where_was(USER, lessons.ticks(person, material)) is None
    assert len(few) == len(many) == 1
