"""What anybody fetches to check a certificate without us: the same bytes for all, no cookie, one question each."""

import json
from collections.abc import Iterator

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from certificates.acts import revoking
from certificates.proof import keys, signing
from certificates.proof.credentials import Achievement, StatusList, newest
from certificates.register import Certificate
from certificates.standards import checking, integrity, multikey, status_list
from certificates.views import published
from lms import clock
from lms.db import db
from lms.limits import limiter
from tests.certificates.test_signing import issue
from tests.factories import make_person
from tests.queries import count_queries
from tests.sign_in import sign_in


@pytest.fixture
def issued(app: Flask) -> tuple[Certificate, Certificate]:
    """A trainer's certificate and a user's below it."""
    own = issue(make_person("Eva Dahlgren"), "trainer")
    return own, issue(make_person("Elin Forsman"), "user", own)


def place(certificate: Certificate) -> str:
    held = newest(certificate)
    assert held is not None
    return f"/credentials/{held.token}"


def everything(issued: tuple[Certificate, Certificate]) -> Iterator[str]:
    """One address of each kind."""
    yield "/.well-known/did.json"
    yield place(issued[1])
    yield f"/status/{db.session.scalar(select(StatusList.name).limit(1))}"
    yield f"/achievements/{db.session.scalar(select(Achievement.slug).limit(1))}"


def is_for_everybody(answer: TestResponse) -> bool:
    headers = answer.headers
    return headers["Access-Control-Allow-Origin"] == "*" and "Set-Cookie" not in headers and "Cookie" not in str(
        headers.get("Vary")
    )


def test_a_stranger_checks_a_certificate_with_what_is_published_alone(
    client: FlaskClient, issued: tuple[Certificate, Certificate]
) -> None:
    document = integrity.read(client.get(place(issued[1])).data)
    county = json.loads(client.get("/.well-known/did.json").data)
    trusted = {
        each["id"]: multikey.from_multikey(each["publicKeyMultibase"])
        for each in county["verificationMethod"]
        if each["id"] in county["assertionMethod"]
    }

    def fetch(address: str) -> integrity.Document | None:
        answer = client.get(address.removeprefix("http://localhost"))
        return integrity.read(answer.data) if answer.status_code == 200 else None

    found = checking.check(document, checking.Trust(county["id"], trusted), fetch, clock.now())
    assert found.passed
    assert [each["type"][1] for each in found.chain] == ["EndorsementCredential", "OpenBadgeCredential"]


def test_what_was_signed_is_served_byte_by_byte(client: FlaskClient, issued: tuple[Certificate, Certificate]) -> None:
    held = newest(issued[1])
    assert held is not None
    answer = client.get(place(issued[1]))
    assert answer.data == held.text.encode()
    assert answer.content_type == "application/vc+ld+json"
    for asked in ("application/vc", "application/json", "application/ld+json"):
        again = client.get(place(issued[1]), headers={"Accept": asked})
        assert (again.data, again.content_type, again.headers["Vary"]) == (answer.data, asked, "Accept")
    assert client.get(place(issued[1]), headers={"Accept": "text/html"}).content_type == "application/vc+ld+json"


def test_an_earlier_edition_stays_where_it_was(client: FlaskClient, issued: tuple[Certificate, Certificate]) -> None:
    before = place(issued[1])
    text = client.get(before).data
    signing.sign_anew(issued[1], by_county=True)
    assert place(issued[1]) != before
    assert client.get(before).data == text
    assert client.get(place(issued[1])).status_code == 200


def test_every_address_is_for_everybody(app: Flask, issued: tuple[Certificate, Certificate]) -> None:
    somebody = app.test_client()
    sign_in(somebody, make_person())
    for address in everything(issued):
        answers = [app.test_client().get(address), somebody.get(address)]
        assert answers[0].data == answers[1].data
        assert all(answer.status_code == 200 and is_for_everybody(answer) for answer in answers)
        assert "public" in answers[0].headers["Cache-Control"]
        head = app.test_client().head(address)
        assert (head.data, head.headers["ETag"]) == (b"", answers[0].headers["ETag"])
        asked = app.test_client().options(address)
        assert "GET" in asked.headers["Access-Control-Allow-Methods"]
        same = app.test_client().get(address, headers={"If-None-Match": answers[0].headers["ETag"]})
        assert (same.status_code, same.data) == (304, b"")
        assert is_for_everybody(same)
        assert app.test_client().post(address).status_code == 405


def test_one_question_each(app: Flask, client: FlaskClient, issued: tuple[Certificate, Certificate]) -> None:
    for address in everything(issued):
        db.session.commit()
        with count_queries() as asked:
            client.get(address)
        assert len([each for each in asked if each.startswith("SELECT")]) == 1, address


