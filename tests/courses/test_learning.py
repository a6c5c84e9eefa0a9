"""Reading in the browser: the version that is taught, one's own language, ticks, and shelves for those they are for."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from courses import assignments, horizontal, lessons, materials, programmes, progress, reviews
from courses.attendance import Mark, record
from courses.enrolment import Enrolment
from lms import clock
from lms.db import db
from tests.courses.handing_in import Course
from tests.factories import make_enrolment, make_participant, make_person, make_role

USER = programmes.load(programmes.CONTENT / "smail-anvandare")
FIRST, SECOND, LAST = USER.lessons[0], USER.lessons[1], USER.lessons[-1]


@pytest.fixture
def course(app: Flask) -> Course:
    materials.publish_all()
    return Course()


def test_the_next_unread_lesson_comes_first_with_its_minutes(course: Course, browser_of: Any) -> None:
    client, home = browser_of(course.person), f"/courses/{course.run.id}"
    assert f"{home}/lessons/{FIRST.slug}" in client.get(home).text
    ticked = client.post(f"{home}/lessons/{FIRST.slug}", data={"read": "yes"})
    assert ticked.location == f"{home}/lessons/{SECOND.slug}"
    lake = client.get(home).text.split('class="lake')[1].split("</section>")[0]
    assert SECOND.title["sv"] in lake
    assert f"{SECOND.reading_minutes('sv')} " in lake
    back = client.post(f"{home}/lessons/{FIRST.slug}", data={"read": "no"})
    assert back.location == f"{home}/lessons/{FIRST.slug}"
    assert lessons.ticks(course.person, course.run.material) == set()
    assert client.post(f"{home}/lessons/{LAST.slug}", data={"read": "yes"}).location == home
    assert client.get(f"{home}/lessons/nothing").status_code == 404
    assert client.post(f"{home}/lessons/nothing").status_code == 404


def test_a_run_shows_the_version_that_is_taught(course: Course, browser_of: Any) -> None:
    newer = replace(FIRST, version="2099.1", body={"sv": "# Alldeles nytt"})
    materials.publish(replace(USER, version="2099.1", lessons=(newer, *USER.lessons[1:])))
    page = browser_of(course.person).get(f"/courses/{course.run.id}/lessons/{FIRST.slug}").text
    assert "Alldeles nytt" not in page
    assert FIRST.version in page
    assert "2099.1" not in page


def test_lessons_speak_the_persons_language_or_say_that_they_do_not(course: Course, browser_of: Any) -> None:
    course.person.language = "en"
    url = f"/courses/{course.run.id}/lessons/{FIRST.slug}"
    page = browser_of(course.person).get(url).text
    assert FIRST.title["en"] in page
    assert 'lang="sv"' not in page.split("<main")[1].split("</main>")[0]
    swedish = tuple(
        replace(lesson, title={"sv": lesson.title["sv"]}, body={"sv": "## Mål\n\nText"}) for lesson in USER.lessons
    )
    course.run.material = materials.publish(replace(USER, version="2099.2", lessons=swedish))
    page = browser_of(course.person).get(url).text
    assert "This lesson is in Swedish" in page
    assert '<article class="prose stack" lang="sv">' in page
    assert browser_of(course.person).get(f"/courses/{course.run.id}").status_code == 200


def test_content_never_acts_on_a_page(course: Course, browser_of: Any) -> None:
    evil = replace(FIRST, body={"sv": "<script>alert(1)</script>\n\n[x](javascript:alert(2))"}, version="6")
    course.run.material = materials.publish(replace(USER, version="2099.3", lessons=(evil, *USER.lessons[1:])))
    page = browser_of(course.person).get(f"/courses/{course.run.id}/lessons/{FIRST.slug}").text
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page


def test_who_may_read_a_run(course: Course, browser_of: Any) -> None:
    waiting, invited = make_participant(course.project), make_participant(course.project)
    make_enrolment(course.run, waiting, "waiting")
    make_enrolment(course.run, invited, "invited")
    for person, status in (
        (course.trainer, 200),
        (waiting, 200),
        (invited, 403),
        (course.stranger, 403),
        (make_person(), 403),
        (make_role("administrator"), 403),
    ):
        for url in (f"/courses/{course.run.id}", f"/courses/{course.run.id}/lessons/{FIRST.slug}"):
            assert browser_of(person).get(url).status_code == status


def test_shelves_are_for_those_they_are_written_for(course: Course, browser_of: Any) -> None:
    manager, steering = make_role("manager"), make_role("steering_group", course.project)
    for person, key, status in (
        (course.person, "horisontella-principer", 200),
        (course.person, "smail-chefer", 403),
        (course.person, "styrgrupp", 403),
        (manager, "smail-chefer", 200),
        (steering, "styrgrupp", 200),
        (steering, "smail-chefer", 403),
        (manager, "smail-anvandare", 404),
        (manager, "nothing", 404),
    ):
        client = browser_of(person)
        assert client.get(f"/learn/{key}").status_code == status
        assert (f'href="/learn/{key}"' in client.get("/learn").text) == (status == 200)
        assert client.get(f"/learn/{key}/nothing").status_code == (status if status != 200 else 404)


def test_self_study_ends_with_saying_so(course: Course, browser_of: Any) -> None:
    client, person = browser_of(course.person), course.person
    assert client.get("/horizontal").status_code == 200
    horizontal.offer(course.project, [person], by=course.trainer)
    step = {"project": str(course.project.id)}
    assert client.post("/horizontal", data={**step, "act": "complete"}).location == "/horizontal"
    assert "completed" not in horizontal.steps(person, course.project)
    client.post("/horizontal", data={**step, "act": "accept"})
    material = materials.latest(horizontal.PROGRAMME)
    assert material
    for lesson in materials.programme_of(material).lessons:
        url = f"/learn/{horizontal.PROGRAMME}/{lesson.slug}"
        assert client.get(url).status_code == 200
        assert client.post(url, data={"read": "yes"}).status_code == 303
    assert 'value="complete"' in client.get("/horizontal").text
    client.post("/horizontal", data={**step, "act": "complete"})
    assert set(horizontal.steps(person, course.project)) == {"offered", "accepted", "completed"}
    for nonsense in ({"act": "complete", "project": "x"}, {"act": "delete", **step}, {}):
        assert client.post("/horizontal", data=nonsense).status_code == 303


def test_offering_from_the_project_and_from_the_run(course: Course, browser_of: Any) -> None:
    leader = make_role("project_leader", course.project)
    late = make_participant(course.project)
    client = browser_of(course.trainer)
    assert client.get(f"/runs/{course.run.id}/horizontal").status_code == 200
    assert client.post(f"/runs/{course.run.id}/horizontal").status_code == 303
    assert "offered" in horizontal.steps(course.person, course.project)
    url = f"/projects/{course.project.id}/horizontal"
    assert client.get(url).status_code == client.post(url).status_code == 403
    assert browser_of(course.stranger).post(f"/runs/{course.run.id}/horizontal").status_code == 403
    leading = browser_of(leader)
    assert leading.get(url).status_code == 200
    assert leading.post(url).status_code == 303
    assert "offered" in horizontal.steps(late, course.project)
    assert horizontal.not_offered(course.project) == []
    assert leading.get(url).status_code == leading.get(f"/runs/{course.run.id}/horizontal").status_code == 200


def test_progress_tells_what_is_done_and_what_is_missing(course: Course, browser_of: Any) -> None:
    run, person = course.run, course.person
    assert progress.of(run, person).parts == [False, False, False, False]
    first = run.sessions[0]
    with clock.moved(first.ends_at + timedelta(minutes=5)):
        before = progress.of(run, person)
        assert [meeting.state(before.now) for meeting in before.meetings] == ["pagar", "kommande"]
        mark = Mark(person.id, "whole")
        record(first, [mark], by=course.trainer, nonce="0123456789abcdef")
        made = course.hand_in()
        assert progress.of(run, person).assignment == "waiting"
        reviews.review(made, "approved", "", by=course.trainer)
        where = progress.of(run, person)
        assert where.meetings[0].state(where.now) == "klar"
        assert where.minutes == 240
        assert where.parts == [True, False, True, False]
        assert assignments.is_approved(run, person)
        assert browser_of(person).get(f"/courses/{run.id}").status_code == 200
    enrolled = db.session.query(Enrolment).filter_by(run_id=run.id, person_id=person.id).one()
    enrolled.state = "waiting"
    assert browser_of(person).get(f"/courses/{run.id}").status_code == 200
