"""Home assignments in the browser: nothing typed is lost, files open for whom they are meant, trainers assess."""

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from courses import assignments, reviews
from tests.courses.handing_in import Course, png
from tests.factories import make_enrolment, make_participant, make_role
from tests.queries import count_queries


@pytest.fixture
def course(app: Flask) -> Course:
    return Course()


def post(client: FlaskClient, url: str, *uploads: tuple[bytes, str], **values: str) -> Any:
    files = [(io.BytesIO(data), name) for data, name in uploads]
    return client.post(url, data={**values, "files": files}, content_type="multipart/form-data")


def test_draft_and_files_in_the_browser_then_handed_in(course: Course, browser_of: Any) -> None:
    client = browser_of(course.person)
    assert "Robin" in client.get(course.url).text
    saved = post(client, course.url, (png(1), "a.png"), (png(2), "b.png"), revision="0", text="Utkast", minutes="")
    assert saved.status_code == 303
    page = client.get(course.url).text
    assert "Utkast" in page
    assert "a.png" in page
    assert "b.png" in page
    done = post(client, course.url, revision="1", text="Färdigt", minutes="180", act="submit")
    assert done.location == course.url
    newest = assignments.latest(course.run, course.person)
    assert newest
    assert (newest.text, newest.minutes, len(newest.files)) == ("Färdigt", 180, 2)


def test_a_wrong_file_costs_neither_text_nor_the_other_file(course: Course, browser_of: Any) -> None:
    client = browser_of(course.person)
    answer = post(client, course.url, (b"MZ", "virus.exe"), (png(3), "ok.png"), revision="0", text="Mitt", minutes="x")
    assert answer.status_code == 422
    assert "virus.exe" in answer.text
    assert ">\nMitt</textarea>" in answer.text or ">\r\nMitt</textarea>" in answer.text
    assert 'value="x"' in answer.text
    draft = assignments.draft_of(course.run, course.person)
    assert draft
    assert [each.file.name for each in draft.files] == ["ok.png"]


def test_two_windows_show_both_texts(course: Course, browser_of: Any) -> None:
    client = browser_of(course.person)
    post(client, course.url, revision="0", text="Första fönstret", minutes="10")
    answer = post(client, course.url, revision="0", text="Andra fönstret", minutes="20")
    assert answer.status_code == 409
    assert "Första fönstret" in answer.text
    assert "Andra fönstret" in answer.text
    assert 'name="revision" type="hidden" value="1"' in answer.text
    assert post(client, course.url, revision="1", text="Båda", minutes="20").status_code == 303


def test_an_approval_while_writing_keeps_the_words(course: Course, browser_of: Any) -> None:
    reviews.review(course.hand_in(), "approved", "", by=course.trainer)
    client = browser_of(course.person)
    answer = post(
        client, course.url, (png(8), "sen.png"), revision="1", text="Mina sena ord", minutes="5", act="submit"
    )
    assert answer.status_code == 422
    assert "Mina sena ord" in answer.text
    assert "<textarea" not in answer.text
    assert len(assignments.versions(course.run, course.person)) == 1


def test_too_much_at_once_keeps_the_text(course: Course, browser_of: Any, app: Flask) -> None:
    client = browser_of(course.person)
    most = app.config["MAX_CONTENT_LENGTH"]
    app.config["MAX_CONTENT_LENGTH"] = 200_000
    try:
        answer = post(client, course.url, (b"x" * 300_000, "stor.pdf"), revision="0", text="Långt <b>svar", minutes="7")
    finally:
        app.config["MAX_CONTENT_LENGTH"] = most
    assert answer.status_code == 413
    assert "Långt &lt;b&gt;svar</textarea>" in answer.text
    assert assignments.draft_of(course.run, course.person) is None


def test_what_people_write_never_acts_on_a_page(course: Course, browser_of: Any) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)> javascript:alert(3) [x](javascript:alert(4))"
    made = course.hand_in(evil)
    for client, url in (
        (browser_of(course.person), course.url),
        (browser_of(course.trainer), f"/submissions/{made.id}"),
    ):
        page = client.get(url)
        assert "&lt;script&gt;alert(1)" in page.text
        for dangerous in ("<script>alert", "<img src=x", 'href="javascript:'):
            assert dangerous not in page.text


def test_only_who_has_a_place_may_hand_in(course: Course, browser_of: Any) -> None:
    waiting, invited = make_participant(course.project), make_participant(course.project)
    make_enrolment(course.run, waiting, "waiting")
    make_enrolment(course.run, invited, "invited")
    for person in (waiting, invited, course.trainer, course.stranger):
        assert browser_of(person).get(course.url).status_code == 403
        assert post(browser_of(person), course.url, revision="0", text="x", minutes="1").status_code == 403


