"""A room shares one address: wrong codes are counted and right ones are not; sign-in is counted for each phone."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import config
from courses.attendance.checking_in import open_check_in, rules_of
from courses.attendance.codes import code_at
from lms import clock
from lms.app import create_app
from lms.db import Base, db
from lms.limits import limiter
from tests.conftest import NOON, CommittingClient
from tests.courses.sheets import Day, course_day


@pytest.fixture
def wall(tmp_path: Path) -> Iterator[Flask]:
    """The application as it is served, with its limits."""
    values = {"LMS_SECRET_KEY": "x", "LMS_KEY_ENCRYPTION_KEY": config.DEMO_KEY, "LMS_INSTANCE": str(tmp_path)}
    made = create_app(config.read(values))
    made.test_client_class = CommittingClient
    with made.app_context(), clock.moved(NOON):
        Base.metadata.create_all(db.engine)
        limiter.reset()
        yield made
        limiter.reset()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def day(wall: Flask) -> Day:
    made = course_day(3, days_ago=0)
    made.session.starts_at, made.session.ends_at = clock.now(), clock.now() + timedelta(hours=4)
    db.session.flush()
    open_check_in(made.session, 30, 10, by=made.trainer)
    db.session.commit()
    return made


def code(day: Day) -> str:
    rules = rules_of(day.session)
    assert rules is not None
    return code_at(rules.secret, day.session.id, clock.now())


def scan(client: FlaskClient, day: Day) -> dict[str, str]:
    """Where a phone that has scanned asks for its sign-in code, and what it sends along."""
    page = client.get(f"/in/{day.session.id}?c={code(day)}").text
    where = re.search(r'action="([^"]+/sign-in\?t=[^"]+)"', page)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert where
    assert token
    return {"where": unescape(where[1]), "csrf_token": token[1]}


def test_wrong_codes_are_counted_and_right_ones_are_not(wall: Flask, day: Day) -> None:
    right, wrong = f"/in/{day.session.id}?c={code(day)}", f"/in/{day.session.id}?c=222222"
    assert {wall.test_client().get(right).status_code for _phone in range(200)} == {200}
    guesses = [wall.test_client().get(wrong).status_code for _guess in range(125)]
    assert guesses == [422] * 120 + [429] * 5


def test_a_whole_room_asks_for_its_sign_in_codes_at_once(wall: Flask, day: Day) -> None:
    """More than the ten a minute that the sign-in page gives an address; each phone has its own five."""
    for number in range(30):
        phone = wall.test_client()
        sent = scan(phone, day)
        answer = phone.post(sent["where"], data={"csrf_token": sent["csrf_token"], "email": f"en{number}@b.example"})
        assert answer.location == "/sign-in/code"
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', phone.get("/sign-in/code").text)
        assert token
        assert phone.post("/sign-in/code", data={"csrf_token": token[1], "code": "000000"}).status_code == 422
    again = [
        phone.post(sent["where"], data={"csrf_token": sent["csrf_token"], "email": "a@b.example"}).status_code
        for _time in range(5)
    ]
    assert again == [303] * 4 + [429]


def test_without_a_scan_the_room_gives_nobody_more_tries(wall: Flask, day: Day) -> None:
    """The address of the room's sign-in with no ticket, or a made-up one, sends nothing."""
    phone = wall.test_client()
    token = scan(phone, day)["csrf_token"]
    for ticket in ("", "x", "WzEsMSwicXIiLCJhIl0.forged"):
        where = f"/in/{day.session.id}/sign-in?t={ticket}"
        answer = phone.post(where, data={"csrf_token": token, "email": day.people[0].email})
        assert answer.status_code == 422


def test_who_says_to_be_ever_new_phones_mails_no_more_than_a_room_needs(wall: Flask, day: Day) -> None:
    """The number of a device is a cookie: without one, each visit with the code in the room is another device."""

    def ask() -> int:
        phone = wall.test_client()
        sent = scan(phone, day)
        data = {"csrf_token": sent["csrf_token"], "email": day.people[0].email}
        return phone.post(sent["where"], data=data).status_code

    assert ask() == 303
    counted = limiter.storage.storage  # type: ignore[attr-defined]  of what is kept in memory
    (key,) = [each for each in counted if "phones.send_code/600/" in each]
    assert counted[key] == 1
    counted[key] = 599
    assert [ask(), ask()] == [303, 429]
