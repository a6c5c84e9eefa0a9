"""A wish for another name: a task until somebody answers, one at a time, and forgotten when it is answered."""

from datetime import timedelta

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import func, select

from certificates import register
from certificates.acts import issuing, renaming, revoking, wishes
from certificates.register import Certificate
from courses.today.home import home_of
from lms import clock, jobs, protection
from lms.audit import Audit
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.refusals import Refused, Stale
from tests.certificates.branches import Branch, make_branch, make_certificate
from tests.courses.test_attendance_at_once import at_once
from tests.factories import make_person, make_role

WANTED = "Elin Åkerström"


@pytest.fixture
def branch(app: Flask) -> Branch:
    return make_branch(2, 1)


@pytest.fixture
def asked(branch: Branch) -> Certificate:
    first = branch.early[0]
    renaming.ask(first, WANTED, by=first.holder)
    return first


def waits(certificate: Certificate) -> str:
    wish = wishes.waiting(certificate)
    return wish.wanted or "" if wish else ""


def outcome(certificate: Certificate) -> str | None:
    wish = wishes.of(certificate)
    assert wish is not None
    assert (wish.wanted is None) == (wish.outcome is not None)
    return wish.outcome


def task_titles(person: Person) -> list[str]:
    with current_app.test_request_context():
        return [task.title for task in home_of(person).tasks if "another name" in task.title]


def mails_to(person: Person) -> list[OutboxMail]:
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.person_id == person.id)))


def test_asking_again_replaces_and_the_leader_gets_one_mail_without_the_name(branch: Branch) -> None:
    (first, *_others) = branch.early
    for wanted in ("Elina Å", f" {WANTED}  \u200b"):
        renaming.ask(first, wanted, by=first.holder)
    assert waits(first) == WANTED
    assert db.session.scalar(select(func.count()).select_from(wishes.CertificateWish)) == 1
    (mail,) = mails_to(branch.leader)
    assert f"/certificates/{first.id}/name" in mail.text
    assert "Elin" not in mail.text
    assert [row.details for row in db.session.scalars(select(Audit).where(Audit.act == "certificate.name_asked"))] == [
        {},
        {},
    ]


@pytest.mark.parametrize(("wanted", "code"), [(" ", "name"), ("x" * 161, "name"), ("", "name"), (None, "same")])
def test_what_cannot_be_wished_for(branch: Branch, wanted: str | None, code: str) -> None:
    first = branch.early[0]
    with pytest.raises(Refused) as refused:
        renaming.ask(first, register.statement_of(first).holder_name if wanted is None else wanted, by=first.holder)
    assert refused.value.code == code
    assert wishes.of(first) is None


def test_nobody_protected_asks_and_who_is_protected_later_is_forgotten(branch: Branch, asked: Certificate) -> None:
    assert task_titles(branch.leader) == ["1 person asks for another name"]
    protection.protect(asked.holder, "Deltagare 7", by=branch.leader)
    assert task_titles(branch.leader) == []
    assert wishes.waiting_in(branch.project, branch.leader, 9) == []
    wishes.forget_of_protected()
    assert outcome(asked) == "closed"
    assert wishes.forget_of_protected in jobs.EACH_MINUTE
    with pytest.raises(Refused) as refused:
        renaming.ask(asked, "Eva Ek", by=asked.holder)
    assert refused.value.code == "protected"


def test_the_task_counts_people_and_nobody_answers_her_own(branch: Branch, asked: Certificate) -> None:
    other = make_role("project_leader", branch.project)
    own = make_certificate(branch.project, branch.leader)
    renaming.ask(own, "Ny Chef", by=branch.leader)
    second = make_certificate(branch.project, asked.holder, ground="another")
    renaming.ask(second, WANTED, by=asked.holder)
    assert task_titles(branch.leader) == ["1 person asks for another name"]
    assert task_titles(other) == ["2 people ask for another name"]
    assert wishes.count(branch.project, branch.leader) == 2
    assert task_titles(make_role("county_trainer", branch.project)) == []
    assert [mail.subject for mail in mails_to(branch.leader) if own.number in mail.text] == []


