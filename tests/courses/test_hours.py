"""Participants certify their own hours: over exactly what they saw, once, and nobody for somebody else."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from courses import attendance, hours, reviews
from courses.activities import Activity
from courses.attendance import HoursSignature, SignedEntry, hash_of
from courses.hours import objecting
from lms import clock
from lms.audit import Audit
from lms.db import db
from lms.projects import join_project
from lms.refusals import Refused, Stale
from tests.courses import ledger_rows
from tests.courses.certifying import confirm_month, signed_day
from tests.courses.handing_in import Course
from tests.courses.sheets import absent, course_day, part, whole
from tests.factories import make_person, make_project, make_role
from tests.queries import count_queries

pytestmark = pytest.mark.usefixtures("app")


def count(table):
    return db.session.scalar(select(func.count()).select_from(table))


def test_one_signature_over_exactly_what_was_shown():
    day = signed_day()
    (made,) = confirm_month(day.person)
    assert made.person_id == made.by_id == day.person.id
    assert (made.kind, made.way) == ("participant", "signed_in")
    assert made.entries_hash == hash_of([day.entry])
    assert made.minutes == 240
    assert made.at == clock.now()
    state = hours.states_of([day.entry.id])[day.entry.id]
    assert state.participant.name == day.person.name
    assert state.manager is None
    assert db.session.scalars(select(Audit).where(Audit.act == "hours.confirmed")).one().person_id == day.person.id


def test_twice_is_once():
    day = signed_day()
    seen = hash_of([day.entry])
    first = hours.confirm(day.person, [day.entry.id], seen, "signed_in", by=day.person)
    again = hours.confirm(day.person, [day.entry.id], seen, "code", by=day.person)
    assert [each.id for each in first] == [each.id for each in again]
    assert count(HoursSignature) == count(SignedEntry) == 1


@pytest.mark.parametrize("who", ["trainer", "colleague", "stranger", "leader"])
def test_nobody_confirms_for_somebody_else(who):
    day = signed_day()
    others = {
        "trainer": day.day.trainer,
        "colleague": day.day.people[1],
        "stranger": make_person(),
        "leader": make_role("project_leader", day.day.project),
    }
    with pytest.raises(Refused) as refusal:
        hours.confirm(day.person, [day.entry.id], hash_of([day.entry]), "signed_in", by=others[who])
    assert refusal.value.code == "not_yours"
    with pytest.raises(Refused) as refusal:  # the entry of somebody else as one's own
        hours.confirm(others[who], [day.entry.id], hash_of([day.entry]), "signed_in", by=others[who])
    assert refusal.value.code == "not_yours"
    assert count(HoursSignature) == 0


def test_the_database_refuses_a_signature_for_somebody_else():
    day = signed_day()
    forged = HoursSignature(
        project_id=day.day.project.id, person_id=day.person.id, by_id=day.day.trainer.id, kind="participant",
        way="signed_in", at=clock.now(), entries_hash="0" * 64, minutes=1,
    )  # fmt: skip
    db.session.add(forged)
    with pytest.raises(DatabaseError):
        db.session.flush()
    db.session.rollback()


def test_signatures_are_never_changed():
    day = signed_day()
    confirm_month(day.person)
    for statement in ("UPDATE hours_signature SET minutes = 1", "DELETE FROM signed_entry"):
        with pytest.raises(DatabaseError), db.session.begin_nested():
            db.session.execute(text(statement))


def test_what_was_corrected_meanwhile_is_not_signed():
    day = signed_day()
    seen = hash_of([day.entry])
    mark = part(day.day.session, day.person, "08:30", "11:30", day.entry.id)
    attendance.correct(day.day.session, [mark], "Gick tidigare.", by=day.day.trainer, nonce="fix-000001")
    with pytest.raises(Stale) as refusal:
        hours.confirm(day.person, [day.entry.id], seen, "signed_in", by=day.person)
    assert refusal.value.code == "changed"


def test_other_entries_than_those_shown_are_not_signed():
    day = signed_day()
    with pytest.raises(Stale):
        hours.confirm(day.person, [day.entry.id], "0" * 64, "signed_in", by=day.person)


def test_a_corrected_entry_needs_a_new_signature_and_says_why():
    day = signed_day()
    confirm_month(day.person)
    mark = part(day.day.session, day.person, "08:30", "11:30", day.entry.id)
    attendance.correct(day.day.session, [mark], "Gick tidigare.", by=day.day.trainer, nonce="fix-000001")
    (line,) = hours.hours_of(day.person, day.first).open
    assert (line.before, line.entry.minutes, line.entry.reason) == (240, 180, "Gick tidigare.")
    assert line.recorded_by == day.day.trainer.name
    assert line.was_confirmed
    confirm_month(day.person)
    assert count(HoursSignature) == 2


def test_absence_is_shown_and_not_to_be_confirmed():
    day = course_day(1)
    attendance.record(day.session, [absent(day.people[0])], by=day.trainer, nonce="day-000001")
    month = hours.hours_of(day.people[0], clock.today().replace(day=1))
    assert [line.entry.minutes for line in month.lines] == [0]
    assert month.open == ()
    assert month.lines[0].may_be_disputed
    entry, person = month.lines[0].entry, day.people[0]
    with pytest.raises(Refused) as refusal:
        hours.confirm(person, [entry.id], hash_of([entry]), "signed_in", by=person)
    assert refusal.value.code == "nothing"


def test_from_the_last_half_hour_on():
    day = course_day(1, days_ago=0)
    person, session = day.people[0], day.session
    entry = attendance.record(session, [whole(person)], by=day.trainer, nonce="day-000001").entries[0]
    with clock.moved(session.ends_at - timedelta(minutes=31)):
        assert hours.hours_of(person, entry.day.replace(day=1)).open == ()
        assert hours.waiting_on(person).own == ()
        with pytest.raises(Refused) as refusal:
            hours.confirm(person, [entry.id], hash_of([entry]), "signed_in", by=person)
        assert refusal.value.code == "not_over"
    with clock.moved(session.ends_at - timedelta(minutes=30)):
        assert len(confirm_month(person)) == 1


def test_who_is_no_participant_has_nothing_to_confirm():
    day, guest = course_day(0), make_person()
    entry = ledger_rows.attended(day.session, guest)
    assert hours.months_of(guest) == []
    with pytest.raises(Refused) as refusal:
        hours.confirm(guest, [entry.id], hash_of([entry]), "signed_in", by=guest)
    assert refusal.value.code == "not_participant"


def test_two_projects_two_signatures_in_one_act():
    day, other = signed_day(1), make_project(like="smot")
    join_project(day.person, other, since=other.starts, by=None)
    meeting = Activity(
        kind="coaching", project=other, title="Samtal", created_by=day.day.trainer, revision=1, sequence=0, sessions=[]
    )
    db.session.add(meeting)
    db.session.flush()
    ledger_rows.imported(meeting, day.person, 60, day.entry.day)
    made = confirm_month(day.person)
    assert {each.project_id for each in made} == {day.day.project.id, other.id}


def test_handing_in_is_a_signature_when_the_minutes_are_those_declared():
    course = Course()
    submission = course.hand_in(minutes=180)
    reviews.review(submission, "approved", "", by=course.trainer)
    made = db.session.scalars(select(HoursSignature)).one()
    assert (made.way, made.at, made.minutes, made.person_id) == ("handed_in", submission.at, 180, course.person.id)
    assert made.by_id == course.person.id


def test_other_minutes_than_declared_wait_for_her():
    course = Course()
    ledger_rows.approved(course.run, course.person, 120, clock.today())
    reviews.review(course.hand_in(minutes=180), "approved", "", by=course.trainer)
    assert count(HoursSignature) == 0
    assert [line.entry.minutes for line in hours.hours_of(course.person, clock.today().replace(day=1)).open] == [120]


def test_an_approval_pressed_twice_signs_once():
    course = Course()
    submission = course.hand_in(minutes=180)
    reviews.review(submission, "approved", "", by=course.trainer)
    reviews.review(submission, "approved", "", by=course.trainer)
    assert count(HoursSignature) == 1


def test_questions_are_as_many_however_many_lines():
    day = signed_day(1)
    second = day.day.run.sessions[1]
    second.starts_at, second.ends_at = (moment - timedelta(days=7) for moment in (second.starts_at, second.ends_at))
    counts = []
    for number in (1, 2):
        ledger_rows.approved(day.day.run, day.person, 10, date(2022, 10, number))
        ledger_rows.imported(day.day.run, day.person, 10, date(2022, 10, number))
        if number == 2:
            ledger_rows.attended(second, day.person)
        db.session.expire_all()
        with count_queries() as queries:
            assert hours.hours_of(db.session.merge(day.person), day.first).seen
            assert hours.months_of(day.person)
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- objections ---------------------------------------------------------------------------------------------


def test_an_objection_goes_to_the_trainer_and_blocks_nobody():
    day = signed_day()
    made = hours.object_to(day.entry, 180, "Jag gick 11.30.", by=day.person)
    (waiting,) = hours.waiting_on(day.day.trainer).objections
    assert (waiting.objection_id, waiting.minutes, waiting.meant) == (made.id, 240, 180)
    assert hours.hours_of(day.person, day.first).open == ()
    assert len(confirm_month(day.day.people[1])) == 1
    assert attendance.is_signed(day.day.session)
    assert hours.states_of([day.entry.id])[day.entry.id].is_objected


def test_the_same_objection_twice_is_one_and_another_is_told():
    day = signed_day()
    first = hours.object_to(day.entry, 180, "Jag gick 11.30.", by=day.person)
    assert hours.object_to(day.entry, 180, " Jag gick 11.30. ", by=day.person).id == first.id
    with pytest.raises(Stale) as refusal:
        hours.object_to(day.entry, 100, "Något annat", by=day.person)
    assert refusal.value.code == "already"


@pytest.mark.parametrize(
    ("minutes", "comment", "code"),
    [(240, "Fel tid", "same"), (-1, "För lite", "minutes"), (241, "För mycket", "minutes"), (9, "x", "comment")],
)
def test_objections_that_say_nothing_possible(minutes, comment, code):
    day = signed_day(1)
    with pytest.raises(Refused) as refusal:
        hours.object_to(day.entry, minutes, comment, by=day.person)
    assert refusal.value.code == code


def test_nobody_objects_for_somebody_else_or_after_confirming():
    day = signed_day()
    with pytest.raises(Refused) as refusal:
        hours.object_to(day.entry, 180, "Hon gick.", by=day.day.people[1])
    assert refusal.value.code == "not_yours"
    confirm_month(day.person)
    with pytest.raises(Refused) as refusal:
        hours.object_to(day.entry, 180, "Jag gick.", by=day.person)
    assert refusal.value.code == "confirmed"


def test_an_answer_is_seen_and_the_hours_may_be_confirmed():
    day = signed_day()
    objection = hours.object_to(day.entry, 180, "Jag gick 11.30.", by=day.person)
    hours.keep(objection, "Du var kvar till slutet, vi gick ut tillsammans.", by=day.day.trainer)
    assert hours.waiting_on(day.day.trainer).objections == ()
    (line,) = hours.hours_of(day.person, day.first).open
    assert line.state.objection.answer.startswith("Du var kvar")
    assert line.state.objection.answered_by == day.day.trainer.name
    assert len(confirm_month(day.person)) == 1


def test_a_correction_answers_the_objection():
    day = signed_day()
    objection = hours.object_to(day.entry, 180, "Jag gick 11.30.", by=day.person)
    mark = part(day.day.session, day.person, "08:30", "11:30", day.entry.id)
    attendance.correct(day.day.session, [mark], "Gick 11.30.", by=day.day.trainer, nonce="fix-000001")
    assert hours.waiting_on(day.day.trainer).objections == ()
    assert not objecting.is_waiting(objection)
    assert [line.entry.minutes for line in hours.hours_of(day.person, day.first).open] == [180]
    with pytest.raises(Stale):
        hours.keep(objection, "För sent", by=day.day.trainer)


def test_two_trainers_answer_at_once():
    day = signed_day()
    objection = hours.object_to(day.entry, 180, "Jag gick 11.30.", by=day.person)
    other = make_role("trainer", day.day.project)
    first = hours.keep(objection, "Du var kvar.", by=day.day.trainer)
    assert hours.keep(objection, "Du var kvar.", by=day.day.trainer) is first
    with pytest.raises(Stale) as refusal:
        hours.keep(objection, "Nej.", by=other)
    assert refusal.value.code == "answered"


def test_nobody_answers_her_own_objection():
    day = signed_day()
    objection = hours.object_to(day.entry, 180, "Jag gick 11.30.", by=day.person)
    with pytest.raises(Refused) as refusal:
        hours.keep(objection, "Jag har fel.", by=day.person)
    assert refusal.value.code == "own"


def test_hours_without_a_sheet_are_corrected_where_they_are_answered():
    course = Course()
    entry = ledger_rows.approved(course.run, course.person, 120, clock.today())
    objection = hours.object_to(entry, 200, "Jag satt längre.", by=course.person)
    with pytest.raises(Refused) as refusal:
        hours.correct_loose(objection, 9_999, "Långt", by=course.trainer)
    assert refusal.value.code == "minutes"
    made = hours.correct_loose(objection, 200, "Du har rätt.", by=course.trainer)
    assert (made.replaces_id, made.minutes, made.method) == (entry.id, 200, "review")
    assert [line.entry.id for line in hours.hours_of(course.person, clock.today().replace(day=1)).open] == [made.id]
