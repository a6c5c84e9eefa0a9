"""Checking in by oneself: windows, twice, out and back again, what the trainer wrote, and several at once."""

from collections.abc import Callable
from datetime import datetime, time
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select

from courses import attendance
from courses.activities import Activity, Expected, Session
from courses.attendance import CheckIn, latest, record, state_of
from courses.attendance.arrivals import arrivals_of, count_here
from courses.attendance.checking_in import check_in, check_out, open_check_in, own_of, rules_of, session_with
from courses.attendance.codes import Ticket, code_at, spaced
from lms import clock
from lms.db import db
from lms.people import Person
from lms.refusals import Refused
from tests.courses.sheets import Day, absent, course_day, move, whole
from tests.courses.test_attendance_at_once import at_once

TELEPHONE = "a" * 64


def today(people: int = 3, *, early: int = 30, late: int = 10) -> Day:
    """A session this morning 08.30–12.30, open for check-in."""
    day = course_day(people, days_ago=0)
    open_check_in(day.session, early, late, by=day.trainer)
    return day


def moment(day: Day, wall: str) -> datetime:
    """«08:41» or «08:41:30» on the day of the session."""
    return clock.at(clock.local(day.session.starts_at).date(), time.fromisoformat(wall))


def scan(day: Day, person: Person, wall: str, *, device: str = TELEPHONE, way: str = "qr") -> CheckIn:
    with clock.moved(moment(day, wall)):
        return check_in(day.session, Ticket(day.session.id, clock.now(), way, device), by=person)


def leave(day: Day, person: Person, wall: str) -> CheckIn:
    with clock.moved(moment(day, wall)):
        return check_out(day.session, TELEPHONE, by=person)


def minutes(day: Day, person: Person) -> int:
    return latest(day.session)[person.id].minutes


# --- windows ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("08:00", 240),  # the minute it opens
        ("08:30", 240),
        ("08:40:59", 240),  # still ten minutes late
        ("08:41:00", 229),
        ("08:47:35", 223),
        ("12:29:59", 1),
    ],
)
def test_minutes_follow_the_moment_of_the_scan(app: Flask, wall: str, expected: int) -> None:
    day = today()
    scan(day, day.people[0], wall)
    entry = latest(day.session)[day.people[0].id]
    assert (entry.minutes, entry.method, entry.recorded_by_id) == (expected, "self", day.people[0].id)
    assert entry.happened_at == moment(day, wall)
    assert attendance.verify().faults == ()


@pytest.mark.parametrize(("wall", "code"), [("07:59:59", "not_open"), ("12:30", "closed"), ("23:00", "closed")])
def test_outside_the_window_is_told(app: Flask, wall: str, code: str) -> None:
    day = today()
    with pytest.raises(Refused) as refusal:
        scan(day, day.people[0], wall)
    assert refusal.value.code == code
    assert latest(day.session) == {}


def test_windows_are_the_trainers(app: Flask) -> None:
    day = today(early=0, late=0)
    with pytest.raises(Refused):
        scan(day, day.people[0], "08:29:59")
    scan(day, day.people[0], "08:30:59")
    scan(day, day.people[1], "08:31")
    assert [minutes(day, person) for person in day.people[:2]] == [240, 239]
    secret = rules_of(day.session).secret  # type: ignore[union-attr]
    open_check_in(day.session, 60, 20, by=day.trainer)
    assert rules_of(day.session).secret == secret, "the code on the screen stays good"  # type: ignore[union-attr]
    for early, late in ((-1, 0), (0, 241)):
        with pytest.raises(Refused, match="between 0 and 240"):
            open_check_in(day.session, early, late, by=day.trainer)


