"""Survey pages: the promise first, nothing typed is lost, and results for those who evaluate, lead or teach only."""

import csv
import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from courses import surveys
from courses.surveys import Receipt, Response
from lms import clock
from lms.db import db
from tests.courses.asked import KEY, close_all, opened, say, the_survey
from tests.factories import make_person, make_project, make_role
from tests.queries import count_queries


def test_the_promise_stands_before_the_first_question_and_nothing_is_required(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    survey, people = opened(make_project(), 1)
    page = browser_of(people[0]).get(f"/surveys/{survey.id}").text
    assert page.index('class="note"') < page.index('name="q_knows_enough"')
    assert "required" not in page
    assert page.count('type="radio"') == 5 * 6


def test_sending_thanks_and_the_second_time_is_told_kindly(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    survey, people = opened(make_project(), 1)
    url = f"/surveys/{survey.id}"
    browser = browser_of(people[0])
    answer = browser.post(url, data={"q_knows_enough": "5", "q_equal_terms": "0", "q_change": "Mer\r\ntid"})
    assert (answer.status_code, answer.location) == (303, url)
    thanks = browser.get(url).text
    assert 'type="radio"' not in thanks
    again = browser.post(url, data={"q_knows_enough": "1"}, follow_redirects=True)
    assert again.status_code == 200
    db.session.rollback()
    response = db.session.scalars(select(Response)).one()
    assert response.answers["knows_enough"] == 5
    assert response.answers["change"] == "Mer\ntid"


@pytest.mark.parametrize(
    "data",
    [
        {"q_change": "x" * 2001, "q_most_useful": "Behåll mig"},
        {"q_knows_enough": "9", "q_most_useful": "Behåll mig"},
    ],
)
def test_what_cannot_be_taken_keeps_everything_typed(app: Flask, browser_of, data: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    survey, people = opened(make_project(), 1)
    answer = browser_of(people[0]).post(f"/surveys/{survey.id}", data=data | {"q_conversation": "2"})
    assert answer.status_code == 422
    assert "Behåll mig" in answer.text
    assert re.search(r'name="q_conversation"[^>]*value="2" checked', answer.text)
    assert 'role="alert"' in answer.text
    assert "field-error" in answer.text
    db.session.rollback()
    assert db.session.get_one(Receipt, (survey.id, people[0].id)).answered_on is None


def test_an_empty_form_is_asked_for_one_answer(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    survey, people = opened(make_project(), 1)
    assert browser_of(people[0]).post(f"/surveys/{survey.id}", data={}).status_code == 422


def test_a_closed_survey_and_one_to_come_say_so(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    survey, people = opened(make_project(), 2)
    browser = browser_of(people[0])
    with clock.moved(clock.now() + timedelta(days=15)):
        assert 'type="radio"' not in browser.get(f"/surveys/{survey.id}").text
        assert browser.post(f"/surveys/{survey.id}", data={"q_knows_enough": "1"}).status_code == 303
        surveys.close_due(clock.today())
        assert 'type="radio"' not in browser.get(f"/surveys/{survey.id}").text
    with clock.moved(clock.now() + timedelta(weeks=8)):
        surveys.open_due(clock.today())
        followup = the_survey(survey.run, "followup")
        browser = browser_of(people[1])
        assert 'type="radio"' in browser.get(f"/surveys/{followup.id}").text
    page = browser.get(f"/surveys/{followup.id}").text
    assert 'type="radio"' not in page
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Response)) == 0


def test_only_who_was_asked_sees_the_form(app: Flask, browser_of, client) -> None:  # type: ignore[no-untyped-def]
    survey, _people = opened(make_project(), 1)
    url = f"/surveys/{survey.id}"
    assert browser_of(make_person()).get(url).status_code == 403
    assert browser_of(survey.run.trainers[0]).get(url).status_code == 403
    assert client.get(url).status_code == 303
    assert browser_of(make_person()).get("/surveys/999").status_code == 404


@pytest.mark.parametrize("page", ["", f"/{KEY}/participant", f"/{KEY}/participant.csv", f"/{KEY}/participant.xlsx"])
@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("project_leader", 200),
        ("evaluator", 200),
        ("county_trainer", 200),
        ("trainer", 200),
        ("economist", 403),
        ("steering_group", 403),
        ("manager", 403),
    ],
)
def test_results_are_for_who_evaluates_leads_or_teaches(
    app: Flask, browser_of, page: str, role: str, status: int
) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    survey, people = opened(project, 6)
    say(survey, people)
    close_all()
    browser = browser_of(make_role(role, None if role == "manager" else project))
    assert browser.get(f"/projects/{project.id}/surveys{page}").status_code == status
    other = make_project(dnr="2024/00001")
    assert browser.get(f"/projects/{other.id}/surveys{page}").status_code == 403


def test_no_page_shows_fewer_than_five_or_anything_that_ties(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    survey, people = opened(project, 4)
    say(survey, people, 5, "hemligt")
    close_all()
    browser = browser_of(make_role("evaluator", project))
    url = f"/projects/{project.id}/surveys"
    pages = [url, f"{url}/{KEY}/participant", f"{url}/{KEY}/participant.csv", f"{url}/{KEY}/trainer"]
    assert not any("hemligt" in browser.get(page).text for page in pages)
    survey, people = opened(project, 2)
    say(survey, people, 1, "hemligt")
    close_all()
    page = browser.get(f"{url}/{KEY}/participant").text
    assert page.count("<li>hemligt") == 6
    assert not any(response_id in page for response_id in db.session.scalars(select(Response.id)))
    assert "Håbo" not in page
    assert "style=" not in page
    assert page.count('<svg class="chart') == 2 * 5


def test_the_files_hold_sums_and_texts_and_no_formula(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    survey, people = opened(project, 5)
    say(survey, people, 3, "=1+1")
    close_all()
    browser = browser_of(make_role("evaluator", project))
    url = f"/projects/{project.id}/surveys/{KEY}/participant"
    rows = list(csv.reader(io.StringIO(browser.get(f"{url}.csv").data.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 1 + 5 * 6 + 5
    assert [row[6] for row in rows[1:7]] == ["0", "0", "5", "0", "0", "0"]
    assert all(row[5].startswith("'=1+1") for row in rows[-5:])
    answer = browser.get(f"{url}.xlsx")
    assert "attachment" in answer.headers["Content-Disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    assert len(book.sheet_names) == 2


def test_unknown_programmes_and_pages_are_not_found_or_the_nearest(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    opened(project, 1)
    browser = browser_of(make_role("evaluator", project))
    url = f"/projects/{project.id}/surveys"
    assert browser.get(f"{url}/okand/participant").status_code == 404
    assert browser.get(f"{url}/{KEY}/manager").status_code == 404
    for page in ("0", "-3", "99", "x"):
        assert browser.get(f"{url}/{KEY}/participant?page={page}").status_code == 200


def test_pages_ask_as_many_questions_for_many_as_for_few(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    project = make_project()
    viewer = browser_of(make_role("evaluator", project))
    url = f"/projects/{project.id}/surveys"
    counts: list[list[int]] = []
    for size in (5, 30):
        for _each in range(2 if size == 5 else 4):
            survey, people = opened(project, size)
            say(survey, people)
            close_all()
        survey, people = opened(project, size)
        answering = browser_of(people[0])
        seen = []
        for browser, page in (
            (viewer, url),
            (viewer, f"{url}/{KEY}/participant"),
            (viewer, f"{url}/{KEY}/participant.csv"),
            (answering, f"/surveys/{survey.id}"),
        ):
            db.session.commit()
            db.session.expire_all()
            with count_queries() as queries:
                assert browser.get(page).status_code == 200
            seen.append(len(queries))
        with count_queries() as queries:
            surveys.share(project, "knows_enough")
        counts.append([*seen, len(queries)])
    assert counts[0] == counts[1]
    assert max(counts[0]) < 20
