"""What people try with certified time: hours of their own, sheets, objections, files and the room's sign-in."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from courses import attendance, hours
from courses.attendance import AttendanceEntry, HoursApproval, record
from courses.esf.month import month
from courses.hours.declared import waiting
from courses.hours.declaring import Declaration, approve, declare, refuse
from lms import clock
from lms.db import db
from tests import factories
from tests.courses.sheets import course_day, whole
from tests.courses.uploading import upload

N = "nonce-of-a-page"


# --- hours without a sheet ----------------------------------------------------------------------------------


def test_an_answer_to_an_objection_approves_no_more_than_was_approved(app: Flask) -> None:
    """A trainer and a participant who agree with each other get no minutes past the project leader."""
    day = course_day(1)
    anna, leader = day.people[0], factories.make_role("project_leader", day.project)
    what = Declaration(day.run, "coaching", clock.today(), 60, "Handledde gruppen")
    refuse(declare(what, nonce=N, by=anna), "Inte den dagen", by=leader)
    refused = db.session.scalars(select(AttendanceEntry).order_by(AttendanceEntry.id.desc())).first()
    assert refused is not None
    again = hours.correct_loose(
        hours.object_to(refused, 30, "Det var en halvtimme", by=anna), 30, "Det stämmer", by=day.trainer
    )
    assert waiting(day.project) == [again], "what a trainer writes waits for who approves"
    approve([again], by=leader)
    first = clock.today().replace(day=1)
    assert month(day.project, first).total.minutes == 30
    more = hours.correct_loose(hours.object_to(again, 600, "Hela dagen ju", by=anna), 600, "Visst", by=day.trainer)
    assert db.session.get(HoursApproval, more.id) is None
    assert waiting(day.project) == [more]
    assert month(day.project, first).total.minutes == 0
    approve([more], by=leader)
    less = hours.correct_loose(hours.object_to(more, 20, "Nej, tjugo", by=anna), 20, "Det stämmer", by=day.trainer)
    assert month(day.project, first).total.minutes == less.minutes == 20


# --- the sheet ----------------------------------------------------------------------------------------------


def test_nobody_is_made_to_vanish_from_a_sheet_by_an_answer_it_does_not_offer(app: Flask, browser_of: Any) -> None:
    day = course_day(2)
    anna = day.people[0]
    record(day.session, [whole(person) for person in day.people], by=day.trainer, nonce=N)
    seen = attendance.latest(day.session)[anna.id].id
    browser, sheet = browser_of(day.trainer), f"/sessions/{day.session.id}/attendance"
    row = {f"state{anna.id}": "absent", f"absence{anna.id}": "moved", f"seen{anna.id}": str(seen)}
    browser.post(sheet, data=row | {"nonce": "nonce-of-another"})
    browser.post(f"{sheet}/marks", data=row | {"nonce": "nonce-of-a-third", "person": str(day.trainer.id)})
    assert attendance.latest(day.session)[anna.id].absence != "moved"


# --- files --------------------------------------------------------------------------------------------------

ODD = (
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59",
    "2022-10-11T08:00:00+99:99", "1/1/0001 00:00", "2022-10-11T08:00:00+23:59", "99999999999", "2022-02-30 10:00",
    "2022-04-01 08:00:00",
)  # fmt: skip
HEADS = {
    "Name\tJoin Time\tLeave Time\tEmail": "{name}\t{came}\t{left}\t{email}",
    "Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail": "{name}\t{came}\t{left}\t999h\t{email}",
    "E-post;Närvaro;Kom;Gick;Borta däremellan": "{email};del;{came};{left};5",
}


@pytest.mark.parametrize("odd", ODD)
def test_no_clock_of_a_file_lies_far_from_the_session_or_breaks_anything(app: Flask, browser_of: Any, odd: str) -> None:
    day = course_day(6)
    browser, people = browser_of(day.trainer), list(day.people)
    for head, row in HEADS.items():
        for came, left in ((odd, "2022-10-11 10:00:00"), ("2022-10-11 09:00:00", odd)):
            person = people.pop()
            line = row.format(name=person.full_name, email=person.email, came=came, left=left)
            where, page = upload(browser, day, f"{head}\n{line}\n".encode("utf-16"))
            if shown := re.search(r'name="shown" value="([^"]+)"', page):
                assert browser.post(where, data={"shown": shown[1], "write": "1"}).status_code in (200, 303, 422)
    for entry in attendance.latest(day.session).values():
        for moment in (entry.came_at or day.session.starts_at, entry.left_at or day.session.ends_at):
            assert abs(moment - day.session.starts_at) < timedelta(hours=12), entry
