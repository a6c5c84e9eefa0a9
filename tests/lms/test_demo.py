"""The demo is loaded once for all of these: who is in it, what has happened, and what everybody has before them."""

import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from certificates import register
from certificates.acts import deciding, revoking, wishes
from certificates.acts.revoking import CertificateDecision
from certificates.proof import keys as signing_keys
from certificates.proof import status_lists
from certificates.proof.credentials import Credential, StatusList, newest
from certificates.register import Certificate, CertificateEvent
from certificates.standards import checking, integrity
from courses import (
    attendance,
    cascade,
    certification,
    enrolment,
    goals,
    materials,
    progress,
    renewal,
    reviews,
    surveys,
)
from courses.attendance import AttendanceEntry, SignOff
from courses.enrolment import Enrolment
from courses.exemptions import Exemption
from courses.runs import Run
from courses.today import learning
from lms import clock, demo, mail
from lms.audit import Audit
from lms.db import Base, db
from lms.demo import personas
from lms.demo.personas import PERSONAS
from lms.mail import OutboxMail
from lms.people import Person, holders
from lms.personnummer import SYNTHETIC_SERIALS
from lms.projects import Participation, Project
from lms.refusals import Refused
from lms.secrets import decrypted
from tests.conftest import NOON, _empty
from tests.lms.clear_numbers import Numbers
from tests.queries import count_queries


@pytest.fixture(scope="module")
def _loaded(_application: Flask) -> Iterator[Flask]:
    ordinary = _application.config["SETTINGS"]
    _application.config["SETTINGS"] = replace(ordinary, demo=True)
    with _application.app_context(), clock.moved(NOON):
        _empty()
        materials.publish_all()
        db.session.commit()
        demo.load(say=lambda _month: None)
        db.session.remove()
    yield _application
    _application.config["SETTINGS"] = ordinary
    with _application.app_context():
        db.session.remove()
        _empty()


@pytest.fixture
def app(_loaded: Flask) -> Iterator[Flask]:
    """The application with the demo in it; it is Wednesday 12 October 2022, noon in Stockholm."""
    with _loaded.app_context(), clock.moved(NOON):
        yield _loaded
        db.session.remove()


@pytest.fixture
def project(app: Flask) -> Project:
    return db.session.scalars(select(Project)).one()


@pytest.fixture
def numbers(app: Flask) -> Numbers:
    """Every personnummer of the demo."""
    ciphers = db.session.scalars(select(Person.personnummer_cipher).where(Person.personnummer_cipher.is_not(None)))
    return Numbers(decrypted(cipher) for cipher in ciphers if cipher)


def _count(*what: object) -> int:
    return db.session.scalar(select(func.count()).select_from(*what)) or 0  # type: ignore[arg-type]


def _sign_in(client: FlaskClient, key: str) -> None:
    answer = client.post("/demo/sign-in", data={"persona": key})
    assert answer.status_code == 303
    assert answer.location == "/"


# --- who is in it -------------------------------------------------------------------------------------------


def test_the_people_are_those_of_the_plan(project: Project) -> None:
    assert len(holders("county_trainer", project_id=project.id)) == 2
    trainers = holders("trainer", project_id=project.id)
    assert len(trainers) == 14
    assert len({trainer.organisation_id for trainer in trainers}) == 7
    assert len(project.members) == 8
    assert _count(Participation) == 14 + 145
    assert len(holders("manager", project_id=project.id)) == 8
    without = [member.organisation.name for member in project.members if not member.own_trainer]
    assert without == ["Östhammar"]


def test_nobody_has_an_address_or_a_number_of_a_real_person(app: Flask) -> None:
    people = db.session.scalars(select(Person)).all()
    assert all(person.email and person.email.endswith(".example") for person in people)
    numbers = [decrypted(person.personnummer_cipher) for person in people if person.personnummer_cipher]
    assert len(numbers) == len(set(numbers)) == 159
    assert {int(number[8:11]) for number in numbers} <= set(SYNTHETIC_SERIALS)
    recipients = db.session.scalars(select(OutboxMail.recipient)).all()
    assert all(recipient.endswith(".example") for recipient in recipients)