def test_a_session_just_after_midnight_opens_the_evening_before(app: Flask) -> None:
    day = today()
    move(day.session, "2022-10-13T00:15", "2022-10-13T02:00")
    with clock.moved(datetime(2022, 10, 12, 23, 50, tzinfo=clock.STOCKHOLM)):
        check_in(day.session, Ticket(day.session.id, clock.now(), "qr", TELEPHONE), by=day.people[0])
    assert (minutes(day, day.people[0]), latest(day.session)[day.people[0].id].day.isoformat()) == (105, "2022-10-13")


def test_the_hour_that_autumn_repeats_counts_whole_minutes(app: Flask) -> None:
    day = today(late=0)
    move(day.session, "2022-10-30T01:30", "2022-10-30T04:30")
    assert day.session.minutes == 240
    with clock.moved(datetime.fromisoformat("2022-10-30T02:15:00+01:00")):  # the second quarter past two
        check_in(day.session, Ticket(day.session.id, clock.now(), "qr", TELEPHONE), by=day.people[0])
    assert minutes(day, day.people[0]) == 135


def test_nobody_has_opened_it_or_it_is_cancelled(app: Flask) -> None:
    day = course_day(1, days_ago=0)
    with pytest.raises(Refused) as refusal:
        scan(day, day.people[0], "08:35")
    assert refusal.value.code == "not_open"
    open_check_in(day.session, 30, 10, by=day.trainer)
    day.run.cancelled_at = clock.now()
    for act in (lambda: scan(day, day.people[0], "08:35"), lambda: open_check_in(day.session, 1, 1, by=day.trainer)):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "cancelled"


# --- twice, out, and the trainer's answer ---------------------------------------------------------------------


def test_twice_is_once(app: Flask) -> None:
    day = today()
    first = scan(day, day.people[0], "08:55")
    assert scan(day, day.people[0], "09:30", device="b" * 64) is first
    assert minutes(day, day.people[0]) == 215
    assert db.session.scalar(select(func.count()).select_from(CheckIn)) == 1


def test_checking_out_gives_minutes_and_again_is_the_same(app: Flask) -> None:
    day = today()
    anna = day.people[0]
    scan(day, anna, "08:20")
    leave(day, anna, "11:10:45")
    entry = latest(day.session)[anna.id]
    assert (entry.minutes, entry.left_at, state_of(entry)) == (160, moment(day, "11:10"), "part")
    leave(day, anna, "12:00")
    assert minutes(day, anna) == 160, "to be back takes the code on the screen"


def test_back_after_a_check_out_the_time_away_is_not_counted(app: Flask) -> None:
    day = today()
    anna = day.people[0]
    scan(day, anna, "08:50")
    leave(day, anna, "10:00")
    scan(day, anna, "10:20:30")
    assert minutes(day, anna) == 220 - 20
    leave(day, anna, "12:00")
    assert minutes(day, anna) == 190 - 20
    scan(day, anna, "12:00:59")  # pressed by mistake
    assert minutes(day, anna) == 220 - 20
    assert arrivals_of(day.session).here[0].was_away[0] == (moment(day, "10:00"), moment(day, "10:20:30"))
    assert attendance.verify().faults == ()


def test_to_be_back_takes_a_scan_after_the_check_out(app: Flask) -> None:
    """The ticket of the morning is good for a quarter of an hour, and says nothing about being back."""
    day = today()
    anna = day.people[0]
    scan(day, anna, "08:50")
    leave(day, anna, "08:55")
    with pytest.raises(Refused) as refusal:
        scan(day, anna, "08:50")
    assert refusal.value.code == "old_scan"
    assert minutes(day, anna) == 5


