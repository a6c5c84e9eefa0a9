"""A trainer certificate is revoked: nothing under it falls by itself, and each is decided about once."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from certificates import register
from certificates.acts import deciding, revoking
from certificates.acts.revoking import CertificateDecision
from certificates.register import Certificate
from lms import clock
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused
from tests.certificates.branches import Branch, make_branch, make_certificate
from tests.certificates.test_signing import checked
from tests.courses.test_attendance_at_once import at_once
from tests.effort import calls
from tests.factories import make_person, make_project, make_role
from tests.queries import count_queries


@pytest.fixture
def branch(app: Flask) -> Branch:
    return make_branch()


def revoke(branch: Branch, **values: Any) -> None:
    revoking.revoke(branch.trainer, reason_code="conduct", doubted_from=branch.since, by=branch.leader, **values)


def state(certificate: Certificate) -> str:
    return register.state(certificate, clock.today())


def subjects(person: Person) -> list[str]:
    return list(db.session.scalars(select(OutboxMail.subject).where(OutboxMail.person_id == person.id)))


def test_nothing_downstream_is_revoked_and_everything_is_asked_about(branch: Branch) -> None:
    revoke(branch, public_text="Prövades efter en anmälan.")
    assert [state(each) for each in branch.under] == ["valid"] * 4
    assert all(revoking.is_under_review(each) for each in branch.under)
    found = deciding.waiting(branch.project)
    assert [doubt.certificate for doubt in found] == branch.late + branch.early
    assert [doubt.proposed for doubt in found] == ["revoke", "revoke", "keep", "keep"]
    assert deciding.count(branch.project) == 4
    event = register.revocation(branch.trainer)
    assert event is not None
    assert (event.public_text, event.doubted_from) == ("Prövades efter en anmälan.", branch.since)


def test_everybody_concerned_is_told_once_in_plain_words(branch: Branch) -> None:
    revoke(branch)
    assert subjects(branch.trainer.holder) == [f"Your certificate {branch.trainer.number} is revoked"]
    assert subjects(branch.leader) == [f"The certificate {branch.trainer.number} is revoked"]
    for each in branch.under:
        assert subjects(each.holder) == [f"Your certificate {each.number} is being looked at"]
    text = db.session.scalar(select(OutboxMail.text).where(OutboxMail.person_id == branch.under[0].holder_id)) or ""
    assert "Your certificate is not revoked" in text
    assert "Eva" not in text


def test_what_is_kept_proves_itself_again_and_what_falls_is_revoked(branch: Branch) -> None:
    revoke(branch)
    assert not any(checked(each).passed for each in branch.under)
    choices = {doubt.certificate.id: doubt.proposed for doubt in deciding.waiting(branch.project)}
    done = deciding.decide(branch.project, choices, note="Bedömd.", by=branch.leader)
    assert (done.kept, done.revoked, done.passed_over) == (2, 2, ())
    assert [state(each) for each in branch.early] == ["valid"] * 2
    assert [state(each) for each in branch.late] == ["revoked"] * 2
    assert all(checked(each).passed for each in branch.early)
    assert not any(checked(each).passed for each in branch.late)
    assert deciding.count(branch.project) == 0
    assert not any(revoking.is_under_review(each) for each in branch.under)
    assert subjects(branch.early[0].holder)[-1] == f"Your certificate {branch.early[0].number} stands"
    assert subjects(branch.late[0].holder)[-1] == f"Your certificate {branch.late[0].number} is revoked"
    event = register.revocation(branch.late[0])
    assert event is not None
    assert event.reason_code == "grounds"
    (told,) = deciding.decisions_about(branch.early[0])
    assert (told[0].outcome, told[0].note, told[1].certificate_id) == ("keep", "Bedömd.", branch.trainer.id)


def test_deciding_twice_changes_nothing_and_says_so(branch: Branch) -> None:
    revoke(branch)
    first, second = branch.early
    deciding.decide(branch.project, {first.id: "keep"}, by=branch.leader)
    done = deciding.decide(branch.project, {first.id: "revoke", second.id: "keep"}, by=branch.leader)
    assert (done.kept, done.revoked, done.passed_over) == (1, 0, (first,))
    assert state(first) == "valid"
    with pytest.raises(Refused) as refused:
        deciding.decide(branch.project, {first.id: "revoke"}, by=branch.leader)
    assert refused.value.code == "decided"


@pytest.mark.parametrize(
    ("choices", "note", "code"),
    [({}, "", "nothing"), ({1: "keep"}, "x" * 2001, "note"), ({9999: "keep"}, "", "decided")],
)
def test_what_cannot_be_decided(branch: Branch, choices: Any, note: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        deciding.decide(branch.project, choices, note=note, by=branch.leader)
    assert refused.value.code == code


def test_another_projects_certificates_are_not_decided_about(branch: Branch) -> None:
    revoke(branch)
    other = make_project(like="smot")
    with pytest.raises(Refused):
        deciding.decide(other, {branch.early[0].id: "revoke"}, by=make_role("project_leader", other))
    assert deciding.count(other) == 0


def test_revoking_a_user_certificate_touches_nothing_else(branch: Branch) -> None:
    revoking.revoke(branch.early[0], reason_code="mistake", by=branch.leader)
    assert deciding.count(branch.project) == 0
    assert [state(each) for each in branch.under] == ["revoked", "valid", "valid", "valid"]
    assert checked(branch.early[1]).passed


def test_what_falls_above_is_asked_about_one_step_at_a_time(app: Flask) -> None:
    """A county trainer's own certificate, the trainers under it, and their users: each step waits for the one above."""
    branch = make_branch(1, 1)
    county = make_person("Lena Länsson")
    top = make_certificate(branch.project, county, "trainer", ground="top")
    trainer = make_certificate(branch.project, make_person(), "trainer", under=top, ground="middle")
    user = make_certificate(branch.project, make_person(), "user", under=trainer, ground="bottom")
    revoking.revoke(top, reason_code="conduct", by=branch.leader)
    assert [doubt.certificate for doubt in deciding.waiting(branch.project)] == [trainer]
    deciding.decide(branch.project, {trainer.id: "revoke"}, by=branch.leader)
    assert [doubt.certificate for doubt in deciding.waiting(branch.project)] == [user]
    deciding.decide(branch.project, {user.id: "keep"}, by=branch.leader)
    assert [state(each) for each in (top, trainer, user)] == ["revoked", "revoked", "valid"]
    assert checked(user).passed


