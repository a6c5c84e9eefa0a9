"""Signed in the act of issue: what is stored proves itself against the county's keys and the stored lists alone."""

import json

import pytest
from flask import Flask
from sqlalchemy import func, select

from certificates import register
from certificates.acts import issuing, revoking
from certificates.proof import keys, signing
from certificates.proof.credentials import Credential, StatusList, list_address, newest
from certificates.register import Certificate
from certificates.standards import checking, integrity, paper
from certificates.standards.integrity import Document
from lms import clock
from lms.db import db
from lms.people import Person
from lms.refusals import Refused
from tests.certificates.examples import example
from tests.factories import make_person


def issue(holder: Person, level: str, under: Certificate | None = None, ground: str = "g") -> Certificate:
    draft = example(number=register.DRAFT, level=level, holder_name=holder.name, issued_on=clock.today())
    return issuing.issue(
        draft, holder=holder, ground=f"{ground}{holder.id}", issuer_certificate=under, by=holder
    )


def lists() -> dict[str, Document]:
    return {list_address(each.name): integrity.read(each.text) for each in db.session.scalars(select(StatusList))}


def checked(certificate: Certificate) -> checking.Checked:
    held = newest(certificate)
    assert held is not None
    return checking.check(integrity.read(held.text), keys.trust(), lists().get, clock.now())


def test_the_county_signs_a_trainer_and_she_signs_a_user(app: Flask) -> None:
    own = issue(make_person(), "trainer")
    made = issue(make_person(), "user", own)
    assert checked(own).passed
    found = checked(made)
    assert found.passed
    assert [each.code for each in found.checks] == [
        "endorsement", "endorsement-status", "chain", "signature", "dates", "status",
    ]  # fmt: skip
    document = json.loads(newest(made).text)  # type: ignore[union-attr]
    assert document["issuer"]["id"] == keys.did(keys.for_trainer(own.id))
    assert document["issuer"]["endorsement"][0]["issuer"]["id"] == "did:web:localhost"
    assert document["credentialSubject"]["id"].startswith("urn:uuid:")
    assert own.code not in newest(own).text  # type: ignore[union-attr]  # who has the file of a page has no code


def test_without_a_trainer_certificate_the_county_issues_itself(app: Flask) -> None:
    made = issue(make_person(), "user")
    assert [each.code for each in checked(made).checks] == ["signature", "dates", "status"]


def test_a_revoked_trainer_breaks_the_chain_at_once(app: Flask) -> None:
    own = issue(make_person(), "trainer")
    made = issue(make_person(), "user", own)
    revoking.revoke(own, reason_code="conduct", by=make_person())
    assert not checked(own).passed
    assert [each.code for each in checked(made).checks if not each.passed] == ["endorsement-status"]
    signing.sign_anew(made, by_county=True)
    found = checked(made)
    assert found.passed
    assert len(found.chain) == 1


def test_the_paper_is_signed_by_the_county_whoever_issued(app: Flask) -> None:
    own = issue(make_person(), "trainer")
    made = issue(make_person(), "user", own)
    held = newest(made)
    assert held is not None
    trusted = {paper.key_id(keys.public(key)): keys.public(key) for key in keys.listed()}
    said = paper.read(held.paper, trusted)
    assert (said.number, said.status_index) == (made.number, held.place)
    assert said.digest == bytes.fromhex(held.digest)[:16]


def test_what_was_issued_before_there_were_keys_is_signed_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(signing, "sign_first", lambda *_certificate, **_values: None)
        own = issue(make_person(), "trainer")
        made = issue(make_person(), "user", own)
    assert newest(made) is None
    assert signing.sign_missing() == 2
    assert checked(made).passed
    assert signing.sign_missing() == 0
    assert db.session.scalar(select(func.count()).select_from(Credential)) == 3


def test_the_county_changes_its_key_and_everything_holds(app: Flask) -> None:
    made = issue(make_person(), "user")
    spare = keys.spare()
    keys.succeed(by=None)
    assert keys.in_use("county") is spare
    later = issue(make_person(), "user")
    assert checked(made).passed
    assert checked(later).passed
    assert len(keys.did_document()["assertionMethod"]) == 3


def test_a_certificate_is_replaced_once_and_stays_what_it_was(app: Flask) -> None:
    holder = make_person()
    first = issue(holder, "user")
    draft = example(number=register.DRAFT, holder_name="Nytt Namn", issued_on=clock.today())
    values = {"holder": holder, "issuer_certificate": None, "by": holder, "replaces": first}
    second = issuing.issue(draft, ground="name:1", **values)
    assert register.state(first, clock.today()) == "replaced"
    assert register.replacement(first) is second
    assert register.state(second, clock.today()) == "valid"
    assert checked(first).passed
    with pytest.raises(Refused) as refused:
        issuing.issue(draft, ground="name:2", **values)
    assert refused.value.code == "replaced"
