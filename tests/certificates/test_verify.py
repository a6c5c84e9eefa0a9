"""The page a stranger opens: the verdict, nothing more than is printed, no cookie, few queries, little weight."""

import gzip
import re
from datetime import date, timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from certificates import register
from certificates.acts import issuing, revoking
from certificates.answering.verification import initials
from certificates.register import Certificate
from certificates.statement import ALPHABET, CODE_LENGTH, new_code
from certificates.views import checking, verify
from lms import clock
from lms.app import STATIC
from lms.db import db
from lms.limits import limiter
from lms.people import Person
from tests.certificates.examples import EXAMPLE, example
from tests.certificates.test_register import draft
from tests.factories import make_person, make_project, make_role
from tests.queries import connections, count_queries

DAY = date(2022, 10, 12)


def chain() -> tuple[Certificate, Certificate, Person, Person]:
    """A user certificate issued by a certified trainer: both certificates, the holder, the trainer."""
    holder, trainer, county = (make_person(name) for name in ("Elin Maria Forsman", "Eva Dahlgren", "Tomas Rydell"))
    own = issuing.issue(
        draft(level="trainer", holder_name=trainer.name), holder=trainer, ground="t", issuer_certificate=None, by=county
    )
    made = issuing.issue(
        draft(holder_name=holder.name), holder=holder, ground="u", issuer_certificate=own, by=trainer
    )
    return made, own, holder, trainer


def page(client: FlaskClient, code: str, **headers: str) -> str:
    answer = client.get(f"/v/{code}", headers=headers)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_valid_certificate_says_so_and_shows_initials_only(app: Flask, client: FlaskClient) -> None:
    made, own, _holder, trainer = chain()
    told = page(client, made.code, **{"Accept-Language": "en"})
    assert "Valid certificate" in told
    assert "E.\u00a0F." in told
    assert "Forsman" not in told
    assert made.number in told
    assert "(E.\u00a0D.)" in told
    assert trainer.name not in told
    assert own.number not in told
    assert "SMAIL for users" in told


def test_the_holder_may_show_the_whole_name_and_take_it_back(app: Flask, client: FlaskClient) -> None:
    made, _own, holder, _trainer = chain()
    register.present(made, full_name=True, by=holder)
    assert "Elin Maria Forsman" in page(client, made.code)
    register.present(made, full_name=False, by=holder)
    assert "Forsman" not in page(client, made.code)


def test_a_protected_identity_is_not_shown_at_all(app: Flask, client: FlaskClient) -> None:
    made, _own, holder, _trainer = chain()
    register.present(made, full_name=True, by=holder)
    holder.protected, holder.alias = True, "Deltagare 7"
    told = page(client, made.code, **{"Accept-Language": "en"})
    assert "not shown" in told
    assert "E.\u00a0F." not in told
    assert "Forsman" not in told


def test_an_expired_and_a_revoked_certificate_say_since_when(app: Flask, client: FlaskClient) -> None:
    leader, holder = make_person(), make_person()
    old = issuing.issue(
        draft(valid_until=DAY + timedelta(days=3)), holder=holder, ground="o", issuer_certificate=None, by=leader
    )
    with clock.moved(clock.now() + timedelta(days=4)):
        told = page(client, old.code, **{"Accept-Language": "en"})
    assert "The certificate has expired" in told
    assert "15 October 2022" in told
    db.session.rollback()
    revoking.revoke(old, reason_code="grounds", note="Secret note", by=leader)
    told = page(client, old.code, **{"Accept-Language": "en"})
    assert "Revoked certificate" in told
    assert "12 October 2022" in told
    assert "grounds of the certificate turned out not to hold" in told
    assert "Secret note" not in told


