"""The sheet in a browser without scripts: drafts, everybody at once, conflicts, signature, correction, walk-ins."""

import re

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from courses import attendance
from courses.attendance import latest, record, sign_off
from lms.db import db
from lms.people import Person
from tests import factories
from tests.courses.sheets import Day, absent, course_day, whole
from tests.queries import count_queries


def sheet_url(day: Day, page: str = "attendance") -> str:
    return f"/sessions/{day.session.id}/{page}"


def nonce_on(html: str) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', html)
    assert found
    return found[1]


def rows(day: Day, states: dict[Person, str], **more: str) -> dict[str, str]:
    """What the browser sends for a sheet in which these people are answered, on top of what stands."""
    now = latest(day.session)
    values = {"nonce": "nonce-page-1", **more}
    for person in day.people:
        entry = now.get(person.id)
        values |= {
            f"seen{person.id}": str(entry.id) if entry else "",
            f"came{person.id}": "08.30",
            f"left{person.id}": "12.30",
            f"absence{person.id}": "unknown",
        }
        if person in states:
            values[f"state{person.id}"] = states[person]
    return values | more


def test_everybody_present_without_a_script_fills_only_empty_rows(browser_of):
    day = course_day()
    browser: FlaskClient = browser_of(day.trainer)
    html = browser.get(sheet_url(day)).text
    assert 'name="all"' in html
    answer = browser.post(sheet_url(day), data=rows(day, {day.people[1]: "absent"}, all="1", nonce=nonce_on(html)))
    assert (answer.status_code, answer.location) == (303, sheet_url(day))
    db.session.rollback()
    assert [attendance.state_of(latest(day.session)[p.id]) for p in day.people] == ["whole", "absent", "whole"]


def test_a_draft_keeps_times_as_people_write_them(browser_of):
    day = course_day(2)
    anna, bo = day.people
    browser = browser_of(day.trainer)
    values = rows(day, {anna: "part", bo: "part"}, save="1")
    values |= {f"came{anna.id}": "855", f"left{anna.id}": "", f"came{bo.id}": "", f"left{bo.id}": "1200"}
    assert browser.post(sheet_url(day), data=values).status_code == 303
    db.session.rollback()
    assert [latest(day.session)[p.id].minutes for p in day.people] == [215, 210]
    html = browser.get(sheet_url(day)).text
    assert 'value="08.55"' in html
    assert "25 min" in html


def test_times_that_cannot_be_keep_everything_typed(browser_of):
    day = course_day()
    anna, bo, cia = day.people
    values = rows(day, {anna: "part", bo: "part", cia: "absent"}, save="1")
    values |= {f"came{anna.id}": "kvart i nio", f"came{bo.id}": "11.00", f"left{bo.id}": "10.00"}
    answer = browser_of(day.trainer).post(sheet_url(day), data=values)
    assert answer.status_code == 422
    assert "kvart i nio" in answer.text
    assert f'id="error{bo.id}"' in answer.text
    assert re.search(rf'id="state{cia.id}-absent"[^>]* checked', answer.text)
    db.session.rollback()
    assert latest(day.session) == {}


def test_a_time_outside_the_session_is_told_at_the_row(browser_of):
    day = course_day(1)
    (anna,) = day.people
    values = rows(day, {anna: "part"}, save="1") | {f"came{anna.id}": "13.00", f"left{anna.id}": "14.00"}
    answer = browser_of(day.trainer).post(sheet_url(day), data=values)
    assert answer.status_code == 422
    assert f'id="error{anna.id}"' in answer.text


