"""The cascade: who certified whom, reach per trainer, orphan branches, and pages that do not grow with people."""

from datetime import date, timedelta

import pytest
from flask import Flask

from certificates import issuing, register, revoking
from courses import cascade, exemptions
from courses.cascade import CountyTrainer, Trainer, Tree
from courses.curtain import MOST, hang
from lms.db import db
from lms.people import Person
from lms.projects import Project
from tests.certificates.examples import example
from tests.factories import make_person, make_project, make_role
from tests.queries import count_queries

DAY = date(2022, 10, 12)


def issue(holder: Person, by: Person, level: str, valid_until: date | None = None) -> register.Certificate:
    own = next((each for each in register.of(by) if each.level == "trainer"), None)
    draft = example(
        number=register.DRAFT, level=level, issued_on=DAY, valid_until=valid_until, holder_name=holder.full_name
    )
    ground = f"{level}-{holder.id}-{by.id}-{valid_until}"
    return issuing.issue(draft, holder=holder, ground=ground, issuer_certificate=own, by=by)


def grow(project: Project, *, trainers: int = 2, users: int = 3) -> tuple[Person, list[Person]]:
    """A county trainer, trainers she certified, and users of each."""
    county = make_role("county_trainer", project, person=make_person("Inger Palm"))
    taught = []
    for number in range(trainers):
        trainer = make_role("trainer", project, person=make_person(f"Trainer Number{number}"))
        issue(trainer, county, "trainer", DAY + timedelta(days=700))
        for _each in range(users):
            issue(make_person(organisation="Tierp"), trainer, "user")
        taught.append(trainer)
    return county, taught


def test_the_string_goes_from_county_to_users(app: Flask) -> None:
    project = make_project()
    county, trainers = grow(project)
    tree = cascade.tree(project, DAY)
    assert [(each.name, each.reach) for each in tree.counties] == [("Inger Palm", 8)]
    assert {each.person_id for each in tree.trainers} == {trainer.id for trainer in trainers}
    assert [(each.state, each.reach) for each in tree.trainers] == [("valid", 3), ("valid", 3)]
    assert tree.users == 6
    assert tree.places == (("Tierp", 6),)
    assert county.id not in {each.person_id for each in tree.trainers}


def test_revoked_users_do_not_count_and_people_count_once(app: Flask) -> None:
    project = make_project()
    _county, trainers = grow(project, trainers=1, users=1)
    user = make_person(organisation="Tierp")
    issue(user, trainers[0], "user")
    issue(user, trainers[0], "user", DAY + timedelta(days=9))
    gone = issue(make_person(), trainers[0], "user")
    revoking.revoke(gone, reason_code="mistake", by=make_person())
    tree = cascade.tree(project, DAY)
    assert (tree.trainers[0].reach, tree.users) == (2, 2)


def test_every_state_of_a_trainer(app: Flask) -> None:
    project = make_project()
    county = make_role("county_trainer", project)
    for name, last in (("A Valid", None), ("B Soon", 100), ("C Revoked", None), ("D Gone", None)):
        trainer = make_person(name)
        if name != "D Gone":
            make_role("trainer", project, person=trainer)
        made = issue(trainer, county, "trainer", DAY + timedelta(days=last) if last else None)
        if name == "C Revoked":
            revoking.revoke(made, reason_code="conduct", by=county)
    make_role("trainer", project, person=make_person("E Missing"))
    states = {each.name: each.state for each in cascade.tree(project, DAY).trainers}
    assert states == {
        "A Valid": "valid", "B Soon": "expiring", "C Revoked": "revoked", "D Gone": "gone", "E Missing": "missing"
    }  # fmt: skip
    later = {each.name: each.state for each in cascade.tree(project, DAY + timedelta(days=101)).trainers}
    assert later["B Soon"] == "expired"


def test_another_project_has_its_own_string(app: Flask) -> None:
    project = make_project()
    grow(project)
    assert cascade.tree(make_project(dnr="2023/00001"), DAY) == Tree((), 0, ())


def test_the_pages_ask_as_much_for_many_as_for_few(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    browser = browser_of(make_role("project_leader", project))
    counts = []
    for trainers, users in ((1, 1), (4, 12)):
        _county, taught = grow(project, trainers=trainers, users=users)
        sizes = []
        for address in (f"/projects/{project.id}/cascade", f"/projects/{project.id}/branch?trainer={taught[-1].id}"):
            browser.get(address)
            with count_queries() as queries:
                assert browser.get(address).status_code == 200
            sizes.append(len(queries))
        project = db.session.get_one(Project, project.id)
        counts.append(sizes)
    assert counts[0] == counts[1]


def test_who_sees_the_string(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    county, taught = grow(project)
    address = f"/projects/{project.id}/cascade"
    assert browser_of(county).get(address).status_code == 200
    assert browser_of(taught[0]).get(address).status_code == 403
    assert browser_of(taught[0]).get(f"/projects/{project.id}/branch").status_code == 200
    assert browser_of(taught[0]).get(f"/projects/{project.id}/branch?trainer={taught[1].id}").status_code == 403
    assert browser_of(make_role("project_leader", make_project(dnr="2023/1"))).get(address).status_code == 403
    branch = f"/projects/{project.id}/branch"
    assert browser_of(county).get(f"{branch}?trainer={taught[0].id}").status_code == 200
    for wrong in ("?trainer=x", "?trainer=999999", f"?trainer={make_person().id}", f"?trainer={taught[0].id}&page=9"):
        assert browser_of(county).get(branch + wrong).status_code == 404


def test_who_leads_on_an_exemption_is_shown_with_its_end(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    leader, substitute = make_role("project_leader", project), make_role("trainer", project)
    grow(project)
    browser, address = browser_of(leader), f"/projects/{project.id}/cascade"
    assert "is not certified yet" in browser.get(address).text
    exemptions.grant(project, substitute, starts=DAY, ends=DAY + timedelta(days=9), reason="Vikarie.", by=leader)
    page = browser.get(address).text
    assert "leads on an exemption through 21" in page
    assert "is not certified yet" not in page


def test_an_empty_string_says_how_it_begins(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    leader = make_role("project_leader", project)
    assert browser_of(leader).get(f"/projects/{project.id}/cascade").status_code == 200


def strung(*reaches: int) -> Tree:
    trainers = tuple(
        Trainer(number, f"T{number}", f"P{number // 2}", "valid", None, reach) for number, reach in enumerate(reaches)
    )
    return Tree((CountyTrainer(1, "County", trainers),), sum(reaches), ())


def test_the_curtain_has_one_pearl_for_each_person_while_they_fit() -> None:
    hung = hang(strung(3, 0, 18))
    assert hung is not None
    assert hung.each == 1
    assert [len(thread.pearls) for thread in hung.threads] == [3, 0, 18]
    big = hang(strung(3, 0, 180))
    assert big is not None
    assert big.each == 10
    assert [len(thread.pearls) for thread in big.threads] == [1, 0, 18]
    assert [place.name for place in big.places] == ["P0", "P1"]


@pytest.mark.parametrize("count", [1, 2, 14, MOST])
def test_the_curtain_stays_inside_its_frame(count: int) -> None:
    hung = hang(strung(*[5] * count))
    assert hung is not None
    assert all(10 <= thread.x <= 750 for thread in hung.threads)


def test_what_cannot_be_seen_is_not_drawn() -> None:
    assert hang(Tree((), 0, ())) is None
    assert hang(strung(*[1] * (MOST + 1))) is None
