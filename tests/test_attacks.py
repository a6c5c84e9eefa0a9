"""What a stranger or a vandal tries at the doors: every attempt here must fail, and hurt nobody else."""

import re
import smtplib
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from courses import letters
from lms import accounts, clock, mail
from lms.db import db
from lms.mail import OutboxMail
from tests.factories import make_enrolment, make_participant, make_person, make_project, make_role, make_run
from tests.letters import recent
from tests.smtp_sink import SmtpSink
from tests.test_permissions import address_of, rules
from tests.world import make_world

ELSEWHERE = ["/\t/evil.example", "/\x0b/evil.example", "/\x85/evil.example", "/\u200b/evil.example", "\\/evil.example"]


def _code() -> str:
    found = re.search(r"\d{6}", recent()[0].subject)
    assert found
    return found.group()


# --- sign-in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_what_browsers_drop_from_an_address_leads_nowhere_else(client: FlaskClient, wanted: str) -> None:
    make_person(email="anna@habo.example")
    client.post("/sign-in", query_string={"next": wanted}, data={"email": "anna@habo.example"})
    assert client.post("/sign-in/code", data={"code": _code()}).location == "/"
    assert client.get("/sign-in", query_string={"next": wanted}).location == "/"
    assert client.post("/language", data={"language": "sv", "next": wanted}).location == "/"


def test_many_guessers_from_everywhere_get_few_codes_to_guess_at(app: Flask) -> None:
    make_person(email="anna@habo.example")
    answers = set()
    for _each in range(accounts.MOST_AN_HOUR + 10):
        answer = app.test_client().post("/sign-in", data={"email": "anna@habo.example"})
        answers.add((answer.status_code, answer.location, len(answer.data)))
    assert len(answers) == 1, "the answer tells that there is such an address"
    assert len(recent()) == accounts.MOST_AN_HOUR
    with clock.moved(clock.now() + timedelta(hours=1, seconds=1)):
        app.test_client().post("/sign-in", data={"email": "anna@habo.example"})
        assert len(recent()) == accounts.MOST_AN_HOUR + 1


def test_a_copied_cookie_gives_no_new_tries(app: Flask, client: FlaskClient) -> None:
    make_person(email="anna@habo.example")
    client.post("/sign-in", data={"email": "anna@habo.example"})
    right = _code()
    with client.session_transaction() as cookie:
        copied = dict(cookie)
    for guess in ("000001", "000002", "000003", "000004", "000005", right):
        thief = app.test_client()
        with thief.session_transaction() as cookie:
            cookie.update(copied)
        assert thief.post("/sign-in/code", data={"code": guess}).status_code == 422


def test_a_code_is_used_once_and_only_with_its_own_handle(app: Flask, client: FlaskClient) -> None:
    make_person(email="anna@habo.example")
    client.post("/sign-in", data={"email": "anna@habo.example"})
    right = _code()
    other = app.test_client()
    other.post("/sign-in", data={"email": "eva@habo.example"})
    assert other.post("/sign-in/code", data={"code": right}).status_code == 422
    with client.session_transaction() as cookie:
        copied = dict(cookie)
    assert client.post("/sign-in/code", data={"code": right}).status_code == 303
    with other.session_transaction() as cookie:
        cookie.clear()
        cookie.update(copied)
    assert other.post("/sign-in/code", data={"code": right}).status_code == 422


def test_a_planted_session_is_left_behind_at_sign_in(client: FlaskClient) -> None:
    make_person(email="anna@habo.example")
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "planted"
        cookie["extra"] = "planted"
    client.post("/sign-in", data={"email": "anna@habo.example"})
    client.post("/sign-in/code", data={"code": _code()})
    with client.session_transaction() as cookie:
        assert "planted" not in cookie.values()


# --- mail ---------------------------------------------------------------------------------------------------


def _send(sink: SmtpSink) -> int:
    return mail.send_waiting(lambda: smtplib.SMTP(sink.host, sink.port, timeout=10))


def test_nothing_typed_in_a_name_or_a_title_becomes_a_header(app: Flask) -> None:
    project = make_project()
    trainer = make_role("county_trainer", project)
    run = make_run(project, trainer)
    run.title = "Kurs\r\nBcc: spy@evil.example"
    person = make_participant(project, "Anna Berg")
    person.given_name = "Anna\r\nBcc: spy@evil.example\r\nX-Spy: 1"
    letters.send("invitation", make_enrolment(run, person, "invited"))
    db.session.commit()
    with SmtpSink() as sink:
        assert _send(sink) == 1
        (made,) = sink.messages
        assert made["Bcc"] is None
        assert made["X-Spy"] is None
        assert sink.received[0].recipients == (person.email,)


