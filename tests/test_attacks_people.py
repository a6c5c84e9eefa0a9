"""What people with a role try against people: other projects' numbers and names, roles nobody gave, protected names."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from certificates.acts import issuing
from certificates.statement import ProjectRef
from courses import exemptions, reviews, staff
from courses.views.runs import leaders
from lms import audit, clock, people, protection, roles
from lms.db import db
from lms.people import Person, Role
from lms.personnummer import synthetic
from lms.projects import Project, join_project
from lms.refusals import Refused
from lms.secrets import encrypted, keyed_hash
from tests.certificates.examples import example
from tests.courses.earning import earn
from tests.factories import make_enrolment, make_participant, make_person, make_project, make_role, make_run

NUMBER = synthetic(date(1990, 1, 1), 980).digits12


@pytest.fixture
def smail(app: Flask) -> Project:
    return make_project()


@pytest.fixture
def smot(smail: Project) -> Project:
    return make_project(like="smot")


def _numbered(project: Project, **values: Any) -> Person:
    person = make_participant(project, "Hanna Hemlig", **values)
    person.personnummer_hash, person.personnummer_cipher = keyed_hash(NUMBER), encrypted(NUMBER)
    db.session.flush()
    return person


# --- other projects -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["role", "list"])
def test_no_leader_pulls_in_a_stranger_to_read_her_number(
    browser_of: Any, smail: Project, smot: Project, way: str
) -> None:
    person = _numbered(smail, protected=True, alias="Deltagare 7")
    thief = make_role("project_leader", smot)
    if way == "role":
        data = {"email": person.email, "role": "evaluator", "confirmed": "1"}
        assert browser_of(thief).post(f"/projects/{smot.id}/roles", data=data).status_code in (303, 422)
    else:
        join_project(person, smot, by=thief)
    browser = browser_of(thief)
    page = browser.get(f"/people/{person.id}")
    assert "Hemlig" not in page.text
    assert person.email not in page.text
    for act in ("personnummer", "name", "unprotect", "protect"):
        answer = browser.post(f"/people/{person.id}/{act}", data={"confirmed": "1", "alias": "Annat namn"})
        assert answer.status_code == 403, act
        assert NUMBER[-4:] not in answer.text
    db.session.expire_all()
    assert (person.protected, person.alias) == (True, "Deltagare 7")
    own = browser_of(make_role("project_leader", smail))
    assert NUMBER[-4:] in own.post(f"/people/{person.id}/personnummer").text
    assert "Hemlig" in own.post(f"/people/{person.id}/name").text


def test_a_role_in_another_project_opens_nothing_here(browser_of: Any, smail: Project, smot: Project) -> None:
    run = make_run(smail, make_role("county_trainer", smail))
    person = make_participant(smail)
    enrolment = make_enrolment(run, person)
    for name in ("project_leader", "county_trainer", "trainer", "economist", "evaluator", "steering_group"):
        browser = browser_of(make_role(name, smot))
        for path in (
            f"/projects/{smail.id}/people", f"/projects/{smail.id}/runs", f"/projects/{smail.id}/months",
            f"/projects/{smail.id}/employers", f"/projects/{smail.id}/surveys", f"/projects/{smail.id}/goals",
            f"/projects/{smail.id}/cascade", f"/projects/{smail.id}/branch?trainer={person.id}", f"/runs/{run.id}",
            f"/runs/{run.id}/adaptations", f"/sessions/{run.sessions[0].id}/attendance", f"/people/{person.id}",
        ):  # fmt: skip
            assert browser.get(path).status_code == 403, (name, path)
        assert browser.post(f"/enrolments/{enrolment.id}/withdraw").status_code == 403


def test_a_manager_of_one_project_sees_nothing_of_another(app: Flask, smail: Project, smot: Project) -> None:
    """The same employer, another project: its leader gives herself the role of a manager and looks."""
    person = make_participant(smail, "Hanna Annan")
    earn(make_run(smail, make_role("county_trainer", smail), first_day=date(2022, 9, 1)), person, by=make_person())
    manager = make_role("manager", smot)
    assert manager.organisation_id == person.organisation_id
    managed = people.managed_staff(manager)
    assert staff.summary(managed).people == 0
    join_project(person, smot, by=None)
    (member,), total = staff.members(managed), staff.summary(managed).people
    assert (total, member.courses, member.certificates) == (1, (), ())
    assert (staff.summary(managed).in_course, staff.summary(managed).certified) == (0, 0)
    assert [len(each.courses) for each in staff.members(people.managed_staff(make_role("manager", smail)))] == [1]


# --- roles --------------------------------------------------------------------------------------------------


def test_an_administrator_plants_no_second_leader_beside_the_first(browser_of: Any, smail: Project) -> None:
    make_role("project_leader", smail)
    browser = browser_of(make_role("administrator"))
    data = {
        "email": "puppet@evil.example", "given_name": "Stina", "family_name": "Docka",
        "role": f"project_leader:{smail.id}", "confirmed": "1",
    }  # fmt: skip
    assert browser.post("/admin/people", data=data).status_code == 422
    assert people.find_person(email="puppet@evil.example") is None


def test_a_project_whose_leader_is_gone_still_gets_a_new_one(browser_of: Any, smail: Project) -> None:
    make_role("project_leader", smail, until=clock.today() - timedelta(days=1))
    new = make_person()
    data = {"email": new.email, "role": f"project_leader:{smail.id}", "confirmed": "1"}
    assert browser_of(make_role("administrator")).post("/admin/people", data=data).status_code == 303
    assert people.has_role(new, "project_leader", project_id=smail.id)


@pytest.mark.parametrize("role", ["administrator", "project_leader:2", "participant", "", "trainer' OR 1=1"])
def test_a_leader_gives_no_role_that_is_not_hers_to_give(browser_of: Any, smail: Project, role: str) -> None:
    me = make_role("project_leader", smail)
    data = {"email": me.email, "role": role, "confirmed": "1"}
    answer = browser_of(me).post(f"/projects/{smail.id}/roles", data=data)
    assert answer.status_code == 422
    assert db.session.scalar(select(func.count()).select_from(Role)) == 1


def test_asking_what_a_role_means_gives_nothing(browser_of: Any, smail: Project) -> None:
    data = {"email": "n@habo.example", "given_name": "Ny", "family_name": "Person", "role": "economist"}
    page = browser_of(make_role("project_leader", smail)).post(f"/projects/{smail.id}/roles", data=data)
    assert page.status_code == 200
    db.session.rollback()
    assert people.find_person(email="n@habo.example") is None


def test_a_role_that_ended_yesterday_opens_nothing_today(browser_of: Any, smail: Project) -> None:
    for name, path in (
        ("project_leader", "people"), ("economist", "employers"), ("evaluator", "surveys"), ("steering_group", "goals"),
        ("trainer", "runs"),
    ):  # fmt: skip
        person = make_role(name, smail, until=clock.today() - timedelta(days=1))
        assert browser_of(person).get(f"/projects/{smail.id}/{path}").status_code == 403, name


def test_nobody_exempts_herself(browser_of: Any, smail: Project) -> None:
    leader = make_role("project_leader", smail)
    today = clock.today()
    with pytest.raises(Refused) as refusal:
        exemptions.grant(smail, leader, starts=today, ends=today, reason="Because", by=leader)
    assert refusal.value.code == "own_exemption"
    data = {"email": leader.email, "starts": today.isoformat(), "ends": today.isoformat(), "reason": "Because"}
    assert browser_of(leader).post(f"/projects/{smail.id}/exemptions", data=data).status_code == 422
    assert not people.has_role(leader, "trainer")


def test_an_administrator_gives_only_what_administrators_give(app: Flask, smail: Project) -> None:
    administrator = make_role("administrator")
    for name, project_id in (("county_trainer", smail.id), ("administrator", smail.id), ("project_leader", None)):
        with pytest.raises(Refused):
            roles.give_as_administrator(make_person(), name, project_id=project_id, by=administrator)


# --- protected names ----------------------------------------------------------------------------------------


def test_no_place_in_a_list_of_trainers_tells_a_protected_name(app: Flask, smail: Project) -> None:
    """Aaby under the alias Zeta stands where Zeta stands."""
    hidden = make_role("trainer", smail, person=make_person("Anna Aaby", protected=True, alias="Zeta"))
    shown = make_role("trainer", smail, person=make_person("Bo Berg"))
    assert people.holders("trainer", project_id=smail.id) == [shown, hidden]
    assert leaders(smail) == [shown, hidden]


def test_no_place_in_the_queue_of_assignments_tells_a_protected_name(app: Flask, smail: Project) -> None:
    run = make_run(smail, make_role("county_trainer", smail))
    hidden = make_participant(smail, "Anna Aaby", protected=True, alias="Zeta")
    shown = make_participant(smail, "Bo Berg")
    for person in (hidden, shown):
        make_enrolment(run, person)
    assert [line.person.name for line in reviews.queue(run).lines] == ["Bo Berg", "Zeta"]


def test_a_protected_name_stands_on_no_page_of_anybody(browser_of: Any, smail: Project) -> None:
    trainer, leader = make_role("county_trainer", smail), make_role("project_leader", smail)
    hidden = make_participant(smail, "Qvintessa Xylofon", protected=True, alias="Deltagare 9", email="qx@habo.example")
    run = make_run(smail, trainer, first_day=clock.today() - timedelta(days=1))
    row = make_enrolment(run, hidden)
    session = run.sessions[0].id
    pages = {
        trainer: [
            f"/runs/{run.id}", f"/sessions/{session}/attendance", f"/sessions/{session}/sign-off",
            f"/runs/{run.id}/reviews", f"/runs/{run.id}/certification", f"/runs/{run.id}/horizontal",
            f"/runs/{run.id}/adaptations", f"/projects/{smail.id}/cascade", "/",
        ],
        leader: [
            f"/projects/{smail.id}/people?q=Qv", f"/projects/{smail.id}/people", f"/people/{hidden.id}",
            f"/projects/{smail.id}/months/2022-10",
            f"/projects/{smail.id}/months/2022-10?employer={hidden.organisation_id}",
            f"/projects/{smail.id}/exemptions", f"/projects/{smail.id}/roles", f"/runs/{run.id}/invite",
        ],
        make_role("manager", smail): ["/staff", "/"],
        make_role("administrator"): ["/admin/audit", "/admin/people"],
    }  # fmt: skip
    audit.record("enrolment.registered", row, by=hidden)
    for person, paths in pages.items():
        browser = browser_of(person)
        for path in paths:
            page = browser.get(path)
            assert page.status_code == 200, path
            for told in ("Qvintessa", "Xylofon", "qx@"):
                assert told not in page.text, (path, told)


def test_a_name_protected_later_is_told_by_the_certificate_to_its_holder_only(browser_of: Any, smail: Project) -> None:
    trainer, leader = make_role("county_trainer", smail), make_role("project_leader", smail)
    hidden = make_participant(smail, "Qvintessa Xylofon")
    draft = replace(example(project=ProjectRef("SMAIL", smail.dnr)), holder_name=hidden.name)
    made = issuing.issue(draft, holder=hidden, ground="g", issuer_certificate=None, by=trainer)
    protection.protect(hidden, "Deltagare 9", by=leader)
    db.session.commit()
    page = f"/certificates/{made.id}"
    assert browser_of(trainer).get(page).status_code == browser_of(trainer).get(f"{page}.pdf").status_code == 403
    for path in (page, f"{page}/revoke"):
        assert "Xylofon" not in browser_of(leader).get(path).text
    assert "Xylofon" in browser_of(hidden).get(page).text
    assert browser_of(leader).get(f"{page}.pdf").status_code == 200
    looks = select(audit.Audit.person_id).where(audit.Audit.act == "name.revealed")
    assert db.session.scalars(looks).all() == [leader.id]
    public = browser_of(trainer).get(f"/v/{made.code}").text
    assert "Xylofon" not in public
    assert "Q." not in public


def test_walking_in_finds_no_protected_person_by_name(browser_of: Any, smail: Project) -> None:
    trainer = make_role("county_trainer", smail)
    make_participant(smail, "Qvintessa Xylofon", protected=True, alias="Deltagare 9")
    run = make_run(smail, trainer, first_day=clock.today())
    browser = browser_of(trainer)
    for words in ("Xylofon", "qvintessa", "Deltagare", "%", "_ _"):
        page = browser.post(f"/sessions/{run.sessions[0].id}/attendance/add", data={"search": "1", "words": words})
        assert "Deltagare 9" not in page.text, words
