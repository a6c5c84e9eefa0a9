"""The outer wall with everything switched on: tokens, limits, headers, cookies, and whom a proxy may speak for."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import config
from certificates.proof import keys
from lms import clock
from lms.app import create_app
from lms.db import Base, db
from lms.limits import limiter
from tests.conftest import NOON
from tests.sign_in import sign_in
from tests.test_permissions import address_of, rules
from tests.world import World, make_world

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

NEEDS_NO_TOKEN = {"checking.check"}
"""Knows nobody and writes nothing: there is nothing that another site could do in somebody's name."""


def _wall(folder: Path, base_url: str) -> Flask:
    """The application as it is served, on a database of its own."""
    values = {"LMS_SECRET_KEY": "x", "LMS_KEY_ENCRYPTION_KEY": config.DEMO_KEY, "LMS_INSTANCE": str(folder)}
    return create_app(config.read(values | {"LMS_BASE_URL": base_url}))


@pytest.fixture(params=["https://kurs.example", "http://127.0.0.1:8000"])
def wall(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    made = _wall(tmp_path, request.param)
    with made.app_context(), clock.moved(NOON):
        Base.metadata.create_all(db.engine)
        keys.make_missing()
        limiter.reset()
        yield made
        limiter.reset()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def world(wall: Flask) -> World:
    return make_world()


def _is_secure(wall: Flask) -> bool:
    return bool(wall.config["SETTINGS"].secure)


def _signed_in(wall: Flask, world: World, role: str) -> FlaskClient:
    client = wall.test_client()
    person = world.people[role]
    assert person is not None
    sign_in(client, person)
    return client


def _token(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


def test_no_post_anywhere_is_taken_without_its_token(wall: Flask, world: World) -> None:
    """Every address that takes a POST, from the person with most to lose; nothing reaches a view."""
    client, taken = _signed_in(wall, world, "leader"), []
    for rule, method in rules(wall):
        if method == "POST" and rule.endpoint not in NEEDS_NO_TOKEN:
            with wall.test_request_context():
                address = address_of(rule, world)
            for values in ({}, {"csrf_token": "made up"}):
                status = client.post(address, data=values).status_code
                if status != 400:
                    taken.append(f"{address}: {status}")
    assert taken == []


def test_every_kind_of_answer_is_closed(wall: Flask, world: World) -> None:
    client = _signed_in(wall, world, "participant")
    answers = {
        "page": client.get("/settings"),
        "redirect": wall.test_client().get("/settings"),
        "no such page": client.get("/nothing"),
        "no such file": client.get("/static/nothing.css"),
        "refused": client.get("/admin/audit"),
        "wrong method": client.delete("/settings"),
        "no token": client.post("/settings"),
        "download": client.get(f"/certificates/{world.values['certificate_id']}.pdf"),
        "health": client.get("/healthz"),
        "public": client.get(f"/v/{world.values['code']}"),
    }
    for kind, answer in answers.items():
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, kind
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, kind
        assert "unsafe" not in policy, kind
        assert ("Strict-Transport-Security" in answer.headers) is _is_secure(wall), kind
        assert answer.headers.get("Cache-Control", "").startswith("no-store"), kind
    with client.get("/static/favicon.svg") as file:
        assert file.headers["X-Content-Type-Options"] == "nosniff"


def test_uploads_come_back_as_downloads(wall: Flask, world: World) -> None:
    rule = next(rule for rule, _method in rules(wall) if rule.endpoint == "assignments.file")
    with wall.test_request_context():
        address = address_of(rule, world)
    answer = _signed_in(wall, world, "participant").get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"].startswith("no-store")


def test_cookies_keep_to_themselves(wall: Flask) -> None:
    cookies = wall.test_client().get("/sign-in").headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) is _is_secure(wall)




def _host(wall: Flask) -> str:
    return str(wall.config["SETTINGS"].base_url)


@pytest.mark.parametrize(
    ("page", "path", "values", "most"),
    [
        ("/sign-in", "/sign-in", {"email": "a{number}@b.example"}, 60),
        ("/sign-in", "/sign-in/code", {"code": "123456"}, 20),
        ("/sign-in", "/sign-in", {"email": "A@b.example "}, 10),
        ("/accessibility", "/accessibility", {"message": "Hej", "contact": ""}, 5),
    ],
)
def test_limits_really_stop(wall: Flask, page: str, path: str, values: dict[str, str], most: int) -> None:
    client, base = wall.test_client(), _host(wall)
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page, base_url=base).text)
    assert found
    token, headers = found[1], {"Referer": f"{base}{page}"}

    def post(number: int) -> TestResponse:
        sent = {name: value.format(number=number) for name, value in values.items()} | {"csrf_token": token}
        return client.post(path, data=sent, base_url=base, headers=headers)

    codes = [post(number).status_code for number in range(most + 2)]
    assert 429 not in codes[:most]
    assert 400 not in codes
    assert codes[most:] == [429, 429]
    again = post(most)
    assert int(again.headers["Retry-After"]) >= 1, "whichever of the two windows was met"
    assert client.get(page, base_url=base).status_code == 200, "reading goes on"


def test_guessing_codes_of_certificates_is_stopped(wall: Flask) -> None:
    client = wall.test_client()
    answers = [client.get(f"/v/AAAA-BBBB-CCCC-{number:04}") for number in range(62)]
    codes = [answer.status_code for answer in answers]
    assert 429 not in codes[:60]
    assert codes[60:] == [429, 429]
    assert "Retry-After" not in answers[59].headers
    assert 1 <= int(answers[60].headers["Retry-After"]) <= 61


def test_only_the_last_proxy_is_believed_and_only_behind_one(wall: Flask) -> None:
    """Behind a proxy who forges the header's beginning is counted still; without one nobody believes it at all."""
    forged = wall.test_client()
    codes = [
        forged.get("/v/AAAA", headers={"X-Forwarded-For": f"10.0.{number}.1, 192.0.2.7"}).status_code
        for number in range(61)
    ]
    assert codes[-1] == 429
    other = forged.get("/v/AAAA", headers={"X-Forwarded-For": "192.0.2.8"}).status_code
    assert (other == 429) is not _is_secure(wall)


def test_installations_on_two_ports_of_a_host_have_a_cookie_each() -> None:
    names = {_named(url) for url in ("http://127.0.0.1:8000", "http://127.0.0.1:8100", "https://kurs.example")}
    assert names == {"parlband-8000", "parlband-8100", "parlband"}


def _named(base_url: str) -> str:
    return config.read({"LMS_DEMO": "1", "LMS_BASE_URL": base_url}).cookie
