"""Personnummer and protected identities on screen: asked of few, checked, masked, and every look is in the log."""

import logging
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms import clock, protection
from lms.audit import Audit
from lms.db import db
from lms.people import Person
from lms.personnummer import synthetic
from lms.projects import Project
from lms.refusals import Refused
from lms.secrets import decrypted, encrypted, keyed_hash
from tests.factories import make_participant, make_project, make_role
from tests.lms.clear_numbers import Numbers

ANNA, BERTIL = "198001019804", "198002029810"
COORDINATION = synthetic(date(1980, 1, 1), 980, is_coordination=True).digits12


@pytest.fixture
def project(app: Flask) -> Project:
    return make_project()


@pytest.fixture
def leader(project: Project) -> Person:
    return make_role("project_leader", project)


@pytest.fixture
def anna(project: Project) -> Person:
    return make_participant(project, "Anna Alm")


@pytest.fixture
def browser(browser_of, leader: Person) -> FlaskClient:  # type: ignore[no-untyped-def]
    made: FlaskClient = browser_of(leader)
    return made


def number_of(person: Person) -> str | None:
    db.session.refresh(person)
    return decrypted(person.personnummer_cipher) if person.personnummer_cipher else None


def log_of(act: str) -> list[Audit]:
    return list(db.session.scalars(select(Audit).where(Audit.act == act).order_by(Audit.id)))