@pytest.mark.parametrize("address", ["åsa@habo.example", "a\r\nb@habo.example", "", "@", "no address"])
def test_a_mail_that_cannot_be_written_does_not_stop_those_behind_it(app: Flask, address: str) -> None:
    bad, good = make_person("Åsa Å"), make_person("Bo Berg")
    first = mail.enqueue(bad, "code", code="123456", minutes=10)
    assert first is not None
    first.recipient = address
    mail.enqueue(good, "code", code="654321", minutes=10)
    db.session.commit()
    with SmtpSink() as sink:
        assert _send(sink) >= 1
        assert sink.to(good.email or "")
    assert first.sent_at is None or address == "åsa@habo.example"


def test_a_poisoned_subject_in_the_table_is_given_up_and_said(app: Flask) -> None:
    first = mail.enqueue(make_person(), "code", code="123456", minutes=10)
    assert first is not None
    first.subject = "Hej\rBcc: spy@evil.example"
    db.session.commit()
    with SmtpSink() as sink:
        assert _send(sink) == 0
        assert sink.messages == []
    assert first.failed_at is not None
    assert "ValueError" in first.last_error


# --- what nobody can read -----------------------------------------------------------------------------------

HUGE = 10**25


@pytest.mark.parametrize(
    "path",
    [
        f"/runs/{HUGE}",
        f"/sessions/{HUGE}/attendance",
        f"/files/{HUGE}",
        f"/people/{HUGE}",
        f"/certificates/{HUGE}.pdf",
        f"/uploads/{HUGE}",
        f"/roles/{HUGE}/take",
        "/projects/{project}/people?page=" + str(HUGE),
        "/projects/{project}/people?organisation=" + str(HUGE),
        "/projects/{project}/meetings?page=" + str(HUGE),
        "/projects/{project}/runs?page=" + str(HUGE),
        "/projects/{project}/roles?page=" + str(HUGE),
        "/projects/{project}/branch?trainer=" + str(HUGE),
        "/projects/{project}/surveys/smail-anvandare/participant?page=" + str(HUGE),
        "/projects/{project}/months/9999-12?page=" + str(HUGE),
        "/projects/{project}/employers?year=" + str(HUGE),
        "/runs/{run}/invite?organisation=" + str(HUGE),
    ],
)
def test_numbers_that_no_column_holds_are_refused_not_crashed_on(browser_of: Any, path: str) -> None:
    world = make_world()
    browser = browser_of(world.people["leader"])
    address = path.format(project=world.values["project_id"], run=world.values["run_id"])
    assert browser.get(address).status_code in (200, 400, 404)


@pytest.mark.parametrize("role", ["leader", "administrator", "manager"])
def test_a_page_that_no_list_has_is_answered(app: Flask, browser_of: Any, role: str) -> None:
    """Every address that answers does so for a page before the first and one beyond the last."""
    world = make_world()
    browser = browser_of(world.people[role])
    with app.test_request_context():
        addresses = [address_of(rule, world) for rule, method in rules(app) if method == "GET"]
    got = {address: browser.get(address) for address in addresses}
    pages = [each for each, answer in got.items() if answer.status_code == 200 and answer.mimetype == "text/html"]
    assert len(pages) > 5
    for address in pages:
        join = "&" if "?" in address else "?"
        for page in ("-5", str(HUGE)):
            assert browser.get(f"{address}{join}page={page}").status_code == 200, (address, page)


@pytest.mark.parametrize("path", ["/admin/audit?before=", "/admin/mail?page="])
def test_the_administrators_pages_take_no_such_numbers_either(browser_of: Any, path: str) -> None:
    assert browser_of(make_role("administrator")).get(f"{path}{HUGE}").status_code in (200, 400, 404)


def test_posted_ids_that_nobody_has_change_nothing(browser_of: Any) -> None:
    world = make_world()
    values = world.values
    trainer = browser_of(world.people["trainer"])
    for path, data in (
        (f"/runs/{values['run_id']}/certification", {"person": str(HUGE)}),
        (f"/runs/{values['run_id']}/invite", {"person": str(HUGE)}),
        (f"/runs/{values['run_id']}/invite", {"whole": str(HUGE)}),
        (f"/sessions/{values['session_id']}/attendance", {f"seen{HUGE}": "", f"state{HUGE}": "whole"}),
        ("/horizontal", {"project": str(HUGE), "act": "accept"}),
    ):
        assert trainer.post(path, data=data).status_code in (303, 400, 409, 422), path


