"""The project leader's pages: nothing happens before it has been shown, and then exactly what was shown."""

import io
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from lms import clock, people, plan, projects
from lms.audit import Audit
from lms.db import db
from lms.pending import PendingUpload
from lms.people import Person
from lms.personnummer import synthetic
from lms.projects import Participation, Project
from lms.secrets import encrypted, keyed_hash
from tests.factories import make_participant, make_person, make_project, make_role
from tests.queries import count_queries

ANNA = synthetic(date(1990, 1, 1), 980).digits12
HEAD = "Förnamn;Efternamn;E-post;Personnummer;Kommun;Kön;Befattning\r\n"
SMAIL = plan.reading.files("lms.plans").joinpath("smail.toml").read_text()


@pytest.fixture
def project(app):
    return make_project()


@pytest.fixture
def leader(project):
    return make_role("project_leader", project)


@pytest.fixture
def browser(browser_of, leader):
    return browser_of(leader)


def upload(browser, url, text, name="lista.csv", **values):
    data = {"file": (io.BytesIO(text.encode()), name), **values}
    return browser.post(url, data=data, content_type="multipart/form-data")


def shown_in(page):
    return re.search(r'name="shown" value="([0-9a-f]+)"', page.text)[1]


def people_count():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Participation))


# --- people -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strange", ["²", "9" * 30, "x"])
def test_a_strange_organisation_in_the_address_is_no_filter(browser, project, strange):
    assert browser.get(f"/projects/{project.id}/people", query_string={"organisation": strange}).status_code == 200


def import_list(browser, project, text, **values):
    answer = upload(browser, f"/projects/{project.id}/people/import", text, esf="y", **values)
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_a_list_is_shown_first_and_entered_on_a_yes(browser, project):
    before = people_count()
    where = import_list(browser, project, HEAD + f"Anna;Berg;anna@tierp.example;{ANNA};Tierps kommun;Kvinna;Coach\r\n")
    page = browser.get(where)
    assert "Anna Berg" in page.text
    assert ANNA[2:] not in page.text
    assert people_count() == before
    done = browser.post(where, data={"shown": shown_in(page)})
    assert done.status_code == 303
    assert people_count() == before + 1
    assert people.find_person(email="anna@tierp.example").organisation.name == "Tierp"
    assert db.session.scalar(select(func.count()).select_from(PendingUpload)) == 0
    assert browser.get(where).status_code == 404


def test_problems_are_listed_by_row_and_nothing_happens(browser, project):
    where = import_list(browser, project, HEAD + "A;B;a@habo.example;;Håbo;;\r\nC;D;c@lund.example;;Lund;;\r\n")
    page = browser.get(where)
    assert "Lund" in page.text
    assert 'name="shown"' not in page.text
    before = people_count()
    assert browser.post(where, data={"shown": "x"}).headers["Location"] == where
    assert people_count() == before


def test_what_has_changed_since_is_shown_again(browser, project):
    where = import_list(browser, project, HEAD + "Anna;Berg;anna@tierp.example;;Tierp;;\r\n")
    shown = shown_in(browser.get(where))
    make_participant(project, "Anna Annan", email="anna@tierp.example", organisation="Tierp")
    assert browser.post(where, data={"shown": shown}).headers["Location"] == where
    assert people.find_person(email="anna@tierp.example").family_name == "Annan"


def test_the_file_waits_encrypted_and_only_for_who_uploaded_it(browser, browser_of, project):
    where = import_list(browser, project, HEAD + f"Anna;Berg;anna@tierp.example;{ANNA};Tierp;;\r\n")
    kept = db.session.scalars(select(PendingUpload)).one()
    assert ANNA.encode() not in kept.cipher
    other = make_role("project_leader", project)
    assert browser_of(other).get(where).status_code == 403
    with clock.moved(clock.now() + timedelta(hours=2)):
        assert browser.get(where).status_code == 303


def test_discarding_removes_the_file(browser, project):
    where = import_list(browser, project, HEAD + "Anna;Berg;anna@tierp.example;;Tierp;;\r\n")
    browser.post(f"{where}/discard")
    assert browser.get(where).status_code == 404


def test_a_file_is_asked_for_at_the_field(browser, project):
    answer = browser.post(f"/projects/{project.id}/people/import", data={"esf": "y"})
    assert answer.status_code == 422
    assert "aria-invalid" in answer.text
    empty = upload(browser, f"/projects/{project.id}/people/import", "")
    assert empty.status_code == 422


