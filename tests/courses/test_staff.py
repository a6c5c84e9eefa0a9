"""The manager sees how the own staff is doing, and nothing of what they write, answer or need."""

from datetime import timedelta

import pytest

from courses.attendance import Mark, record
from courses.staff import members
from lms import clock
from lms.db import db
from lms.projects import Project
from tests.factories import make_enrolment, make_participant, make_person, make_project, make_role, make_run
from tests.queries import count_queries


@pytest.fixture
def project(app):
    return make_project()


@pytest.fixture
def browser(browser_of, project):
    return browser_of(make_role("manager", project, person=make_person("Maj Chef", organisation="Håbo")))


def test_own_staff_and_nobody_elses(browser, project):
    run = make_run(project, make_role("trainer", project), first_day=clock.today() - timedelta(days=10))
    own = make_participant(project, "Anna Berg", organisation="Håbo")
    make_enrolment(run, own, adaptations="Hörslinga")
    make_enrolment(run, make_participant(project, "Bo Annan", organisation="Tierp"))
    page = browser.get("/staff").text
    assert "Anna Berg" in page
    assert run.title in page
    assert "Bo Annan" not in page
    assert "Hörslinga" not in page


def test_attendance_is_counted_and_protected_people_have_their_alias(browser, project):
    trainer = make_role("trainer", project)
    run = make_run(project, trainer, first_day=clock.today() - timedelta(days=3))
    hidden = make_participant(project, "Hemlig Person", organisation="Håbo", protected=True, alias="Deltagare 7")
    make_enrolment(run, hidden)
    record(run.sessions[0], [Mark(hidden.id, "whole")], by=trainer, nonce="sheet-of-the-first-day")
    page = browser.get("/staff").text
    assert "Deltagare 7" in page
    assert "Hemlig" not in page
    assert "1 " in page


def test_a_session_that_goes_on_is_not_counted_yet(browser, project):
    trainer = make_role("trainer", project)
    run = make_run(project, trainer, first_day=clock.today() - timedelta(days=3))
    person = make_participant(project, "Anna Berg", organisation="Håbo")
    make_enrolment(run, person)
    first, second = run.sessions
    with clock.moved(second.starts_at + timedelta(hours=1)):
        for number, session in enumerate((first, second)):
            record(session, [Mark(person.id, "whole")], by=trainer, nonce=f"sheet-of-day-{number}")
        course = members({(project.id, person.organisation_id)})[0].courses[0]
    assert (course.attended, course.held) == (1, 1)


def test_only_managers(browser_of, project):
    assert browser_of(make_role("project_leader", project)).get("/staff").status_code == 403
    assert browser_of(make_participant(project)).get("/staff").status_code == 403


def test_as_many_questions_for_many_as_for_few(browser, project):
    number, counts = project.id, []
    for size in (2, 30):
        here = db.session.get(Project, number)
        run = make_run(here, make_person(organisation="Tierp"))
        for _each in range(size):
            make_enrolment(run, make_participant(here, organisation="Håbo"))
        db.session.commit()
        db.session.expunge_all()
        with count_queries() as queries:
            assert browser.get("/staff").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 14
