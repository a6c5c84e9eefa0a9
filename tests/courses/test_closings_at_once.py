"""Two leaders, or a leader and a trainer, at the same moment: one closing, one sending, and no correction unseen."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask

from courses import attendance
from courses.activities import Session
from courses.attendance import Mark
from courses.esf import closing
from courses.esf.changes import changes
from courses.esf.closings import MonthClosing, closings_of, latest, sendings_of
from courses.esf.months import is_changed
from courses.esf.sending import send
from courses.esf.snapshot import unpacked
from lms import clock
from lms.db import db
from lms.people import Person
from lms.projects import Project
from lms.refusals import Stale
from tests.courses.closed_months import SEPTEMBER, September
from tests.courses.closed_months import close as close_whole
from tests.courses.test_attendance_at_once import at_once


@pytest.fixture
def scene(app: Flask) -> Iterator[September]:
    with clock.moved(datetime(2022, 10, 4, 8, 0, tzinfo=UTC)):
        yield September()


def test_two_leaders_close_once_and_send_once(app: Flask, scene: September) -> None:
    number, by = scene.project.id, scene.leader.id
    mark = closing.seen(scene.project, SEPTEMBER, closing.left(scene.project, SEPTEMBER))
    db.session.commit()

    def act() -> int:
        project, leader = db.session.get_one(Project, number), db.session.get_one(Person, by)
        return close_whole(project, SEPTEMBER, leader, seen_mark=mark).version

    results = at_once(app, *[act] * 4)
    assert sum(isinstance(each, Stale) and each.code == "changed" for each in results) == 3
    db.session.rollback()
    (made,) = closings_of(db.session.get_one(Project, number))
    closed = made.id
    db.session.commit()

    def tick() -> int:
        leader = db.session.get_one(Person, by)
        return send(db.session.get_one(MonthClosing, closed), clock.today(), by=leader).id

    assert len(set(at_once(app, *[tick] * 4))) == 1
    db.session.rollback()
    assert len(sendings_of(db.session.get_one(Project, number))) == 1


def test_a_correction_at_the_same_moment_is_in_the_closing_or_noticed(app: Flask, scene: September) -> None:
    number, by, trainer, sheet = scene.project.id, scene.leader.id, scene.trainer.id, scene.first.id
    mark = Mark(scene.anna.id, "absent", scene.entries[1, scene.anna.id].id)
    other = Mark(scene.bo.id, "whole", scene.entries[1, scene.bo.id].id)
    db.session.commit()

    def shut() -> int:
        project, leader = db.session.get_one(Project, number), db.session.get_one(Person, by)
        return close_whole(project, SEPTEMBER, leader).version

    def correct() -> int:
        session, person = db.session.get_one(Session, sheet), db.session.get_one(Person, trainer)
        done = attendance.correct(session, [mark, other], "Var inte där", by=person, nonce="nonce-correct")
        return len(done.entries)

    assert at_once(app, shut, correct) == [1, 1]
    db.session.rollback()
    made = latest(db.session.get_one(Project, number), SEPTEMBER)
    assert made is not None
    in_it = unpacked(made.snapshot).minutes == 670
    assert is_changed(made) is not in_it
    assert bool(changes(made)) is not in_it
    assert attendance.verify().faults == ()
