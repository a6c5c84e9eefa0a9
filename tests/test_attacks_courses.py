"""What trainers and participants try with sheets, certificates, surveys and files that are not theirs to decide."""

import io
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from certificates.acts import issuing, revoking
from certificates.register import Certificate
from courses import assignments, attendance, enrolment, links, meetings, reviews, runs, surveys
from courses.attendance import AttendanceEntry, Mark, record, sign_off
from courses.certification import certify
from courses.runs import Run, RunTrainer
from courses.surveys import Receipt, Response, Survey
from courses.timetable import Slot, slot_of
from lms import clock, files
from lms.db import db
from lms.people import Person
from lms.refusals import Refused
from tests.certificates.examples import example
from tests.courses.earning import earn, sign_all
from tests.courses.sheets import course_day, whole
from tests.factories import make_enrolment, make_participant, make_person, make_project, make_role, make_run
from tests.world import PDF

N = "nonce-of-a-page"


def _joined_as_trainer(run: Run, person: Person) -> None:
    db.session.add(RunTrainer(run_id=run.id, person_id=person.id))
    db.session.flush()
    db.session.refresh(run, ["trainers"])


def _change(run: Run, **values: Any) -> Run:
    told = {
        "title": run.title, "organisation": run.organisation, "sessions": [slot_of(each) for each in run.sessions],
        "capacity": run.capacity, "register_by": None, "trainers": run.trainers, "revision": run.revision,
        "by": run.trainers[0],
    }  # fmt: skip
    return runs.change(run, **{**told, **values})


# --- signing, assessing and certifying oneself --------------------------------------------------------------


def test_nobody_certifies_herself_not_even_among_others(app: Flask, browser_of: Any) -> None:
    day = course_day(people=1, days_ago=21)
    me = make_role("county_trainer", day.project, person=make_participant(day.project))
    earn(day.run, me, by=day.trainer)
    sign_all(day.run, by=day.trainer)
    _joined_as_trainer(day.run, me)
    with pytest.raises(Refused) as refusal:
        certify(day.run, [me], by=me)
    assert refusal.value.code == "own_certificate"
    assert browser_of(me).post(f"/runs/{day.run.id}/certification", data={"person": me.id}).status_code == 422
    assert db.session.scalar(select(func.count()).select_from(Certificate)) == 0


def test_who_takes_part_does_not_become_a_trainer_of_the_run(app: Flask) -> None:
    day = course_day(people=1, days_ago=-14)
    me = make_role("county_trainer", day.project, person=day.people[0])
    with pytest.raises(Refused) as refusal:
        _change(day.run, trainers=[day.trainer, me])
    assert refusal.value.code == "enrolled"


def test_who_was_invited_and_then_leads_takes_no_place_by_the_old_link(app: Flask) -> None:
    day = course_day(people=0, days_ago=-14)
    me = make_role("county_trainer", day.project, person=make_participant(day.project))
    row = make_enrolment(day.run, me, "invited")
    _joined_as_trainer(day.run, me)
    with pytest.raises(Refused) as refusal:
        enrolment.answer(row, comes=True, by=me)
    assert refusal.value.code == "trainer"


def test_nobody_signs_for_her_own_minutes_in_a_course(app: Flask) -> None:
    day = course_day(people=2)
    me = make_role("county_trainer", day.project, person=day.people[0])
    record(day.session, [whole(person) for person in day.people], by=day.trainer, nonce=N)
    enrolment.withdraw(enrolment.of(day.run, me), by=me)  # type: ignore[arg-type]
    _joined_as_trainer(day.run, me)
    with pytest.raises(Refused) as refusal:
        sign_off(day.session, by=me)
    assert refusal.value.code == "own_sheet"
    sign_off(day.session, by=day.trainer)
    mine = attendance.latest(day.session)[me.id]
    with pytest.raises(Refused) as refusal:
        attendance.correct(day.session, [Mark(me.id, "absent", mine.id)], "Not there", by=me, nonce="another-page")
    assert refusal.value.code == "own_sheet"


def test_nobody_assesses_her_own_assignment(app: Flask, browser_of: Any) -> None:
    day = course_day(people=1)
    me = day.people[0]
    assignments.save_draft(day.run, me, "So it went.", 240, 0, by=me)
    made = assignments.submit(day.run, me, by=me)
    _joined_as_trainer(day.run, me)
    assert browser_of(me).post(f"/submissions/{made.id}", data={"outcome": "approved"}).status_code == 403
    with pytest.raises(Refused):
        reviews.review(made, "approved", "", by=me)


