"""The ledger: what is recorded, what is refused, what a correction leaves behind, and what a signature covers."""

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from courses import attendance
from courses.attendance import AttendanceEntry, Mark, SignOff, correct, latest, record, sign_off
from lms import clock
from lms.audit import Audit
from lms.db import db
from lms.organisations import add_organisation
from lms.refusals import Refused, Stale
from tests import factories
from tests.courses.sheets import absent, course_day, move, part, whole

pytestmark = pytest.mark.usefixtures("app")
N = "nonce-000"


def test_minutes_of_whole_part_and_absent():
    day = course_day()
    anna, bo, cia = day.people
    done = record(
        day.session,
        [whole(anna), part(day.session, bo, "08:55", "12:00"), absent(cia, kind="other_duty")],
        by=day.trainer,
        nonce=N,
    )
    assert [entry.minutes for entry in done.entries] == [240, 185, 0]
    assert not done.conflicts
    now = latest(day.session)
    assert [attendance.state_of(now[person.id]) for person in day.people] == ["whole", "part", "absent"]
    assert now[cia.id].absence == "other_duty"
    assert {entry.day for entry in done.entries} == {clock.today() - timedelta(days=1)}
    assert {entry.kind for entry in done.entries} == {"session"}


def test_only_what_changed_becomes_an_entry():
    day = course_day()
    first = record(day.session, [whole(person) for person in day.people], by=day.trainer, nonce=N).entries
    marks = [whole(person, entry.id) for person, entry in zip(day.people, first, strict=True)]
    assert record(day.session, marks, by=day.trainer, nonce="nonce-001").entries == []
    marks[1] = absent(day.people[1], first[1].id)
    (changed,) = record(day.session, marks, by=day.trainer, nonce="nonce-002").entries
    assert (changed.replaces_id, changed.reason) == (first[1].id, "")
    assert [entry.id for entry in attendance.history(day.session, day.people[1])] == [first[1].id, changed.id]


def test_being_there_from_start_to_end_is_whole():
    day = course_day(1)
    (entry,) = record(
        day.session, [part(day.session, day.people[0], "08:00", "13:00")], by=day.trainer, nonce=N
    ).entries
    assert (entry.minutes, entry.came_at, attendance.state_of(entry)) == (240, None, "whole")


def test_an_older_sight_is_a_conflict_of_that_row_only():
    day = course_day()
    anna, bo, _cia = day.people
    first = record(day.session, [whole(anna)], by=day.trainer, nonce=N).entries[0]
    done = record(day.session, [absent(anna), whole(bo)], by=day.trainer, nonce="nonce-001")
    assert [entry.person_id for entry in done.entries] == [bo.id]
    (conflict,) = done.conflicts
    assert (conflict.stands, conflict.meant.state) == (first, "absent")
    assert latest(day.session)[anna.id] is first


def test_two_tablets_that_say_the_same_do_not_quarrel():
    day = course_day(1)
    record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N)
    done = record(day.session, [whole(day.people[0])], by=day.trainer, nonce="nonce-001")
    assert (done.entries, done.conflicts) == ([], [])


def test_the_same_message_twice_writes_once_even_when_corrected_between():
    day = course_day(1)
    anna = day.people[0]
    (first,) = record(day.session, [whole(anna)], by=day.trainer, nonce=N).entries
    assert record(day.session, [whole(anna)], by=day.trainer, nonce=N).entries == []
    record(day.session, [absent(anna, first.id)], by=day.trainer, nonce="nonce-001")
    again = record(day.session, [whole(anna)], by=day.trainer, nonce=N)
    assert (again.entries, again.conflicts) == ([], [])
    assert latest(day.session)[anna.id].absence == "ill"


def test_an_old_page_with_the_same_nonce_and_other_values_is_a_conflict():
    day = course_day(1)
    anna = day.people[0]
    record(day.session, [whole(anna)], by=day.trainer, nonce=N)
    done = record(day.session, [absent(anna)], by=day.trainer, nonce=N)
    assert (done.entries, len(done.conflicts)) == ([], 1)


