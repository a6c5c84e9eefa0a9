"""Home assignments: drafts never lost, versions never changed, one outcome each, files for whom they are meant."""

import io
import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from courses import assignments, reviews
from courses.assignments import Review, Submission
from courses.attendance import AttendanceEntry
from courses.runs import Run
from lms import clock, mail
from lms.db import db
from lms.people import Person
from lms.refusals import Refused, Stale
from tests.factories import make_enrolment, make_participant, make_project, make_role, make_run
from tests.queries import count_queries


def png(number: int = 0) -> bytes:
    """A picture of one pixel; each number makes another content."""
    import struct
    import zlib

    pixel = zlib.compress(bytes([0, number % 256, number // 256, 0]))
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", pixel), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


class Course:
    """A run with two trainers, a participant with a place, and a trainer of another run."""

    def __init__(self) -> None:
        self.project = make_project()
        self.trainer, self.second = make_role("trainer", self.project), make_role("trainer", self.project)
        self.run = make_run(self.project, self.trainer, self.second)
        self.person = make_participant(self.project, "Elin Forsman")
        make_enrolment(self.run, self.person)
        self.stranger = make_role("trainer", self.project)
        make_run(self.project, self.stranger)
        self.url = f"/courses/{self.run.id}/assignment"

    def hand_in(self, text: str = "Mitt svar", minutes: int = 180, person: Person | None = None) -> Submission:
        who = person or self.person
        draft = assignments.draft_of(self.run, who)
        assignments.save_draft(self.run, who, text, minutes, draft.revision if draft else 0, by=who)
        return assignments.submit(self.run, who, by=who)


@pytest.fixture
def course(app: Flask) -> Course:
    return Course()


def refused(act: Any, *values: Any, **named: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        act(*values, **named)
    return caught.value


# --- operations ---------------------------------------------------------------------------------------------


def test_a_stale_draft_is_told_and_both_texts_live(course: Course) -> None:
    run, person = course.run, course.person
    first = assignments.save_draft(run, person, "Ett\r\ntvå", 10, 0, by=person)
    assert (first.text, first.revision) == ("Ett\ntvå", 1)
    stale = refused(assignments.save_draft, run, person, "Annat", 20, 0, by=person)
    assert isinstance(stale, Stale)
    assert stale.values["theirs"].text == "Ett\ntvå"
    assert assignments.save_draft(run, person, "Ett\ntvå", 10, 0, by=person).revision == 1
    assert assignments.save_draft(run, person, "Annat", 20, 1, by=person).revision == 2


def test_submitting_needs_work_and_minutes_within_the_programme(course: Course) -> None:
    run, person = course.run, course.person
    assert refused(assignments.submit, run, person, by=person).code == "nothing_to_submit"
    assignments.save_draft(run, person, "Svar", 0, 0, by=person)
    assert refused(assignments.submit, run, person, by=person).code == "minutes"
    assignments.save_draft(run, person, "Svar", 241, 1, by=person)
    assert refused(assignments.submit, run, person, by=person).code == "minutes"
    assignments.save_draft(run, person, "Svar", 240, 2, by=person)
    made = assignments.submit(run, person, by=person)
    assert (made.version, made.minutes) == (1, 240)
    assert assignments.submit(run, person, by=person).id == made.id
    assert sorted(each.recipient for each in mail.recent()) == sorted(
        str(each.email) for each in (course.trainer, course.second)
    )
    assert f"/submissions/{made.id}" in mail.recent()[0].text


def test_files_go_along_by_content_and_stay_with_their_version(course: Course) -> None:
    run, person = course.run, course.person
    stored = assignments.add_file(run, person, png(1), "../../plan.png", by=person)
    assert stored.name == "plan.png"
    assert assignments.add_file(run, person, png(1), "samma igen.png", by=person).id == stored.id
    assignments.save_draft(run, person, "", 60, 0, by=person)
    made = assignments.submit(run, person, by=person)
    assignments.remove_file(run, person, stored.id, by=person)
    assert [each.file_id for each in made.files] == [stored.id]
    draft = assignments.draft_of(run, person)
    assert draft
    assert draft.files == []
    for number in range(10):
        assignments.add_file(run, person, png(10 + number), f"{number}.png", by=person)
    assert refused(assignments.add_file, run, person, png(99), "en till.png", by=person).code == "too_many_files"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<html><script>alert(1)</script></html>", "svar.pdf"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "bild.svg"),
        (b"MZ\x90\x00" + b"\x00" * 200, "svar.docx"),
        (png() + b"PK\x03\x04<html>", "bild.png"),
        (b"%PDF-1.7\n<script>alert(1)</script>", "svar.pdf"),
    ],
)
def test_hostile_files_are_told_by_content(course: Course, data: bytes, name: str) -> None:
    assert refused(assignments.add_file, course.run, course.person, data, name, by=course.person).code == "file_type"


def test_approval_writes_minutes_on_the_local_day_of_submission_once(course: Course) -> None:
    with clock.moved(clock.now().replace(hour=22, minute=30)):  # half past midnight in Stockholm
        made = course.hand_in(minutes=200)
    with clock.moved(clock.now() + timedelta(days=3)):
        first = reviews.review(made, "approved", "Bra", by=course.trainer)
        assert reviews.review(made, "approved", "Bra", by=course.trainer).id == first.id
        told = refused(reviews.review, made, "returned", "Mer", by=course.second)
    assert isinstance(told, Stale)
    assert (told.code, told.values["review"].by_id) == ("reviewed", course.trainer.id)
    entries = db.session.scalars(select(AttendanceEntry).where(AttendanceEntry.kind == "assignment")).all()
    assert [(e.person_id, e.minutes, e.day.isoformat()) for e in entries] == [(course.person.id, 200, "2022-10-13")]
    assert assignments.approved_ids(course.run) == {course.person.id}
    code = refused(assignments.save_draft, course.run, course.person, "Mer", 1, 1, by=course.person).code
    assert code == "approved"
    assert mail.recent()[0].recipient == course.person.email


def test_returned_needs_feedback_and_the_next_version_follows(course: Course) -> None:
    made = course.hand_in()
    assert refused(reviews.review, made, "returned", "  ", by=course.trainer).code == "feedback"
    assert refused(reviews.review, made, "perfect", "x", by=course.trainer).code == "outcome"
    assert refused(reviews.review, made, "approved", "", by=course.person).code == "own_submission"
    reviews.review(made, "returned", "Skriv om tolk.", by=course.trainer)
    assert "Skriv om tolk." in mail.recent()[0].text
    again = course.hand_in("Bättre svar")
    assert again.version == 2
    assert [each.version for each in assignments.versions(course.run, course.person)] == [2, 1]


def test_a_version_that_was_replaced_is_not_decided(course: Course) -> None:
    old = course.hand_in()
    new = course.hand_in("Nyare svar")
    told = refused(reviews.review, old, "approved", "", by=course.trainer)
    assert (told.code, told.values["newest"].id) == ("newer", new.id)
    assert reviews.waiting([course.run.id]) == {course.run.id: 1}


def test_versions_cannot_be_changed_in_the_database(course: Course) -> None:
    course.hand_in()
    db.session.commit()
    with pytest.raises(DatabaseError):
        db.session.execute(update(Submission).values(text="Ändrat"))
    db.session.rollback()


def test_two_trainers_at_the_same_moment_make_one_outcome(app: Flask, course: Course) -> None:
    made = course.hand_in()
    submission_id, trainers = made.id, (course.trainer.id, course.second.id)
    db.session.commit()
    db.session.remove()
    start, outcomes, moment = threading.Barrier(2), [], clock.now()

    def decide(trainer_id: int, outcome: str) -> None:
        with app.app_context(), clock.moved(moment):
            start.wait(10)
            try:
                submission, trainer = db.session.get(Submission, submission_id), db.session.get(Person, trainer_id)
                assert submission
                assert trainer
                reviews.review(submission, outcome, "Text", by=trainer)
                db.session.commit()
                outcomes.append(outcome)
            except Stale as stale:
                outcomes.append(stale.code)
                db.session.rollback()
            finally:
                db.session.remove()

    threads = [
        threading.Thread(target=decide, args=pair) for pair in zip(trainers, ("approved", "returned"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(outcomes) == 2
    assert outcomes.count("reviewed") == 1
    assert db.session.scalar(select(db.func.count()).select_from(Review)) == 1


def test_two_windows_at_the_same_moment_make_one_draft_and_one_version(app: Flask, course: Course) -> None:
    run_id, person_id, moment = course.run.id, course.person.id, clock.now()
    db.session.commit()
    db.session.remove()
    start, outcomes = threading.Barrier(2), []

    def write(text: str) -> None:
        with app.app_context(), clock.moved(moment):
            start.wait(10)
            try:
                run, person = db.session.get(Run, run_id), db.session.get(Person, person_id)
                assert run
                assert person
                assignments.save_draft(run, person, text, 60, 0, by=person)
                assignments.submit(run, person, by=person)
                db.session.commit()
                outcomes.append("saved")
            except Stale as stale:
                outcomes.append(stale.code)
                db.session.rollback()
            finally:
                db.session.remove()

    threads = [threading.Thread(target=write, args=(text,)) for text in ("Ett", "Två")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["draft_stale", "saved"]
    assert db.session.scalar(select(db.func.count()).select_from(Submission)) == 1


# --- the participant's page ---------------------------------------------------------------------------------


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


# --- the trainer's pages ------------------------------------------------------------------------------------


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


def test_run_is_cancelled(course: Course) -> None:
    run: Run = course.run
    run.cancelled_at = clock.now()
    assert refused(assignments.save_draft, run, course.person, "x", 1, 0, by=course.person).code == "run_cancelled"
