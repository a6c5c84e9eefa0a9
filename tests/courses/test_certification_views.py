"""The pages of certification and exemptions: who opens them, what they say, and what a press does."""

from datetime import date, timedelta

from flask import Flask
from sqlalchemy import select

from certificates import register
from certificates.acts import revoking
from certificates.register import Certificate
from courses.exemptions import Exemption
from courses.runs import Run
from lms.db import db
from lms.people import Person
from lms.projects import Project
from tests.courses import earning
from tests.courses.test_certification import scene
from tests.factories import make_participant, make_person, make_project, make_role, make_run
from tests.queries import count_queries

DAY = date(2022, 10, 12)


def user_certificates() -> list[Certificate]:
    db.session.rollback()
    return list(db.session.scalars(select(Certificate).where(Certificate.level == "user")))


def test_one_press_certifies_those_who_are_ticked(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project, run, trainer, people = scene()
    late = earning.earn(run, make_participant(project, "Late Person"), by=trainer, without="assignment")
    browser, address = browser_of(trainer), f"/runs/{run.id}/certification"
    told = browser.get(address).get_data(as_text=True)
    assert told.count('name="person"') == 2
    assert told.count(" checked") == 2
    assert "Late Person" in told
    ids = [person.id for person in people]
    assert browser.post(address, data={"person": ids}).status_code == 303
    assert browser.post(address, data={"person": ids}).status_code == 303
    assert {each.holder_id for each in user_certificates()} == set(ids)
    told = browser.get(address).get_data(as_text=True)
    assert 'name="person"' not in told
    assert "SMA-A-2022-0001" in told
    assert late.id not in {each.holder_id for each in user_certificates()}


def test_what_is_missing_links_to_the_page_that_fixes_it(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    trainer, leader = make_role("trainer", project), make_role("project_leader", project)
    run = make_run(project, trainer, first_day=DAY - timedelta(days=21))
    person = earning.earn(run, make_participant(project), by=trainer, without="assignment")
    handed_in = earning.hand_in(run, person, by=None)
    told = browser_of(trainer).get(f"/runs/{run.id}/certification").get_data(as_text=True)
    assert f'href="/sessions/{run.sessions[0].id}/attendance"' in told
    assert f'href="/submissions/{handed_in.id}"' in told
    seen = browser_of(leader).get(f"/runs/{run.id}/certification").get_data(as_text=True)
    assert "/submissions/" not in seen, "the project leader may not open it"
    assert person.name in seen


def test_a_refusal_keeps_the_ticks_and_certifies_nobody(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project, run, trainer, people = scene()
    late = earning.earn(run, make_participant(project), by=trainer, without="horizontal")
    browser, address = browser_of(trainer), f"/runs/{run.id}/certification"
    for data in ({"person": [people[0].id, late.id]}, {}, {"person": ["x", "²", "999999"]}):
        answer = browser.post(address, data=data)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.get_data(as_text=True)
    assert user_certificates() == []


def test_the_page_says_when_the_gate_is_closed(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project, run, trainer, people = scene()
    (own,) = register.of(trainer)
    revoking.revoke(own, reason_code="conduct", by=make_person())
    trainer.language = "en"
    browser, address = browser_of(trainer), f"/runs/{run.id}/certification"
    assert "revoked since 12 October 2022" in browser.get(address).get_data(as_text=True)
    answer = browser.post(address, data={"person": [people[0].id]})
    assert answer.status_code == 422
    assert user_certificates() == []
    leader = make_role("project_leader", project)
    form = {"email": trainer.email, "starts": "2022-10-12", "ends": "2022-10-13", "reason": "Nearly done"}
    assert browser_of(leader).post(f"/projects/{project.id}/exemptions", data=form).status_code == 303
    assert browser.post(address, data={"person": [people[0].id]}).status_code == 303
    assert len(user_certificates()) == 1


def test_who_opens_and_who_certifies(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project, run, _trainer, people = scene()
    address = f"/runs/{run.id}/certification"
    for person, opens in (
        (make_role("project_leader", project), 200),
        (make_role("county_trainer", project), 200),
        (make_role("trainer", project), 403),
        (people[0], 403),
        (make_role("economist", project), 403),
    ):
        assert browser_of(person).get(address).status_code == opens
        assert browser_of(person).post(address, data={"person": [people[0].id]}).status_code == 403
    assert user_certificates() == []


def test_a_protected_person_is_ticked_by_hand(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project, run, trainer, _people = scene(people=1)
    hidden = make_participant(project, "Anna Hemlig", protected=True, alias="Deltagare 7")
    earning.earn(run, hidden, by=trainer)
    told = browser_of(trainer).get(f"/runs/{run.id}/certification").get_data(as_text=True)
    assert told.count('name="person"') == 2
    assert told.count(" checked") == 1
    assert "Hemlig" not in told


def test_the_page_asks_as_much_for_many_as_for_few(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    _project, run, trainer, people = scene(people=2)
    browser, address = browser_of(trainer), f"/runs/{run.id}/certification"
    browser.post(address, data={"person": [people[0].id]})
    run_id, trainer_id, counts = run.id, trainer.id, []
    for more in (0, 9):
        for number in range(more):
            run, trainer = db.session.get_one(Run, run_id), db.session.get_one(Person, trainer_id)
            person = earning.earn(run, make_participant(run.project), by=trainer, without="survey" * (number % 2))
        if more:
            browser.post(address, data={"person": [people[1].id, person.id]})
        browser.get(address)
        with count_queries() as queries:
            assert browser.get(address).status_code == 200
        counts.append(len(queries))
        people = [db.session.get_one(Person, each.id) for each in people]
    assert counts[0] == counts[1]


def test_the_project_leader_grants_exemptions_and_slips_are_kept(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    leader, trainer = make_role("project_leader", project), make_role("trainer", project)
    browser, address = browser_of(leader), f"/projects/{project.id}/exemptions"
    told = browser.get(address).get_data(as_text=True)
    assert trainer.name in told
    good = {"email": trainer.email, "starts": "2022-10-12", "ends": "2022-10-31", "reason": "Stands in for a colleague"}
    for wrong in (
        {"email": "nobody@habo.example"}, {"ends": "2022-10-01"}, {"ends": "2024-01-01"}, {"ends": "soon"},
        {"reason": ""}, {"starts": ""},
    ):  # fmt: skip
        answer = browser.post(address, data={**good, **wrong})
        assert answer.status_code == 422
        assert "aria-invalid" in answer.get_data(as_text=True)
        if wrong != {"reason": ""}:
            assert "Stands in for a colleague" in answer.get_data(as_text=True)
    assert browser.post(address, data=good).status_code == 303
    db.session.rollback()
    assert [each.reason for each in db.session.scalars(select(Exemption))] == ["Stands in for a colleague"]
    assert browser_of(trainer).get(address).status_code == 403
    other = make_role("project_leader", make_project(dnr="2023/1"))
    assert browser_of(other).post(address, data=good).status_code == 403


def test_exemptions_ask_as_much_for_many_as_for_few(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    browser = browser_of(make_role("project_leader", project))
    address, counts = f"/projects/{project.id}/exemptions", []
    for more in (1, 8):
        for _each in range(more):
            make_role("trainer", db.session.get_one(Project, project.id))
        browser.get(address)
        with count_queries() as queries:
            assert browser.get(address).status_code == 200
        counts.append(len(queries))
        project = db.session.get_one(Project, project.id)
    assert counts[0] == counts[1]
