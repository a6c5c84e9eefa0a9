"""Enrolment: places, the waiting list in its order, leaving, walk-ins, and two who want the last place at once."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from courses import enrolment, exemptions, runs
from courses.enrolment import Enrolment
from courses.runs import Run
from lms import clock
from lms.audit import Audit
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.projects import Project, join_project
from lms.refusals import Refused
from tests.factories import make_enrolment, make_participant, make_person, make_project, make_role, make_run
from tests.queries import count_queries


@pytest.fixture
def project(app: object) -> Project:
    return make_project()


@pytest.fixture
def leader(project: Project) -> Person:
    return make_role("county_trainer", project)


@pytest.fixture
def run(project: Project, leader: Person) -> Run:
    return make_run(project, leader, capacity=2)


def later(minutes: int) -> Any:
    return clock.moved(clock.now() + timedelta(minutes=minutes))


def subjects(person: Person) -> list[str]:
    query = select(OutboxMail.subject).where(OutboxMail.person_id == person.id).order_by(OutboxMail.id)
    return list(db.session.scalars(query))


def fill(run: Run, many: int) -> list[Enrolment]:
    """As many people register one after the other."""
    made = []
    for number in range(many):
        person = make_participant(run.project)
        with later(number):
            made.append(enrolment.register(run, person, by=person))
    return made


def test_inviting_writes_to_each_once_and_again_to_who_said_no(run: Run, leader: Person) -> None:
    anna, bo, silent = (make_participant(run.project, email=address) for address in ("", "", None))
    assert len(enrolment.invite(run, [anna, bo, silent], by=leader)) == 3
    assert enrolment.invite(run, [anna, bo, anna], by=leader) == []
    assert (len(subjects(anna)), len(subjects(bo)), len(subjects(silent))) == (1, 1, 0)
    row = enrolment.of(run, anna)
    assert row is not None
    enrolment.answer(row, comes=False, by=anna)
    assert row.state == "declined"
    assert enrolment.invite(run, [anna, bo], by=leader) == [row]
    assert len(subjects(anna)) == 2


def test_the_answer_gives_a_place_and_may_be_repeated(run: Run, leader: Person) -> None:
    anna = make_participant(run.project)
    (row,) = enrolment.invite(run, [anna], by=leader)
    for _each in range(3):
        enrolment.answer(row, comes=True, adaptations=" Hörslinga ", by=anna)
    assert (row.state, row.adaptations) == ("registered", "Hörslinga")
    assert len(subjects(anna)) == 2
    enrolment.answer(row, comes=True, by=anna)
    assert row.adaptations == "Hörslinga"
    enrolment.answer(row, comes=True, adaptations="", by=anna)
    assert row.adaptations == ""
    enrolment.answer(row, comes=True, adaptations="Paus", by=anna)
    enrolment.withdraw(row, by=anna)
    assert row.adaptations == ""


def test_declining_after_registering_is_leaving_and_repeats_in_silence(run: Run) -> None:
    (row,) = fill(run, 1)
    for _each in range(2):
        enrolment.answer(row, comes=False, by=row.person)
    assert row.state == "withdrawn"
    assert len(subjects(row.person)) == 2
    enrolment.answer(row, comes=True, by=row.person)
    assert row.state == "registered"
    assert len(subjects(row.person)) == 3


def test_the_line_is_kept_in_order_and_the_first_moves_up(run: Run) -> None:
    rows = fill(run, 5)
    assert [row.state for row in rows] == ["registered", "registered", "waiting", "waiting", "waiting"]
    enrolment.withdraw(rows[2], by=rows[2].person)
    assert rows[3].state == "waiting"
    with later(60):
        enrolment.answer(rows[2], comes=True, by=rows[2].person)
    assert [row.id for row in enrolment.everybody(run, "waiting")] == [rows[3].id, rows[4].id, rows[2].id]
    enrolment.withdraw(rows[0], by=rows[0].person)
    assert [row.state for row in rows[1:]] == ["registered", "waiting", "registered", "waiting"]
    assert "place" in subjects(rows[3].person)[-1] or "plats" in subjects(rows[3].person)[-1]
    assert len(subjects(rows[4].person)) == 1


def test_nobody_passes_the_line_while_people_wait(run: Run, leader: Person) -> None:
    rows = fill(run, 3)
    run.capacity = 4
    newcomer = make_participant(run.project)
    assert enrolment.register(run, newcomer, by=newcomer).state == "waiting"
    enrolment.move_up(run, by=leader)
    assert rows[2].state == "registered"


def test_more_places_move_people_up_and_tell_them(run: Run, leader: Person) -> None:
    rows = fill(run, 5)
    runs.change(
        run, title=run.title, organisation=run.organisation, capacity=4, register_by=run.register_by,
        sessions=[runs.timetable.slot_of(each) for each in run.sessions], trainers=[leader],
        revision=run.revision, by=_with_role(leader, run),
    )  # fmt: skip
    assert [row.state for row in rows] == ["registered"] * 4 + ["waiting"]
    assert [len(subjects(row.person)) for row in rows] == [1, 1, 2, 2, 1]


def _with_role(leader: Person, run: Run) -> Person:
    chief = make_role("project_leader", run.project)
    exemptions.grant(
        run.project, leader, level="trainer", reason="Länsutbildare", starts=clock.today(),
        ends=run.project.ends, by=chief,
    )  # fmt: skip
    return leader


def test_nobody_moves_up_into_a_course_that_has_begun(run: Run) -> None:
    rows = fill(run, 3)
    with clock.moved(run.sessions[0].starts_at + timedelta(hours=1)):
        enrolment.withdraw(rows[0], by=rows[0].person)
    assert rows[2].state == "waiting"


def test_after_the_last_day_only_the_door_is_open(run: Run, leader: Person) -> None:
    anna, bo = make_participant(run.project), make_participant(run.project)
    (row,) = enrolment.invite(run, [anna], by=leader)
    assert run.register_by is not None
    with clock.moved(clock.at(run.register_by + timedelta(days=1), datetime.min.time())):
        for act in (
            lambda: enrolment.answer(row, comes=True, by=anna),
            lambda: enrolment.register(run, bo, by=bo),
            lambda: enrolment.invite(run, [bo], by=leader),
        ):
            with pytest.raises(Refused) as refusal:
                act()
            assert refusal.value.code == "too_late"
        assert enrolment.answer(row, comes=False, by=anna).state == "declined"
        assert enrolment.walk_in(run, bo, by=leader).state == "registered"


def test_the_last_day_itself_counts(run: Run) -> None:
    assert run.register_by is not None
    with clock.moved(clock.at(run.register_by, datetime.max.time().replace(microsecond=0))):
        assert fill(run, 1)[0].state == "registered"


def test_refuses_people_of_other_projects_trainers_and_what_is_over(run: Run, leader: Person) -> None:
    stranger = make_participant(make_project(dnr="2099/7"))
    insider = make_participant(run.project)
    for act in (
        lambda: enrolment.invite(run, [insider, stranger], by=leader),
        lambda: enrolment.register(run, stranger, by=leader),
        lambda: enrolment.walk_in(run, stranger, by=leader),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "other_project"
    assert db.session.scalar(select(Enrolment.id)) is None
    make_project()
    join_project(leader, run.project, by=None)
    with pytest.raises(Refused) as refusal:
        enrolment.register(run, leader, by=leader)
    assert refusal.value.code == "trainer"
    run.register_by = None
    with clock.moved(run.sessions[-1].ends_at), pytest.raises(Refused) as refusal:
        enrolment.register(run, insider, by=leader)
    assert refusal.value.code == "held"
    with clock.moved(clock.at(run.project.ends + timedelta(days=1), datetime.min.time())):
        with pytest.raises(Refused) as refusal:
            enrolment.register(run, insider, by=leader)
        assert refusal.value.code == "project_ended"
    run.cancelled_at = clock.now()
    for act in (
        lambda: enrolment.register(run, insider, by=leader),
        lambda: enrolment.walk_in(run, insider, by=leader),
        lambda: enrolment.invite(run, [insider], by=leader),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "cancelled"


def test_walk_ins_may_exceed_the_places_and_jump_no_second_time(run: Run, leader: Person) -> None:
    rows = fill(run, 3)
    for _each in range(2):
        enrolment.walk_in(run, rows[2].person, by=leader)
    newcomer = make_participant(run.project)
    enrolment.walk_in(run, newcomer, by=leader)
    assert rows[2].walk_in
    assert enrolment.taken(run) == 4
    assert len(list(db.session.scalars(select(Audit).where(Audit.act == "enrolment.walked_in")))) == 2
    enrolment.withdraw(rows[0], by=leader)
    assert enrolment.taken(run) == 3


def test_the_roster_is_sorted_as_a_list_on_paper_and_keeps_aliases(run: Run) -> None:
    for name in ("Örjan Zander", "Bo Ask", "Anna Ask"):
        make_enrolment(run, make_participant(run.project, name))
    make_enrolment(run, make_participant(run.project, "Hemlig Person", protected=True, alias="Deltagare 7"))
    make_enrolment(run, make_participant(run.project, "Väntar Ask"), "waiting")
    assert [row.person.name for row in enrolment.roster(run)] == [
        "Anna Ask", "Bo Ask", "Deltagare 7", "Örjan Zander"
    ]  # fmt: skip


def test_two_at_once_for_the_last_place(app: Flask, run: Run) -> None:
    """Each in its own connection, on both engines: one gets the place, the others stand in line, in their order."""
    people = [make_participant(run.project) for _each in range(6)]
    run.capacity = 1
    db.session.commit()
    ready, states, moment = threading.Barrier(len(people)), [], clock.now()
    run_id = run.id

    def race(person_id: int) -> None:
        with app.app_context(), clock.moved(moment):
            person, wanted = db.session.get_one(Person, person_id), db.session.get_one(Run, run_id)
            db.session.rollback()
            ready.wait()
            row = enrolment.register(wanted, person, by=person)
            states.append(row.state)
            db.session.commit()

    threads = [threading.Thread(target=race, args=(person.id,)) for person in people]
    db.session.rollback()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states) == ["registered"] + ["waiting"] * 5
    assert (enrolment.taken(run), enrolment.waiting_count(run)) == (1, 5)


def test_the_same_person_from_two_windows_is_one_enrolment(app: Flask, run: Run, leader: Person) -> None:
    anna = make_participant(run.project)
    (row,) = enrolment.invite(run, [anna], by=leader)
    db.session.commit()
    ready, moment, row_id = threading.Barrier(2), clock.now(), row.id

    def press() -> None:
        with app.app_context(), clock.moved(moment):
            mine = db.session.get_one(Enrolment, row_id)
            person = mine.person
            db.session.rollback()
            ready.wait()
            enrolment.answer(mine, comes=True, by=person)
            db.session.commit()

    threads = [threading.Thread(target=press) for _each in range(2)]
    db.session.rollback()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert len(subjects(anna)) == 2
    assert len(list(db.session.scalars(select(Audit).where(Audit.act == "enrolment.registered")))) == 1


# --- in the browser -----------------------------------------------------------------------------------------


def test_invites_the_ticked_and_whole_organisations(browser_of: Any, run: Run, leader: Person) -> None:
    anna, _bo = make_participant(run.project, "Anna Berg"), make_participant(run.project, "Bo Ek")
    tierp = [make_participant(run.project, organisation="Tierp") for _each in range(3)]
    outsider = make_person("Utom Projektet")
    browser = browser_of(leader)
    page = browser.get(f"/runs/{run.id}/invite").text
    assert "Anna Berg" in page
    assert "Utom Projektet" not in page
    only = browser.get(f"/runs/{run.id}/invite?organisation={tierp[0].organisation_id}").text
    assert "Anna Berg" not in only
    url = f"/runs/{run.id}/invite"
    assert browser.post(url, data={}).status_code == 422
    assert browser.post(url, data={"person": [str(outsider.id)]}).status_code == 422
    assert browser.post(url, data={"person": [str(anna.id)]}).status_code == 303
    assert browser.post(url, data={"whole": str(tierp[0].organisation_id)}).status_code == 303
    invited = set(db.session.scalars(select(Enrolment.person_id).where(Enrolment.state == "invited")))
    assert invited == {anna.id, *(person.id for person in tierp)}
    assert "Anna Berg" not in browser.get(url).text


def test_where_a_protected_person_stands_in_the_list_tells_no_name(
    browser_of: Any, run: Run, leader: Person
) -> None:
    for name in ("Anna Andersson", "Bo Öman"):
        make_participant(run.project, name)
    make_participant(run.project, "Cilla Abrahamsson", protected=True, alias="Deltagare 7")
    page = browser_of(leader).get(f"/runs/{run.id}/invite").text
    assert "Abrahamsson" not in page
    assert page.index("Andersson") < page.index("Deltagare 7") < page.index("Öman")


def test_a_refused_invitation_keeps_the_ticks(browser_of: Any, run: Run, leader: Person) -> None:
    anna = make_participant(run.project)
    run.register_by = clock.today() - timedelta(days=1)
    answer = browser_of(leader).post(f"/runs/{run.id}/invite", data={"person": [str(anna.id)]})
    assert answer.status_code == 422
    assert f'value="{anna.id}" checked' in answer.text


def test_the_invite_page_is_paged_and_asks_as_much_for_many(browser_of: Any, run: Run, leader: Person) -> None:
    browser, counted = browser_of(leader), []
    for many in (5, 60):
        for _each in range(many):
            make_participant(run.project)
        db.session.commit()
        with count_queries() as queries:
            page = browser.get(f"/runs/{run.id}/invite").text
        counted.append(len(queries))
        assert page.count('name="person"') == min(30, many)
    assert counted[0] == counted[1]
    assert browser.get(f"/runs/{run.id}/invite?page=3").text.count('name="person"') == 5


def test_inviting_many_asks_the_database_in_step_with_their_mails_only(run: Run, leader: Person) -> None:
    counted = []
    for many in (2, 12):
        people = [make_participant(run.project) for _each in range(many)]
        db.session.flush()
        with count_queries() as queries:
            enrolment.invite(run, people, by=leader)
            db.session.flush()
        counted.append(len([each for each in queries if each.startswith("SELECT")]))
    assert counted[0] == counted[1]


def test_registers_and_withdraws_from_the_run_page(browser_of: Any, run: Run, leader: Person) -> None:
    anna = make_participant(run.project)
    (row,) = enrolment.invite(run, [anna], by=leader)
    db.session.commit()
    browser = browser_of(leader)
    assert browser.post(f"/enrolments/{row.id}/register").status_code == 303
    db.session.rollback()
    assert row.state == "registered"
    assert browser.post(f"/enrolments/{row.id}/withdraw").status_code == 303
    db.session.rollback()
    assert row.state == "withdrawn"
    run.cancelled_at = clock.now()
    assert browser.post(f"/enrolments/{row.id}/register", follow_redirects=True).status_code == 200
    db.session.rollback()
    assert row.state == "withdrawn"
    assert browser_of(anna).post(f"/enrolments/{row.id}/withdraw").status_code == 403


def test_needs_are_for_the_trainers_of_the_run_and_each_look_is_logged(
    browser_of: Any, run: Run, leader: Person
) -> None:
    anna = make_participant(run.project, "Anna Berg")
    make_enrolment(run, anna, adaptations="Teckenspråkstolk")
    others = [
        make_role("project_leader", run.project), make_role("county_trainer", run.project),
        make_role("trainer", run.project), make_role("administrator"), anna,
    ]  # fmt: skip
    for person in others:
        browser = browser_of(person)
        assert browser.get(f"/runs/{run.id}/adaptations").status_code == 403
        assert "Teckenspråkstolk" not in browser.get(f"/runs/{run.id}").text
        assert f"/runs/{run.id}/adaptations" not in browser.get(f"/runs/{run.id}").text
    assert db.session.scalar(select(Audit).where(Audit.act == "adaptations.seen")) is None
    browser = browser_of(leader)
    page = browser.get(f"/runs/{run.id}").text
    assert "Teckenspråkstolk" not in page
    assert f"/runs/{run.id}/adaptations" in page
    assert "Teckenspråkstolk" in browser.get(f"/runs/{run.id}/adaptations").text
    db.session.rollback()
    seen = db.session.scalars(select(Audit).where(Audit.act == "adaptations.seen")).one()
    assert (seen.person_id, seen.subject_id, seen.details) == (leader.id, run.id, {"people": [anna.id]})
    for row in db.session.scalars(select(Audit)):
        assert "Teckenspråkstolk" not in str(row.details)
