"""A key that others may have, or that is lost: what rested on it is signed anew; what a thief makes is not believed."""

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import func, select, update

from certificates.acts import revoking
from certificates.proof import keys, signing, signing_anew, status_lists
from certificates.proof.credentials import Credential, StatusList, newest, with_token
from certificates.proof.keys import SigningKey
from certificates.register import Certificate
from certificates.standards import checking, integrity, multikey, paper
from certificates.standards.integrity import Document
from lms import clock
from lms.audit import Audit
from lms.db import db
from lms.refusals import Refused
from tests.certificates.test_signing import checked, issue, lists
from tests.factories import make_person


@dataclass(frozen=True)
class Issued:
    """A trainer's certificate, two of users below it, and one that the county issued itself."""

    trainer: Certificate
    user: Certificate
    other: Certificate
    alone: Certificate

    @property
    def every(self) -> tuple[Certificate, ...]:
        return self.trainer, self.user, self.other, self.alone


@pytest.fixture
def issued(app: Flask) -> Issued:
    own = issue(make_person(), "trainer")
    return Issued(
        own, issue(make_person(), "user", own), issue(make_person(), "user", own), issue(make_person(), "user")
    )


def held(certificate: Certificate, kind: str = "certificate") -> Credential:
    found = newest(certificate, kind)  # type: ignore[arg-type]
    assert found is not None
    return found


def believed(document: Document) -> bool:
    return checking.check(document, keys.trust(), lists().get, clock.now()).passed


def documents(issued: Issued) -> list[Document]:
    return [integrity.read(held(each).text) for each in issued.every]


def paper_of(certificate: Certificate) -> paper.Paper:
    good = [each for each in keys.listed() if each.revoked_at is None]
    return paper.read(held(certificate).paper, {paper.key_id(keys.public(each)): keys.public(each) for each in good})


def forged(like: Document, secret: Ed25519PrivateKey) -> Document:
    """What a thief of the key makes: another name under the same signature."""
    changed = json.loads(json.dumps(like))
    changed["credentialSubject"]["identifier"][0]["identityHash"] = "Tom Tjuv"
    return integrity.sign(changed, secret, like["proof"][0]["verificationMethod"], clock.now())


def test_a_retired_key_proves_on(issued: Issued) -> None:
    before, old = documents(issued), keys.in_use("county")
    keys.succeed(by=None)
    assert all(believed(each) for each in before)
    assert signing_anew.resting_on(old) == [each.id for each in issued.every]
    status_lists.renew_due()
    assert all(checked(each).passed for each in issued.every)


def test_the_county_key_is_withdrawn_and_everything_stands_on_the_next(issued: Issued) -> None:
    before, papers = documents(issued), [held(each).paper for each in issued.every]
    old, spare = keys.in_use("county"), keys.spare()
    theft = forged(before[3], keys.private(old))
    assert believed(theft)
    told: list[tuple[int, int]] = []
    assert signing_anew.compromised(old, by=None, say=lambda done, total: told.append((done, total))) == 4
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert keys.in_use("county") is spare
    assert keys.spare() not in (None, spare)
    assert not any(believed(each) for each in [*before, theft])
    words = [
        each.words
        for document in before
        for each in checking.check(document, keys.trust(), lists().get, clock.now()).checks
        if not each.passed
    ]
    assert len(words) == 4
    assert all("withdrawn" in each for each in words)
    assert all(checked(each).passed for each in issued.every)
    assert [paper_of(each).number for each in issued.every] == [each.number for each in issued.every]
    trusted = {paper.key_id(keys.public(each)): keys.public(each) for each in keys.listed() if not each.revoked_at}
    for digits in papers:
        with pytest.raises(paper.PaperError):
            paper.read(digits, trusted)
    assert signing_anew.resting_on(old) == []


def test_the_did_document_says_since_when_a_key_is_withdrawn(issued: Issued) -> None:
    old = keys.in_use("county")
    signing_anew.compromised(old, by=None)
    listed = keys.did_document()
    (gone,) = [each for each in listed["verificationMethod"] if each["publicKeyMultibase"] == old.public]
    assert gone["revoked"] == "2022-10-12T10:00:00Z"
    assert gone["id"] not in listed["assertionMethod"]
    assert len(listed["assertionMethod"]) == 2


def test_doing_it_again_signs_nothing(issued: Issued) -> None:
    old = keys.in_use("county")
    signing_anew.compromised(old, by=None)
    count = db.session.scalar(select(func.count()).select_from(Credential))
    assert signing_anew.compromised(old, by=None) == 0
    assert db.session.scalar(select(func.count()).select_from(Credential)) == count
    assert db.session.scalar(select(func.count()).select_from(Audit).where(Audit.act == "key.withdrawn")) == 1
    assert len(keys.listed()) == 3


def test_a_key_that_was_retired_long_ago_can_be_withdrawn(issued: Issued) -> None:
    old = keys.in_use("county")
    present = keys.succeed(by=None)
    later = issue(make_person(), "user")
    assert signing_anew.compromised(old, by=None) == 4, "what the next key signed stands as it is"
    assert keys.in_use("county") is present
    assert held(later).edition == 1
    assert all(checked(each).passed for each in (*issued.every, later))