def test_issuing_it_answers_the_wish(branch: Branch, asked: Certificate) -> None:
    made = renaming.rename(asked, given_name="Elin", family_name="Åkerström", seen=WANTED, by=branch.leader)
    assert outcome(asked) == "renamed"
    assert wishes.of(made) is None
    assert task_titles(branch.leader) == []


def test_no_with_a_word(branch: Branch, asked: Certificate) -> None:
    for why in (" ", "x" * 301):
        with pytest.raises(Refused) as refused:
            renaming.keep(asked, why, seen=WANTED, by=branch.leader)
        assert refused.value.code == "why"
    renaming.keep(asked, "Skicka beslutet\n\nom ditt nya namn.", seen=WANTED, by=branch.leader)
    assert outcome(asked) == "kept"
    (mail,) = mails_to(asked.holder)
    assert "om ditt nya namn." in mail.text
    assert register.statement_of(asked).holder_name != WANTED
    renaming.ask(asked, WANTED, by=asked.holder)
    assert waits(asked) == WANTED
    with clock.moved(clock.now() + timedelta(hours=1)):
        renaming.keep(asked, "Fortfarande inte.", seen=WANTED, by=branch.leader)
    assert len(mails_to(asked.holder)) == 2


def test_who_looked_at_another_wish_is_told(branch: Branch, asked: Certificate) -> None:
    second = make_role("project_leader", branch.project)
    renaming.ask(asked, "Elin Ek", by=asked.holder)
    for act in (
        lambda: renaming.keep(asked, "Nej.", seen=WANTED, by=second),
        lambda: renaming.rename(asked, given_name="Elin", family_name="Å", seen=WANTED, by=second),
        lambda: renaming.rename(asked, given_name="Elin", family_name="Å", seen="", by=second),
    ):
        with pytest.raises(Stale, match="Elin Ek"):
            act()
    renaming.keep(asked, "Nej.", seen="Elin Ek", by=branch.leader)
    for act in (
        lambda: renaming.keep(asked, "Nej.", seen="Elin Ek", by=second),
        lambda: renaming.rename(asked, given_name="Elin", family_name="Ek", seen="Elin Ek", by=second),
    ):
        with pytest.raises(Stale, match=branch.leader.name):
            act()


def test_revoking_closes_it_and_a_renewal_takes_it_along(branch: Branch, asked: Certificate) -> None:
    draft = register.statement_of(asked)
    after = issuing.issue(
        draft, holder=asked.holder, ground="renewed", issuer_certificate=None, by=branch.leader, replaces=asked
    )
    assert outcome(asked) == "closed"
    assert waits(after) == WANTED
    revoking.revoke(after, reason_code="holder", by=branch.leader)
    assert outcome(after) == "closed"
    assert task_titles(branch.leader) == []
    with pytest.raises(Refused) as refused:
        renaming.ask(after, "Elin Ek", by=asked.holder)
    assert refused.value.code == "not_valid"


def test_one_that_ran_out_waits_until_it_is_answered(branch: Branch) -> None:
    made = make_certificate(branch.project, make_person(), valid_until=clock.today())
    renaming.ask(made, WANTED, by=made.holder)
    with clock.moved(clock.now() + timedelta(days=2)):
        with pytest.raises(Refused):
            renaming.rename(made, given_name="Elin", family_name="Ek", by=branch.leader)
        renaming.keep(made, "Certifikatet har gått ut.", seen=WANTED, by=branch.leader)
    assert outcome(made) == "kept"


@pytest.mark.parametrize(
    ("wanted", "parts"),
    [
        ("Anna von Essen", ("Anna", "von Essen")),
        ("Maria Lovisa Ek", ("Maria Lovisa", "Ek")),
        ("Eva Maria af Klint", ("Eva Maria", "af Klint")),
        ("Eva Maria Berg", ("Eva Maria", "Berg")),
        ("Madonna", ("", "Madonna")),
    ],
)
def test_what_the_leader_begins_with(branch: Branch, wanted: str, parts: tuple[str, str]) -> None:
    made = make_certificate(branch.project, make_person("Anna Ek"))
    assert renaming.proposed(made) == ("Anna", "Ek")
    renaming.ask(made, wanted, by=made.holder)
    assert renaming.proposed(made) == parts


