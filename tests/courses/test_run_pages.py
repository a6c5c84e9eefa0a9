"""Runs in the browser: planning, changing, two at the same time, calling off, and lists that stay quick."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from certificates import register
from certificates.acts import issuing
from courses.runs import Run
from lms import clock
from lms.db import db
from lms.people import Person
from lms.projects import Project
from tests.certificates.examples import example
from tests.courses.ledger_rows import signed
from tests.courses.planning import FIRST, plan, published, slot, two
from tests.factories import make_enrolment, make_participant, make_person, make_project, make_role, make_run
from tests.queries import count_queries


@pytest.fixture
def project(app: object) -> Project:
    return make_project()


@pytest.fixture
def leader(project: Project) -> Person:
    return make_role("county_trainer", project, person=make_person("Karin Länsdotter"))


def typed(leader: Person, days: Sequence[str] = ("2022-11-03", "20221110"), **changed: str) -> dict[str, str]:
    values = {
        "title": "Utbildare i norr", "organisation": str(leader.organisation_id), "capacity": "12",
        "register_by": "2022-10-28", "trainers": str(leader.id),
    }  # fmt: skip
    for number, day in enumerate(days):
        values |= {
            f"sessions-{number}-day": day, f"sessions-{number}-starts": "830", f"sessions-{number}-ends": "12.30",
            f"sessions-{number}-mode": "physical", f"sessions-{number}-place": f"Sal {number + 1}",
            f"sessions-{number}-link": "",
        }  # fmt: skip
    return values | changed


def test_choosing_a_programme_prefills_its_sessions(browser_of: Any, project: Project, leader: Person) -> None:
    published()
    published("horisontella-principer")
    browser = browser_of(leader)
    page = browser.get(f"/projects/{project.id}/runs/new").text
    assert "SMAIL för utbildare" in page
    assert "Horisontella" not in page
    form = browser.get(f"/projects/{project.id}/runs/new?programme=smail-utbildare").text
    assert form.count("12.30\"") == 2
    assert browser.get(f"/projects/{project.id}/runs/new?programme=nope").status_code == 200


def test_schedules_from_the_form_and_goes_on_to_inviting(browser_of: Any, project: Project, leader: Person) -> None:
    published()
    answer = browser_of(leader).post(
        f"/projects/{project.id}/runs/new?programme=smail-utbildare", data=typed(leader)
    )
    run = db.session.scalars(select(Run)).one()
    assert answer.status_code == 303
    assert answer.location == f"/runs/{run.id}/invite"
    assert (run.title, run.capacity, run.created_by_id) == ("Utbildare i norr", 12, leader.id)
    assert [each.starts_at for each in run.sessions] == [slot().starts, slot(FIRST + timedelta(days=7)).starts]


def test_a_form_that_is_refused_keeps_everything_typed(browser_of: Any, project: Project, leader: Person) -> None:
    published()
    url = f"/projects/{project.id}/runs/new?programme=smail-utbildare"
    wrong = {
        "title": "<b>Mitt namn</b>", "sessions-0-day": "i morgon", "sessions-1-starts": "25.99", "capacity": "många",
        "sessions-0-place": "Aulan",
    }  # fmt: skip
    answer = browser_of(leader).post(url, data=typed(leader, **wrong))
    assert answer.status_code == 422
    for kept in ("&lt;b&gt;Mitt namn&lt;/b&gt;", "i morgon", "25.99", "många", "Aulan", "Sal 2", "2022-10-28"):
        assert kept in answer.text
    for place in ("sessions-0-day", "sessions-1-starts", "capacity"):
        assert f'href="#{place}"' in answer.text
        assert f'id="{place}-e"' in answer.text
    answer = browser_of(leader).post(url, data=typed(leader, ("2022-10-03", "2022-11-10")))
    assert answer.status_code == 422
    assert 'id="sessions-0-day-e"' in answer.text
    assert 'value="2022-10-03"' in answer.text
    assert 'value="830"' in answer.text
    assert db.session.scalar(select(Run.id)) is None


def test_two_who_change_the_same_run_see_both_versions(browser_of: Any, project: Project, leader: Person) -> None:
    run = plan(project, leader)
    mine, theirs = browser_of(leader), browser_of(leader)
    form = typed(leader, title="Deras namn", revision="1")
    assert theirs.post(f"/runs/{run.id}/edit", data=form).status_code == 303
    answer = mine.post(f"/runs/{run.id}/edit", data=typed(leader, title="Mitt namn", capacity="15", revision="1"))
    assert answer.status_code == 409
    for seen in ("Deras namn", "Mitt namn", 'value="15"', 'name="revision" type="hidden" value="2"'):
        assert seen in answer.text
    again = typed(leader, title="Mitt namn", capacity="15", revision="2")
    assert mine.post(f"/runs/{run.id}/edit", data=again).status_code == 303
    db.session.rollback()
    assert (run.title, run.capacity, run.revision) == ("Mitt namn", 15, 3)


def test_cancel_asks_first_and_then_does_it(browser_of: Any, project: Project, leader: Person) -> None:
    run = plan(project, leader)
    browser = browser_of(leader)
    assert run.title in browser.get(f"/runs/{run.id}/cancel").text
    assert run.cancelled_at is None
    assert browser.post(f"/runs/{run.id}/cancel", data={"reason": ""}).status_code == 303
    db.session.rollback()
    assert run.cancelled_at is not None
    page = browser.get(f"/runs/{run.id}").text
    assert f"/runs/{run.id}/invite" not in page


def test_a_trainer_sees_own_runs_and_the_county_trainer_all(browser_of: Any, project: Project, leader: Person) -> None:
    plan(project, leader, title="Länets omgång")
    trainer = make_role("trainer", project)
    assert "Länets omgång" in browser_of(leader).get(f"/projects/{project.id}/runs").text
    assert "Länets omgång" not in browser_of(trainer).get(f"/projects/{project.id}/runs").text
    assert browser_of(make_participant(project)).get(f"/projects/{project.id}/runs").status_code == 403


def test_the_list_asks_the_database_as_much_for_many_runs(browser_of: Any, project: Project, leader: Person) -> None:
    browser = browser_of(leader)
    plan(project, leader, sessions=two(date(2022, 11, 1)), register_by=None)
    counted = []
    for start in (2, 8):
        for number in range(start, start + 5):
            day = date(2022, 11, 1) + timedelta(days=14 * (number - 1) // 2)
            trainer = make_role("county_trainer", project)
            run = plan(project, trainer, sessions=two(day), register_by=None)
            make_enrolment(run, make_participant(project))
        db.session.commit()
        with count_queries() as queries:
            assert browser.get(f"/projects/{project.id}/runs").status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_the_run_page_asks_as_much_for_many_people(browser_of: Any, project: Project, leader: Person) -> None:
    run, browser, counted = plan(project, leader, capacity=60), browser_of(leader), []
    for many in (4, 24):
        for number in range(many):
            state = ("registered", "waiting", "invited", "declined")[number % 4]
            make_enrolment(run, make_participant(project), state)
        db.session.commit()
        with count_queries() as queries:
            assert browser.get(f"/runs/{run.id}").status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_what_is_not_signed_comes_before_the_certificates(browser_of: Any, project: Project, leader: Person) -> None:
    run = make_run(project, leader, first_day=date(2022, 10, 4))
    browser = browser_of(leader)
    address, link = f"/runs/{run.id}", 'href="/sessions/{}/attendance">Open the attendance sheet'
    first, second = run.sessions
    with clock.moved(second.ends_at + timedelta(hours=1)):
        assert link.format(first.id) in browser.get(address).text
        signed(first, leader)
        assert link.format(second.id) in browser.get(address).text
        signed(second, leader)
        page = browser.get(address).text
    assert "Open the attendance sheet" not in page
    assert "See who can be certified" in page


def test_the_list_is_paged(browser_of: Any, project: Project, leader: Person) -> None:
    for number in range(22):
        plan(
            project, leader, title=f"Omgång {number + 1:02}", register_by=None,
            sessions=[slot(FIRST + timedelta(days=number)), slot(FIRST + timedelta(days=number), time(13), time(17))],
        )  # fmt: skip
    browser = browser_of(leader)
    first, second = (browser.get(f"/projects/{project.id}/runs?page={page}").text for page in (1, 2))
    assert "Omgång 20" in first
    assert "Omgång 21" not in first
    assert "Omgång 21" in second
    assert "Omgång 22" in browser.get(f"/projects/{project.id}/runs?page=99").text


def test_nobody_arranges_a_run_without_being_chosen(project: Project, browser_of: Any) -> None:
    county = make_role("county_trainer", project, person=make_person(organisation="Länet"))
    published()
    address = f"/projects/{project.id}/runs/new?programme=smail-utbildare"
    browser = browser_of(county)
    answer = browser.post(address, data=typed(county, organisation="0"))
    assert answer.status_code == 422
    assert "Choose who arranges the run." in answer.text


def test_who_has_the_certificate_is_not_asked_again(project: Project, leader: Person, browser_of: Any) -> None:
    run = plan(project, leader)
    done = make_participant(project, "Kerstin Klar")
    make_participant(project, "Nils Ny")
    draft = example(number=register.DRAFT, level="trainer", holder_name=done.full_name)
    issuing.issue(draft, holder=done, ground="an earlier run", issuer_certificate=None, by=leader)
    page = browser_of(leader).get(f"/runs/{run.id}/invite").text
    assert "Nils Ny" in page
    assert "Kerstin Klar" not in page
