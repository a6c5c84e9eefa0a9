"""The lines of `lms doctor` about certificates: keys, lists, and the address that is signed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from certificates.proof import health, keys, signing_anew, status_lists
from certificates.proof.credentials import StatusList
from certificates.proof.keys import SigningKey
from certificates.register import Certificate
from certificates.standards import status_list
from lms import clock, doctor
from lms.db import db
from lms.doctor import Finding
from tests.certificates.test_signing import issue
from tests.factories import make_person


@pytest.fixture
def made(app: Flask) -> Certificate:
    return issue(make_person(), "user", issue(make_person(), "trainer"))


@pytest.fixture
def elsewhere(app: Flask) -> Iterator[None]:
    """The installation moves to another address."""
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, base_url="https://kurs.example:8443/proof")
    yield
    app.config["SETTINGS"] = before


def says(found: Finding, state: str, *words: str) -> None:
    assert found.state == state, found
    assert [word for word in words if word not in found.line()] == []
    assert bool(found.remedy) == (state != "ok")


def test_they_are_among_the_checks(app: Flask) -> None:
    assert [health.signing_keys, health.status_lists, health.signed_address] == doctor.CHECKS[-3:]
    assert [check().state for check in doctor.CHECKS[-3:]] == ["ok"] * 3
    assert timedelta(days=health.FRESH) == status_list.FRESH


def test_keys_that_sign(made: Certificate) -> None:
    says(health.signing_keys(), "ok", "1 trainers")
    spare = keys.spare()
    assert spare is not None
    spare.retired_at = clock.now()
    says(health.signing_keys(), "fault", "its spare", "lms init")
    db.session.execute(update(SigningKey).values(cipher=b"\x80nothing"))
    db.session.expire_all()
    says(health.signing_keys(), "fault", "the county's key", "the seal")


def test_keys_that_are_lost_are_told_until_others_have_taken_their_places(made: Certificate) -> None:
    db.session.execute(update(SigningKey).values(cipher=b""))
    db.session.expire_all()
    says(health.signing_keys(), "fault", "lms init")
    keys.make_missing()
    signing_anew.after_loss()
    says(health.signing_keys(), "ok", "1 trainers", "4 are lost")


def test_what_rests_on_a_withdrawn_key_is_told(made: Certificate) -> None:
    old = keys.in_use("county")
    keys.withdraw(old, by=None)
    says(health.signing_keys(), "fault", "2 certificates", f"lms keys compromise {old.public}")
    signing_anew.compromised(old, by=None)
    says(health.signing_keys(), "ok")


def test_lists_that_nobody_renews(made: Certificate) -> None:
    says(health.status_lists(), "ok", "2 are fresh")
    for hours, state, words in ((25, "ok", "fresh"), (27, "warning", "27 hours"), (24 * 8, "fault", "8 days")):
        with clock.moved(clock.now() + timedelta(hours=hours)):
            says(health.status_lists(), state, words)
    with clock.moved(clock.now() - timedelta(days=1)):
        says(health.status_lists(), "fault", "clock")
        status_lists.renew_due()
        says(health.status_lists(), "ok")
    db.session.execute(update(SigningKey).where(SigningKey.kind == "trainer").values(cipher=b""))
    with clock.moved(clock.now() + timedelta(hours=47)):
        status_lists.renew_due()
        says(health.status_lists(), "ok", "1 are fresh")


def test_no_list_is_no_fault(app: Flask) -> None:
    assert db.session.query(StatusList).count() == 0
    says(health.status_lists(), "ok", "none yet")


def test_an_address_that_changed(made: Certificate, elsewhere: None) -> None:
    says(health.signed_address(), "warning", "2 signed texts", "did:web:kurs.example%3A8443:proof")
    issue(make_person(), "user")
    says(health.signed_address(), "warning", "2 signed texts")


def test_the_address_that_everything_names(made: Certificate) -> None:
    says(health.signed_address(), "ok", "did:web:localhost")