def test_people_are_found_by_name_and_employer(browser, project):
    make_participant(project, "Åsa Öberg", organisation="Tierp")
    make_participant(project, "Bo Ek", organisation="Håbo")
    url = f"/projects/{project.id}/people"
    assert "Bo Ek" in browser.get(url).text
    found = browser.get(url, query_string={"q": "åsa öb"}).text
    assert "Åsa Öberg" in found
    assert "Bo Ek" not in found
    tierp = next(m.organisation_id for m in project.members if m.organisation.name == "Tierp")
    assert "Bo Ek" not in browser.get(url, query_string={"organisation": tierp}).text
    assert browser.get(url, query_string={"q": "100%_"}).status_code == 200


def test_protected_people_are_shown_by_alias_and_not_found_by_name(browser, project):
    person = make_participant(
        project, "Hemlig Person", email="hemlig@habo.example", protected=True, alias="Deltagare 7"
    )
    url = f"/projects/{project.id}/people"
    everybody = browser.get(url).text
    assert "Deltagare 7" in everybody
    assert "Hemlig" not in everybody
    assert "Deltagare 7" not in browser.get(url, query_string={"q": "Hemlig"}).text
    assert "Deltagare 7" in browser.get(url, query_string={"q": "deltagare"}).text
    page = browser.get(f"/people/{person.id}").text
    assert "Hemlig" not in page
    assert "hemlig@habo.example" not in page
    revealed = browser.post(f"/people/{person.id}/name").text
    assert "Hemlig Person" in revealed
    assert db.session.scalar(select(Audit.subject_id).where(Audit.act == "name.revealed")) == person.id
    roles_page = browser.get(f"/projects/{project.id}/roles").text
    assert "Hemlig" not in roles_page


def test_the_list_asks_as_much_for_many_as_for_few(browser, project):
    number, counts = project.id, []
    for size in (2, 30):
        here = db.session.get(Project, number)
        for _each in range(size):
            make_participant(here)
        db.session.commit()
        db.session.expunge_all()
        with count_queries() as queries:
            assert browser.get(f"/projects/{number}/people").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


# --- one person ---------------------------------------------------------------------------------------------


def test_a_personnummer_is_masked_and_each_look_is_logged(browser, project, leader):
    person = make_participant(project, "Anna Berg")
    person.personnummer_hash, person.personnummer_cipher = keyed_hash(ANNA), encrypted(ANNA)
    db.session.commit()
    whole = f"{ANNA[:8]}-{ANNA[8:]}"
    assert whole not in browser.get(f"/people/{person.id}").text
    looked = browser.post(f"/people/{person.id}/personnummer")
    assert whole in looked.text
    assert looked.headers["Cache-Control"] == "no-store"
    rows = db.session.scalars(select(Audit).where(Audit.act == "personnummer.revealed")).all()
    assert [(row.person_id, row.subject_id) for row in rows] == [(leader.id, person.id)]
    assert ANNA not in str([row.details for row in rows])


def test_only_a_leader_of_the_persons_project_sees_the_person(browser_of, project):
    person = make_participant(project)
    for stranger in (
        make_role("project_leader", make_project(like="smot")),
        make_role("county_trainer", project),
        make_role("administrator"),
        person,
    ):
        browser = browser_of(stranger)
        assert browser.get(f"/people/{person.id}").status_code == 403
        assert browser.post(f"/people/{person.id}/personnummer").status_code == 403


def test_protecting_needs_an_alias_that_tells_nothing(browser, project):
    person = make_participant(project, "Anna Berg")
    url = f"/people/{person.id}/protect"
    assert browser.post(url, data={"alias": ""}).status_code == 422
    assert browser.post(url, data={"alias": "Anna B"}).status_code == 422
    assert browser.post(url, data={"alias": "Deltagare 9"}).status_code == 303
    db.session.expire_all()
    assert (person.protected, person.name) == (True, "Deltagare 9")
    other = make_participant(project, "Bo Ek")
    assert browser.post(f"/people/{other.id}/protect", data={"alias": "Deltagare 9"}).status_code == 422
    asked = browser.post(f"/people/{person.id}/unprotect")
    assert asked.status_code == 200
    db.session.expire_all()
    assert person.protected
    browser.post(f"/people/{person.id}/unprotect", data={"confirmed": "1"})
    db.session.expire_all()
    assert person.name == "Anna Berg"


# --- plan ---------------------------------------------------------------------------------------------------


def plan_url(project):
    return f"/projects/{project.id}/plan"