def test_two_leaders_at_once_one_wins(app: Flask, branch: Branch, asked: Certificate) -> None:
    number, by, other = asked.id, branch.leader.id, make_role("project_leader", branch.project).id
    db.session.commit()

    def rename() -> str:
        certificate, leader = db.session.get_one(Certificate, number), db.session.get_one(Person, by)
        renaming.rename(certificate, given_name="Elin", family_name="Åkerström", seen=WANTED, by=leader)
        return "renamed"

    def keep() -> str:
        certificate, leader = db.session.get_one(Certificate, number), db.session.get_one(Person, other)
        renaming.keep(certificate, "Nej.", seen=WANTED, by=leader)
        return "kept"

    results = at_once(app, rename, keep)
    won = [each for each in results if isinstance(each, str)]
    assert [each.code for each in results if isinstance(each, Refused)] == ["wish"]
    db.session.rollback()
    assert [outcome(db.session.get_one(Certificate, number))] == won


def test_the_same_holder_asks_twice_at_once(app: Flask, branch: Branch) -> None:
    number = branch.early[0].id
    db.session.commit()

    def ask() -> str:
        certificate = db.session.get_one(Certificate, number)
        renaming.ask(certificate, WANTED, by=certificate.holder)
        return "asked"

    assert at_once(app, ask, ask, ask) == ["asked"] * 3
    db.session.rollback()
    assert waits(db.session.get_one(Certificate, number)) == WANTED


# --- pages --------------------------------------------------------------------------------------------------


def test_from_the_holder_to_the_leader_and_back(browser_of, branch: Branch) -> None:  # type: ignore[no-untyped-def]
    first, project, leader = branch.early[0], branch.project.id, branch.leader
    holder, number = first.holder, first.id
    db.session.commit()
    hers: FlaskClient = browser_of(holder)
    assert hers.post(f"/certificates/{number}/name-request", data={"wanted": WANTED}).status_code == 303
    for page in (f"/certificates/{number}", f"/certificates/{number}/name-request"):
        assert f"You have asked for the name {WANTED}" in hers.get(page).text
    browser: FlaskClient = browser_of(leader)
    assert f"/projects/{project}/name-wishes" in browser.get("/").text
    assert WANTED in browser.get(f"/projects/{project}/name-wishes").text
    assert WANTED in browser.get(f"/certificates/{number}").text
    page = browser.get(f"/certificates/{number}/name").text
    assert 'value="Åkerström"' in page
    assert f'name="seen" value="{WANTED}"' in page
    no = f"/certificates/{number}/name/keep"
    assert browser.post(no, data={"seen": WANTED, "why": " "}).status_code == 422
    assert browser.post(no, data={"seen": "Någon Annan", "why": "Nej."}).status_code == 409
    answer = browser.post(no, data={"seen": WANTED, "why": "Nej."})
    assert (answer.status_code, answer.location) == (303, f"/certificates/{number}")
    late = browser.post(
        f"/certificates/{number}/name", data={"seen": WANTED, "given_name": "E", "family_name": "Å", "reason": "name"}
    )
    assert late.status_code == 409
    assert "the name stays" in late.text
    assert 'value="Å"' in late.text
    assert "Nobody asks for another name" in browser.get(f"/projects/{project}/name-wishes").text
    assert "has answered that the name stays" in hers.get(f"/certificates/{number}/name-request").text


def test_who_issued_it_does_not_see_the_wish(browser_of, branch: Branch, asked: Certificate) -> None:  # type: ignore[no-untyped-def]
    issuer, number = branch.trainer.holder, asked.id
    db.session.commit()
    page = browser_of(issuer).get(f"/certificates/{number}")
    assert page.status_code == 200
    assert "Åkerström" not in page.text


def test_a_long_list_comes_in_pages(browser_of, branch: Branch) -> None:  # type: ignore[no-untyped-def]
    for _each in range(51):
        made = make_certificate(branch.project, make_person())
        renaming.ask(made, f"{WANTED} {made.id}", by=made.holder)
    project, leader = branch.project.id, branch.leader
    db.session.commit()
    browser = browser_of(leader)
    assert browser.get(f"/projects/{project}/name-wishes").text.count('/name"') == 50
    assert browser.get(f"/projects/{project}/name-wishes?page=2").text.count('/name"') == 1
