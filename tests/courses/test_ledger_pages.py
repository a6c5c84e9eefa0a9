"""The page of the ledger: its end, what was found last, and the button for the next verification."""

import pytest
from flask import Flask

from courses import attendance, proof
from lms.db import db
from tests.courses import tampering
from tests.courses.sheets import Day, course_day, whole
from tests.factories import make_role


@pytest.fixture
def day(app: Flask) -> Day:
    made = course_day(3)
    attendance.record(made.session, [whole(p) for p in made.people], by=made.trainer, nonce="pages-001")
    db.session.commit()
    return made


def test_the_page_shows_the_end_and_nothing_verified_yet(day: Day, browser_of) -> None:  # type: ignore[no-untyped-def]
    page = browser_of(make_role("administrator")).get("/ledger").text
    assert "The ledger has not been verified yet" in page
    assert attendance.head().hash[:16] in page
    assert not any(person.family_name in page for person in day.people)


def test_a_leader_verifies_and_is_told(day: Day, browser_of) -> None:  # type: ignore[no-untyped-def]
    browser = browser_of(make_role("project_leader", day.project))
    assert browser.post("/ledger").location == "/ledger"
    page = browser.get("/ledger").text
    assert "The ledger is whole" in page
    last = proof.last()
    assert last is not None
    assert (last.details["entries"], last.details["faults"]) == (3, 0)


def test_what_is_wrong_stands_there_with_entry_and_person(day: Day, browser_of) -> None:  # type: ignore[no-untyped-def]
    browser = browser_of(make_role("project_leader", day.project))
    tampering.change(2, "minutes", 1)
    browser.post("/ledger")
    page = browser.get("/ledger").text
    assert "1 thing is wrong in the ledger" in page
    assert "Entry 2" in page
    assert f">{day.people[1].id}<" in page


def test_a_large_ledger_is_left_to_the_worker(day: Day, browser_of, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(proof, "SMALL", 2)
    browser = browser_of(make_role("project_leader", day.project))
    browser.post("/ledger")
    browser.post("/ledger")
    assert "A verification is on its way" in browser.get("/ledger").text
    proof.prove_when_asked()
    db.session.commit()
    assert "The ledger is whole" in browser.get("/ledger").text


def test_an_empty_ledger_has_a_page(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    browser = browser_of(make_role("administrator"))
    browser.post("/ledger")
    assert "The ledger is whole" in browser.get("/ledger").text