def test_a_revoked_trainer_signs_nothing_more(app: Flask) -> None:
    project = make_project()
    county, trainer, person = make_role("county_trainer", project), make_participant(project), make_participant(project)
    first = make_run(project, county, programme="smail-utbildare", first_day=clock.today() - timedelta(days=40))
    with clock.moved(clock.now() - timedelta(days=30)):
        earn(first, trainer, by=county)
        sign_all(first, by=county)
        (own,) = certify(first, [trainer], by=county)
    run = make_run(project, trainer, first_day=clock.today() - timedelta(days=1))
    make_enrolment(run, person)
    record(run.sessions[0], [whole(person)], by=trainer, nonce=N)
    revoking.revoke(own, reason_code="conduct", by=county)
    with pytest.raises(Refused) as refusal:
        sign_off(run.sessions[0], by=trainer)
    assert refusal.value.code == "gate"


# --- the ledger ---------------------------------------------------------------------------------------------


def test_a_session_with_attendance_is_not_made_shorter_or_later_under_it(app: Flask) -> None:
    """Four hours written in the morning, the session cut to ten minutes, signed: four hours for ten minutes."""
    day = course_day(people=1, days_ago=0)
    with clock.moved(day.session.starts_at - timedelta(hours=2)):
        record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N)
        first, second = (slot_of(session) for session in day.run.sessions)
        for starts, ends in (
            (first.starts, first.starts + timedelta(minutes=10)),
            (first.starts + timedelta(days=3), first.ends + timedelta(days=3)),
        ):
            with pytest.raises(Refused) as refusal:
                _change(day.run, sessions=[Slot(starts, ends, "physical", "Kommunhuset"), second])
            assert refusal.value.code == "recorded"


def test_a_sheet_writes_nobody_who_is_not_on_it(app: Flask, browser_of: Any) -> None:
    day = course_day(people=1)
    stranger, elsewhere = make_person(), make_participant(make_project(like="smot"))
    browser = browser_of(day.trainer)
    for person in (stranger, elsewhere, day.trainer):
        data = {f"seen{person.id}": "", f"state{person.id}": "whole", "nonce": N}
        assert browser.post(f"/sessions/{day.session.id}/attendance", data=data).status_code == 422
        added = {"person": str(person.id), "words": person.given_name}
        assert browser.post(f"/sessions/{day.session.id}/attendance/add", data=added).status_code in (422, 303)
    assert db.session.scalar(select(func.count()).select_from(AttendanceEntry)) == 0


def test_no_sheet_gives_more_minutes_than_the_session_has(app: Flask) -> None:
    day = course_day(people=1)
    start, end = day.session.starts_at, day.session.ends_at
    mark = Mark(day.people[0].id, "part", None, start - timedelta(hours=5), end + timedelta(hours=5))
    (entry,) = record(day.session, [mark], by=day.trainer, nonce=N).entries
    assert entry.minutes == day.session.minutes


@pytest.mark.parametrize("statement", ["UPDATE {0} SET id = id", "DELETE FROM {0}"])
@pytest.mark.parametrize("table", ["attendance_entry", "sign_off", "certificate", "audit"])
def test_the_database_itself_refuses_to_change_history(app: Flask, table: str, statement: str) -> None:
    day = course_day(people=1, days_ago=21)
    record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N)
    sign_off(day.session, by=day.trainer)
    earn(make_run(day.project, day.trainer), make_participant(day.project), by=day.trainer)
    db.session.commit()
    if table == "certificate":
        issuing.issue(example(), holder=day.people[0], ground="g", issuer_certificate=None, by=day.trainer)
        db.session.commit()
    with pytest.raises(DBAPIError):
        db.session.execute(text(statement.format(table)))
    db.session.rollback()


def test_minutes_of_an_assignment_are_at_most_what_the_programme_gives(app: Flask, browser_of: Any) -> None:
    day = course_day(people=1)
    browser = browser_of(day.people[0])
    for minutes in ("99999", "-5", "1e9", "241", "٢٤٠"):
        data = {"text": "So it went.", "minutes": minutes, "act": "submit", "revision": "0"}
        assert browser.post(f"/courses/{day.run.id}/assignment", data=data).status_code in (409, 422), minutes


# --- certificates -------------------------------------------------------------------------------------------