def test_a_row_that_somebody_else_wrote_shows_both_and_saves_the_rest(browser_of):
    day = course_day()
    anna, bo, _cia = day.people
    values = rows(day, {anna: "absent", bo: "whole"}, save="1")
    record(day.session, [whole(anna)], by=day.trainer, nonce="other-tablet")
    browser = browser_of(day.trainer)
    answer = browser.post(sheet_url(day), data=values)
    assert answer.status_code == 409
    assert f'id="stands{anna.id}"' in answer.text
    assert re.search(rf'id="state{anna.id}-absent"[^>]* checked', answer.text)
    db.session.rollback()
    now = latest(day.session)
    assert (now[anna.id].minutes, now[bo.id].minutes) == (240, 240)
    again = rows(day, {anna: "absent", bo: "whole"}, save="1", nonce=nonce_on(answer.text))
    assert browser.post(sheet_url(day), data=again).status_code == 303
    db.session.rollback()
    assert latest(day.session)[anna.id].absence == "unknown"


def test_an_error_in_one_row_does_not_hide_that_another_was_taken(browser_of):
    day = course_day(2)
    anna, bo = day.people
    browser = browser_of(day.trainer)
    values = rows(day, {anna: "absent", bo: "part"}, save="1") | {f"came{bo.id}": "kl 9"}
    record(day.session, [whole(anna)], by=day.trainer, nonce="other-tablet")
    page = browser.post(sheet_url(day), data=values)
    assert page.status_code == 422
    seen = dict(re.findall(r'name="(seen\d+)" value="(\d*)"', page.text))
    values |= {f"came{bo.id}": "9.00", "nonce": nonce_on(page.text), **seen}
    answer = browser.post(sheet_url(day), data=values)
    assert answer.status_code == 409
    assert f'id="stands{anna.id}"' in answer.text
    db.session.rollback()
    assert latest(day.session)[anna.id].minutes == 240


def test_sending_the_page_twice_writes_once(browser_of):
    day = course_day()
    browser = browser_of(day.trainer)
    values = rows(day, dict.fromkeys(day.people, "whole"), save="1")
    assert [browser.post(sheet_url(day), data=values).status_code for _twice in range(2)] == [303, 303]
    db.session.rollback()
    assert len(attendance.entries_of(day.session)) == 3


def test_the_signature_goes_over_a_page_that_repeats_the_sheet(browser_of):
    day = course_day()
    browser = browser_of(day.trainer)
    values = rows(day, dict.fromkeys(day.people, "whole") | {day.people[2]: "absent"}, sign="1")
    answer = browser.post(sheet_url(day), data=values)
    assert answer.location == sheet_url(day, "sign-off")
    page = browser.get(answer.location).text
    assert "8 h" in page
    assert day.people[2].name in page
    seen = re.search(r'name="seen" value="(\w{64})"', page)
    assert seen
    assert browser.post(sheet_url(day, "sign-off"), data={"seen": seen[1]}).location == sheet_url(day)
    signed = browser.get(sheet_url(day)).text
    assert 'name="sign"' not in signed
    assert sheet_url(day, "correction") in signed
    assert browser.get(sheet_url(day, "sign-off")).status_code == 303


def test_a_sheet_changed_meanwhile_is_not_signed(browser_of):
    day = course_day(1)
    browser = browser_of(day.trainer)
    (first,) = record(day.session, [whole(day.people[0])], by=day.trainer, nonce="nonce-000").entries
    db.session.commit()
    seen = attendance.hash_of([first])
    record(day.session, [absent(day.people[0], first.id)], by=day.trainer, nonce="nonce-001")
    assert browser.post(sheet_url(day, "sign-off"), data={"seen": seen}).status_code == 409
    db.session.rollback()
    assert not attendance.is_signed(day.session)


def test_missing_answers_stop_the_signature_by_name(browser_of):
    day = course_day(2)
    browser = browser_of(day.trainer)
    record(day.session, [whole(day.people[0])], by=day.trainer, nonce="nonce-000")
    answer = browser.post(sheet_url(day, "sign-off"), data={})
    assert answer.status_code == 422
    assert day.people[1].name in answer.text


