"""Several tablets at the same moment, on whichever engine runs the tests: nothing lost, nothing doubled."""

from collections.abc import Callable
from threading import Barrier, Thread

from flask import Flask
from sqlalchemy import func, select

from courses import attendance
from courses.activities import Session
from courses.attendance import AttendanceEntry, Mark, SignOff
from courses.runs import Run
from lms import clock
from lms.db import db
from lms.people import Person
from lms.refusals import Refused
from tests.conftest import NOON
from tests.courses.sheets import course_day, whole


def at_once(app: Flask, *acts: Callable[[], object]) -> list[object]:
    """Run the acts in threads of their own that begin together; each commits, or gives its refusal."""
    barrier, results = Barrier(len(acts)), [None] * len(acts)

    def work(number: int, act: Callable[[], object]) -> None:
        with app.app_context(), clock.moved(NOON):
            barrier.wait()
            try:
                results[number] = act()
                db.session.commit()
            except Refused as refusal:
                db.session.rollback()
                results[number] = refusal
            finally:
                db.session.remove()

    threads = [Thread(target=work, args=item) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def saving(session_id: int, by: int, marks: list[Mark], nonce: str) -> Callable[[], object]:
    def act() -> tuple[int, int]:
        session, person = db.session.get_one(Session, session_id), db.session.get_one(Person, by)
        done = attendance.record(session, marks, by=person, nonce=nonce)
        return len(done.entries), len(done.conflicts)

    return act


def count(table: type[AttendanceEntry] | type[SignOff]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_two_tablets_save_different_words_at_the_same_moment(app: Flask) -> None:
    day = course_day(10)
    numbers = [person.id for person in day.people]
    session, trainer = day.session.id, day.trainer.id
    db.session.commit()
    acts = [
        saving(session, trainer, [Mark(number, state, absence=None) for number in numbers], f"nonce-{state}")
        for state in ("whole", "absent")
    ]
    results = at_once(app, *acts)
    assert sorted(results) == [(0, 10), (10, 0)]
    assert count(AttendanceEntry) == 10


def test_the_same_message_from_eight_threads_is_written_once(app: Flask) -> None:
    day = course_day(10)
    marks = [whole(person) for person in day.people]
    act = saving(day.session.id, day.trainer.id, marks, "nonce-same")
    db.session.commit()
    results = at_once(app, *[act] * 8)
    assert sorted(results) == [(0, 0)] * 7 + [(10, 0)]
    assert count(AttendanceEntry) == 10


def test_two_signatures_at_once_are_one(app: Flask) -> None:
    day = course_day(3)
    attendance.record(day.session, [whole(person) for person in day.people], by=day.trainer, nonce="nonce-000")
    session_id, trainer = day.session.id, day.trainer.id
    db.session.commit()

    def act() -> int:
        session, person = db.session.get_one(Session, session_id), db.session.get_one(Person, trainer)
        return attendance.sign_off(session, by=person).id

    results = at_once(app, *[act] * 6)
    assert len(set(results)) == 1
    assert count(SignOff) == 1


def test_signing_and_saving_at_once_leave_a_true_signature(app: Flask) -> None:
    day = course_day(3)
    first = attendance.record(day.session, [whole(p) for p in day.people], by=day.trainer, nonce="nonce-000").entries
    marks = [Mark(entry.person_id, "absent", entry.id) for entry in first]
    session_id, trainer = day.session.id, day.trainer.id
    db.session.commit()

    def sign() -> int:
        session, person = db.session.get_one(Session, session_id), db.session.get_one(Person, trainer)
        return attendance.sign_off(session, by=person).id

    at_once(app, sign, saving(session_id, trainer, marks, "nonce-001"))
    db.session.rollback()
    session = db.session.get_one(Session, session_id)
    signature = attendance.signed(session)
    assert signature is not None
    assert signature.entries_hash == attendance.hash_of(attendance.latest(session).values())


def test_an_assignment_approved_twice_at_once_counts_once(app: Flask) -> None:
    day = course_day(1)
    run_id, person_id, trainer = day.run.id, day.people[0].id, day.trainer.id
    db.session.commit()

    def act() -> int:
        run, person = db.session.get_one(Run, run_id), db.session.get_one(Person, person_id)
        by = db.session.get_one(Person, trainer)
        return attendance.record_assignment(run, person, minutes=240, day=clock.today(), by=by).id

    assert len(set(at_once(app, *[act] * 4))) == 1
    assert count(AttendanceEntry) == 1