@pytest.mark.parametrize(
    ("mark", "code"),
    [
        (lambda day: [whole(day.trainer)], "not_on_sheet"),
        (lambda day: [whole(day.people[0]), absent(day.people[0])], "not_on_sheet"),
        (lambda day: [part(day.session, day.people[0], "13:00", "14:00")], "times"),
        (lambda day: [part(day.session, day.people[0], "11:00", "10:00")], "times"),
        (lambda day: [Mark(day.people[0].id, "perhaps")], "times"),
        (lambda day: [absent(day.people[0], kind="hangover")], "times"),
    ],
)
def test_impossible_marks_are_refused_and_nothing_is_written(mark, code):
    day = course_day(1)
    with pytest.raises(Refused) as refusal:
        record(day.session, mark(day), by=day.trainer, nonce=N)
    assert refusal.value.code == code
    assert latest(day.session) == {}


def test_future_and_cancelled_sessions_are_refused():
    day = course_day(1)
    with pytest.raises(Refused) as refusal:
        record(day.run.sessions[1], [whole(day.people[0])], by=day.trainer, nonce=N)
    assert refusal.value.code == "too_early"
    day.run.cancelled_at = clock.now()
    saving = lambda: record(day.session, [], by=day.trainer, nonce=N)  # noqa: E731
    for act in (saving, lambda: sign_off(day.session, by=day.trainer)):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "cancelled"


def test_a_short_nonce_is_refused():
    day = course_day(1)
    for nonce in ("", "short", "a" * 37, "with spaces"):
        with pytest.raises(Refused):
            record(day.session, [whole(day.people[0])], by=day.trainer, nonce=nonce)


def test_hours_stay_with_the_employer_of_the_day():
    day = course_day(1)
    anna = day.people[0]
    habo = anna.organisation_id
    (first,) = record(day.session, [whole(anna)], by=day.trainer, nonce=N).entries
    anna.organisation = add_organisation("Tierp")
    db.session.flush()
    (second,) = record(day.session, [absent(anna, first.id)], by=day.trainer, nonce="nonce-001").entries
    assert first.organisation_id == second.organisation_id == habo


def test_entries_and_signatures_are_never_changed():
    day = course_day(1)
    record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N)
    sign_off(day.session, by=day.trainer)
    db.session.commit()
    for statement in (
        "UPDATE attendance_entry SET minutes = 1",
        "DELETE FROM attendance_entry",
        "UPDATE sign_off SET minutes = 1",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            db.session.execute(text(statement))
        db.session.rollback()


# --- signing --------------------------------------------------------------------------------------------------


def test_a_signature_covers_exactly_the_entries_and_the_roster():
    day = course_day()
    anna, bo, cia = day.people
    record(day.session, [whole(anna), part(day.session, bo, "09:30", "12:30"), absent(cia)], by=day.trainer, nonce=N)
    made = sign_off(day.session, by=day.trainer)
    assert (made.people, made.minutes) == (3, 420)
    assert made.entries_hash == attendance.hash_of(latest(day.session).values())
    lines = {line["person"]: line for line in made.roster}
    assert lines[bo.id]["minutes"] == 180
    assert lines[cia.id]["state"] == "absent"
    assert lines[anna.id]["organisation"] == "Håbo"
    assert sign_off(day.session, by=day.trainer) is made
    assert db.session.scalars(select(SignOff)).all() == [made]
    assert db.session.scalars(select(Audit.act).where(Audit.act == "attendance.signed")).all() == ["attendance.signed"]


def test_who_has_no_answer_is_named():
    day = course_day(2)
    record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N)
    with pytest.raises(Refused, match=day.people[1].name) as refusal:
        sign_off(day.session, by=day.trainer)
    assert refusal.value.code == "unanswered"
    assert refusal.value.values["people"] == [day.people[1]]


def test_a_session_far_from_its_end_cannot_be_signed():
    day = course_day(1, days_ago=0)
    record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N)  # it ends at 12.30
    with clock.moved(clock.now() - timedelta(minutes=1)), pytest.raises(Refused) as refusal:
        sign_off(day.session, by=day.trainer)
    assert refusal.value.code == "not_over"
    assert sign_off(day.session, by=day.trainer).people == 1  # at noon, while everybody is still in the room


def test_an_empty_sheet_cannot_be_signed():
    day = course_day(0)
    with pytest.raises(Refused) as refusal:
        sign_off(day.session, by=day.trainer)
    assert refusal.value.code == "nobody"


def test_what_was_on_the_screen_is_what_is_signed():
    day = course_day(1)
    (first,) = record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N).entries
    seen = attendance.hash_of([first])
    record(day.session, [absent(day.people[0], first.id)], by=day.trainer, nonce="nonce-001")
    with pytest.raises(Stale):
        sign_off(day.session, by=day.trainer, seen_hash=seen)


