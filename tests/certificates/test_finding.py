"""A certificate is found years later: by number, code, name and municipality, and nobody by what is not to be told."""

from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from certificates import register
from certificates.acts import deciding, renaming, revoking
from certificates.answering import finding
from certificates.answering.finding import STATES, Wanted
from certificates.register import Certificate
from certificates.statement import digest, grouped, new_code, to_json
from lms import clock, personnummer
from lms.audit import Audit
from lms.db import db
from lms.people import Person
from lms.personnummer import synthetic
from lms.projects import Project
from tests.certificates.branches import Branch, make_branch, make_certificate
from tests.factories import make_participant, make_person, make_project, make_role
from tests.queries import count_queries


@pytest.fixture
def branch(app: Flask) -> Branch:
    return make_branch(1, 1)


@pytest.fixture
def browser(browser_of: Any, branch: Branch) -> FlaskClient:
    return browser_of(branch.leader)  # type: ignore[no-any-return]


def issued_to(branch: Branch, name: str, **values: Any) -> Certificate:
    return make_certificate(branch.project, make_person(name, **values), under=branch.trainer)


def sought(project: Project, typed: str = "", **values: Any) -> list[str]:
    wanted = Wanted(typed, **values)
    found = [each.certificate.number for each in finding.found(project, wanted, 50)]
    assert finding.count(project, wanted) == len(found)
    return found


def address(branch: Branch, query: str = "") -> str:
    return f"/projects/{branch.project.id}/certificates{query}"


def test_the_newest_stands_first_and_other_projects_stand_elsewhere(branch: Branch) -> None:
    other = make_project(like="smot")
    make_certificate(other, make_person("Olle Annan"))
    assert sought(branch.project) == [branch.late[0].number, branch.early[0].number, branch.trainer.number]
    assert len(sought(other)) == 1


def test_by_number_in_every_way_that_people_write_it(branch: Branch) -> None:
    (wanted,) = branch.late
    year, last = wanted.number.split("-")[2:]
    for typed in (
        wanted.number,
        wanted.number.lower(),
        wanted.number.replace("-", ""),
        wanted.number.replace("-", " "),
        wanted.number.replace("-", "–"),
        f"  {wanted.number}  ",
        f"a-{year}-{last}",
        f"A{year}{last}",
    ):
        assert wanted.number in sought(branch.project, typed), typed
        assert branch.trainer.number not in sought(branch.project, typed), typed
    assert sought(branch.project, "SMA-A-1999-0001") == []


def test_by_code_as_it_is_grouped_on_paper_and_only_as_a_whole(branch: Branch) -> None:
    (wanted,) = branch.late
    for typed in (wanted.code, grouped(wanted.code), wanted.code.lower(), grouped(wanted.code).replace("-", " ")):
        assert sought(branch.project, typed) == [wanted.number]
    assert sought(branch.project, wanted.code[:12] + "x") == []


def test_by_name_and_municipality_whatever_their_capitals(branch: Branch) -> None:
    wanted = issued_to(branch, "Ann-Åsa Öberg", organisation="Älvkarleby")
    for typed in ("ann-åsa", "ÅSA", "öberg ann", "ÄLVKARLEBY", "älvkarleby kommun", "Öberg Älvkarleby"):
        assert sought(branch.project, typed) == [wanted.number], typed
    assert sought(branch.project, "Öberg Tierp") == []
    year = wanted.issued_on.year
    assert sought(branch.project, f"öberg {year}") == [wanted.number]
    assert sought(branch.project, f"öberg {year - 1}") == []


def test_a_name_is_not_found_in_the_rest_of_what_a_certificate_says(branch: Branch) -> None:
    statement = register.statement_of(branch.late[0])
    for elsewhere in (statement.certified_by.name, statement.trainers[0].name.split()[-1], "version", "holder_name"):
        found = sought(branch.project, elsewhere)
        assert branch.late[0].number not in found, elsewhere


@pytest.mark.parametrize("typed", ["%", "_", "/", "\\", '"', "'", "%%%", "\x00", "{", "Å" * 400, "a " * 400, "０"])
def test_signs_that_mean_something_to_a_database_mean_themselves(
    browser: FlaskClient, branch: Branch, typed: str
) -> None:
    answer = browser.get(address(branch), query_string={"q": typed})
    assert answer.status_code == 200
    assert (branch.late[0].number in answer.text) == (typed == "\x00")  # what cannot be seen asks for nothing


def test_a_name_with_quotes_is_found_as_it_was_printed(branch: Branch) -> None:
    wanted = issued_to(branch, "Eva O'Hara \"Eve\" 100%_Lind")
    people_name(wanted.holder, "Eva", "Berg")
    for typed in ("O'Hara", '"Eve"', "100%_Lind", "berg"):
        assert sought(branch.project, typed) == [wanted.number], typed