def test_one_person_has_a_protected_identity(app: Flask) -> None:
    hidden = db.session.scalars(select(Person).where(Person.protected)).one()
    certificate = db.session.scalars(select(Certificate).where(Certificate.holder_id == hidden.id)).one()
    assert hidden.full_name not in certificate.statement
    assert hidden.name in certificate.statement


# --- what has happened --------------------------------------------------------------------------------------


def test_today_lies_two_thirds_through_part_2(project: Project) -> None:
    users = project.plan.phase("users")
    assert 60 <= (clock.today() - users.starts).days / (users.ends - users.starts).days * 100 <= 74


def test_every_trainer_and_two_thirds_of_the_users_are_certified(project: Project) -> None:
    trainers = select(Certificate.holder_id).where(Certificate.level == "trainer").distinct()
    assert _count(trainers.subquery()) == 14
    issued = db.session.scalars(
        select(Certificate).where(Certificate.level == "user", Certificate.replaces_id.is_(None))
    ).all()
    assert 88 <= len(issued) <= 98
    assert sum(each.issuer_certificate_id is None for each in issued) == 11  # led on an exemption
    assert _count(Exemption) == 1


def test_certificates_are_in_every_state(project: Project) -> None:
    told = db.session.execute(select(CertificateEvent.kind, CertificateEvent.reason_code))
    events = Counter((kind, reason) for kind, reason in told)
    assert events == {
        ("replaced", "limited"): 2, ("replaced", "renewed"): 1, ("replaced", "name"): 1,
        ("revoked", "grounds"): 2, ("revoked", "conduct"): 1,
    }  # fmt: skip
    tree = cascade.tree(project, clock.today())
    states = Counter(each.state for each in tree.trainers)
    assert states == {"valid": 12, "expiring": 1, "revoked": 1, "missing": 1}
    (ends,) = [each for each in tree.trainers if each.state == "expiring"]
    assert ends.until == clock.today() + timedelta(days=21)
    (fallen,) = [each for each in tree.trainers if each.state == "revoked"]
    assert 0 < fallen.doubted == deciding.count(project) < fallen.reach
    decided = Counter(db.session.scalars(select(CertificateDecision.outcome)))
    assert decided["keep"] >= 3
    assert decided["revoke"] == 1
    assert [each.is_met for each in renewal.of_project(project)] == [True]
    assert _count(wishes.CertificateWish) == 1


def test_what_is_signed_is_believed_now(app: Flask) -> None:
    """The story moves the clock; no list may be of a day gone by, and nothing of one to come."""
    now, lists = clock.now(), {}
    for each in db.session.scalars(select(StatusList)):
        assert now - status_lists.EACH < each.signed_at <= now
        read = integrity.read(each.text)
        lists[read["id"]] = read
    assert all(each.signed_at <= now for each in db.session.scalars(select(Credential)))
    holds = 0
    for certificate in db.session.scalars(select(Certificate).order_by(Certificate.id.desc()).limit(24)):
        held = newest(certificate)
        assert held is not None
        told = checking.check(integrity.read(held.text), signing_keys.trust(), lists.get, now)
        failed = {each.code for each in told.checks if not each.passed}
        revoked = register.state(certificate, clock.today()) == "revoked" or revoking.is_under_review(certificate)
        assert failed <= {"status", "endorsement-status", "expiry"}, certificate.number
        assert bool(failed & {"status", "endorsement-status"}) is revoked, certificate.number
        holds += not failed
    assert holds > 10


def test_the_ledger_is_signed_but_for_two_sheets_and_corrected_twice(project: Project) -> None:
    unsigned = attendance.unsigned(project)
    assert sorted(session.activity.kind for session in unsigned) == ["course", "network"]
    assert _count(SignOff) > 40
    corrections = db.session.scalars(select(AttendanceEntry).where(AttendanceEntry.replaces_id.is_not(None))).all()
    assert sorted(entry.kind for entry in corrections) == ["preparation", "session", "session"]
    assert all(entry.reason for entry in corrections)
    hours = db.session.scalar(select(func.sum(AttendanceEntry.minutes))) or 0
    assert 1200 * 60 < hours < 2400 * 60