@pytest.mark.parametrize("typed", ["19800101-9804", "8001019804", "800101-9804", " 19800101 9804 "])
def test_a_leader_writes_the_number_as_it_is_usually_written(browser: FlaskClient, anna: Person, typed: str) -> None:
    address = f"/people/{anna.id}/personnummer/write"
    assert "Statistics Sweden" in browser.get(address).text, "the purpose is said where it is asked"
    assert browser.post(address, data={"number": typed}).status_code == 303
    assert number_of(anna) == ANNA
    assert anna.personnummer_hash == keyed_hash(ANNA)
    (row,) = log_of("personnummer.written")
    assert (row.subject_id, row.details) == (anna.id, {"changed": False})


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Write the personnummer."),
        ("19800101-9805", "some digit is wrong"),
        ("19801332-9804", "not a date"),
        ("20991231-9803", "date in the future"),
        ("123", "12 digits"),
        ("19800101-98O4", "only digits"),
        ("800101-T98A", "temporary number"),
        ("9" * 40, "30"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(browser: FlaskClient, anna: Person, typed: str, told: str) -> None:
    answer = browser.post(f"/people/{anna.id}/personnummer/write", data={"number": typed})
    assert answer.status_code == 422
    assert told in answer.text
    assert number_of(anna) is None


def test_a_samordningsnummer_and_a_correction(browser: FlaskClient, anna: Person) -> None:
    address = f"/people/{anna.id}/personnummer/write"
    for typed, stored in ((COORDINATION, COORDINATION), ("19800202-9810", BERTIL), ("800202-9810", BERTIL)):
        answer = browser.post(address, data={"number": typed})
        assert answer.status_code == 303, answer.text
        assert number_of(anna) == stored
    assert [row.details for row in log_of("personnummer.written")] == [{"changed": False}, {"changed": True}]


def test_anothers_number_is_refused_without_telling_whose(browser: FlaskClient, anna: Person, project: Project) -> None:
    bo = make_participant(project, "Bo Berg")
    protection.write_personnummer(bo, BERTIL, by=anna)
    answer = browser.post(f"/people/{anna.id}/personnummer/write", data={"number": BERTIL})
    assert answer.status_code == 422
    assert "somebody else" in answer.text
    assert "Berg" not in answer.text
    assert number_of(anna) is None
    assert [row.subject_id for row in log_of("personnummer.taken")] == [anna.id]


def test_two_at_the_same_moment_get_one_number_once(project: Project, anna: Person, leader: Person) -> None:
    """The register is asked first; the database decides when both have asked."""
    bo = make_participant(project, "Bo Berg")
    protection.write_personnummer(bo, BERTIL, by=leader)
    assert protection._is_stored(anna, keyed_hash(BERTIL), encrypted(BERTIL)) is False
    assert (anna.personnummer_hash, anna.personnummer_cipher) == (None, None)


def test_nobody_but_esf_participants_is_asked(browser: FlaskClient, project: Project, leader: Person) -> None:
    guest = make_participant(project, "Gun Gäst", esf=False)
    address = f"/people/{guest.id}/personnummer/write"
    assert 'name="number"' not in browser.get(address).text
    assert browser.post(address, data={"number": ANNA}).status_code == 422
    assert number_of(guest) is None
    assert "personnummer/write" not in browser.get(f"/people/{guest.id}").text
    with pytest.raises(Refused) as refusal:
        protection.write_personnummer(guest, ANNA, by=leader)
    assert refusal.value.code == "not_esf"


def test_a_number_is_removed_after_a_question(browser: FlaskClient, anna: Person, leader: Person) -> None:
    protection.write_personnummer(anna, ANNA, by=leader)
    address = f"/people/{anna.id}/personnummer/remove"
    assert browser.post(address).status_code == 200
    assert number_of(anna) == ANNA
    for _twice in range(2):
        assert browser.post(address, data={"confirmed": "1"}).status_code == 303
    assert number_of(anna) is None
    assert len(log_of("personnummer.removed")) == 1


def test_only_who_answers_for_the_person_may_write(anna: Person, browser_of) -> None:  # type: ignore[no-untyped-def]
    for stranger in (make_role("project_leader", make_project(like="smot")), make_role("administrator"), anna):
        page = browser_of(stranger)
        for way in ("write", "remove"):
            assert page.post(f"/people/{anna.id}/personnummer/{way}", data={"number": ANNA}).status_code == 403


# --- looks behind protected identities ----------------------------------------------------------------------


def test_looks_behind_protected_identities_are_listed(  # type: ignore[no-untyped-def]
    browser: FlaskClient, anna: Person, leader: Person, project: Project, browser_of
) -> None:
    administrator = browser_of(make_role("administrator"))
    assert "Nobody has looked" in administrator.get("/admin/reveals").text
    open_one = make_participant(project, "Bo Berg")
    for person, number in ((anna, ANNA), (open_one, BERTIL)):
        protection.write_personnummer(person, number, by=leader)
    protection.protect(anna, "Deltagare 7", by=leader)
    browser.post(f"/people/{open_one.id}/personnummer")
    for way in ("name", "personnummer"):
        assert browser.post(f"/people/{anna.id}/{way}").status_code == 200
    page = administrator.get("/admin/reveals").text
    assert page.count("Deltagare 7") == 2
    assert leader.name in page
    assert page.index("personnummer of a protected") < page.index("name behind an alias"), "newest first"
    assert "Alm" not in page
    browser.post(f"/people/{anna.id}/unprotect", data={"confirmed": "1"})
    after = administrator.get("/admin/reveals").text
    assert after.count("Deltagare 7") == 3, "the alias of that day, also when the protection has ended"
    assert "Alm" not in after


def test_the_list_is_paged(app: Flask, browser_of, anna: Person, leader: Person) -> None:  # type: ignore[no-untyped-def]
    protection.protect(anna, "Deltagare 7", by=leader)
    begins = datetime(2022, 10, 1, 8, tzinfo=UTC)
    for number in range(120):
        with clock.moved(begins + timedelta(minutes=number)):
            protection.reveal_name(anna, by=leader)
    browser = browser_of(make_role("administrator"))
    seen, address = [], "/admin/reveals"
    for _page in range(3):
        page = browser.get(address).text
        seen.append(page.count("Deltagare 7"))
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = older[1] if older else ""
    assert (seen, address) == ([50, 50, 20], "")


def test_nobody_else_finds_a_protected_person_by_her_address(anna: Person, leader: Person, browser_of) -> None:  # type: ignore[no-untyped-def]
    protection.protect(anna, "Deltagare 7", by=leader)
    other = make_project(like="smot")
    stranger = browser_of(make_role("project_leader", other))
    answer = stranger.post(f"/projects/{other.id}/roles", data={"email": anna.email, "role": "trainer"})
    assert answer.status_code == 422
    assert "Deltagare 7" not in answer.text
    assert "Alm" not in answer.text
    granted = stranger.post(f"/projects/{other.id}/exemptions", data={"email": anna.email, "reason": "Behövs"})
    assert granted.status_code == 422
    assert "Deltagare 7" not in granted.text
    own = browser_of(leader).post(f"/projects/{leader.roles[0].project_id}/roles",
                                  data={"email": anna.email, "role": "trainer"})  # fmt: skip
    assert (own.status_code, "Deltagare 7" in own.text) == (200, True)


def test_no_number_in_log_lines_or_addresses(
    browser: FlaskClient, anna: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = f"/people/{anna.id}/personnummer"
    answers = [browser.post(f"{address}/write", data={"number": typed}) for typed in (ANNA, "19800101-9805")]
    answers += [browser.post(address), browser.get(f"/people/{anna.id}"), browser.get(f"{address}/write")]
    numbers = Numbers([ANNA, "198001019805"])
    assert numbers.found(answers[2].data), "shown once, when asked for"
    assert not any(numbers.found(answer.data) for answer in answers[3:])
    assert not any(numbers.found(answer.location or "") for answer in answers)
    assert not numbers.found(caplog.text)
    assert not any(numbers.found(row.details) for row in db.session.scalars(select(Audit)))