@pytest.mark.parametrize(
    ("values", "code"),
    [({"reason_code": "because"}, "reason"), ({"public_text": "x" * 301}, "public_text"), ({"future": True}, "future")],
)
def test_what_cannot_be_revoked(branch: Branch, values: dict[str, object], code: str) -> None:
    if values.pop("future", False):
        values["doubted_from"] = clock.today().replace(year=clock.today().year + 1)
    with pytest.raises(Refused) as refused:
        revoking.revoke(branch.trainer, **{"reason_code": "conduct", **values}, by=branch.leader)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_twice_as_many_to_decide_about_are_twice_the_work(app: Flask) -> None:
    work, asked = [], []
    for number in (10, 20, 40):
        branch = make_branch(number, number)

        def act(branch: Branch = branch, number: int = number) -> None:
            revoke(branch)
            choices = {doubt.certificate.id: doubt.proposed for doubt in deciding.waiting(branch.project)}
            done = deciding.decide(branch.project, choices, by=branch.leader)
            assert (done.kept, done.revoked) == (number, number)

        with count_queries() as queries:
            work.append(calls(act))
        asked.append(len(queries))
    for counted in (work, asked):
        assert counted[2] < 2.2 * counted[1]


def test_two_leaders_at_once_decide_each_certificate_once(app: Flask, branch: Branch) -> None:
    revoke(branch)
    number, by, ids = branch.project.id, branch.leader.id, [each.id for each in branch.under]
    db.session.commit()

    def act(outcome: str):  # type: ignore[no-untyped-def]
        def inner() -> tuple[int, int]:
            project, person = db.session.get_one(Project, number), db.session.get_one(Person, by)
            done = deciding.decide(project, dict.fromkeys(ids, outcome), by=person)  # type: ignore[arg-type]
            return done.kept, done.revoked

        return inner

    results = at_once(app, act("keep"), act("revoke"), act("keep"))
    assert sum(isinstance(each, Refused) and each.code == "decided" for each in results) == 2
    db.session.rollback()
    decisions = list(db.session.scalars(select(CertificateDecision)))
    assert len(decisions) == 4
    assert len({each.outcome for each in decisions}) == 1


def test_two_who_revoke_at_once_revoke_once(app: Flask, branch: Branch) -> None:
    number, by = branch.trainer.id, branch.leader.id
    db.session.commit()

    def act() -> str:
        certificate, person = db.session.get_one(Certificate, number), db.session.get_one(Person, by)
        revoking.revoke(certificate, reason_code="conduct", by=person)
        return "done"

    results = at_once(app, *[act] * 3)
    assert results.count("done") == 1
    assert sum(isinstance(each, Refused) and each.code == "revoked" for each in results) == 2
    db.session.rollback()
    assert len(list(db.session.scalars(select(OutboxMail).where(OutboxMail.person_id == by)))) == 1


def test_what_runs_out_under_review_waits_for_nobody_any_more(branch: Branch) -> None:
    last = clock.today() + timedelta(days=5)
    ending = make_certificate(branch.project, make_person(), "user", under=branch.trainer, valid_until=last)
    revoke(branch)
    assert revoking.is_under_review(ending)
    assert deciding.count(branch.project) == 5
    with clock.moved(clock.now() + timedelta(days=6)):
        assert not revoking.is_under_review(ending), "nobody could decide about it, so nobody is to wait for that"
        assert deciding.count(branch.project) == 4
