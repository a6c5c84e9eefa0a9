"""Managers countersign where the project says so: what both have certified, of their own staff, never their own."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from courses import attendance, hours, today
from courses.attendance import HoursSignature, hash_of
from courses.esf import figures
from courses.hours import countersigning, states_of
from courses.hours.lines import MOST_IDS, as_text, from_text
from lms import plan, projects
from lms.db import db
from lms.refusals import Refused, Stale
from tests.courses.certifying import confirm_month, signed_day
from tests.courses.sheets import part
from tests.factories import make_person, make_role
from tests.queries import count_queries

pytestmark = pytest.mark.usefixtures("app")


def asking(project):
    """The same project with a rule that managers sign."""
    read = plan.shipped("smail")
    return projects.import_plan(replace(read, rules=replace(read.rules, countersignature=True)), by=None)


@pytest.fixture
def day(app):
    made = signed_day()
    asking(made.day.project)
    return made


@pytest.fixture
def manager(day):
    return make_role("manager", day.day.project)


def lines(day, manager):
    return [line.entry for line in countersigning.month(day.day.project, day.first, manager).open]


def sign(day, manager, entries=None):
    wanted = lines(day, manager) if entries is None else entries
    ids = [entry.id for entry in wanted]
    return countersigning.countersign(day.day.project, day.first, ids, hash_of(wanted), by=manager)


def test_only_what_both_have_certified(day, manager):
    assert lines(day, manager) == []
    confirm_month(day.person)
    assert lines(day, manager) == [day.entry]


def test_not_before_the_sheet_is_signed(app):
    day = signed_day(sign=False)
    asking(day.day.project)
    confirm_month(day.person)
    assert lines(day, make_role("manager", day.day.project)) == []


def test_all_in_one_act_and_twice_is_once(day, manager):
    for person in day.day.people:
        confirm_month(person)
    entries = lines(day, manager)
    first = sign(day, manager)
    again = sign(day, manager, entries)
    assert len(first) == 3
    assert {each.id for each in first} == {each.id for each in again}
    assert {each.kind for each in first} == {"manager"}
    assert states_of([day.entry.id])[day.entry.id].manager.name == manager.name
    assert lines(day, manager) == []


def test_a_corrected_entry_is_signed_anew_by_all(day, manager):
    confirm_month(day.person)
    sign(day, manager)
    mark = part(day.day.session, day.person, "08:30", "11:30", day.entry.id)
    attendance.correct(day.day.session, [mark], "Gick tidigare.", by=day.day.trainer, nonce="fix-000001")
    assert lines(day, manager) == []
    confirm_month(day.person)
    assert [entry.minutes for entry in lines(day, manager)] == [180]


def test_corrected_meanwhile(day, manager):
    confirm_month(day.person)
    entries = lines(day, manager)
    mark = part(day.day.session, day.person, "08:30", "11:30", day.entry.id)
    attendance.correct(day.day.session, [mark], "Gick tidigare.", by=day.day.trainer, nonce="fix-000001")
    with pytest.raises(Stale):
        sign(day, manager, entries)


def test_a_manager_elsewhere_signs_nothing(day):
    confirm_month(day.person)
    other = make_role("manager", day.day.project, person=make_person(organisation="Tierp"))
    assert lines(day, other) == []
    with pytest.raises(Stale):
        sign(day, other, [day.entry])


def test_nobody_countersigns_her_own_hours(day):
    confirm_month(day.person)
    make_role("manager", day.day.project, person=day.person)
    assert lines(day, day.person) == []


def test_without_the_rule_nothing_is_shown(browser_of, app):
    day = signed_day()
    manager = make_role("manager", day.day.project)
    confirm_month(day.person)
    assert countersigning.projects_of(manager) == []
    assert browser_of(manager).get("/staff/hours").status_code == 403
    assert "/staff/hours" not in browser_of(manager).get("/").text
    with pytest.raises(Refused):
        sign(day, manager, [day.entry])


def test_the_page_and_the_task(browser_of, day, manager):
    confirm_month(day.person)
    with browser_of(manager).application.test_request_context("/"):
        db.session.expire_all()
        assert any("Sign the hours of your staff" in task.title for task in today.tasks(manager))
    browser = browser_of(manager)
    page = browser.get("/staff/hours").text
    assert day.person.name in page
    sent = {"project": day.day.project.id, "month": "2022-10", "entries": as_text([day.entry.id])}
    sent["seen"] = hash_of([day.entry])
    assert browser.post("/staff/hours", data=sent).status_code == 303
    assert db.session.scalars(select(HoursSignature).where(HoursSignature.kind == "manager")).one().by_id == manager.id
    assert browser.post("/staff/hours", data={**sent, "entries": "1-2-3"}).status_code in (409, 422)
    assert browser.post("/staff/hours", data={"month": "x"}).status_code == 404


def test_as_many_questions_for_many(browser_of):
    counts = []
    for people in (1, 7):
        day = signed_day(people)
        asking(day.day.project)
        manager = make_role("manager", day.day.project)
        for person in day.day.people:
            confirm_month(person)
        with count_queries() as queries:
            assert browser_of(manager).get("/staff/hours").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_objection_taken_back_is_none_on_the_month_page(app):
    day = signed_day()
    hours.object_to(day.entry, 180, "Gick 11.30.", by=day.person)
    assert figures.tallies(day.day.project, day.first).everybody.objecting == 1
    hours.confirm(day.person, [day.entry.id], hash_of([day.entry]), "signed_in", by=day.person)
    assert figures.tallies(day.day.project, day.first).everybody.objecting == 0


def test_a_form_carries_the_lines_of_many_people():
    ids = list(range(900_000_000, 900_000_000 + MOST_IDS))
    assert from_text(as_text(ids)) == ids
    assert len(as_text(ids)) < 500_000, "more than a form may hold"
    assert from_text(as_text([*ids, 7])) == []
    assert from_text("7-x") == from_text("") == from_text("7--8") == []