def test_correcting_needs_a_reason_and_shows_the_old_value(browser_of):
    day = course_day(2)
    anna, bo = day.people
    browser = browser_of(day.trainer)
    assert browser.get(sheet_url(day, "correction")).status_code == 303
    record(day.session, [whole(anna), whole(bo)], by=day.trainer, nonce="nonce-000")
    sign_off(day.session, by=day.trainer)
    html = browser.get(sheet_url(day, "correction")).text
    values = rows(day, {anna: "part", bo: "whole"}, nonce=nonce_on(html)) | {f"left{anna.id}": "10.30"}
    refused = browser.post(sheet_url(day, "correction"), data=values)
    assert refused.status_code == 422
    assert 'id="reason-e"' in refused.text
    assert 'value="10.30"' in refused.text
    answer = browser.post(sheet_url(day, "correction"), data=values | {"reason": "Gick 10.30 enligt listan"})
    assert answer.status_code == 303
    page = browser.get(sheet_url(day)).text
    assert "<details" in page
    assert "Gick 10.30 enligt listan" in page


def test_part_of_the_time_with_the_clocks_of_the_whole_session_asks_which_part(browser_of):
    """The fields come filled in; leaving them as they are must not become the whole time without a word."""
    day = course_day(2)
    anna, bo = day.people
    browser = browser_of(day.trainer)
    html = browser.get(sheet_url(day)).text
    values = rows(day, {anna: "part", bo: "part"}, nonce=nonce_on(html), save="1")
    untouched = {f"came{anna.id}": "08.30", f"left{anna.id}": "12.30", f"came{bo.id}": "0830", f"left{bo.id}": ""}
    refused = browser.post(sheet_url(day), data=values | untouched)
    assert refused.status_code == 422
    assert refused.text.count("Write when the person came or left.") >= 2
    assert latest(day.session) == {}
    told = untouched | {f"left{anna.id}": "12.00", f"left{bo.id}": "11.30"}
    assert browser.post(sheet_url(day), data=values | told).status_code == 303
    assert sorted(entry.minutes for entry in latest(day.session).values()) == [180, 210]


def test_a_tablet_that_saves_after_the_signature_is_offered_a_correction(browser_of):
    day = course_day(1)
    (anna,) = day.people
    browser = browser_of(day.trainer)
    (first,) = record(day.session, [whole(anna)], by=day.trainer, nonce="nonce-000").entries
    values = rows(day, {anna: "absent"}, save="1")
    sign_off(day.session, by=day.trainer)
    answer = browser.post(sheet_url(day), data=values)
    assert answer.status_code == 409
    assert 'id="reason"' in answer.text
    assert re.search(rf'id="state{anna.id}-absent"[^>]* checked', answer.text)
    db.session.rollback()
    assert latest(day.session)[anna.id].id == first.id


def test_nobody_else_gets_in(client, browser_of):
    day = course_day(1)
    leader = factories.make_role("project_leader", day.project)
    other = factories.make_role("county_trainer", day.project)
    assert client.get(sheet_url(day)).status_code == 303
    assert browser_of(day.people[0]).get(sheet_url(day)).status_code == 403
    assert browser_of(other).get(sheet_url(day)).status_code == 403
    reading = browser_of(leader)
    assert 'id="sheet"' not in reading.get(sheet_url(day)).text
    for page in ("attendance", "sign-off", "correction", "attendance/add"):
        assert reading.post(sheet_url(day, page), data={}).status_code == 403
    for page in ("sign-off", "correction", "attendance/add"):
        assert reading.get(sheet_url(day, page)).status_code == 403