def test_the_gate_stands_before_the_signature():
    project = factories.make_project()
    trainer = factories.make_role("trainer", project)  # has no certificate
    run = factories.make_run(project, trainer, first_day=clock.today() - timedelta(days=1))
    person = factories.make_participant(project)
    factories.make_enrolment(run, person)
    record(run.sessions[0], [whole(person)], by=trainer, nonce=N)
    with pytest.raises(Refused) as refusal:
        sign_off(run.sessions[0], by=trainer)
    assert refusal.value.code == "gate"
    assert not attendance.is_signed(run.sessions[0])


# --- corrections ----------------------------------------------------------------------------------------------


def test_after_the_signature_only_a_correction_changes_anything():
    day = course_day(2)
    anna, bo = day.people
    first, second = record(day.session, [whole(anna), whole(bo)], by=day.trainer, nonce=N).entries
    signature = sign_off(day.session, by=day.trainer)
    assert record(day.session, [whole(anna, first.id)], by=day.trainer, nonce="nonce-001").entries == []
    with pytest.raises(Stale) as stale:
        record(day.session, [absent(anna, first.id)], by=day.trainer, nonce="nonce-002")
    assert stale.value.code == "signed"
    mark = part(day.session, anna, "08:30", "10:30", first.id)
    marks = [mark, whole(bo, second.id)]
    (entry,) = correct(day.session, marks, " Left at 10.30 ", by=day.trainer, nonce=N + "3").entries
    assert (entry.minutes, entry.reason, entry.replaces_id) == (120, "Left at 10.30", first.id)
    newest = attendance.signed(day.session)
    assert newest is not None
    assert (newest.replaces_id, newest.minutes) == (signature.id, 360)
    assert newest.entries_hash != signature.entries_hash
    assert [e.minutes for e in attendance.history(day.session, anna)] == [240, 120]


def test_a_correction_needs_a_reason_and_a_signed_sheet():
    day = course_day(1)
    anna = day.people[0]
    (first,) = record(day.session, [whole(anna)], by=day.trainer, nonce=N).entries
    with pytest.raises(Refused) as refusal:
        correct(day.session, [absent(anna, first.id)], "She was ill", by=day.trainer, nonce=N)
    assert refusal.value.code == "not_signed"
    sign_off(day.session, by=day.trainer)
    for reason in ("", "  ", "x" * 501):
        with pytest.raises(Refused) as refusal:
            correct(day.session, [absent(anna, first.id)], reason, by=day.trainer, nonce=N)
        assert refusal.value.code == "reason"


def test_a_correction_without_a_change_signs_nothing():
    day = course_day(1)
    (first,) = record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N).entries
    signature = sign_off(day.session, by=day.trainer)
    correct(day.session, [whole(day.people[0], first.id)], "Looked again", by=day.trainer, nonce=N + "1")
    assert attendance.signed(day.session) is signature


def test_who_was_forgotten_comes_onto_a_signed_sheet_by_a_correction():
    day = course_day(1)
    record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N)
    sign_off(day.session, by=day.trainer)
    late = factories.make_participant(day.project)
    attendance.add_to_sheet(day.session, late, by=day.trainer)
    correct(day.session, [whole(late)], "Forgotten on the list", by=day.trainer, nonce=N + "1")
    newest = attendance.signed(day.session)
    assert newest is not None
    assert newest.people == 2


# --- clocks ---------------------------------------------------------------------------------------------------


def test_midnight_and_the_nights_when_clocks_change():
    day = course_day(1)
    session = day.session
    move(session, "2022-10-08T22:00", "2022-10-09T02:00")
    assert session.minutes == 240
    came, left = attendance.moments(session, time(23, 15), time(1, 0)) or (None, None)
    assert came is not None
    assert left is not None
    assert attendance.minutes_within(session, came, left) == 105
    assert attendance.local_day(session).isoformat() == "2022-10-08"
    move(session, "2022-10-30T01:00", "2022-10-30T04:00")  # the hour from two comes twice
    assert session.minutes == 240
    came, left = attendance.moments(session, time(2, 45), time(2, 15)) or (None, None)
    assert came is not None
    assert left is not None
    assert attendance.minutes_within(session, came, left) == 30
    move(session, "2022-03-27T01:00", "2022-03-27T04:00")  # the hour from two is skipped
    assert session.minutes == 120
    came, left = attendance.moments(session, None, time(3, 30)) or (None, None)
    assert came is not None
    assert left is not None
    assert attendance.minutes_within(session, came, left) == 90
    (entry,) = record(session, [Mark(day.people[0].id, "part", None, came, left)], by=day.trainer, nonce=N).entries
    assert entry.minutes == 90