def test_a_meeting_that_is_no_course(app: Flask) -> None:
    """The county trainer calls a network meeting, is called to it herself, and checks in like everybody else."""
    day = course_day(1, days_ago=0)
    meeting = Activity(kind="network", project=day.project, title="Nätverk", created_by=day.trainer, sessions=[])
    meeting.sessions.append(Session(starts_at=moment(day, "13:00"), ends_at=moment(day, "15:00"), mode="digital"))
    db.session.add(meeting)
    db.session.flush()
    session, coming = meeting.sessions[0], [day.trainer, day.people[0]]
    db.session.add_all(Expected(activity_id=meeting.id, person_id=person.id) for person in coming)
    open_check_in(session, 30, 10, by=day.trainer)
    for person in coming:
        with clock.moved(moment(day, "13:20")):
            check_in(session, Ticket(session.id, clock.now(), "qr", TELEPHONE), by=person)
    entries = latest(session)
    assert {(entry.kind, entry.minutes) for entry in entries.values()} == {("network", 100)}
    assert count_here(session) == (2, 2)


def test_a_check_out_by_mistake_before_anything_is_lost_is_whole_again(app: Flask) -> None:
    day = today()
    scan(day, day.people[0], "08:20")
    leave(day, day.people[0], "09:10")
    scan(day, day.people[0], "09:10:40")
    assert state_of(latest(day.session)[day.people[0].id]) == "whole"


@pytest.mark.parametrize(("wall", "code"), [("08:29", "just_came"), ("08:30:59", "just_came"), ("12:30", "over")])
def test_a_check_out_that_says_nothing_is_told(app: Flask, wall: str, code: str) -> None:
    day = today()
    scan(day, day.people[0], "08:20")
    with pytest.raises(Refused) as refusal:
        leave(day, day.people[0], wall)
    assert refusal.value.code == code
    assert minutes(day, day.people[0]) == 240


def test_who_never_checked_in_cannot_check_out(app: Flask) -> None:
    day = today()
    with pytest.raises(Refused) as refusal:
        leave(day, day.people[0], "09:00")
    assert refusal.value.code == "not_in"


def test_the_trainers_answer_stands_and_the_check_in_is_kept_beside_it(app: Flask) -> None:
    day = today()
    anna, bo = day.people[:2]
    record(day.session, [absent(anna), whole(bo)], by=day.trainer, nonce="nonce-000")
    scan(day, anna, "08:55")
    scan(day, bo, "08:55")
    leave(day, bo, "10:00")
    assert [minutes(day, person) for person in (anna, bo)] == [0, 240]
    assert own_of(day.session, anna).state == "answered"
    found = arrivals_of(day.session)
    assert [(row.person, row.disagrees) for row in found.absent] == [(anna, True)]
    assert found.here[0].left == moment(day, "10:00")


def test_the_trainer_changes_what_was_checked_in_and_that_stands(app: Flask) -> None:
    day = today()
    anna = day.people[0]
    scan(day, anna, "08:55")
    record(day.session, [whole(anna, latest(day.session)[anna.id].id)], by=day.trainer, nonce="nonce-000")
    leave(day, anna, "10:00")
    assert minutes(day, anna) == 240


def test_a_sheet_that_is_open_while_people_check_in_shows_both_values(app: Flask) -> None:
    """The trainer's tablet had nothing about Anna and Bo; one came late, one in time."""
    day = today()
    anna, bo, cia = day.people
    scan(day, anna, "08:55")
    scan(day, bo, "08:20")
    done = record(day.session, [whole(person) for person in (anna, bo, cia)], by=day.trainer, nonce="nonce-000")
    assert [conflict.person_id for conflict in done.conflicts] == [anna.id]
    assert [entry.person_id for entry in done.entries] == [cia.id]


def test_a_signed_sheet_takes_nothing_more(app: Flask) -> None:
    day = today(2)
    anna, bo = day.people
    scan(day, anna, "08:20")
    record(day.session, [absent(bo)], by=day.trainer, nonce="nonce-000")
    with clock.moved(moment(day, "12:20")):
        attendance.sign_off(day.session, by=day.trainer, head_count=3)
    assert attendance.signed(day.session).head_count == 3  # type: ignore[union-attr]
    for act in (lambda: scan(day, bo, "12:25"), lambda: leave(day, anna, "12:25")):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "signed"