def test_null_characters_are_refused_or_kept_but_never_a_crash(browser_of: Any) -> None:
    world = make_world()
    leader = browser_of(world.people["leader"])
    project = world.values["project_id"]
    assert leader.get(f"/projects/{project}/people?q=%00").status_code in (200, 400)
    data = {"email": "n@habo.example", "given_name": "A\x00", "family_name": "B", "role": "evaluator", "confirmed": "1"}
    assert leader.post(f"/projects/{project}/roles", data=data).status_code in (303, 400, 422)
    assert leader.post("/sign-in", data={"email": "a\x00@habo.example"}).status_code in (303, 400, 422)


@pytest.mark.parametrize("words", ["a " * 2000, "a" * 60_000, "%" * 60_000, "_ " * 3000])
def test_a_search_without_end_is_answered_at_once(browser_of: Any, words: str) -> None:
    world = make_world()
    values = world.values
    people = f"/projects/{values['project_id']}/people"
    found = browser_of(world.people["leader"]).get(people, query_string={"q": words})
    assert found.status_code == 200
    log = browser_of(world.people["administrator"]).get("/admin/audit", query_string={"person": words})
    assert log.status_code == 200
    sheet = f"/sessions/{values['session_id']}/attendance/add"
    assert browser_of(world.people["trainer"]).post(sheet, data={"search": "1", "words": words}).status_code == 200


@pytest.mark.one_engine
def test_a_form_of_half_a_million_ids_is_not_read(browser_of: Any) -> None:
    world = make_world()
    trainer, run = browser_of(world.people["trainer"]), world.values["run_id"]
    for path in (f"/runs/{run}/certification", f"/runs/{run}/invite"):
        assert trainer.post(path, data={"person": [str(number) for number in range(500_000)]}).status_code == 413


def test_a_stranger_makes_nobody_parse_a_million_fields(client: FlaskClient) -> None:
    """What limits the fields of a form with files leaves every other form unlimited (Werkzeug)."""
    answer = client.post("/sign-in", data=b"a=&" * 1_000_000, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413


# --- logs ---------------------------------------------------------------------------------------------------


def test_a_crash_of_the_database_writes_no_values_into_the_log(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = "-".join(["19900101", "9802"])  # a traceback quotes source lines: here they hold no whole number

    def crash(_email: str) -> str:
        db.session.execute(text("INSERT INTO person (given_name) VALUES (:secret)"), {"secret": number})
        return ""

    monkeypatch.setattr(accounts, "ask_for_code", crash)
    monkeypatch.setattr(app, "testing", False)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    assert client.post("/sign-in", data={"email": "anna@habo.example"}).status_code == 500
    assert "IntegrityError" in caplog.text or "NotNullViolation" in caplog.text
    assert number not in caplog.text


# --- headers ------------------------------------------------------------------------------------------------


def test_every_page_is_closed_to_frames_scripts_and_caches(browser_of: Any, client: FlaskClient) -> None:
    world = make_world()
    leader = browser_of(world.people["leader"])
    pages = [leader.get("/"), leader.get(f"/projects/{world.values['project_id']}/people"), client.get("/sign-in")]
    pages += [client.get(f"/v/{world.values['code']}"), client.get("/nowhere"), leader.get("/admin/audit")]
    for page in pages:
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Cache-Control"] == "no-store"


def test_the_public_page_sets_no_cookie_and_ignores_who_is_signed_in(browser_of: Any) -> None:
    world = make_world()
    page = browser_of(world.people["leader"]).get(f"/v/{world.values['code']}")
    assert "Set-Cookie" not in page.headers
    assert "Sign out" not in page.text


def test_no_form_is_taken_without_its_token(app: Flask, browser_of: Any) -> None:
    world = make_world()
    leader = browser_of(world.people["leader"])
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        for path in ("/settings", f"/projects/{world.values['project_id']}/roles", "/sign-out", "/language"):
            assert leader.post(path, data={"language": "en"}).status_code == 400, path
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert db.session.scalar(select(OutboxMail.id).where(OutboxMail.subject.contains("evil"))) is None
