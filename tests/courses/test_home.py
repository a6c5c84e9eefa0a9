"""Every persona's home has something to do, in few questions to the database, however much there is."""

from datetime import timedelta

import pytest

from certificates import register
from certificates.acts import issuing, revoking
from courses import progress, today
from courses.today import learning
from courses.today.projects import due
from lms import clock, people
from lms.db import db
from lms.people import Person
from lms.projects import Project
from tests.certificates.examples import example
from tests.courses.ledger_rows import attended, signed
from tests.factories import make_enrolment, make_participant, make_person, make_project, make_role, make_run
from tests.queries import count_queries

MOST = {"trainer": 10, "county_trainer": 13, "project_leader": 15, "economist": 9, "evaluator": 10,
        "steering_group": 10, "manager": 9, "": 10}  # fmt: skip
"""Questions of a whole page, by role; "" is a participant."""


@pytest.fixture
def project(app):
    return make_project()


def tasks(person):
    db.session.flush()
    return [task.title for task in today.tasks(person)]


@pytest.fixture(autouse=True)
def _request(app):
    with app.test_request_context("/"):
        yield


def test_a_stranger_sees_the_public_page(client):
    assert client.get("/").status_code == 200


def test_somebody_without_anything_is_told_so(browser_of, app):
    assert browser_of(make_person()).get("/").status_code == 200


def test_the_participant_gets_one_thing_to_read(browser_of, project):
    person = make_participant(project, "Elin Forsman")
    run = make_run(project, make_role("trainer", project))
    make_enrolment(run, person)
    page = browser_of(person).get("/").text
    assert run.title in page
    assert 'class="lake' in page
    assert "/lessons/" in page


def test_an_invitation_comes_first(project):
    person = make_participant(project)
    run = make_run(project, make_role("trainer", project))
    make_enrolment(run, person, "invited")
    assert run.title in tasks(person)[0]


def test_the_trainer_leads_signs_and_prepares(browser_of, project):
    trainer = make_role("trainer", project)
    held = make_run(project, trainer, first_day=clock.today() - timedelta(days=7))
    coming = make_run(project, trainer, first_day=clock.today() + timedelta(days=5), organisation="Tierp")
    found = tasks(trainer)
    assert len(found) == 3  # today's second session, last week's sheet, next week's run
    page = browser_of(trainer).get("/").text
    assert held.title in page
    assert coming.title in page
    assert f"/sessions/{held.sessions[0].id}/attendance" in page


def test_nothing_of_other_trainers_is_shown(project):
    trainer = make_role("trainer", project)
    make_run(project, make_role("trainer", project), first_day=clock.today() - timedelta(days=7))
    assert tasks(trainer) == []


def test_the_leader_sees_figures_and_what_is_late(browser_of, project):
    leader = make_role("project_leader", project)
    make_run(project, make_role("trainer", project), first_day=clock.today() - timedelta(days=80))
    page = browser_of(leader).get("/").text
    assert "145" in page
    assert f"/projects/{project.id}/months/2022-07" in page or f"/projects/{project.id}/months/2022-08" in page
    assert "2022" in tasks(leader)[0]


def test_months_are_due_four_weeks_after_they_open():
    assert due(clock.today().replace(month=9, day=1)).isoformat() == "2022-10-28"
    assert due(clock.today().replace(month=12, day=1)).isoformat() == "2023-01-28"


@pytest.mark.parametrize(
    ("role", "leads_to"),
    [
        ("county_trainer", "/cascade"),
        ("steering_group", "/goals"),
        ("economist", "/employers"),
        ("evaluator", "/surveys"),
        ("manager", "/staff"),
    ],
)
def test_each_role_has_its_part(browser_of, project, role, leads_to):
    page = browser_of(make_role(role, project)).get("/").text
    assert leads_to in page


def test_the_administrator_sees_the_installation(browser_of, app):
    page = browser_of(make_role("administrator")).get("/").text
    assert "/admin/audit" in page
    assert "/admin/mail" in page
    assert "lms work" in page  # no worker has run in this test


def test_the_menu_leads_only_where_one_may_go(browser_of, project):
    participant = make_participant(project)
    make_enrolment(make_run(project, make_role("trainer", project)), participant)
    everybody = [make_role(role, project if role != "administrator" else None) for role in people.ROLES]
    for person in [*everybody, participant]:
        browser = browser_of(person)
        page = browser.get("/").text
        menu = page.split('<nav class="nav-row"')[1].split("</nav>")[0]
        addresses = [part.split('"')[0] for part in menu.split('href="')[1:]]
        assert len(addresses) >= 2
        for address in addresses:
            assert browser.get(address).status_code == 200, (address, person.roles)
        assert menu.count('aria-current="page"') == 1


def test_a_certificate_that_is_revoked_says_so(browser_of, project):
    trainer = make_role("trainer", project)
    draft = example(number=register.DRAFT, level="trainer", holder_name=trainer.full_name)
    held = issuing.issue(draft, holder=trainer, ground="a run", issuer_certificate=None, by=trainer)
    assert "Revoked" not in browser_of(trainer).get("/").text
    revoking.revoke(held, reason_code="grounds", by=make_role("project_leader", project))
    assert "Revoked" in browser_of(trainer).get("/").text


def test_a_protected_person_is_greeted_by_alias(browser_of, project):
    person = make_participant(project, "Hemlig Person", protected=True, alias="Deltagare 7")
    page = browser_of(person).get("/").text
    assert "Hemlig" not in page


def _grow(project_id: int, person_id: int, role: str, size: int) -> None:
    project = db.session.get(Project, project_id)
    person = db.session.get(Person, person_id)
    for number in range(size):
        trainer = person if role in ("trainer", "county_trainer") else make_role("trainer", project)
        run = make_run(project, trainer, first_day=clock.today() - timedelta(days=7 * number + 40))
        make_run(project, trainer, first_day=clock.today() + timedelta(days=number))
        for _each in range(3):
            make_enrolment(run, make_participant(project, organisation=person.organisation))
        if not role:
            make_enrolment(run, person)
    db.session.commit()
    db.session.expunge_all()


@pytest.mark.parametrize("role", list(MOST))
def test_as_many_questions_for_much_as_for_little(browser_of, project, role):
    person = make_role(role, project) if role else make_participant(project)
    browser, counts = browser_of(person), []
    project_id, person_id = project.id, person.id
    for size in (1, 6):
        _grow(project_id, person_id, role, size)
        browser.get("/")
        db.session.expunge_all()
        with count_queries() as queries:
            assert browser.get("/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1], "\n".join(queries)
    assert counts[1] <= MOST[role], "\n".join(queries)


def test_a_session_made_up_in_another_run_is_done_on_the_home_too(project):
    trainer, person = make_role("trainer", project), make_participant(project)
    run = make_run(project, trainer, first_day=clock.today() - timedelta(days=20))
    other = make_run(project, trainer, first_day=clock.today() - timedelta(days=15))
    place = make_enrolment(run, person)
    attended(run.sessions[0], person, 100)
    attended(other.sessions[0], person, 240)
    for session in (run.sessions[0], other.sessions[0]):
        signed(session, trainer)
    home = learning._progress(place, run, person, [], {})
    assert [meeting.state(home.now) for meeting in home.meetings] == ["klar", "pagar"]
    assert home.meetings == progress.of(run, person).meetings
