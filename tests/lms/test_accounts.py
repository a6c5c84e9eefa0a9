"""Sign-in with a mailed code: constant answers, ten minutes, five tries, and an end on the server side."""

import re
from datetime import timedelta

from flask.testing import FlaskClient

from lms import clock
from lms.db import db
from tests.factories import make_person
from tests.letters import recent


def _code() -> str:
    found = re.search(r"\d{6}", recent()[0].subject)
    assert found
    return found.group()


def _ask(client: FlaskClient, email: str) -> None:
    answer = client.post("/sign-in", data={"email": email})
    assert answer.status_code == 303
    assert answer.location == "/sign-in/code"


def test_code_signs_in_and_sign_out_ends_the_session_on_the_server(client: FlaskClient) -> None:
    person = make_person(email="anna@habo.example")
    _ask(client, " Anna@Habo.example ")
    assert client.post("/sign-in/code", data={"code": _code()}).location == "/"
    assert person.full_name in client.get("/settings").text
    with client.session_transaction() as cookie:
        stolen = dict(cookie)
    assert client.post("/sign-out").status_code == 303
    with client.session_transaction() as cookie:
        cookie.update(stolen)
    assert client.get("/settings").status_code == 303


def test_unknown_address_gets_the_same_answer_and_no_mail(client: FlaskClient) -> None:
    _ask(client, "nobody@habo.example")
    assert recent() == []
    assert client.post("/sign-in/code", data={"code": "123456"}).status_code == 422


def test_five_tries_and_ten_minutes(client: FlaskClient) -> None:
    make_person(email="anna@habo.example")
    _ask(client, "anna@habo.example")
    right = _code()
    wrong = "000000" if right != "000000" else "111111"
    for _each in range(5):
        assert client.post("/sign-in/code", data={"code": wrong}).status_code == 422
    assert client.post("/sign-in/code", data={"code": right}).status_code == 422
    _ask(client, "anna@habo.example")
    right = _code()
    with clock.moved(clock.now() + timedelta(minutes=10, seconds=1)):
        assert client.post("/sign-in/code", data={"code": right}).status_code == 422
    assert client.post("/sign-in/code", data={"code": right}).status_code == 303
    assert client.post("/sign-out").status_code == 303


def test_next_never_leads_away(client: FlaskClient) -> None:
    make_person(email="anna@habo.example")
    for wanted, landed in (("/settings", "/settings"), ("//evil.example", "/"), ("https://evil.example", "/")):
        client.post(f"/sign-in?next={wanted}", data={"email": "anna@habo.example"})
        assert client.post("/sign-in/code", data={"code": _code()}).location == landed
        client.post("/sign-out")
    db.session.commit()
