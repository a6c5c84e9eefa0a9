"""A course run and a meeting stand in one table and come back as what they are."""

from datetime import date, time

from flask import Flask
from sqlalchemy import select

from courses import meetings
from courses.activities import Activity
from courses.runs import Run
from lms import clock
from lms.db import db
from tests.factories import make_person, make_project, make_run


def test_runs_and_meetings_come_back_as_what_they_are(app: Flask) -> None:
    project, caller = make_project(), make_person()
    run = make_run(project, caller)
    day = date(2022, 10, 20)
    starts, ends = clock.at(day, time(9)), clock.at(day, time(10))
    meeting = meetings.call(
        project, "network", title="Nätverk", starts=starts, ends=ends, place="Här", people=[], by=caller
    )
    db.session.flush()
    run_id, meeting_id = run.id, meeting.id
    db.session.expunge_all()
    kinds = {each.id: (type(each), each.kind) for each in db.session.scalars(select(Activity)).unique()}
    assert kinds == {run_id: (Run, "course"), meeting_id: (Activity, "network")}
    assert [each.id for each in db.session.scalars(select(Run)).unique()] == [run_id]
    assert type(db.session.get(Activity, meeting_id)) is Activity
    assert db.session.get(Run, meeting_id) is None