def test_a_posted_id_from_outside_the_run_certifies_nobody(app: Flask, browser_of: Any) -> None:
    day = course_day(people=0, days_ago=21)
    ready = make_participant(day.project)
    earn(day.run, ready, by=day.trainer)
    sign_all(day.run, by=day.trainer)
    other = make_participant(day.project)
    answer = browser_of(day.trainer).post(f"/runs/{day.run.id}/certification", data={"person": [ready.id, other.id]})
    assert answer.status_code == 422
    assert db.session.scalar(select(func.count()).select_from(Certificate)) == 0


def test_only_the_holder_decides_about_her_name(app: Flask, browser_of: Any) -> None:
    day = course_day(people=0, days_ago=21)
    holder = make_participant(day.project, "Elin Forsman")
    earn(day.run, holder, by=day.trainer)
    sign_all(day.run, by=day.trainer)
    (made,) = certify(day.run, [holder], by=day.trainer)
    for person in (day.trainer, make_role("project_leader", day.project), make_person(), make_role("administrator")):
        answer = browser_of(person).post(f"/certificates/{made.id}/presentation", data={"shown": "name"})
        assert answer.status_code == 403
    assert "Forsman" not in app.test_client().get(f"/v/{made.code}").text


@pytest.mark.parametrize("code", ["%27%20OR%201%3D1", "..%2F..%2Fetc", "A" * 5000, "%00", "<script>alert(1)</script>"])
def test_odd_codes_are_simply_unknown(client: Any, code: str) -> None:
    page = client.get(f"/v/{code}")
    assert page.status_code == 404
    assert "<script>alert" not in page.text


# --- surveys ------------------------------------------------------------------------------------------------


def _surveyed(people: int) -> tuple[Any, Survey]:
    day = course_day(people=people, days_ago=10)
    surveys.open_due(clock.today())
    survey = db.session.scalars(select(Survey).where(Survey.audience == "participant")).one()
    return day, survey


def test_nobody_answers_for_another_or_reads_before_there_are_five(app: Flask, browser_of: Any) -> None:
    day, survey = _surveyed(4)
    for person in day.people:
        key = next(question.key for question in survey.questions if question.kind == "text")
        surveys.answer(survey, person, {key: f"Secret words of {person.id}"}, by=person)
    assert browser_of(make_person()).get(f"/surveys/{survey.id}").status_code == 403
    assert browser_of(day.trainer).post(f"/surveys/{survey.id}", data={}).status_code == 403
    with clock.moved(clock.now() + timedelta(days=20)):
        surveys.close_due(clock.today())
        db.session.commit()
        for name in ("project_leader", "evaluator", "county_trainer", "administrator", "steering_group"):
            person = make_role(name, None if name == "administrator" else day.project)
            browser = browser_of(person)
            base = f"/projects/{day.project.id}/surveys/smail-utbildare/participant"
            for path in (base, f"{base}.csv", f"{base}.xlsx", f"{base}?page=2", f"/projects/{day.project.id}/surveys"):
                page = browser.get(path)
                assert page.status_code in (200, 403)
                assert b"Secret words" not in page.data
    assert db.session.scalar(select(func.count()).select_from(Response)) == 4


def test_the_log_and_the_mail_tell_nothing_of_an_answer(app: Flask, browser_of: Any) -> None:
    day, survey = _surveyed(1)
    key = next(question.key for question in survey.questions if question.kind == "text")
    before = browser_of(make_role("administrator")).get("/admin/audit").text.count("<tr")
    mails = browser_of(make_role("administrator")).get("/admin/mail").text.count("<tr")
    surveys.answer(survey, day.people[0], {key: "Secret words"}, by=day.people[0])
    db.session.commit()
    receipt = db.session.get_one(Receipt, (survey.id, day.people[0].id))
    assert not isinstance(receipt.answered_on, datetime), "a time finer than the day is a bridge"
    page = browser_of(make_role("administrator")).get("/admin/audit").text
    assert "Secret" not in page
    assert page.count("survey.answered") == 0
    assert browser_of(make_role("administrator")).get("/admin/mail").text.count("<tr") == mails
    assert before > 0


# --- files and links ----------------------------------------------------------------------------------------

ODD_FILES = {
    "page.png": b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>",
    "page.html": b"<!doctype html><script>alert(1)</script>",
    "picture.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "double.pdf": PDF[:9] + b"<html><script>alert(1)</script>" + PDF[9:],
    "run.exe": b"MZ\x90\x00" + b"\x00" * 100,
    "empty.pdf": b"",
}