def people_name(person: Person, given: str, family: str) -> None:
    person.given_name, person.family_name = given, family
    db.session.flush()


def test_another_name_finds_both_papers_and_each_says_what_is_printed(browser: FlaskClient, branch: Branch) -> None:
    first = issued_to(branch, "Elin Strand")
    second = renaming.rename(first, given_name="Elin", family_name="Åkerström", by=branch.leader)
    for typed in ("strand", "ÅKERSTRÖM"):
        found = sought(branch.project, typed)
        assert first.number in found
    assert sought(branch.project, "åkerström") == [second.number, first.number]
    page = browser.get(address(branch, "?q=strand")).text
    assert "Elin Strand" in page
    assert "is called Elin Åkerström now" in page


def test_every_state_is_a_filter_and_they_share_everything_between_them(branch: Branch) -> None:
    today = clock.today()
    with clock.moved(clock.now() - timedelta(days=50)):
        ended = make_certificate(branch.project, make_person(), valid_until=today - timedelta(days=1))
        last_day = make_certificate(branch.project, make_person(), valid_until=today)
    first = issued_to(branch, "Elin Strand")
    renaming.rename(first, given_name="Elin", family_name="Åkerström", by=branch.leader)
    revoking.revoke(branch.trainer, reason_code="conduct", by=branch.leader)
    kept = branch.early[0]
    deciding.decide(branch.project, {kept.id: "keep"}, by=branch.leader)
    by_state = {state: sought(branch.project, state=state) for state in STATES}
    assert sorted(number for numbers in by_state.values() for number in numbers) == sorted(sought(branch.project))
    shown = {each.certificate.number: each.state for each in finding.found(branch.project, Wanted(), 50)}
    assert {number: state for state, numbers in by_state.items() for number in numbers} == shown
    assert (shown[ended.number], shown[last_day.number], shown[first.number]) == ("expired", "valid", "replaced")
    assert (shown[branch.trainer.number], shown[kept.number]) == ("revoked", "valid")
    assert branch.late[0].number in by_state["review"]
    assert sought(branch.project, level="trainer") == [branch.trainer.number]
    assert branch.trainer.number not in sought(branch.project, level="user")
    assert sought(branch.project, "dahlgren", state="revoked", level="trainer") == [branch.trainer.number]
    assert sought(branch.project, state="nonsense", level="nonsense") == sought(branch.project)


def test_a_protected_person_is_found_by_alias_and_by_nothing_that_she_was_called(
    browser: FlaskClient, branch: Branch
) -> None:
    wanted = issued_to(branch, "Hanna Hemlig", organisation="Tierp")
    wanted.holder.protected, wanted.holder.alias = True, "Deltagare Sju"
    db.session.commit()
    assert sought(branch.project, "deltagare sju") == [wanted.number]
    for typed in ("Hanna", "hemlig", "Hanna Hemlig", "Tierp", f"hemlig {wanted.number}"):
        assert sought(branch.project, typed) == [], typed
    for query in (f"?q={wanted.number}", "?q=sju", f"?person={wanted.holder_id}", ""):
        page = browser.get(address(branch, query)).text
        assert "Deltagare Sju" in page
        assert "Hanna" not in page
        assert "Hemlig" not in page
        assert "Tierp" not in page


@pytest.mark.parametrize(
    "written",
    ["{0}", "{1}-{2}", "{1}+{2}", "{1} {2}", "Anna {1}-{2}", "{3}-{2} Berg", "{3}{2}", "Anna {1}\u200b{2}"],
)
def test_a_personnummer_is_neither_searched_for_nor_shown_again(
    browser: FlaskClient, branch: Branch, written: str
) -> None:
    digits = synthetic(date(1985, 1, 1), 980).digits12
    typed = written.format(digits, digits[:8], digits[8:], digits[2:8])
    answer = browser.get(address(branch), query_string={"q": typed, "level": "user"})
    assert answer.status_code == 303
    assert answer.location == address(branch, "?level=user")
    page = browser.get(answer.location).text
    assert "Nothing is searched by personnummer" in page
    assert digits[8:] not in page
    assert not any(digits[8:] in str(row.details) for row in db.session.scalars(select(Audit)))


@pytest.mark.parametrize("typed", ["SMA-A-2026-100000", "SMAA2026100000", "2026-0107", "2345-6789-2345-6789"])
def test_numbers_of_certificates_are_not_taken_for_a_personnummer(typed: str) -> None:
    assert not personnummer.mentions(typed)