def test_a_changed_plan_is_shown_and_then_applied(browser, project):
    changed = SMAIL.replace("planned_participants = 143", "planned_participants = 150")
    assert changed != SMAIL
    where = upload(browser, plan_url(project), changed, "smail.toml").headers["Location"]
    page = browser.get(where)
    assert "planned_participants" in page.text
    db.session.expire_all()
    project.__dict__.pop("plan", None)
    assert project.plan.planned_participants == 143
    browser.post(where, data={"shown": shown_in(page)})
    db.session.rollback()
    fresh = db.session.get(Project, project.id, populate_existing=True)
    fresh.__dict__.pop("plan", None)
    assert fresh.plan.planned_participants == 150


def test_a_wrong_plan_names_line_and_key_and_changes_nothing(browser, project):
    wrong = SMAIL.replace("planned_participants = 143", 'planned_participants = "many"')
    where = upload(browser, plan_url(project), wrong, "smail.toml").headers["Location"]
    page = browser.get(where).text
    assert "project.planned_participants" in page
    assert 'name="shown"' not in page
    assert browser.post(where, data={"shown": "x"}).headers["Location"] == where


def test_the_same_plan_and_the_plan_of_another_project(browser, project):
    same = browser.get(upload(browser, plan_url(project), SMAIL, "smail.toml").headers["Location"])
    assert same.status_code == 200
    assert 'name="shown"' not in same.text
    other = plan.reading.files("lms.plans").joinpath("smot.toml").read_text()
    foreign = browser.get(upload(browser, plan_url(project), other, "smot.toml").headers["Location"])
    assert "2019/00144" in foreign.text
    assert 'name="shown"' not in foreign.text


# --- roles --------------------------------------------------------------------------------------------------


def give(browser, project, **values):
    return browser.post(f"/projects/{project.id}/roles", data=values)


def test_a_role_is_said_in_words_and_then_given(browser, project):
    person = make_participant(project, "Tor Ek", email="tor@habo.example")
    asked = give(browser, project, email="tor@habo.example", role="trainer")
    assert asked.status_code == 200
    assert "Tor Ek" in asked.text
    db.session.expire_all()
    assert not person.roles
    assert give(browser, project, email="tor@habo.example", role="trainer", confirmed="1").status_code == 303
    db.session.expire_all()
    assert people.has_role(person, "trainer", project_id=project.id)


def test_a_new_person_needs_a_name_and_a_manager_an_organisation(browser, project):
    assert give(browser, project, email="ny@habo.example", role="evaluator").status_code == 422
    before = db.session.scalar(select(func.count()).select_from(Person))
    named = {"email": "ny@habo.example", "given_name": "Ny", "family_name": "Chef", "role": "manager"}
    assert give(browser, project, **named).status_code == 422
    organisation = str(project.members[0].organisation_id)
    assert give(browser, project, **named, organisation=organisation).status_code == 200
    assert db.session.scalar(select(func.count()).select_from(Person)) == before
    assert give(browser, project, **named, organisation=organisation, confirmed="1").status_code == 303
    manager = people.find_person(email="ny@habo.example")
    assert people.managed_organisations(manager) == {int(organisation)}


def test_nobody_gives_administrators_here_and_the_last_leader_stays(browser, project, leader):
    refused = give(browser, project, email=leader.email, role="administrator", confirmed="1")
    assert refused.status_code == 422
    mine = leader.roles[0]
    browser.post(f"/roles/{mine.id}/take")
    db.session.expire_all()
    assert people.has_role(leader, "project_leader", project_id=project.id)
    second = make_role("project_leader", project)
    assert browser.get(f"/roles/{second.roles[0].id}/take").status_code == 200
    assert browser.post(f"/roles/{second.roles[0].id}/take").status_code == 303
    db.session.expire_all()
    assert not second.roles


def test_another_projects_leader_takes_nothing(browser_of, project, leader):
    stranger = browser_of(make_role("project_leader", make_project(like="smot")))
    assert stranger.post(f"/roles/{leader.roles[0].id}/take").status_code == 403
    assert stranger.get(f"/projects/{project.id}/people").status_code == 403


def test_projects_are_listed(browser, project):
    page = browser.get("/projects").text
    assert project.name in page
    assert projects.projects_of(make_person()) == []


def test_nobody_is_searched_by_personnummer(project, browser_of):
    browser = browser_of(make_role("project_leader", project))
    for typed in (ANNA, f"{ANNA[:8]}-{ANNA[8:]}", f"Anna {ANNA[2:8]}-{ANNA[8:]}"):
        answer = browser.get(f"/projects/{project.id}/people", query_string={"q": typed})
        assert answer.location == f"/projects/{project.id}/people"
        page = browser.get(answer.location).text
        assert "Nobody is searched by personnummer" in page
        assert ANNA[8:] not in page
