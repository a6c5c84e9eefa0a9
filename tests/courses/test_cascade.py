"""The cascade: who certified whom, reach per trainer, orphan branches, and pages that do not grow with people."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from certificates import register
from certificates.acts import issuing, revoking
from courses import cascade, exemptions, materials
from courses.cascade import CountyTrainer, Known, Place, Trainer, Tree, Wanted
from courses.cascade.papers import Paper
from courses.cascade.tree import EVERYTHING
from courses.curtain import MOST, hang
from lms import clock
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
    assert tree.places == (Place("Tierp", {2022: 6}),)
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
    assert cascade.tree(make_project(dnr="2023/00001"), DAY) == Tree()


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
    for wrong in ("?trainer=x", "?trainer=999999", f"?trainer={make_person().id}"):
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
    return Tree((CountyTrainer(1, "County", trainers),), sum(reaches))


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
    assert hang(Tree()) is None
    assert hang(strung(*[1] * (MOST + 1))) is None


# --- the tree as a pure function ----------------------------------------------------------------------------


def paper(number: int, holder: int, by: int, level: str = "user", **values: Any) -> Paper:
    known = {"replaces_id": None, "issued_on": DAY, "valid_until": None, "place": "Tierp"}
    flags = {"revoked": False, "doubted": False, "behind": False}
    return Paper(id=number, holder_id=holder, level=level, issued_by_id=by, **{**known, **flags, **values})


COUNTY, EVA, PER = 1, 2, 3
PEOPLE = {
    COUNTY: Known(COUNTY, "County", "Uppsala"),
    EVA: Known(EVA, "Eva", "Tierp"),
    PER: Known(PER, "Per", "Heby"),
    9: Known(9, "Leader", "Uppsala"),
}
ROLES = {COUNTY: {"county_trainer"}, EVA: {"trainer"}, PER: {"trainer"}}


def grown(*papers: Paper, wanted: Wanted = EVERYTHING, roles: dict[int, set[str]] = ROLES) -> dict[str, Trainer]:
    return {each.name: each for each in cascade.grow(papers, roles, PEOPLE, DAY, wanted).trainers}


def test_a_renewed_trainer_hangs_where_she_hung_and_her_users_stay() -> None:
    old = paper(1, EVA, COUNTY, "trainer", valid_until=DAY - timedelta(days=1))
    user = paper(2, 20, EVA)
    renewed = paper(3, EVA, 9, "trainer", replaces_id=1, valid_until=DAY + timedelta(days=700))
    named_anew = paper(4, 20, 9, replaces_id=2)
    tree = cascade.grow([old, user, renewed, named_anew], ROLES, PEOPLE, DAY)
    assert [(each.name, each.reach) for each in tree.counties if each.trainers] == [("", 0), ("County", 2)][::-1]
    eva = next(each for each in tree.trainers if each.name == "Eva")
    assert (eva.state, eva.reach, tree.users) == ("valid", 1, 1)


def test_a_line_whose_last_paper_is_revoked_has_nobody() -> None:
    found = grown(paper(1, EVA, COUNTY, "trainer"), paper(2, 20, EVA), paper(3, 20, 9, replaces_id=2, revoked=True))
    assert found["Eva"].reach == 0


def test_somebody_with_two_trainers_hangs_on_both_and_counts_once() -> None:
    papers = [paper(1, EVA, COUNTY, "trainer"), paper(2, PER, COUNTY, "trainer"), paper(3, 20, EVA), paper(4, 20, PER)]
    tree = cascade.grow(papers, ROLES, PEOPLE, DAY)
    assert [each.reach for each in tree.trainers] == [1, 1]
    assert (tree.users, tree.places) == (1, (Place("Tierp", {2022: 1}),))


def test_under_review_and_older_material_are_counted_per_trainer() -> None:
    found = grown(
        paper(1, EVA, COUNTY, "trainer", revoked=True, behind=True),
        paper(2, 20, EVA, doubted=True, behind=True), paper(3, 21, EVA, doubted=True), paper(4, 22, EVA),
    )["Eva"]  # fmt: skip
    assert (found.state, found.reach, found.doubted, found.behind, found.is_behind) == ("revoked", 3, 2, 1, True)
    assert not found.is_certified
    assert CountyTrainer(COUNTY, "County", (found,)).reach == 3


def test_who_was_certified_again_after_a_revocation_is_a_trainer() -> None:
    again = grown(paper(1, EVA, COUNTY, "trainer", revoked=True), paper(2, EVA, COUNTY, "trainer"))["Eva"]
    before = grown(paper(1, EVA, COUNTY, "trainer"), paper(2, EVA, COUNTY, "trainer", revoked=True))["Eva"]
    assert (again.state, before.state) == ("valid", "valid")


def test_a_branch_whose_trainer_left_is_an_orphan_also_without_a_certificate() -> None:
    roles = {COUNTY: {"county_trainer"}}
    found = grown(paper(1, EVA, COUNTY, "trainer"), paper(2, 20, EVA), paper(3, 21, PER), roles=roles)
    assert {name: each.state for name, each in found.items()} == {"Eva": "gone", "Per": "gone"}


def test_a_county_trainer_who_certified_users_hangs_in_her_own_branch() -> None:
    tree = cascade.grow([paper(1, 20, COUNTY)], {COUNTY: {"county_trainer"}}, PEOPLE, DAY)
    assert [(each.name, [t.name for t in each.trainers]) for each in tree.counties] == [("County", ["County"])]


def test_a_part_of_the_tree_is_a_municipality_and_a_year() -> None:
    last = DAY.replace(year=2021)
    papers = [
        paper(1, EVA, COUNTY, "trainer", issued_on=last, place="Tierp"),
        paper(2, PER, COUNTY, "trainer", place="Heby"),
        paper(3, 20, EVA, issued_on=last), paper(4, 21, EVA, place="Heby"), paper(5, 22, PER, place="Heby"),
    ]  # fmt: skip
    whole = cascade.grow(papers, ROLES, PEOPLE, DAY)
    assert (whole.all_places, whole.years) == (("Heby", "Tierp"), (2021, 2022))
    heby = cascade.grow(papers, ROLES, PEOPLE, DAY, Wanted("Heby"))
    assert {each.name: each.reach for each in heby.trainers} == {"Eva": 1, "Per": 1}
    before = cascade.grow(papers, ROLES, PEOPLE, DAY, Wanted("", 2021))
    assert {each.name: each.reach for each in before.trainers} == {"Eva": 1}
    assert before.places == (Place("Tierp", {2021: 1}),)
    assert cascade.grow(papers, ROLES, PEOPLE, DAY, Wanted("Tierp", 2022)).users == 0


def test_what_ends_within_a_year_is_listed_by_month() -> None:
    papers = [
        paper(1, EVA, COUNTY, "trainer", valid_until=date(2022, 11, 30)),
        paper(2, PER, COUNTY, "trainer", valid_until=date(2023, 10, 13)),
        paper(3, 20, EVA, valid_until=date(2022, 11, 2)), paper(4, 21, EVA, valid_until=date(2022, 10, 11)),
        paper(5, 22, EVA, valid_until=date(2023, 1, 1)),
    ]  # fmt: skip
    told = [
        (month.first, [each.name for each in month.trainers], month.users)
        for month in cascade.grow(papers, ROLES, PEOPLE, DAY).months
    ]
    assert told == [(date(2022, 11, 1), ["Eva"], 1), (date(2023, 1, 1), [], 1)]


def test_the_names_come_a_page_at_a_time() -> None:
    tree = strung(*[1] * 120)
    assert [len(trainers) for _county, trainers in tree.part(50)] == [50]
    assert [len(trainers) for _county, trainers in tree.part(50, 100)] == [20]
    two = Tree((*strung(1, 1).counties, CountyTrainer(5, "Nobody yet", ()), *strung(1).counties))
    assert [(county.name, len(trainers)) for county, trainers in two.part(2)] == [("County", 2)]
    assert [(county.name, len(trainers)) for county, trainers in two.part(2, 2)] == [("Nobody yet", 0), ("County", 1)]


# --- and on screen ------------------------------------------------------------------------------------------


def test_a_part_and_the_table_are_plain_addresses(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    grow(project)
    browser, address = browser_of(make_role("project_leader", project)), f"/projects/{project.id}/cascade"
    part = browser.get(f"{address}?place=Tierp&year=2022").text
    assert "6 users, Tierp, certified in 2022" in part
    assert "<option selected>Tierp</option>" in part
    table = browser.get(f"{address}?as=table").text
    assert '<th role="columnheader" scope="col">County trainer</th>' in table
    assert "Nobody there" in browser.get(f"{address}?place=Nowhere&year=1999").text
    for odd in ("?year=x", "?year=²", "?place=" + "å" * 300, "?year=99999"):
        assert browser.get(address + odd).status_code == 200
    assert browser.get(f"{address}?page=2").status_code == 200, "the last there is"


def test_users_under_a_revoked_trainer_are_marked_until_somebody_decides(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    _county, (trainer,) = grow(project, trainers=1, users=3)
    leader = make_role("project_leader", project)
    held = cascade.certificate_of(project, trainer.id)
    assert held is not None
    revoking.revoke(held, reason_code="conduct", by=leader)
    event = register.revocation(held)
    assert event is not None
    kept = cascade.branch(project, trainer.id, limit=1).rows[0]
    db.session.add(
        revoking.CertificateDecision(
            certificate_id=kept.id, event_id=event.id, outcome="keep", at=clock.now(), by_id=leader.id
        )
    )
    db.session.flush()
    found = cascade.branch(project, trainer.id, limit=9, only="doubted")
    assert (len(found.rows), len(found.doubted), kept.id in found.doubted) == (2, 2, False)
    assert cascade.tree(project, DAY).trainers[0].doubted == 2
    browser = browser_of(leader)
    assert "2 certificates are under review." in browser.get(f"/projects/{project.id}/cascade").text
    page = browser.get(f"/projects/{project.id}/branch?trainer={trainer.id}&only=doubted").text
    assert page.count("Under review") == 2


def test_who_learned_from_an_older_version_is_found(app: Flask) -> None:
    project = make_project()
    _county, (trainer,) = grow(project, trainers=1, users=2)
    assert cascade.tree(project, DAY).trainers[0].behind == 0, "nothing is published, nothing is older"
    materials.publish_all()
    assert cascade.tree(project, DAY).trainers[0].behind == 2
    assert cascade.branch_size(project, trainer.id, only="behind") == 2
    newest = materials.latest("smail-anvandare")
    assert newest is not None
    draft = example(number=register.DRAFT, level="user", issued_on=DAY)
    programme = replace(draft.programme, material_version=newest.version)
    issuing.issue(
        replace(draft, programme=programme), holder=make_person(), ground="new", issuer_certificate=None, by=trainer
    )
    assert (cascade.tree(project, DAY).trainers[0].behind, cascade.tree(project, DAY).users) == (2, 3)


def test_a_protected_trainer_has_no_municipality_in_the_string(app: Flask) -> None:
    project = make_project()
    make_role("trainer", project, person=make_person("Hidden Person", protected=True, alias="Deltagare Fem"))
    (found,) = cascade.tree(project, DAY).trainers
    assert (found.name, found.place) == ("Deltagare Fem", "")


def test_the_pearls_of_a_branch_tell_review_before_loneliness() -> None:
    known = {"person_id": 1, "name": "", "place": "", "until": None}
    assert Trainer(**known, state="valid", reach=3, doubted=1).marks == {0: "warn"}  # type: ignore[arg-type]
    assert Trainer(**known, state="revoked", reach=3, doubted=1).marks == {0: "warn", 1: "bad", 2: "bad"}  # type: ignore[arg-type]
    assert Trainer(**known, state="missing", reach=3).marks == {}  # type: ignore[arg-type]