def test_files_open_for_owner_and_own_trainers_as_downloads(course: Course, browser_of: Any) -> None:
    stored = assignments.add_file(course.run, course.person, png(5), "hälsa.png", by=course.person)
    url, other = f"/files/{stored.id}", make_participant(course.project)
    make_enrolment(course.run, other)
    assert browser_of(course.trainer).get(url).status_code == 403
    course.hand_in()
    for person, status in (
        (course.person, 200),
        (course.trainer, 200),
        (course.second, 200),
        (course.stranger, 403),
        (other, 403),
        (make_role("project_leader", course.project), 403),
    ):
        answer = browser_of(person).get(url)
        assert answer.status_code == status, person.name
        if status == 200:
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.data == png(5)


def test_queue_shows_what_waits_first_and_decides(course: Course, browser_of: Any) -> None:
    silent = make_participant(course.project)
    make_enrolment(course.run, silent)
    made = course.hand_in()
    client = browser_of(course.trainer)
    page = client.get(f"/runs/{course.run.id}/reviews").text
    assert page.index("Elin Forsman") < page.index(silent.name)
    missing = client.post(f"/submissions/{made.id}", data={"outcome": "returned", "feedback": ""})
    assert missing.status_code == 422
    done = client.post(f"/submissions/{made.id}", data={"outcome": "returned", "feedback": "Mer om tolk"})
    assert done.location == f"/runs/{course.run.id}/reviews"
    assert "Mer om tolk" in browser_of(course.person).get(course.url).text


def test_second_trainer_is_told_and_keeps_her_words(course: Course, browser_of: Any) -> None:
    made = course.hand_in()
    url = f"/submissions/{made.id}"
    browser_of(course.trainer).post(url, data={"outcome": "approved", "feedback": "Fint"})
    answer = browser_of(course.second).post(url, data={"outcome": "returned", "feedback": "Mina ord"})
    assert answer.status_code == 409
    assert "Mina ord" in answer.text
    assert "Fint" in answer.text


def test_a_newer_version_is_shown_with_the_typed_comment(course: Course, browser_of: Any) -> None:
    made = course.hand_in()
    new = course.hand_in("Nyast av alla")
    url, newest = f"/submissions/{made.id}", f"/submissions/{new.id}"
    answer = browser_of(course.trainer).post(url, data={"outcome": "approved", "feedback": "Mina ord"})
    assert answer.status_code == 409
    assert "Nyast av alla" in answer.text
    assert f'action="{newest}"' in answer.text
    assert "Mina ord</textarea>" in answer.text


def test_nobody_else_reads_or_assesses(course: Course, browser_of: Any) -> None:
    made = course.hand_in()
    for person in (course.person, course.stranger, make_role("project_leader", course.project)):
        client = browser_of(person)
        assert client.get(f"/submissions/{made.id}").status_code == 403
        assert client.post(f"/submissions/{made.id}", data={"outcome": "approved"}).status_code == 403
        assert client.get(f"/runs/{course.run.id}/reviews").status_code == 403


def fill(course: Course, people: int) -> None:
    for number in range(people):
        person = make_participant(course.project)
        make_enrolment(course.run, person)
        if number % 2:
            course.hand_in(f"Svar {number}", person=person)


def queries(client: FlaskClient, url: str) -> int:
    client.get(url)
    with count_queries() as asked:
        assert client.get(url).status_code == 200
    return len(asked)


def test_pages_ask_as_much_for_many_as_for_few(course: Course, browser_of: Any) -> None:
    trainer, participant = browser_of(course.trainer), browser_of(course.person)
    made = course.hand_in()
    pages = [
        (trainer, f"/runs/{course.run.id}/reviews"),
        (trainer, f"/submissions/{made.id}"),
        (participant, course.url),
    ]
    pages.append((participant, f"/courses/{course.run.id}"))
    fill(course, 4)
    few = [queries(client, url) for client, url in pages]
    fill(course, 30)
    reviews.review(made, "returned", "Mer", by=course.trainer)
    last = course.hand_in("Version två")
    pages[1] = (trainer, f"/submissions/{last.id}")
    many = [queries(client, url) for client, url in pages]
    assert all(more <= less + 2 for less, more in zip(few, many, strict=True)), (few, many)
    assert max(many) <= 30, many
    assert "page=2" in trainer.get(f"/runs/{course.run.id}/reviews").text
