"""Another name on a certificate: a new one that says the same, linked to the first, which stays what it was."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from certificates import register
from certificates.acts import deciding, renaming, revoking
from certificates.answering import examined
from certificates.files import making
from certificates.proof.credentials import newest
from certificates.register import Certificate, CertificatePresentation
from lms import clock
from lms.audit import Audit
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.refusals import Refused
from tests.certificates.branches import Branch, make_branch, make_certificate
from tests.certificates.test_signing import checked
from tests.courses.test_attendance_at_once import at_once
from tests.factories import make_person


@pytest.fixture
def branch(app: Flask) -> Branch:
    return make_branch(1, 1)


def rename(certificate: Certificate, by: Person, given: str = "Elin", family: str = "Åkerström") -> Certificate:
    return renaming.rename(certificate, given_name=given, family_name=family, by=by)


def test_everything_but_the_name_stays(branch: Branch) -> None:
    (first,) = branch.early
    register.present(first, full_name=True, by=first.holder)
    second = rename(first, branch.leader)
    before, after = register.statement_of(first), register.statement_of(second)
    assert after == replace(before, holder_name="Elin Åkerström", number=second.number, code=second.code)
    assert (second.issued_on, second.valid_until, second.level) == (first.issued_on, first.valid_until, first.level)
    assert (second.issuer_certificate_id, second.issued_by_id) == (first.issuer_certificate_id, first.issued_by_id)
    assert [register.state(each, clock.today()) for each in (first, second)] == ["replaced", "valid"]
    assert register.replacement(first) is second
    assert first.holder.full_name == "Elin Åkerström"
    shown = db.session.get(CertificatePresentation, second.id)
    assert shown is not None
    assert shown.full_name
    (event,) = first.events
    assert (event.kind, event.reason_code, event.by_id) == ("replaced", "name", branch.leader.id)


def test_the_file_of_either_says_the_days_that_are_printed(branch: Branch) -> None:
    (first,) = branch.early
    second = rename(first, branch.leader)
    assert clock.local(second.issued_at).date() > second.issued_on
    for each in (first, second):
        (stored,) = making.stored([each])
        found = examined.file(making.sealed_pdf(stored, making.stamp())).told
        assert {fact.code: fact.found for fact in found.facts if fact.found is not None}.keys() >= {"issued", "days"}
        assert [fact.code for fact in found.facts if fact.found is False] == []


def test_the_county_signs_and_both_prove_themselves(branch: Branch) -> None:
    (first,) = branch.early
    second = rename(first, branch.leader)
    assert checked(first).passed
    assert checked(second).passed
    document = json.loads(newest(second).text)  # type: ignore[union-attr]
    assert document["issuer"]["id"] == "did:web:localhost"
    assert any(each["genre"] == "predecessor" for each in document["evidence"] if "genre" in each)


def test_twice_is_once_and_the_mail_says_both_numbers(branch: Branch) -> None:
    (first,) = branch.early
    second = rename(first, branch.leader)
    assert rename(first, branch.leader) is second
    mails = list(db.session.scalars(select(OutboxMail).where(OutboxMail.person_id == first.holder_id)))
    assert len(mails) == 1
    assert first.number in mails[0].text
    assert second.number in mails[0].text
    told = [row.details for row in db.session.scalars(select(Audit).where(Audit.act.startswith("person.renamed")))]
    assert told == [{}]  # the log says that, not the names


@pytest.mark.parametrize(
    ("given", "family", "code"),
    [("", " ", "name"), ("x" * 81, "y", "name"), ("Per", "Persson", "same"), ("Elin", "\U00012000", "glyphs")],
)
def test_names_that_are_refused(branch: Branch, given: str, family: str, code: str) -> None:
    made = make_certificate(branch.project, make_person("Per Persson"))
    with pytest.raises(Refused) as refused:
        rename(made, branch.leader, given, family)
    assert refused.value.code == code


def test_only_what_holds_and_is_not_doubted_gets_another_name(branch: Branch) -> None:
    ended = make_certificate(branch.project, make_person(), valid_until=clock.today())
    revoking.revoke(branch.trainer, reason_code="conduct", by=branch.leader)
    replaced = make_certificate(branch.project, make_person())
    rename(replaced, branch.leader)
    with clock.moved(clock.now() + timedelta(days=1)):
        for certificate, code in (
            (branch.trainer, "not_valid"), (branch.early[0], "under_review"), (ended, "not_valid"),
            (replaced, "not_valid"),
        ):  # fmt: skip
            with pytest.raises(Refused) as refused:
                rename(certificate, branch.leader, "Annan", "Person")
            assert refused.value.code == code


def test_what_was_decided_is_carried_over(branch: Branch) -> None:
    (first,) = branch.early
    revoking.revoke(branch.trainer, reason_code="conduct", by=branch.leader)
    deciding.decide(branch.project, {first.id: "keep"}, by=branch.leader)
    second = rename(first, branch.leader)
    assert not revoking.is_under_review(second)
    assert second not in [doubt.certificate for doubt in deciding.waiting(branch.project)]
    assert checked(second).passed


def test_a_trainers_second_certificate_falls_with_the_first_and_doubts_what_is_under_both(branch: Branch) -> None:
    second = rename(branch.trainer, branch.leader)
    user = make_certificate(branch.project, make_person(), under=second)
    with pytest.raises(Refused) as refused:
        revoking.revoke(branch.trainer, reason_code="conduct", by=branch.leader)
    assert refused.value.code == "replaced"
    revoking.revoke(second, reason_code="conduct", by=branch.leader)
    assert [register.state(each, clock.today()) for each in (branch.trainer, second)] == ["revoked", "revoked"]
    assert {doubt.certificate for doubt in deciding.waiting(branch.project)} == {*branch.under, user}
    assert not checked(branch.trainer).passed


def test_a_protected_person_gets_it_on_the_alias_whatever_is_typed(branch: Branch) -> None:
    (first,) = branch.early
    first.holder.alias, first.holder.protected = "Deltagare 7", True
    second = rename(first, branch.leader, "Hennes", "Namn")
    assert register.statement_of(second).holder_name == "Deltagare 7"
    assert first.holder.full_name != "Hennes Namn"
    assert first.events[0].reason_code == "protected"


def test_two_at_once_make_one(app: Flask, branch: Branch) -> None:
    number, by = branch.early[0].id, branch.leader.id
    db.session.commit()

    def act() -> int:
        return rename(db.session.get_one(Certificate, number), db.session.get_one(Person, by)).id

    assert len(set(at_once(app, *[act] * 3))) == 1


def test_renaming_and_revoking_at_once_leave_one_of_them(app: Flask, branch: Branch) -> None:
    number, by = branch.trainer.id, branch.leader.id
    db.session.commit()

    def name() -> str:
        rename(db.session.get_one(Certificate, number), db.session.get_one(Person, by))
        return "renamed"

    def fall() -> str:
        certificate, person = db.session.get_one(Certificate, number), db.session.get_one(Person, by)
        revoking.revoke(certificate, reason_code="conduct", by=person)
        return "revoked"

    results = at_once(app, name, fall)
    won = [each for each in results if isinstance(each, str)]
    lost = [each.code for each in results if isinstance(each, Refused)]
    assert (won, lost) in ((["renamed"], ["replaced"]), (["revoked"], ["not_valid"]))
    db.session.rollback()
    held = list(db.session.scalars(select(Certificate).where(Certificate.holder_id == branch.trainer.holder_id)))
    assert len(held) == (2 if won == ["renamed"] else 1)