def test_what_is_asked_for_stays_in_the_form_and_in_the_pages(browser: FlaskClient, branch: Branch) -> None:
    person = make_participant(branch.project, "Pia Bok")
    copies(branch, [person] * 120)
    page = browser.get(address(branch, "?q=Bok&state=valid&level=user&page=2")).text
    assert "120 certificates" in page
    assert "Page 2 of 3" in page
    assert "q=Bok&state=valid&level=user&page=3" in unescape(page)
    assert 'value="Bok"' in page
    assert '<option selected value="valid">' in page
    for beyond in ("999", "-1", "x"):
        assert browser.get(address(branch, f"?page={beyond}")).status_code == 200


def test_a_larger_register_asks_no_more_questions(browser: FlaskClient, branch: Branch) -> None:
    asked = []
    for many in (0, 60):
        copies(branch, [make_person(f"Karin Lind{each}", organisation=f"Ort {each}") for each in range(many)])
        asked.append([questions(browser, address(branch, query)) for query in ("", "?q=a", "?state=valid")])
    assert asked[0] == asked[1]


def copies(branch: Branch, holders: list[Person]) -> None:
    """Rows of the register as they would stand after years, one for each holder; only the signatures are missing."""
    like, rows = branch.late[0], []
    for each, holder in enumerate(holders):
        said = replace(
            register.statement_of(like), holder_name=holder.name, number=f"SMA-A-2031-{each:04d}", code=new_code()
        )
        rows.append({
            "number": said.number, "code": said.code, "project_dnr": branch.project.dnr, "holder_id": holder.id,
            "level": "user", "programme_key": said.programme.key, "issued_at": clock.now(),
            "issued_on": said.issued_on, "valid_until": None, "statement": to_json(said), "digest": digest(said),
            "issuer_certificate_id": like.issuer_certificate_id, "issued_by_id": like.issued_by_id,
            "ground": f"copy:{each}",
        })  # fmt: skip
    if rows:
        db.session.execute(insert(Certificate), rows)
    db.session.commit()


def questions(browser: FlaskClient, url: str) -> int:
    browser.get(url)
    with count_queries() as queries:
        assert browser.get(url).status_code == 200
    return len(queries)


def test_the_page_of_a_person_leads_to_her_certificates(browser: FlaskClient, branch: Branch) -> None:
    person = make_participant(branch.project, "Pia Bok")
    hers = make_certificate(branch.project, person, under=branch.trainer)
    link = address(branch, f"?person={person.id}")
    assert f'href="{link}"' in browser.get(f"/people/{person.id}").text
    page = browser.get(link).text
    assert "Certificates: Pia Bok" in page
    assert "1 certificate<" in page or "1 certificate." in page
    assert f'href="/certificates/{hers.id}"' in page
    assert f'href="/people/{person.id}"' in page
    assert branch.late[0].number not in page
    assert f'name="person" value="{person.id}"' in page
    trainer = browser.get(f"/people/{branch.trainer.holder_id}").text
    assert address(branch, f"?person={branch.trainer.holder_id}") in trainer


def test_nobody_reads_a_name_of_another_project_by_counting(browser: FlaskClient, branch: Branch) -> None:
    other = make_project(like="smot")
    stranger = make_person("Stina Främling")
    make_certificate(other, stranger)
    for person_id in (stranger.id, 999_999, 10**17):
        answer = browser.get(address(branch, f"?person={person_id}"))
        assert answer.status_code in (400, 404)
        assert "Stina" not in answer.text
    without_role = branch.late[0].holder
    page = browser.get(address(branch, f"?person={without_role.id}"))
    assert page.status_code == 200
    assert f"/people/{without_role.id}" not in page.text


def test_one_hit_is_a_list_and_no_hit_says_what_to_do(browser: FlaskClient, browser_of: Any, branch: Branch) -> None:
    (wanted,) = branch.late
    answer = browser.get(address(branch, f"?q={wanted.number}"))
    assert answer.status_code == 200
    assert f'href="/certificates/{wanted.id}"' in answer.text
    assert f'href="{address(branch)}"' in browser.get(f"/certificates/{wanted.id}").text
    assert f'href="{address(branch)}"' not in browser_of(wanted.holder).get(f"/certificates/{wanted.id}").text
    assert "No certificate matches" in browser.get(address(branch, "?q=SMA-A-1999-0001")).text
    empty = make_project(like="smot")
    page = browser_of(make_role("project_leader", empty)).get(f"/projects/{empty.id}/certificates").text
    assert "No certificate yet" in page
    assert f'href="/projects/{branch.project.id}/certificates"' in browser.get(f"/projects/{branch.project.id}").text