def test_a_revocation_is_seen_at_once(client: FlaskClient, issued: tuple[Certificate, Certificate]) -> None:
    held = newest(issued[1])
    assert held is not None
    listed = f"/status/{db.session.get_one(StatusList, held.list_id).name}"
    index = held.place
    before = client.get(listed)
    assert before.content_type == "application/vc+ld+json"
    assert before.cache_control.max_age is not None
    assert before.cache_control.max_age <= 600
    revoking.revoke(issued[1], reason_code="mistake", by=make_person())
    after = client.get(listed, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    encoded = [json.loads(each.data)["credentialSubject"]["encodedList"] for each in (before, after)]
    assert [status_list.is_set(each, index) for each in encoded] == [False, True]


@pytest.mark.parametrize(
    "address", ["/credentials/x", f"/credentials/{'a' * 26}", "/status/nothing", "/achievements/x.json"]
)
def test_what_is_not_there_is_told_in_the_same_shape(app: Flask, client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer.json == {"title": "Not Found", "status": 404}
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert is_for_everybody(answer)


def test_the_code_of_the_page_opens_no_credential(client: FlaskClient, issued: tuple[Certificate, Certificate]) -> None:
    """Who has a code may read initials; the name stands in the file, and its address is no other's to know."""
    made = issued[1]
    held = newest(made)
    assert held is not None
    page = client.get(f"/v/{made.code}").get_data(as_text=True)
    assert held.token not in page
    assert "/credentials/" not in page
    for known in (made.code, made.code.lower(), made.number, str(made.id), held.token[:-1]):
        assert client.get(f"/credentials/{known}").status_code == 404


def test_who_was_protected_later_is_told_to_nobody(
    client: FlaskClient, issued: tuple[Certificate, Certificate]
) -> None:
    own, made = issued
    word = newest(own, "endorsement")
    assert word is not None
    addresses = [place(own), f"/credentials/{word.token}"]
    assert [client.get(each).status_code for each in addresses] == [200, 200]
    own.holder.protected, own.holder.alias = True, "Utbildare 1"
    assert [client.get(each).status_code for each in addresses] == [404, 404]
    assert client.get(place(made)).status_code == 200


def test_who_was_protected_when_it_was_issued_is_known_by_the_alias(app: Flask, client: FlaskClient) -> None:
    person = make_person("Pia Hemlig")
    person.protected, person.alias = True, "Deltagare 7"
    made = issue(person, "user")
    text = client.get(place(made)).get_data(as_text=True)
    assert "Deltagare 7" in text
    assert "Hemlig" not in text


def test_an_achievement_is_a_page_for_people_and_data_for_programs(
    app: Flask, client: FlaskClient, issued: tuple[Certificate, Certificate]
) -> None:
    document = json.loads(client.get(place(issued[1])).data)
    achieved = document["credentialSubject"]["achievement"]
    address = achieved["id"].removeprefix("http://localhost")
    data = [
        client.get(address, headers={"Accept": "application/ld+json"}),
        client.get(address, headers={"Accept": "application/json"}),
        client.get(f"{address}?format=json"),
        client.get(f"{address}.json"),
    ]
    for answer in data:
        assert answer.json is not None
        assert {name: each for name, each in answer.json.items() if name != "@context"} == achieved
        assert answer.headers["Vary"] == "Accept"
    assert integrity.canonical(data[0].json)  # every word is defined
    for accept in ("text/html", "*/*"):
        page = client.get(address, headers={"Accept": accept, "Accept-Language": "en"})
        told = page.get_data(as_text=True)
        assert page.content_type.startswith("text/html")
        assert '<html lang="sv">' in told
        assert achieved["description"] in told
        assert achieved["criteria"]["narrative"] in told
        assert 'id="material"' in told
        assert "Medfinansieras av Europeiska unionen" in told
    missing = client.get("/achievements/nothing", headers={"Accept-Language": "en"})
    assert missing.status_code == 404
    assert "We find no such achievement" in missing.get_data(as_text=True)


def test_wrong_addresses_are_counted_and_readers_are_not() -> None:
    (limit,) = limiter.limit_manager.decorated_limits(f"{published.__name__}.credential.credential")
    assert str(limit.limit) == "60 per 1 minute"
    assert limit.deduct_when is not None
    assert [limit.deduct_when(Response(status=status)) for status in (200, 304, 404)] == [False, False, True]


def test_the_keys_are_listed_as_did_web_wants_them(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/.well-known/did.json")
    assert answer.content_type == "application/did+ld+json"
    assert answer.json == keys.did_document()
    assert client.get("/did.json").data == answer.data