def test_the_gate_is_told_on_the_page(browser_of):
    project = factories.make_project()
    trainer = factories.make_role("trainer", project)
    day = course_day(1)
    run = factories.make_run(project, trainer, first_day=day.session.starts_at.date())
    person = factories.make_participant(project)
    factories.make_enrolment(run, person)
    session = run.sessions[0]
    record(session, [whole(person)], by=trainer, nonce="nonce-000")
    answer = browser_of(trainer).post(f"/sessions/{session.id}/sign-off", data={})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_walk_ins_search_choose_and_new(browser_of):
    day = course_day(1)
    asa = factories.make_participant(day.project, "Åsa Öberg")
    browser = browser_of(day.trainer)
    url = sheet_url(day, "attendance/add")
    saved = browser.post(sheet_url(day), data=rows(day, {day.people[0]: "whole"}, walk_in="1"))
    assert saved.location == url
    assert browser.get(url).status_code == 200
    found = browser.post(url, data={"words": "öberg", "search": "1"}).text
    assert f'name="person" value="{asa.id}"' in found
    assert browser.post(url, data={"words": "öberg", "person": str(asa.id)}).location == sheet_url(day)
    assert browser.post(url, data={"words": "öberg", "person": str(day.trainer.id)}).status_code == 422
    html = browser.post(url, data={"words": "Ny Deltagare", "search": "1"}).text
    assert 'value="Deltagare"' in html
    new = {"new": "1", "given_name": "Ny", "family_name": "Deltagare", "email": "", "organisation": "0"}
    refused = browser.post(url, data=new)
    assert refused.status_code == 422
    assert 'value="Deltagare"' in refused.text
    assert day.people[0].organisation_id
    new["organisation"] = str(day.people[0].organisation_id)
    assert [browser.post(url, data=new).status_code for _twice in range(2)] == [303, 303]
    db.session.rollback()
    names = sorted(person.full_name for person in attendance.on_sheet(day.session))
    assert names == sorted([day.people[0].full_name, "Åsa Öberg", "Ny Deltagare"])


def test_somebody_added_meanwhile_is_not_answered_by_an_old_page(browser_of):
    day = course_day(1)
    values = rows(day, {}, all="1")
    late = factories.make_participant(day.project)
    attendance.add_to_sheet(day.session, late, by=day.trainer)
    assert browser_of(day.trainer).post(sheet_url(day), data=values).status_code == 303
    db.session.rollback()
    assert late.id not in latest(day.session)


def test_garbage_in_the_form_is_no_crash(browser_of):
    day = course_day(1)
    number = day.people[0].id
    browser = browser_of(day.trainer)
    for values in (
        {f"seen{number}": "9" * 40, f"state{number}": "whole", "nonce": "nonce-000"},
        {f"seen{number}": "²", f"state{number}": "<b>", "nonce": "nonce-000"},
        {f"seen{number}": "", f"state{number}": "absent", f"absence{number}": "x" * 50, "nonce": "nonce-000"},
        {f"seen{number}": "", f"state{number}": "whole", "nonce": "'; --"},
    ):
        assert browser.post(sheet_url(day), data=MultiDict(values)).status_code in (303, 409, 422)


def test_sheet_and_save_ask_as_much_for_60_people_as_for_10(browser_of):
    counts = []
    for size in (2, 10, 60):  # The first round reads what a process keeps, such as the programme.
        day = course_day(size)
        browser = browser_of(day.trainer)
        with count_queries() as reading:
            assert browser.get(sheet_url(day)).status_code == 200
        values = rows(day, dict.fromkeys(day.people, "whole"), save="1", nonce=f"nonce-{size:04}")
        db.session.commit()
        with count_queries() as saving:
            assert browser.post(sheet_url(day), data=values).status_code == 303
        values = rows(day, dict.fromkeys(day.people, "absent"), save="1", nonce=f"nonce-{size:04}-b")
        db.session.commit()
        with count_queries() as changing:
            assert browser.post(sheet_url(day), data=values).status_code == 303
        with count_queries() as confirming:
            assert browser.get(sheet_url(day, "sign-off")).status_code == 200
        with count_queries() as signing:
            assert browser.post(sheet_url(day, "sign-off")).status_code == 303
        with count_queries() as signed:
            assert browser.get(sheet_url(day)).status_code == 200
        counts.append([len(found) for found in (reading, saving, changing, confirming, signing, signed)])
    assert counts[1] == counts[2]
