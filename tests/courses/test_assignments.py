"""Home assignments: drafts never lost, versions never changed, one outcome each, minutes once."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from courses import assignments, reviews
from courses.assignments import Review, Submission
from courses.attendance import AttendanceEntry
from courses.runs import Run
from lms import clock
from lms.db import db
from lms.people import Person
from lms.refusals import Refused, Stale
from tests.courses.handing_in import Course, png
from tests.letters import recent


@pytest.fixture
def course(app: Flask) -> Course:
    return Course()


def refused(act: Any, *values: Any, **named: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        act(*values, **named)
    return caught.value


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
    assert sorted(each.recipient for each in recent()) == sorted(
        str(each.email) for each in (course.trainer, course.second)
    )
    assert f"/submissions/{made.id}" in recent()[0].text


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
    assert recent()[0].recipient == course.person.email


def test_returned_needs_feedback_and_the_next_version_follows(course: Course) -> None:
    made = course.hand_in()
    assert refused(reviews.review, made, "returned", "  ", by=course.trainer).code == "feedback"
    assert refused(reviews.review, made, "perfect", "x", by=course.trainer).code == "outcome"
    assert refused(reviews.review, made, "approved", "", by=course.person).code == "own_submission"
    reviews.review(made, "returned", "Skriv om tolk.", by=course.trainer)
    assert "Skriv om tolk." in recent()[0].text
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


def test_run_is_cancelled(course: Course) -> None:
    run: Run = course.run
    run.cancelled_at = clock.now()
    assert refused(assignments.save_draft, run, course.person, "x", 1, 0, by=course.person).code == "run_cancelled"