def test_clocks_that_make_no_sense():
    session = course_day(1).session
    assert attendance.moments(session, time(11), time(10)) is None
    assert attendance.moments(session, time(20), None) is None
    assert attendance.moments(session, None, time(6)) is None
    early = attendance.moments(session, time(7, 45), time(9, 30))
    assert early is not None
    assert attendance.minutes_within(session, *early) == 60


# --- assignments, questions, walk-ins -------------------------------------------------------------------------


def test_an_assignment_counts_once_and_at_most_what_the_programme_gives():
    day = course_day(1)
    anna = day.people[0]
    with pytest.raises(Refused):
        attendance.record_assignment(day.run, anna, minutes=241, day=clock.today(), by=day.trainer)
    first = attendance.record_assignment(day.run, anna, minutes=240, day=clock.today(), by=day.trainer)
    again = attendance.record_assignment(day.run, anna, minutes=120, day=clock.today(), by=day.trainer)
    assert first is again
    assert (first.kind, first.method, first.minutes, first.session_id) == ("assignment", "review", 240, None)


def test_minutes_in_a_run_signed_or_not():
    day = course_day(2)
    anna, bo = day.people
    first, _bo = record(day.session, [whole(anna), absent(bo)], by=day.trainer, nonce=N).entries
    record(day.session, [part(day.session, anna, "08:30", "09:30", first.id)], by=day.trainer, nonce=N + "1")
    attendance.record_assignment(day.run, anna, minutes=240, day=clock.today(), by=day.trainer)
    number = day.session.id
    assert attendance.minutes_in(day.run) == {anna.id: {number: 60}, bo.id: {number: 0}}
    assert attendance.minutes_in(day.run, signed_only=True) == {}
    assert attendance.unsigned(day.project) == [day.session]
    sign_off(day.session, by=day.trainer)
    assert attendance.minutes_in(day.run, signed_only=True)[anna.id] == {number: 60}
    assert attendance.unsigned(day.project) == []


def test_a_cancelled_run_has_no_unsigned_sheets():
    day = course_day(1)
    day.run.cancelled_at = datetime(2022, 10, 1, tzinfo=UTC)
    assert attendance.unsigned(day.project) == []


def test_walk_ins_are_found_by_name_and_address_and_never_doubled():
    day = course_day(1)
    asa = factories.make_participant(day.project, "Åsa Öberg")
    hidden = factories.make_participant(day.project, "Siv Hemlig", protected=True, alias="Person 7")
    stranger = factories.make_person("Åsa Annan")
    assert attendance.candidates(day.session, "åsa ö") == [asa]
    assert attendance.candidates(day.session, "ÖBERG") == [asa]
    assert attendance.candidates(day.session, str(asa.email).upper()) == [asa]
    assert attendance.candidates(day.session, "Siv") == []
    assert attendance.candidates(day.session, str(hidden.email)) == [hidden]
    assert attendance.candidates(day.session, "%") == attendance.candidates(day.session, "__") == []
    for _twice in range(2):
        attendance.add_to_sheet(day.session, asa, by=day.trainer)
        assert attendance.add_new(
            day.session, "Åsa", "Annan", email=stranger.email, organisation=None, by=day.trainer
        ) is stranger
        fresh = attendance.add_new(
            day.session, "Ny", "Person", email=None, organisation=add_organisation("Heby"), by=day.trainer
        )
    names = [person.full_name for person in attendance.on_sheet(day.session)]
    assert sorted(names) == sorted([day.people[0].name, "Åsa Öberg", "Åsa Annan", "Ny Person"])
    assert fresh.organisation is not None
    assert fresh.organisation.name == "Heby"


def test_leaving_the_run_does_not_erase_attendance():
    day = course_day(2)
    anna = day.people[0]
    record(day.session, [whole(anna)], by=day.trainer, nonce=N)
    db.session.execute(text("UPDATE enrolment SET state = 'withdrawn'"))
    assert attendance.on_sheet(day.session) == [anna]


def test_every_entry_says_who_and_when():
    day = course_day(1)
    record(day.session, [whole(day.people[0])], by=day.trainer, nonce=N)
    entry = db.session.scalars(select(AttendanceEntry)).one()
    assert (entry.recorded_by, entry.recorded_at, entry.method) == (day.trainer, clock.now(), "sheet")
    assert entry.happened_at == day.session.starts_at
    assert entry.project_id == day.project.id