@pytest.mark.parametrize("code", ["A" * 16, "ABC", "0000-0000-0000-0000", "å", "x" * 300])
def test_an_unknown_code_looks_the_same_and_answers_404(app: Flask, client: FlaskClient, code: str) -> None:
    answer = client.get(f"/v/{code}", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    told = answer.get_data(as_text=True)
    assert 'class="verdict kommande"' in told
    assert "We find no such certificate" in told
    assert code not in told


def test_no_cookie_is_set_or_needed(app: Flask, client: FlaskClient, browser_of) -> None:  # type: ignore[no-untyped-def]
    made, _own, holder, _trainer = chain()
    for browser in (client, browser_of(holder)):
        for address in (f"/v/{made.code}", "/v/AAAA", "/verify", "/verify?code=1"):
            answer = browser.get(address)
            assert "Set-Cookie" not in answer.headers
            assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
            assert "csrf_token" not in answer.get_data(as_text=True)
            assert holder.full_name not in answer.get_data(as_text=True), "also who is signed in is a stranger here"


def test_a_refusal_sets_no_cookie_either(app: Flask, client: FlaskClient, browser_of) -> None:  # type: ignore[no-untyped-def]
    made, _own, holder, _trainer = chain()
    for browser in (client, browser_of(holder)):
        for answer in (browser.post(f"/v/{made.code}"), browser.get("/v/a/b"), browser.get("/verify/x")):
            assert answer.status_code in (404, 405)
            assert "Set-Cookie" not in answer.headers
            assert "csrf_token" not in answer.text


def test_the_page_asks_little_and_weighs_little(app: Flask, client: FlaskClient, browser_of) -> None:  # type: ignore[no-untyped-def]
    made, _own, holder, _trainer = chain()
    address = f"/v/{made.code}"
    for browser in (client, browser_of(holder)):
        for _first_and_again in range(2):
            with count_queries() as queries, connections() as used:
                answer = browser.get(address)
            assert (len(used), queries) == (1, []), "one question straight to the driver, and no other"
        assert len(answer.data) < 40_000
        files = re.findall(r'<(?:link|script|img)[^>]* (?:href|src)="([^"]+)"', answer.text)
        assert len(files) == 5, "icon, ground, theme, script, emblem"
        found = [STATIC / file.partition("?")[0].removeprefix("/static/") for file in files]
        parts = [answer.data, *(path.read_bytes() for path in found)]
        assert sum(len(gzip.compress(part, 6)) for part in parts) < 30_000, "the whole page, as a proxy sends it"


def test_the_form_leads_to_the_page_and_explains_slips(app: Flask, client: FlaskClient) -> None:
    made, _own, _holder, _trainer = chain()
    answer = client.get("/verify", query_string={"code": f"{made.code[:4].lower()} {made.code[4:]}"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/v/{made.code}")
    assert client.get("/verify").status_code == 200
    for typed, words in (
        ("SMA-A-2026-0096", "That is the number"),
        ("0Q4M9XKD2RTABCDE", "No code has the signs"),
        ("7Q4M", "You wrote 4"),
        ("7Q4M9XKD2RTABCD%", "only the letters"),
        ("<script>alert(1)<", "No code has the signs"),
        ("<script>alert(1)</script>", "not the address of a certificate"),
    ):
        answer = client.get("/verify", query_string={"code": typed}, headers={"Accept-Language": "en"})
        assert answer.status_code == 422
        assert words in answer.get_data(as_text=True)
        assert "<script>alert" not in answer.get_data(as_text=True)


def test_guessing_is_limited() -> None:
    for module, name in ((verify, "show"), (checking, "form")):
        limits = limiter.limit_manager.decorated_limits(f"{module.__name__}.{name}.{name}")
        assert [str(each.limit) for each in limits] == ["60 per 1 minute"]


def test_initials() -> None:
    assert initials("Elin Maria Forsman") == "E.\u00a0F."
    assert initials("Cher") == "C."
    assert initials("åsa öberg") == "Å.\u00a0Ö."


def test_the_pdf_is_for_holder_issuer_and_project_leader(app: Flask, client: FlaskClient, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    made, _own, holder, trainer = chain()
    leader, other_leader = make_role("project_leader", project), make_role("project_leader", make_project(dnr="2023/1"))
    address = f"/certificates/{made.id}.pdf"
    for person in (holder, trainer, leader):
        answer = browser_of(person).get(address)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/pdf"
        assert made.number in answer.headers["Content-Disposition"]
    text = "".join(each.extract_text() for each in PdfReader(BytesIO(answer.data)).pages)
    assert made.number in text
    assert browser_of(holder).get(address + "?layout=landscape").status_code == 200
    assert browser_of(holder).get(address + "?layout=round").status_code == 404
    for person in (make_person(), other_leader, make_role("trainer", project)):
        assert browser_of(person).get(address).status_code == 403
    assert client.get(address).status_code == 303


def test_my_certificates_and_my_choice(app: Flask, client: FlaskClient, browser_of) -> None:  # type: ignore[no-untyped-def]
    made, _own, holder, trainer = chain()
    browser = browser_of(holder)
    assert made.number in browser.get("/my/certificates").get_data(as_text=True)
    address = f"/certificates/{made.id}/presentation"
    assert browser.post(address, data={"shown": "name"}).status_code == 303
    assert browser.post(address, data={"shown": "everything"}).status_code == 422
    assert "Elin Maria Forsman" in page(client, made.code)
    assert browser_of(trainer).post(address, data={"shown": "initials"}).status_code == 403
    assert made.number not in browser_of(make_person()).get("/my/certificates").get_data(as_text=True)


def test_the_project_leader_revokes_after_seeing_what_is_under_it(app: Flask, client: FlaskClient, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    made, own, _holder, trainer = chain()
    browser = browser_of(make_role("project_leader", project))
    address = f"/certificates/{own.id}/revoke"
    assert made.number in browser.get(address).get_data(as_text=True)
    assert browser.post(address, data={"reason": "conduct"}).status_code == 422, "first read the list"
    assert browser.post(address, data={"reason": "conduct", "sure": "y", "note": "Case 12"}).status_code == 303
    db.session.expire_all()
    assert register.state(own, DAY) == "revoked"
    assert browser.post(address, data={"reason": "conduct", "sure": "y"}).status_code == 303, "told, not doubled"
    assert browser_of(trainer).get(address).status_code == 403
    assert browser.get(f"/certificates/{own.id}").status_code == 200
    assert "Case 12" not in client.get(f"/v/{own.code}").get_data(as_text=True)


def test_the_pdf_of_a_revoked_certificate_says_so(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    made, _own, holder, _trainer = chain()
    revoking.revoke(made, reason_code="mistake", by=make_person())
    answer = browser_of(holder).get(f"/certificates/{made.id}.pdf")
    assert "Återkallat" in PdfReader(BytesIO(answer.data)).pages[0].extract_text()


def test_the_example_of_the_tests_is_never_stored_as_it_is(app: Flask) -> None:
    made, *_rest = chain()
    assert register.statement_of(made) != EXAMPLE
    assert example().code != made.code


def test_known_and_unknown_codes_look_alike_from_outside(app: Flask, client: FlaskClient) -> None:
    made, *_rest = chain()
    db.session.commit()
    plain = app.test_client()
    answers, asked = {}, {}
    for code in (made.code, "A" * 16):
        plain.get(f"/v/{code}")
        with count_queries() as queries, connections() as used:
            answers[code] = plain.get(f"/v/{code}")
        asked[code] = len(used), len(queries)
    known, unknown = answers[made.code], answers["A" * 16]
    length = {"Content-Length"}
    assert set(known.headers.keys()) == set(unknown.headers.keys())
    assert {name: known.headers[name] for name in set(known.headers.keys()) - length} == {
        name: unknown.headers[name] for name in set(unknown.headers.keys()) - length
    }
    assert set(asked.values()) == {(1, 0)}, "both ask the register once"


def test_codes_have_eighty_bits() -> None:
    assert len(set(ALPHABET)) ** CODE_LENGTH == 2**80
    codes = {new_code() for _each in range(500)}
    assert len(codes) == 500
    assert set("".join(codes)) == set(ALPHABET)


def test_what_a_device_keeps_names_nobody_and_its_worker_is_never_stale(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    made, _own, holder, _trainer = chain()
    browser = browser_of(holder)
    page, worker = browser.get("/v/offline"), browser.get("/v/sw.js")
    for answer in (page, worker):
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        for secret in (holder.full_name, made.number, made.code, "csrf_token"):
            assert secret not in answer.text
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert worker.mimetype == "text/javascript"
    assert worker.headers["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in worker.headers["Content-Security-Policy"]


def test_what_the_page_tells_its_script_is_what_it_shows(app: Flask, client: FlaskClient) -> None:
    made, *_rest = chain()
    told = page(client, made.code)
    marks = dict(re.findall(r' data-(\w+)="([^"]*)"', re.findall(r"<div[^>]* data-paper [^>]*>", told)[0]))
    assert marks == {
        "keys": "/.well-known/did.json", "lists": "/status/", "worker": "/v/sw.js", "now": "2022-10-12T10:00:00+00:00",
        "state": "valid", "number": made.number, "level": "user", "issued": "2022-10-12", "until": "",
    }  # fmt: skip
    told = client.get("/v/AAAA").text
    assert 'data-state="unknown"' in told
    assert "data-number" not in told
