"""What holders, project leaders and former trainers try against the chain: two at once, other names, lost keys."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from certificates import register
from certificates.acts import deciding, renaming, revoking
from certificates.acts.revoking import CertificateDecision, Outcome
from certificates.proof import keys, signing, signing_anew
from certificates.proof.keys import SigningKey
from certificates.register import Certificate
from lms import clock
from lms.db import db
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused
from tests.certificates.branches import Branch, make_branch
from tests.certificates.test_signing import checked
from tests.courses.test_attendance_at_once import at_once
from tests.factories import make_role

# --- two at once ------------------------------------------------------------------------------------------------


@pytest.fixture
def branch(app: Flask) -> Branch:
    made = make_branch(2, 1)
    db.session.commit()
    return made


def together(app: Flask, *acts: Callable[[], object]) -> list[object]:
    """At once, when no lock of the test stands in their way."""
    db.session.commit()
    return at_once(app, *acts)


def person_of(leader: int) -> Person:
    return db.session.get_one(Person, leader)


def revoking_(number: int, by: int) -> Callable[[], object]:
    def act() -> None:
        revoking.revoke(db.session.get_one(Certificate, number), reason_code="conduct", by=person_of(by))

    return act


def renaming_(number: int, by: int, name: str = "Åkerström") -> Callable[[], object]:
    def act() -> int:
        certificate = db.session.get_one(Certificate, number)
        return renaming.rename(certificate, given_name="Elin", family_name=name, by=person_of(by)).id

    return act


def deciding_(project: int, by: int, choices: dict[int, Outcome]) -> Callable[[], object]:
    def act() -> object:
        return deciding.decide(db.session.get_one(Project, project), choices, by=person_of(by))

    return act


def stands(number: int) -> bool:
    """Whether the newest file of a certificate proves itself; the register must say the same."""
    db.session.rollback()
    certificate = db.session.get_one(Certificate, number)
    assert checked(certificate).passed == (register.state(certificate, clock.today()) != "revoked")
    return checked(certificate).passed


@pytest.mark.parametrize("turn", [1, -1])
def test_nobody_saves_a_certificate_by_another_name_while_it_is_revoked(app: Flask, branch: Branch, turn: int) -> None:
    number, by = branch.early[0].id, branch.leader.id
    results = together(app, *[revoking_(number, by), renaming_(number, by)][::turn])
    assert len([each for each in results if isinstance(each, Refused)]) == 1, "whoever is second is told"
    db.session.rollback()
    newer = register.replacement(db.session.get_one(Certificate, number))
    assert (newer is None) != stands(number), "revoked, or replaced by one that holds"


def test_two_names_at_once_are_one(app: Flask, branch: Branch) -> None:
    number, by = branch.early[0].id, branch.leader.id
    results = together(app, renaming_(number, by, "Ek"), renaming_(number, by, "Alm"), renaming_(number, by, "Ek"))
    made = {each for each in results if isinstance(each, int)}
    assert len(made) == 1
    assert all(isinstance(each, int | Refused) for each in results)
    assert stands(made.pop())


def test_two_decide_otherwise_in_the_same_moment(app: Flask, branch: Branch) -> None:
    one, two, by, project = *(each.id for each in branch.early), branch.leader.id, branch.project.id
    revoking_(branch.trainer.id, by)()
    db.session.commit()
    mine = deciding_(project, by, {one: "keep", two: "revoke"})
    yours = deciding_(project, by, {one: "revoke", two: "keep"})
    results = together(app, mine, yours)
    assert len([each for each in results if isinstance(each, Refused)]) == 1
    assert stands(one) != stands(two)
    assert db.session.scalar(select(func.count()).select_from(CertificateDecision)) == 2


def test_a_certificate_is_kept_and_revoked_in_the_same_moment(app: Flask, branch: Branch) -> None:
    one, by, project = branch.early[0].id, branch.leader.id, branch.project.id
    revoking_(branch.trainer.id, by)()
    db.session.commit()
    results = together(app, deciding_(project, by, {one: "keep"}), revoking_(one, by))
    assert not stands(one), "whoever revokes has the last word"
    assert not isinstance(results[1], Refused)


def test_the_trainer_is_revoked_while_one_under_her_gets_another_name(app: Flask, branch: Branch) -> None:
    one, by = branch.early[0].id, branch.leader.id
    results = together(app, revoking_(branch.trainer.id, by), renaming_(one, by))
    db.session.rollback()
    last = db.session.get_one(Certificate, results[1] if isinstance(results[1], int) else one)
    assert revoking.is_under_review(last), "nobody leaves the review by another name"
    assert last in [doubt.certificate for doubt in deciding.waiting(db.session.get_one(Project, branch.project.id))]


def test_nobody_gets_a_name_that_cannot_be_seen(branch: Branch) -> None:
    for given, family in (("\u200b", ""), ("\x00", "\u202e"), (" ", "\u2060")):
        with pytest.raises(Refused) as refused:
            renaming.rename(branch.early[0], given_name=given, family_name=family, by=branch.leader)
        assert refused.value.code == "name"
    made = renaming.rename(branch.early[0], given_name="E\u202elin", family_name="Ek\u200b", by=branch.leader)
    assert made.holder.full_name == register.statement_of(made).holder_name == "Elin Ek"


# --- who decides about herself ----------------------------------------------------------------------------------


def test_nobody_decides_that_her_own_certificate_stands(branch: Branch, browser_of: Any) -> None:
    """Nobody certifies, renews or renames herself either; that it falls she may well decide."""
    own, other = branch.early
    leader = make_role("project_leader", branch.project, person=own.holder)
    revoking.revoke(branch.trainer, reason_code="conduct", doubted_from=branch.since, by=branch.leader)
    address, numbers = f"/projects/{branch.project.id}/certificates-under-review", (own.id, other.id)
    browser = browser_of(leader)
    assert ticked(browser.get(address).text) >= {f"l{own.id}", f"k{other.id}"}, "nothing is proposed about her own"
    sent = {f"outcome-{number}": "keep" for number in numbers} | {"sure": "1"}
    refused = browser.post(address, data=sent)
    assert refused.status_code == 422
    assert "Nobody decides that their own certificate stands" in refused.text
    assert deciding.count(branch.project) == 3
    assert browser.post(address, data=sent | {f"outcome-{own.id}": ""}).status_code == 303
    assert deciding.count(branch.project) == 2
    falls = {f"outcome-{own.id}": "revoke", "one": str(own.id), "sure": "1"}
    assert browser.post(address, data=falls).status_code == 303


def test_later_stays_later_when_the_list_was_not_looked_through(branch: Branch, browser_of: Any) -> None:
    """What is proposed was ticked again, and the next press would have revoked it for ever."""
    revoking.revoke(branch.trainer, reason_code="conduct", doubted_from=branch.since, by=branch.leader)
    address, number = f"/projects/{branch.project.id}/certificates-under-review", branch.late[0].id
    browser = browser_of(branch.leader)
    assert f"r{number}" in ticked(browser.get(address).text)
    again = browser.post(address, data={f"outcome-{number}": ""})
    assert again.status_code == 422
    assert {f"l{number}", f"r{number}"} & ticked(again.text) == {f"l{number}"}


def ticked(page: str) -> set[str]:
    """The ids of the choices that are made on a page."""
    return {found[1] for found in re.finditer(r'<input(?=[^>]* checked)[^>]* id="([^"]+)"', page)}


# --- a revoked certificate that is signed again -----------------------------------------------------------------


def test_what_is_revoked_stays_so_when_its_trainers_key_is_lost(app: Flask, branch: Branch) -> None:
    """Another edition has another place, whose bit the list must have from the same moment on."""
    one, two = branch.early
    revoking_(one.id, branch.leader.id)()
    db.session.execute(update(SigningKey).where(SigningKey.certificate_id == branch.trainer.id).values(cipher=b""))
    keys.make_missing()
    assert signing_anew.after_loss() > 0
    db.session.commit()
    assert not stands(one.id)
    assert stands(two.id)


def test_what_is_revoked_stays_so_when_its_trainers_key_is_withdrawn(app: Flask, branch: Branch) -> None:
    one, two = branch.early
    revoking_(one.id, branch.leader.id)()
    name = db.session.scalars(select(SigningKey.public).where(SigningKey.certificate_id == branch.trainer.id)).one()
    assert signing_anew.compromised(keys.named(name), by=None) > 0
    db.session.commit()
    assert not stands(one.id)
    assert stands(two.id)


def test_what_was_revoked_before_there_were_keys_is_revoked_in_its_first_list(app: Flask) -> None:
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr(signing, "sign_first", lambda *_args, **_values: None)
        branch = make_branch(2, 0)
        revoking_(branch.early[0].id, branch.leader.id)()
    assert signing.sign_missing() == 3
    db.session.commit()
    assert [stands(each.id) for each in branch.early] == [False, True]
