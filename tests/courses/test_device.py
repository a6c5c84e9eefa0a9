"""What a device without network asks and sends: once, in its person's name, row by row, at the time it was marked."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from courses import attendance, device
from courses.attendance import latest, record, sign_off
from lms import clock
from lms.db import db
from lms.people import Person
from tests import factories
from tests.courses.sheets import Day, absent, course_day, move, part, whole
from tests.factories import make_role


def state_of(browser: FlaskClient, day: Day) -> dict:
    return browser.get(f"/sessions/{day.session.id}/attendance/state").get_json()


def message(day: Day, by: Person, states: dict[Person, str], **more: str) -> dict[str, str]:
    """What a device sends: answered rows only, on top of what stands."""
    now = latest(day.session)
    values = {"nonce": "nonce-device-1", "person": str(by.id)}
    for person, state in states.items():
        values |= {
            f"state{person.id}": state,
            f"seen{person.id}": str(now[person.id].id) if person.id in now else "",
            f"came{person.id}": "08.30",
            f"left{person.id}": "12.30",
            f"absence{person.id}": "ill",
        }
    return values | more


def send(browser: FlaskClient, day: Day, values: dict[str, str]) -> tuple[int, dict]:
    answer = browser.post(f"/sessions/{day.session.id}/attendance/marks", data=values)
    db.session.rollback()
    return answer.status_code, answer.get_json()


def test_the_state_says_who_and_when_and_what_stands(browser_of):
    day = course_day(2)
    record(day.session, [absent(day.people[0])], by=day.trainer, nonce="first-tablet")
    told = state_of(browser_of(day.trainer), day)
    assert told["person"] == day.trainer.id
    assert told["token"]
    assert datetime.fromisoformat(told["now"]) == clock.now()
    assert told["signed"] == ""
    row = told["rows"][str(day.people[0].id)]
    assert (row["state"], row["absence"], row["said"]) == ("absent", "ill", "Absent (Ill)")
    assert day.trainer.name in row["told"]
    assert told["rows"][str(day.people[1].id)]["seen"] == ""
    record(day.session, [part(day.session, day.people[1], "08:55", "12:00")], by=day.trainer, nonce="second-tablet")
    row = state_of(browser_of(day.trainer), day)["rows"][str(day.people[1].id)]
    assert (row["came"], row["left"], row["minutes"]) == ("08.55", "12.00", 185)
    assert row["why"] == "came 25 min late, left 30 min early"


def test_a_stranger_is_sent_to_sign_in_and_learns_nothing(client):
    day = course_day(1)
    answer = client.get(f"/sessions/{day.session.id}/attendance/state")
    assert answer.status_code == 303
    assert client.post(f"/sessions/{day.session.id}/attendance/marks", data={}).status_code == 303


def test_what_is_sent_twice_is_written_once(browser_of):
    day = course_day()
    browser = browser_of(day.trainer)
    values = message(day, day.trainer, dict.fromkeys(day.people, "whole"))
    answers = [send(browser, day, values) for _twice in range(2)]
    assert [status for status, _said in answers] == [200, 200]
    assert answers[0][1]["rows"] == answers[1][1]["rows"]
    assert len(attendance.entries_of(day.session)) == 3


def test_a_lost_answer_is_harmless_also_when_the_second_try_says_that_it_waited(browser_of):
    day = course_day(2)
    browser = browser_of(day.trainer)
    values = message(day, day.trainer, dict.fromkeys(day.people, "whole"))
    send(browser, day, values)
    status, told = send(browser, day, values | {"waited": "1", "marked_at": clock.now().isoformat()})
    assert (status, told["taken"]) == (200, [])
    assert {entry.method for entry in attendance.entries_of(day.session)} == {"sheet"}


def test_what_waited_says_when_it_was_marked_and_when_it_came(browser_of):
    day = course_day(1, days_ago=0)
    marked = clock.now() - timedelta(minutes=75)
    values = message(day, day.trainer, {day.people[0]: "whole"}, waited="1", marked_at=marked.isoformat())
    assert send(browser_of(day.trainer), day, values)[0] == 200
    (entry,) = attendance.entries_of(day.session)
    assert (entry.method, entry.happened_at, entry.recorded_at) == ("offline", marked, clock.now())


@pytest.mark.parametrize(
    "told",
    [
        "2022-10-12T10:00:01+00:00",  # the future
        "2022-10-11T21:59:59Z",  # the day before in Stockholm
        "2022-10-12T09:00:00",  # without a zone
        "yesterday",
        "",
        "9999-12-31T23:59:59+00:00",
        "0001-01-01T00:00:00+00:00",
    ],
)
def test_an_impossible_moment_is_the_moment_of_arrival(browser_of, told):
    day = course_day(1, days_ago=0)
    values = message(day, day.trainer, {day.people[0]: "whole"}, waited="1", marked_at=told)
    assert send(browser_of(day.trainer), day, values)[0] == 200
    (entry,) = attendance.entries_of(day.session)
    assert (entry.method, entry.happened_at) == ("offline", clock.now())


def test_a_session_past_midnight_in_the_night_of_summer_time(app):
    day = course_day(1, days_ago=0)
    move(day.session, "2022-03-26T22:00", "2022-03-27T04:00")
    first = datetime(2022, 3, 26, 23, 30, tzinfo=clock.STOCKHOLM)
    assert device.happened(day.session, first) == first
    assert device.happened(day.session, datetime(2022, 3, 27, 1, 30, tzinfo=UTC)).hour == 1
    assert device.happened(day.session, datetime(2022, 3, 25, 22, 0, tzinfo=UTC)) == clock.now()


def test_a_taken_row_is_told_with_what_stands_and_the_others_are_written(browser_of):
    day = course_day()
    anna, bo, _cia = day.people
    values = message(day, day.trainer, {anna: "absent", bo: "whole"}, waited="1")
    record(day.session, [whole(anna)], by=day.trainer, nonce="other-tablet")
    status, told = send(browser_of(day.trainer), day, values)
    assert (status, told["taken"], told["gone"]) == (200, [anna.id], [])
    row = told["rows"][str(anna.id)]
    assert row["said"] == "All the time"
    assert row["seen"] == str(latest(day.session)[anna.id].id)
    assert [latest(day.session)[person.id].minutes for person in (anna, bo)] == [240, 240]
    again = message(day, day.trainer, {anna: "absent"}, nonce="nonce-device-2")
    assert send(browser_of(day.trainer), day, again)[1]["taken"] == []
    assert latest(day.session)[anna.id].absence == "ill"


def test_impossible_times_and_people_who_left_do_not_stop_the_others(browser_of):
    day = course_day(4)
    anna, bo, cia, dan = day.people
    values = message(day, day.trainer, {anna: "part", bo: "part", cia: "whole", dan: "whole"})
    values |= {f"came{anna.id}": "kvart i nio", f"came{bo.id}": "13.00", f"left{bo.id}": "14.00"}
    stranger = factories.make_participant(day.project)
    values |= {f"state{stranger.id}": "whole", f"seen{stranger.id}": ""}
    status, told = send(browser_of(day.trainer), day, values)
    assert status == 200
    assert set(told["errors"]) == {str(anna.id), str(bo.id)}
    assert told["gone"] == [stranger.id]
    assert set(latest(day.session)) == {cia.id, dan.id}


def test_nobody_sends_what_another_person_left(browser_of):
    day = course_day(1)
    other = make_role("county_trainer", day.project)
    values = message(day, other, {day.people[0]: "whole"})
    status, told = send(browser_of(day.trainer), day, values)
    assert (status, told["code"]) == (409, "person")
    assert attendance.entries_of(day.session) == []


def test_a_sheet_signed_meanwhile_takes_nothing_and_says_so(browser_of):
    day = course_day(1)
    record(day.session, [whole(day.people[0])], by=day.trainer, nonce="other-tablet")
    values = message(day, day.trainer, {day.people[0]: "absent"})
    sign_off(day.session, by=day.trainer)
    browser = browser_of(day.trainer)
    status, told = send(browser, day, values)
    assert (status, told["code"]) == (409, "signed")
    assert day.trainer.name in state_of(browser, day)["signed"]
    same = message(day, day.trainer, {day.people[0]: "whole"})
    assert send(browser, day, same)[0] == 200  # it says what the sheet says


def test_too_early_is_told_and_nothing_is_written(browser_of):
    day = course_day(1, days_ago=-1)
    status, told = send(browser_of(day.trainer), day, message(day, day.trainer, {day.people[0]: "whole"}))
    assert (status, told["code"]) == (422, "too_early")
    assert attendance.entries_of(day.session) == []


def test_an_empty_or_odd_message_breaks_nothing(browser_of):
    day = course_day(1)
    browser = browser_of(day.trainer)
    assert send(browser, day, {"person": str(day.trainer.id), "nonce": "nonce-device-1"})[0] == 200
    assert send(browser, day, {"person": str(day.trainer.id)})[0] == 422
    huge = {f"seen{number}": "" for number in range(2000)} | {f"state{number}": "whole" for number in range(2000)}
    status, told = send(browser, day, huge | {"person": str(day.trainer.id), "nonce": "nonce-device-1"})
    assert status == 200
    assert len(told["gone"]) >= 1999


def test_the_worker_stands_at_the_root_and_is_never_stale(client):
    answer = client.get("/sw.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_page_for_no_network_names_nobody(browser_of):
    day = course_day(1)
    html = browser_of(day.trainer).get("/offline").text
    assert day.trainer.name not in html
    assert "csrf_token" not in html


def test_only_an_open_sheet_may_be_kept(browser_of):
    day = course_day(1)
    browser = browser_of(day.trainer)
    page = f"/sessions/{day.session.id}/attendance"
    html = browser.get(page).text
    assert "data-offline-sheet=" in html
    assert f'data-person="{day.trainer.id}"' in html
    record(day.session, [whole(day.people[0])], by=day.trainer, nonce="other-tablet")
    sign_off(day.session, by=day.trainer)
    assert "data-offline-sheet=" not in browser.get(page).text
    assert "data-offline-sheet=" not in browser.get(f"/sessions/{day.session.id}/correction").text