def test_somebody_who_is_not_on_the_sheet_is_told_whom_to_ask(app: Flask) -> None:
    day = today()
    with pytest.raises(Refused) as refusal:
        scan(day, day.trainer, "08:35")
    assert refusal.value.code == "not_on_sheet"
    assert count_here(day.session) == (0, 3)


# --- doubts, several sessions, several at once ----------------------------------------------------------------


def test_one_telephone_for_several_is_shown_and_never_refused(app: Flask) -> None:
    day = today()
    anna, bo, cia = day.people
    scan(day, anna, "08:20")
    scan(day, bo, "08:21")
    scan(day, cia, "08:22", device="b" * 64)
    found = arrivals_of(day.session)
    shares = {row.person: row.shares for row in found.here}
    assert shares == {anna: (bo,), bo: (anna,), cia: ()}
    assert (found.doubtful, found.expected, len(found.missing)) == (2, 3, 0)


def test_protected_people_are_shown_by_their_alias(app: Flask) -> None:
    day = today(1)
    day.people[0].protected, day.people[0].alias = True, "Deltagare 7"
    scan(day, day.people[0], "08:20")
    assert arrivals_of(day.session).here[0].person.name == "Deltagare 7"


def test_a_typed_code_finds_its_session_among_those_open(app: Flask) -> None:
    one, other = today(1), course_day(1, days_ago=7)
    open_check_in(other.session, 30, 10, by=other.trainer)
    secret = rules_of(one.session).secret  # type: ignore[union-attr]
    with clock.moved(moment(one, "08:10")):
        code = code_at(secret, one.session.id, clock.now())
        assert session_with(spaced(code).lower()) == one.session
        assert session_with("222222") is None
    for wall in ("07:59", "12:30"):
        with clock.moved(moment(one, wall)):
            assert session_with(code_at(secret, one.session.id, clock.now())) is None


def test_a_signature_and_a_check_out_at_once_leave_a_true_signature(app: Flask) -> None:
    """Noon, half an hour before the end: whoever comes second is refused or signed for."""
    day = today(6)
    for person in day.people:
        scan(day, person, "08:20")
    session_id, trainer, numbers = day.session.id, day.trainer.id, [person.id for person in day.people]
    db.session.commit()

    def sign() -> int:
        session, person = db.session.get_one(Session, session_id), db.session.get_one(Person, trainer)
        return attendance.sign_off(session, by=person).minutes

    def out(number: int) -> Callable[[], object]:
        def act() -> str:
            session, person = db.session.get_one(Session, session_id), db.session.get_one(Person, number)
            return check_out(session, TELEPHONE, by=person).act

        return act

    results = at_once(app, *[out(number) for number in numbers[:3]], sign, *[out(number) for number in numbers[3:]])
    db.session.rollback()
    session = db.session.get_one(Session, session_id)
    signature = attendance.signed(session)
    assert signature is not None
    assert signature.entries_hash == attendance.hash_of(latest(session).values())
    assert {"out", "signed"} >= {getattr(result, "code", result) for result in results if not isinstance(result, int)}
    assert attendance.verify().faults == ()


def test_the_same_person_from_eight_telephones_at_once_is_one_entry(app: Flask) -> None:
    day = today(4)
    numbers, session_id = [person.id for person in day.people], day.session.id
    at = moment(day, "08:50")
    db.session.commit()
    barrier, answers = Barrier(16), []

    def work(number: int) -> None:
        with app.app_context(), clock.moved(at):
            barrier.wait()
            session = db.session.get_one(Session, session_id)
            person = db.session.get_one(Person, number)
            answers.append(check_in(session, Ticket(session_id, at, "qr", TELEPHONE), by=person).id)
            db.session.commit()
            db.session.remove()

    threads = [Thread(target=work, args=(number,)) for number in numbers * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert len(answers) == 16
    assert len(set(answers)) == 4
    assert {person.id: minutes(day, person) for person in day.people} == dict.fromkeys(numbers, 220)
    assert attendance.verify().entries == 4