def test_the_goals_are_on_their_way(project: Project) -> None:
    board = {state.goal.key: state for state in goals.board(project)}
    assert board["trainers-certified"].missing == 1, "one is revoked"
    assert 47 <= board["users-certified"].missing <= 57
    assert board["trainers-horizontal"].percent == 100
    assert board["trainers-can-train"].reached is not None
    assert board["participants-horizontal"].percent == 100


def test_surveys_are_open_waiting_and_published(project: Project) -> None:
    overview = {(kind.programme_key, kind.audience): kind for kind in surveys.overview(project)}
    users = overview["smail-anvandare", "participant"]
    assert users.batches >= 5
    assert users.open_asked > users.open_answered > 0
    agree, answered = surveys.share(project, "knows_enough") or (0, 0)
    assert answered >= 50
    assert agree / answered > 0.8


def test_one_run_has_a_waiting_list_and_an_invitation_without_answer(app: Flask) -> None:
    states = {
        run_id: enrolment.counts([run_id])[run_id]
        for run_id in db.session.scalars(select(Enrolment.run_id).where(Enrolment.state == "waiting"))
    }
    assert list(states.values()) == [{"registered": 8, "waiting": 2, "declined": 1, "invited": 1}]


def test_somebody_is_eligible_and_somebody_waits_for_assessment(app: Flask) -> None:
    runs = db.session.scalars(select(Run)).all()
    ready = [f for run in runs for f in certification.facts(run).values() if certification.is_eligible(f)]
    assert ready
    assert sum(reviews.waiting([run.id for run in runs]).values()) >= 3


def test_the_home_and_the_course_page_agree_about_everybody(app: Flask) -> None:
    """The home asks fewer questions than the page; both must say the same."""
    places = select(Enrolment).where(Enrolment.state.in_(("registered", "waiting"))).order_by(Enrolment.id)
    for place in db.session.scalars(places).all():
        person = place.person
        home = learning._progress(place, place.run, person, learning._asked(person), learning._certificates(person))
        page = progress.of(place.run, place.person)
        assert home == replace(page, now=home.now, missing=()), place.id


def test_somebody_needs_an_adaptation(app: Flask) -> None:
    assert _count(select(Enrolment).where(Enrolment.adaptations != "").subquery()) >= 5


def test_every_act_stands_in_the_log_before_today(app: Flask) -> None:
    acts = set(db.session.scalars(select(Audit.act)))
    assert {
        "project.imported", "people.imported", "role.given", "exemption.granted", "run.scheduled", "run.invited",
        "enrolment.registered", "enrolment.waiting", "enrolment.walked_in", "attendance.signed", "attendance.corrected",
        "submission.made", "submission.reviewed", "horizontal.completed", "certificate.issued", "certificate.revoked",
        "survey.closed", "person.protected", "meeting.called", "demo.loaded",
    } <= acts  # fmt: skip
    latest = db.session.scalar(select(func.max(Audit.at)).where(Audit.act.not_in(["demo.loaded", "person.signed_in"])))
    assert latest is not None
    assert clock.local(latest).date() < clock.today()


# --- loading ------------------------------------------------------------------------------------------------


def test_loading_twice_is_refused_kindly(app: Flask) -> None:
    assert demo.is_loaded()
    with pytest.raises(Refused) as refusal:
        demo.load(say=lambda _month: None)
    assert refusal.value.code == "already_loaded"


# --- being somebody -----------------------------------------------------------------------------------------


def test_the_page_offers_everybody(client: FlaskClient) -> None:
    page = client.get("/demo").text
    for persona in PERSONAS:
        assert f'value="{persona.key}"' in page
    assert page.count('action="/demo/sign-in"') == 9


@pytest.mark.parametrize("key", [persona.key for persona in PERSONAS])
def test_a_persona_signs_in_and_has_something_to_do(client: FlaskClient, key: str) -> None:
    _sign_in(client, key)
    home = client.get("/")
    assert home.status_code == 200
    assert 'class="lake' in home.text or 'class="todo' in home.text


