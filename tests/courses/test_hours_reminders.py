"""Reminders of hours: on day 3, 10 and 20, not at night, one a day, and only to those who have something to confirm."""

from datetime import datetime

import pytest
from sqlalchemy import func, select

from courses import background, hours
from courses.hours import reminding
from lms import clock, jobs
from lms.audit import Audit
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.projects import participation_of
from tests.courses import ledger_rows
from tests.courses.certifying import confirm_month, signed_day
from tests.factories import make_role
from tests.queries import count_queries

pytestmark = pytest.mark.usefixtures("app")


def at(text):
    """A moment in Stockholm, «2022-11-03T08:00»."""
    return clock.moved(datetime.fromisoformat(text).replace(tzinfo=clock.STOCKHOLM))


def mails():
    return db.session.scalar(select(func.count(OutboxMail.id)).where(OutboxMail.key.startswith("hours:")))


def run(text):
    with at(text):
        hours.remind_due()
        db.session.flush()
    return mails()


@pytest.fixture
def day(app):
    return signed_day()


def test_the_worker_does_it():
    assert background.remind_of_hours in jobs.EACH_MINUTE


def test_on_day_three_ten_and_twenty_and_once_each(day):
    found = [
        run(moment)
        for moment in (
            "2022-10-31T12:00", "2022-11-02T12:00", "2022-11-03T07:59", "2022-11-03T08:00", "2022-11-03T08:01",
            "2022-11-09T12:00", "2022-11-10T08:00", "2022-11-19T12:00", "2022-11-20T09:00", "2022-11-30T12:00",
        )
    ]  # fmt: skip
    assert found == [0, 0, 0, 3, 3, 3, 6, 6, 9, 9]


def test_not_at_night(day):
    assert run("2022-11-03T20:00") == run("2022-11-03T23:59") == run("2022-11-04T00:01") == 0
    assert run("2022-11-04T08:00") == 3


def test_a_worker_that_slept_sends_one_and_not_three(day):
    assert run("2022-11-22T08:00") == 3
    assert run("2022-11-22T08:01") == 3
    assert run("2022-11-23T08:00") == 3


def test_only_to_those_who_have_something_to_confirm(day):
    confirm_month(day.person)
    hours.object_to(day.entries[1], 100, "Gick tidigt.", by=day.day.people[1])
    assert run("2022-11-03T08:00") == 1
    letter = db.session.scalars(select(OutboxMail).where(OutboxMail.key.startswith("hours:"))).one()
    assert letter.person_id == day.day.people[2].id


def test_only_esf_participants_with_an_address(day):
    participation = participation_of(day.person.id, day.day.project.id)
    participation.esf = False
    day.day.people[1].email = None
    assert run("2022-11-03T08:00") == 1


def test_the_morning_of_the_day_summer_time_ends(day):
    ledger_rows.approved(day.day.run, day.person, 60, day.entry.day.replace(month=9))
    assert run("2022-10-30T02:30") == 0
    assert run("2022-10-30T08:00") == 1  # of September, day 20


def test_a_mail_lists_day_activity_and_minutes_and_no_name(day):
    day.person.protected, day.person.alias = True, "Deltagare Ett"
    run("2022-11-03T08:00")
    letter = db.session.scalars(select(OutboxMail).where(OutboxMail.person_id == day.person.id)).one()
    assert day.day.run.title in letter.text
    assert "4 h (240 minutes)" in letter.text
    assert "11 oktober 2022" in letter.text
    for word in (day.person.family_name, day.person.given_name, "Deltagare Ett"):
        assert word not in letter.text.replace("person", "")
    assert letter.recipient_name == ""


def test_many_are_mailed_a_part_at_a_time(day, monkeypatch):
    monkeypatch.setattr(reminding, "AT_A_TIME", 2)
    assert run("2022-11-03T08:00") == 2
    assert run("2022-11-03T08:01") == 3
    assert run("2022-11-03T08:02") == 3


def test_who_was_reminded_by_hand_today_gets_no_other(day):
    leader = make_role("project_leader", day.day.project)
    with at("2022-11-03T07:00"):
        assert hours.remind(day.day.project, day.first, by=leader).sent == 3
    assert run("2022-11-03T08:00") == 3
    assert run("2022-11-10T08:00") == 6


def test_everybody_in_one_act_and_at_most_once_a_day(day):
    leader = make_role("project_leader", day.day.project)
    day.day.people[1].email = None
    with at("2022-11-05T22:00"):
        assert hours.remind(day.day.project, day.first, by=leader) == hours.Reminded(2, 1)
        assert hours.remind(day.day.project, day.first, by=leader) == hours.Reminded(0, 3)
    with at("2022-11-06T00:01"):
        assert hours.remind(day.day.project, day.first, by=leader).sent == 2
    acts = db.session.scalars(select(Audit.person_id).where(Audit.act == "hours.reminded")).all()
    assert acts == [leader.id, leader.id]


def test_a_great_many_are_reminded_in_parts(day, monkeypatch):
    leader = make_role("project_leader", day.day.project)
    monkeypatch.setattr(reminding, "MOST", 2)
    assert hours.remind(day.day.project, day.first, by=leader) == hours.Reminded(2, 0, 1)
    assert hours.remind(day.day.project, day.first, by=leader) == hours.Reminded(1, 2, 0)


def test_trainers_of_unsigned_sheets():
    day = signed_day(sign=False)
    leader = make_role("project_leader", day.day.project)
    assert hours.remind_trainers(day.day.project, day.first, by=leader) == hours.Reminded(1, 0)
    assert hours.remind_trainers(day.day.project, day.first, by=leader) == hours.Reminded(0, 1)
    letter = db.session.scalars(select(OutboxMail).where(OutboxMail.person_id == day.day.trainer.id)).one()
    assert f"/sessions/{day.day.session.id}/attendance" in letter.text
    assert str(day.day.run.sessions[1].id) + "/attendance" not in letter.text  # that one is still to come


def test_nothing_to_sign_nobody_reminded(day):
    leader = make_role("project_leader", day.day.project)
    assert hours.remind_trainers(day.day.project, day.first, by=leader) == hours.Reminded(0, 0)


def test_nothing_due_is_one_question(day):
    run("2022-11-03T08:00")
    with at("2022-11-03T09:00"), count_queries() as queries:
        hours.remind_due()
    assert len(queries) == 1
    with at("2022-11-03T05:00"), count_queries() as queries:
        hours.remind_due()
    assert queries == []


def test_who_is_missing_per_employer(day):
    confirm_month(day.person)
    hours.object_to(day.entries[1], 100, "Gick tidigt.", by=day.day.people[1])
    missing = {row.person_id: row for row in hours.missing(day.day.project, day.first)}
    assert set(missing) == {day.day.people[1].id, day.day.people[2].id}
    odd, waits = missing[day.day.people[1].id], missing[day.day.people[2].id]
    assert (odd.lines, odd.objected, waits.lines, waits.objected, waits.minutes) == (0, 1, 1, 0, 240)
    assert waits.organisation == "Håbo"
    (tally,) = hours.tallies(day.day.project, day.first).values()
    assert (tally.people, tally.confirmed, tally.objected) == (3, 1, 1)
    assert db.session.scalar(select(func.count(Person.id))) > 3
