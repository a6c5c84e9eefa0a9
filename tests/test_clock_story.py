"""From the plan to the month on the nights when clocks change, and today's list around midnight in Stockholm."""

from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask

from courses import attendance, materials, programmes, runs, today
from courses.attendance import Mark
from courses.esf.month import month
from courses.timetable import Slot
from lms import clock
from lms.db import db
from tests.factories import make_enrolment, make_participant, make_person, make_project, make_role, make_run

CHANGES = [
    (date(2022, 3, 27), time(1, 0), time(4, 0), 120),
    (date(2022, 10, 30), time(1, 0), time(4, 0), 240),
    (date(2022, 3, 27), time(8, 30), time(12, 30), 240),
    (date(2022, 10, 30), time(20, 0), time(23, 59), 239),
]


@pytest.mark.parametrize("night", CHANGES)
def test_a_session_when_the_clock_changes_from_plan_to_month(app: Flask, browser_of, night) -> None:  # type: ignore[no-untyped-def]
    day, starts, ends, minutes = night
    with clock.moved(clock.at(day - timedelta(days=7), time(12))):
        project = make_project()
        trainer = make_role("county_trainer", project)
        material = materials.publish(programmes.load(programmes.CONTENT / "smail-utbildare"))
        later = day + timedelta(days=14)
        plan = [
            Slot(clock.at(day, starts), clock.at(day, ends), "physical", "Kommunhuset"),
            Slot(clock.at(later, time(8, 30)), clock.at(later, time(12, 30)), "physical", "Kommunhuset"),
        ]
        run = runs.schedule(
            project, material, organisation=make_person().organisation, sessions=plan, capacity=8,
            trainers=[trainer], by=trainer,
        )  # fmt: skip
        person = make_participant(project)
        make_enrolment(run, person)
        session = run.sessions[0]
        assert session.minutes == minutes
    with clock.moved(clock.at(day, ends) + timedelta(hours=5)):
        shown = browser_of(trainer).get(f"/sessions/{session.id}/attendance").text
        assert starts.strftime("%H.%M") in shown
        assert ends.strftime("%H.%M") in shown
        done = attendance.record(session, [Mark(person.id, "whole", None)], by=trainer, nonce="nonce-000")
        assert [(entry.minutes, entry.day) for entry in done.entries] == [(minutes, day)]
        attendance.sign_off(session, by=trainer)
        db.session.commit()
        assert month(project, day.replace(day=1)).total.minutes == minutes


@pytest.mark.parametrize("day", [date(2022, 10, 12), date(2022, 3, 27), date(2022, 10, 30)])
def test_today_begins_at_midnight_in_stockholm(app: Flask, browser_of, day: date) -> None:  # type: ignore[no-untyped-def]
    """A minute before midnight the course is tomorrow's, a minute after it is today's."""
    project = make_project()
    trainer = make_role("county_trainer", project)
    run = make_run(project, trainer, programme="smail-utbildare", first_day=day)
    make_enrolment(run, make_participant(project))
    db.session.commit()
    sheet = f"/sessions/{run.sessions[0].id}/attendance"
    found = {}
    for name, moment in _around(day).items():
        with clock.moved(moment), app.test_request_context("/"):
            found[name] = clock.today(), any(task.url == sheet for task in today.tasks(trainer))
    assert found["before"] == (day - timedelta(days=1), False)
    assert found["after"] == (day, True)


def _around(day: date) -> dict[str, datetime]:
    midnight = clock.at(day, time())
    return {"before": midnight - timedelta(minutes=1), "after": midnight + timedelta(minutes=1)}