@pytest.mark.parametrize("name", sorted(ODD_FILES))
def test_files_that_are_something_else_are_not_kept(app: Flask, browser_of: Any, name: str) -> None:
    day = course_day(people=1)
    data = {"text": "x", "minutes": "10", "revision": "0", "files": (io.BytesIO(ODD_FILES[name]), name)}
    answer = browser_of(day.people[0]).post(
        f"/courses/{day.run.id}/assignment", data=data, content_type="multipart/form-data"
    )
    assert answer.status_code == 422
    assert db.session.scalar(select(func.count()).select_from(files.StoredFile)) == 0


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd.pdf", "a\r\nSet-Cookie: x=1.pdf", "\u202efdp.exe.pdf", "<img src=x>.pdf"]
)
def test_a_file_name_reaches_no_path_and_no_header(app: Flask, browser_of: Any, name: str) -> None:
    day = course_day(people=1)
    kept = files.store(PDF, name, by=day.people[0])
    db.session.commit()
    answer = browser_of(day.people[0]).get(f"/files/{kept.id}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    assert "/" not in kept.name
    for other in (day.trainer, make_participant(day.project), make_role("project_leader", day.project)):
        assert browser_of(other).get(f"/files/{kept.id}").status_code == 403, "a draft is nobody else's"


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a b", "https://a\x07b", "https://a\nX:1"]
)
def test_no_link_of_a_session_runs_or_breaks_anything(app: Flask, link: str) -> None:
    project = make_project()
    trainer = make_role("county_trainer", project)
    starts = clock.at(clock.today() + timedelta(days=7), time(9))
    with pytest.raises(Refused):
        meetings.call(project, "network", title="N", starts=starts, ends=starts + timedelta(hours=1), mode="digital",
                     link=link, by=trainer)  # fmt: skip
    run = make_run(project, trainer)
    first, second = (slot_of(session) for session in run.sessions)
    with pytest.raises(Refused):
        _change(run, sessions=[first, Slot(second.starts, second.ends, "digital", "", link)])


def test_an_invitation_is_answered_by_nobody_else_and_never_for_another_row(app: Flask, browser_of: Any) -> None:
    day = course_day(people=0, days_ago=-14)
    mine = make_enrolment(day.run, make_participant(day.project), "invited")
    other = make_enrolment(day.run, make_participant(day.project), "invited", adaptations="Secret need")
    token = links.invitation_token(other)
    browser = browser_of(mine.person)
    assert "Secret need" not in browser.get(f"/invitation/{token}").text
    assert browser.post(f"/invitation/{token}", data={"answer": "yes", "adaptations": "x"}).status_code == 403
    assert "Secret need" not in app.test_client().get(f"/invitation/{token}").text
    feed = links.calendar(mine.person).rpartition("/")[2]
    for forged in (token[:-1], token + "x", feed.removesuffix(".ics"), "", "null", "W10.x"):
        assert app.test_client().get(f"/invitation/{forged}").status_code == 404
    assert app.test_client().get(f"/calendar/{token}.ics").status_code == 404
    assert (mine.state, other.state, other.adaptations) == ("invited", "invited", "Secret need")


def test_typed_words_are_shown_as_words(app: Flask, browser_of: Any) -> None:
    bad = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
    day = course_day(people=1)
    person, run = day.people[0], day.run
    run.title, run.sessions[0].place = bad[:160], bad
    person.given_name = bad[:80]
    assignments.save_draft(run, person, bad, 10, 0, by=person)
    made = assignments.submit(run, person, by=person)
    db.session.commit()
    trainer, participant = browser_of(day.trainer), browser_of(person)
    for browser, path in (
        (trainer, f"/runs/{run.id}"), (trainer, f"/sessions/{day.session.id}/attendance"), (trainer, "/"),
        (trainer, f"/submissions/{made.id}"), (trainer, f"/runs/{run.id}/certification"),
        (participant, f"/courses/{run.id}"), (participant, f"/courses/{run.id}/assignment"), (participant, "/"),
    ):  # fmt: skip
        page = browser.get(path)
        assert page.status_code == 200, path
        for live in ("<script>alert", "<img src=x", "onerror=alert(1)>{{", ">49<"):
            assert live not in page.text, (path, live)