@pytest.mark.one_engine
@pytest.mark.parametrize("key", [persona.key for persona in PERSONAS])
def test_no_link_leads_a_persona_to_a_refusal(
    client: FlaskClient, numbers: Numbers, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    """From the home on, two pages of each shape: what is offered can be opened, and holds no personnummer."""
    caplog.set_level(logging.DEBUG)
    _sign_in(client, key)
    waiting, shapes, refused, told = ["/"], Counter[str](), {}, set()
    while waiting:
        path = waiting.pop(0)
        shape = re.sub(r"\d+|/v/[^/]+", "N", path.partition("?")[0])
        shapes[shape] += 1
        if shapes[shape] > 2 or shape in ("/healthz", "/demo/outbox/N"):
            continue
        page = client.get(path)
        if page.status_code >= 400:
            refused[path] = page.status_code
        if numbers.found(page.data) or numbers.found(path):
            told.add(shape)
        if page.mimetype == "text/html":
            links = (unescape(link).partition("#")[0] for link in re.findall(r'href="(/[^"]*)"', page.text))
            waiting += [link for link in dict.fromkeys(links) if not link.startswith(("/static", "/bootstrap"))]
    assert refused == {}
    assert len(shapes) >= 8
    scb = {"/months/N/scb.xlsx"}
    assert told == (scb if key == "project-leader" else set()), "only the file for SCB holds numbers"
    assert numbers.found(caplog.text) == set()


def test_no_row_or_mail_holds_a_number_in_clear(app: Flask, numbers: Numbers) -> None:
    held = set()
    for table in Base.metadata.sorted_tables:
        for row in db.session.execute(select(table)).mappings():
            held |= {f"{table.name}.{name}" for name, value in row.items() if numbers.found(value)}
    assert held == set()


def test_changing_person_signs_the_first_one_out_on_the_server(client: FlaskClient) -> None:
    _sign_in(client, "trainer")
    with client.session_transaction() as cookie:
        first = cookie["_user_id"]
    _sign_in(client, "manager")
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != first
        cookie["_user_id"] = first
    assert client.get("/settings").status_code == 303


def test_the_trainer_leads_a_session_today(app: Flask) -> None:
    trainer = next(p.person for p in PERSONAS if p.email == personas.TRAINER)
    assert trainer is not None
    today = [
        session
        for run in db.session.scalars(select(Run))
        for session in run.sessions
        if clock.local(session.starts_at).date() == clock.today() and trainer in run.trainers
    ]
    assert len(today) == 1
    assert not attendance.latest(today[0])
    assert [person.email for person in attendance.on_sheet(today[0])].count(personas.PARTICIPANT) == 1


@pytest.mark.parametrize("wrong", ["", "nobody", "trainer "])
def test_an_unknown_persona_goes_back_to_the_page(client: FlaskClient, wrong: str) -> None:
    answer = client.post("/demo/sign-in", data={"persona": wrong})
    assert (answer.status_code, answer.location) == (303, "/demo")


# --- the outbox ---------------------------------------------------------------------------------------------


def test_the_outbox_is_paged_and_every_mail_can_be_read(client: FlaskClient) -> None:
    first = client.get("/demo/outbox")
    assert first.status_code == 200
    assert first.text.count('href="/demo/outbox/') == 50
    assert "page=2" in first.text
    assert client.get("/demo/outbox?page=9999").status_code == 200
    assert client.get("/demo/outbox?page=x").status_code == 200
    invitation = db.session.scalars(select(OutboxMail).where(OutboxMail.calendar.is_not(None)).limit(1)).one()
    page = client.get(f"/demo/outbox/{invitation.id}")
    assert page.status_code == 200
    assert invitation.recipient in page.text
    for number, calendar in enumerate(mail.calendars(invitation), 1):
        file = client.get(f"/demo/outbox/{invitation.id}/kurs-{number}.ics")
        assert file.data == calendar
        assert file.mimetype == "text/calendar"
        assert "attachment" in file.headers["Content-Disposition"]
    assert client.get(f"/demo/outbox/{invitation.id}/kurs-9.ics").status_code == 404
    assert client.get("/demo/outbox/999999").status_code == 404


def test_a_full_page_of_mail_asks_as_many_questions_as_a_short_one(client: FlaskClient) -> None:
    asked = []
    last = -(-_count(OutboxMail) // 50)
    for page in (1, 1, last):
        with count_queries() as queries:
            client.get(f"/demo/outbox?page={page}")
        asked.append(len(queries))
    assert asked[1] == asked[2] <= 4
