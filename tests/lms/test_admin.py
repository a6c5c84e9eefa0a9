"""The administrator's pages: the log is read and never changed, mail is seen without its words, roles are given."""

import pytest
from sqlalchemy import select

from lms import audit, clock, mail, people
from lms.audit import Audit
from lms.db import db
from lms.mail import OutboxMail
from tests.factories import make_participant, make_person, make_project, make_role
from tests.queries import count_queries


@pytest.fixture
def administrator(app):
    return make_role("administrator", person=make_person("Ada Admin", email="ada@lan.example"))


@pytest.fixture
def browser(browser_of, administrator):
    return browser_of(administrator)


def test_the_log_is_read_and_filtered(browser, administrator):
    project = make_project()
    person = make_participant(project, "Bo Ek")
    audit.record("person.protected", person, by=administrator)
    with clock.moved(clock.now().replace(day=1)):
        audit.record("mail.retried", None, by=make_person("Cia Alm"))
    page = browser.get("/admin/audit").text
    assert "Ada Admin" in page
    assert "Bo Ek" in page
    only_cia = browser.get("/admin/audit", query_string={"person": "cia"}).text
    assert "Cia Alm" in only_cia
    assert "Bo Ek" not in only_cia
    assert "Bo Ek" not in browser.get("/admin/audit", query_string={"act": "mail.retried"}).text
    of_day = browser.get("/admin/audit", query_string={"day": "2022-10-01"}).text
    assert "Cia Alm" in of_day
    assert "Bo Ek" not in of_day
    assert browser.get("/admin/audit", query_string={"day": "x", "act": "no.such"}).status_code == 200


def test_the_log_shows_protected_people_by_alias_and_finds_none_by_name(browser, administrator):
    person = make_person("Hemlig Person", protected=True, alias="Deltagare 7")
    audit.record("person.signed_in", person, by=person)
    page = browser.get("/admin/audit", query_string={"act": "person.signed_in"}).text
    assert "Deltagare 7" in page
    assert "Hemlig" not in page
    found = browser.get("/admin/audit", query_string={"person": "Hemlig"}).text
    assert "Deltagare 7" not in found


def test_the_log_is_paged_backwards_and_asks_as_much_for_many_as_for_few(browser, administrator):
    number, counts = administrator.id, []
    for size in (3, 120):
        someone = db.session.get(type(administrator), number)
        for _each in range(size):
            audit.record("person.settings", make_person(), by=someone)
        db.session.commit()
        db.session.expunge_all()
        with count_queries() as queries:
            page = browser.get("/admin/audit")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8
    assert "before=" in page.text
    last = min(db.session.scalars(select(Audit.id).order_by(Audit.id.desc()).limit(50)))
    older = browser.get("/admin/audit", query_string={"before": last})
    assert older.status_code == 200


def test_mail_shows_states_and_failed_ones_are_tried_again(browser, administrator):
    person = make_person("Bo Ek", email="bo@habo.example")
    hidden = make_person("Hemlig Person", email="hemlig@habo.example", protected=True, alias="Deltagare 7")
    for whom in (person, hidden):
        mail.enqueue(whom, "code", code="123456", minutes=10)
    db.session.flush()
    letter = db.session.scalars(select(OutboxMail).where(OutboxMail.person_id == person.id)).one()
    letter.failed_at, letter.tries, letter.last_error = clock.now(), 7, "SMTPRecipientsRefused: nobody there"
    failed = browser.get("/admin/mail").text
    assert "bo@habo.example" in failed
    assert "nobody there" in failed
    assert "123456" not in failed
    waiting = browser.get("/admin/mail?state=waiting").text
    assert "hemlig@habo.example" not in waiting
    number = letter.id
    assert browser.post(f"/admin/mail/{number}/retry").status_code == 303
    db.session.rollback()
    again = db.session.get(OutboxMail, number, populate_existing=True)
    assert (again.failed_at, again.tries) == (None, 0)
    assert browser.post("/admin/mail/999999/retry").status_code == 404


def test_administrators_are_given_in_words_and_the_last_one_stays(browser, administrator):
    person = make_person("Bo Ek", email="bo@habo.example")
    asked = browser.post("/admin/people", data={"email": "bo@habo.example", "role": "administrator"})
    assert "Bo Ek" in asked.text
    db.session.expire_all()
    assert not people.has_role(person, "administrator")
    browser.post(f"/roles/{administrator.roles[0].id}/take")
    db.session.expire_all()
    assert people.has_role(administrator, "administrator")
    browser.post("/admin/people", data={"email": "bo@habo.example", "role": "administrator", "confirmed": "1"})
    db.session.expire_all()
    assert people.has_role(person, "administrator")


def test_an_administrator_names_project_leaders_but_never_herself(browser, administrator):
    project = make_project()
    role = f"project_leader:{project.id}"
    data = {"email": "ny@lan.example", "given_name": "Ny", "family_name": "Ledare", "role": role, "confirmed": "1"}
    assert browser.post("/admin/people", data=data).status_code == 303
    assert people.has_role(people.find_person(email="ny@lan.example"), "project_leader", project_id=project.id)
    own = browser.post("/admin/people", data={"email": administrator.email, "role": role, "confirmed": "1"})
    assert own.status_code == 422


def test_the_administrator_sees_no_course_data(browser):
    project = make_project()
    for path in ("", "/people", "/people/import", "/plan", "/roles", "/goals", "/months"):
        assert browser.get(f"/projects/{project.id}{path}").status_code == 403


@pytest.mark.parametrize("path", ["/admin/audit", "/admin/mail", "/admin/people"])
def test_nobody_else_gets_in(browser_of, path):
    assert browser_of(make_role("project_leader", make_project())).get(path).status_code == 403