def test_paper_signed_by_a_withdrawn_key_is_found_where_only_the_paper_is(issued: Issued) -> None:
    """The trainer was endorsed by the first key; her user's paper was signed by the second."""
    second = keys.succeed(by=None)
    later = issue(make_person(), "user", issued.trainer)
    assert second.public not in held(later).text
    assert signing_anew.resting_on(second) == [later.id]
    assert signing_anew.compromised(second, by=None) == 1
    assert paper_of(later).number == later.number


def test_the_spare_is_withdrawn_and_replaced_before_it_was_ever_used(issued: Issued) -> None:
    before, spare = documents(issued), keys.spare()
    assert spare is not None
    assert signing_anew.compromised(spare, by=None) == 0
    assert keys.spare() not in (None, spare)
    assert keys.in_use("county").used_from is not None
    assert all(believed(each) for each in before)


def test_a_trainer_gets_another_key_and_keeps_her_certificate(issued: Issued) -> None:
    old, before = keys.for_trainer(issued.trainer.id), documents(issued)
    theft = forged(before[1], keys.private(old))
    assert believed(theft)
    assert signing_anew.compromised(old, by=None) == 3
    new = keys.for_trainer(issued.trainer.id)
    assert new.public != old.public
    assert not believed(theft)
    assert not any(believed(each) for each in before[1:3]), "their files name the withdrawn key"
    assert believed(before[0]), "that she is certified was never in doubt"
    assert believed(before[3])
    assert all(checked(each).passed for each in issued.every)
    assert held(issued.alone).edition == 1
    later = issue(make_person(), "user", issued.trainer)
    assert integrity.read(held(later).text)["issuer"]["id"] == keys.did(new)
    assert checked(later).passed
    assert signing_anew.compromised(old, by=None) == 0


def test_a_thief_does_not_clear_the_endorsement_with_a_list_of_her_own(issued: Issued) -> None:
    old = keys.for_trainer(issued.trainer.id)
    document, secret = integrity.read(held(issued.user).text), keys.private(old)
    signing_anew.compromised(old, by=None)
    mine = {
        address: integrity.sign(listed, secret, multikey.method_of(keys.did(old)), clock.now())
        for address, listed in lists().items()
        if listed["issuer"] == keys.did(old)
    }
    found = checking.check(document, keys.trust(), (lists() | mine).get, clock.now())
    assert [each.code for each in found.checks if not each.passed] == ["endorsement-status"]


def test_what_was_kept_by_the_county_stays_with_the_county(issued: Issued) -> None:
    revoking.revoke(issued.trainer, reason_code="conduct", by=make_person())
    signing.sign_anew(issued.user, by_county=True)
    signing_anew.compromised(keys.for_trainer(issued.trainer.id), by=None)
    assert held(issued.user).edition == 2
    assert checked(issued.user).passed
    assert [each.code for each in checked(issued.other).checks if not each.passed] == ["endorsement-status"]
    signing_anew.compromised(keys.in_use("county"), by=None)
    assert checked(issued.user).passed
    assert not checked(issued.other).passed
    assert not checked(issued.trainer).passed


def test_a_seal_is_followed_by_another(issued: Issued) -> None:
    old = keys.in_use("seal")
    assert keys.name_of(old).startswith("sha256:")
    assert keys.named(keys.name_of(old)) is old
    assert signing_anew.compromised(old, by=None) == 0
    assert keys.in_use("seal").public != old.public


def test_earlier_editions_stay_where_they_were(issued: Issued) -> None:
    before = [(held(each).token, held(each).text) for each in issued.every]
    signing_anew.compromised(keys.in_use("county"), by=None)
    for token, text in before:
        kept = with_token(token)
        assert kept is not None
        assert kept.text == text


def test_keys_are_named_and_told(issued: Issued) -> None:
    states = [(key.kind, keys.state_of(key)[0]) for key in keys.every()]
    assert sorted(states) == [("county", "in use"), ("county", "spare"), ("seal", "in use"), ("trainer", "in use")]
    first = keys.in_use("county")
    assert keys.named(first.public) is keys.named(keys.method(first)) is first
    keys.succeed(by=None)
    assert keys.state_of(first)[0] == "retired"
    keys.withdraw(first, by=None)
    assert keys.state_of(first) == ("withdrawn", clock.now())
    with pytest.raises(Refused) as refused:
        keys.named("z6Mk")
    assert refused.value.code == "unknown_key"


def test_when_the_secrets_are_lost_others_take_their_places(issued: Issued) -> None:
    """A restored backup without LMS_KEY_ENCRYPTION_KEY: `lms init` makes new keys, and everything is believed again."""
    before = documents(issued)
    db.session.execute(update(SigningKey).values(cipher=b""))
    db.session.expire_all()
    keys.make_missing()
    assert signing_anew.after_loss() == 3
    assert {keys.state_of(each)[0] for each in keys.every()} == {"lost", "in use", "spare"}
    with clock.moved(clock.now() + timedelta(hours=25)):
        status_lists.renew_due()
        assert all(checked(each).passed for each in issued.every)
        assert believed(before[0])
        assert believed(before[3])
        assert checked(issue(make_person(), "user", issued.trainer)).passed
    with clock.moved(clock.now() + timedelta(days=9)):
        status_lists.renew_due()
        assert not believed(before[1]), "nobody signs the list of the lost key any more"
        assert all(checked(each).passed for each in issued.every)
    assert signing_anew.after_loss() == 0
    keys.make_missing()
    assert db.session.scalar(select(func.count()).select_from(SigningKey)) == 8
    assert db.session.scalar(select(func.count()).select_from(StatusList)) == 3
