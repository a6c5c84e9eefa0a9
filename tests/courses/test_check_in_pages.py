"""The screen in the room, the phones and the trainer's list, without scripts: what each of them is told."""

import re
from datetime import timedelta
from html import unescape

import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from courses import attendance
from courses.activities import Activity, Expected, Session
from courses.attendance import CheckIn, latest
from courses.attendance.checking_in import open_check_in, rules_of
from courses.attendance.codes import code_at
from lms import clock
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from tests.courses.sheets import Day, absent, course_day, move, whole
from tests.queries import count_queries


def now_day(people: int = 3, *, began: int = 5) -> Day:
    """A session that began so many minutes ago and lasts four hours, open for check-in."""
    day = course_day(people, days_ago=0)
    day.session.starts_at = clock.now() - timedelta(minutes=began)
    day.session.ends_at = day.session.starts_at + timedelta(hours=4)
    db.session.flush()
    open_check_in(day.session, 30, 10, by=day.trainer)
    db.session.commit()
    return day


def code(day: Day, *, seconds_ago: int = 0) -> str:
    rules = rules_of(day.session)
    assert rules is not None
    return code_at(rules.secret, day.session.id, clock.now() - timedelta(seconds=seconds_ago))


def ticket_on(html: str) -> str:
    """Where the button of the phone posts to."""
    found = re.search(r'action="(/in/\d+(?:/sign-in)?\?t=[^"]+)"', html)
    assert found, html
    return unescape(found[1])


def scanned(browser: FlaskClient, day: Day) -> str:
    return browser.get(f"/in/{day.session.id}?c={code(day)}").text


def entry_of(day: Day, person: Person) -> attendance.AttendanceEntry | None:
    db.session.rollback()
    return latest(day.session).get(person.id)


# --- the screen in the room ---------------------------------------------------------------------------------


def test_the_screen_opens_with_the_windows_and_shows_a_code_that_can_be_scanned(browser_of):
    day = course_day(2, days_ago=0)
    day.session.starts_at = clock.now()
    browser = browser_of(day.trainer)
    assert browser.get(f"/sessions/{day.session.id}/display").location == f"/sessions/{day.session.id}/check-in"
    wrong = browser.post(f"/sessions/{day.session.id}/check-in", data={"early_minutes": "x", "late_minutes": "241"})
    assert wrong.status_code == 422
    assert 'value="241"' in wrong.text
    assert wrong.text.count("Write minutes as a number between 0 and 240.") == 4, "at each field, and in the summary"
    values = {"early_minutes": "30", "late_minutes": "10"}
    assert browser.post(f"/sessions/{day.session.id}/check-in", data=values).status_code == 303
    html = browser.get(f"/sessions/{day.session.id}/display").text
    assert f"{code(day)[:3]} {code(day)[3:]}" in html
    assert "0 of 2" in html
    assert read_qr(html) == f"http://localhost/in/{day.session.id}?c={code(day)}"
    assert '<noscript><meta http-equiv="refresh"' in html
    assert not any(person.name in html for person in day.people), "no names on a screen in a room"


def read_qr(html: str) -> str:
    """What a camera reads of the square: the path drawn black on white."""
    found = re.search(r'viewBox="0 0 (\d+) \1".*?<path fill="#000" d="([^"]+)"', html)
    assert found
    size, scale = int(found[1]), 6
    picture = Image.new("L", (size * scale, size * scale), 255)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)", found[2]):
        left, top = int(x) * scale, int(y) * scale
        picture.paste(0, (left, top, left + int(width) * scale, top + scale))
    read = zxingcpp.read_barcode(picture)
    assert read is not None
    return str(read.text)


def test_the_screen_says_why_there_is_no_code(browser_of):
    day = now_day()
    browser, url = browser_of(day.trainer), f"/sessions/{day.session.id}/display"
    assert "Check-in is paused" in browser.get(f"{url}?pause=1").text
    for starts, ends, words in (
        ("2022-10-12T13:00", "2022-10-12T16:00", "Check-in opens at 12.30"),
        ("2022-10-12T08:00", "2022-10-12T12:00", "The session is over"),
    ):
        move(day.session, starts, ends)
        html = browser.get(url).text
        assert words in html
        assert code(day) not in html.replace(" ", "")
    day.run.cancelled_at = clock.now()
    assert "Cancelled" in browser.get(url).text


def test_reading_writes_nothing_and_asks_as_much_for_sixty_as_for_ten(browser_of):
    asked = []
    for people in (10, 60):
        day = now_day(people)
        browser = browser_of(day.trainer)
        for page in ("display", "arrivals"):
            browser.get(f"/sessions/{day.session.id}/{page}")
            with count_queries() as queries:
                assert browser.get(f"/sessions/{day.session.id}/{page}").status_code == 200
            asked.append(len(queries))
        assert not any("INSERT" in str(query) or "UPDATE" in str(query) for query in queries)
    assert asked[:2] == asked[2:]


# --- the phone ----------------------------------------------------------------------------------------------


def test_scan_press_and_see(browser_of):
    day = now_day()
    anna = day.people[0]
    browser = browser_of(anna)
    page = scanned(browser, day)
    assert entry_of(day, anna) is None, "looking is not pressing"
    answer = browser.post(ticket_on(page))
    assert (answer.status_code, answer.location) == (303, f"/in/{day.session.id}")
    assert "You checked in at 12.00" in browser.get(answer.location).text
    entry = entry_of(day, anna)
    assert entry is not None
    assert (entry.minutes, entry.method) == (240, "self")
    assert browser.post(ticket_on(page)).status_code == 303, "an impatient finger"
    assert db.session.query(CheckIn).count() == 1


def test_who_comes_before_the_start_is_told_from_when_minutes_count(browser_of):
    day = now_day(began=-20)
    page = scanned(browser_of(day.people[0]), day).replace("&#39;", "'")
    assert "You came at 12.00. Your minutes count from the start, at 12.20." in page
    assert "The time that counts" not in page


def test_checking_out_and_coming_back_on_the_phone(browser_of):
    day = now_day(began=60)
    anna = day.people[0]
    browser = browser_of(anna)
    browser.post(ticket_on(scanned(browser, day)))
    with clock.moved(clock.now() + timedelta(minutes=30)):
        assert browser.post(f"/in/{day.session.id}/out").status_code == 303
        assert "30 of 240 minutes" in browser.get(f"/in/{day.session.id}").text
    with clock.moved(clock.now() + timedelta(minutes=50)):
        stale = browser.get(f"/in/{day.session.id}?c={code(day, seconds_ago=60)}")
        assert "no longer good" in stale.text
        page = scanned(browser, day)
        assert "Are you back" in page
        assert browser.post(ticket_on(page)).status_code == 303
    entry = entry_of(day, anna)
    assert entry is not None
    assert entry.minutes == 180 - 20


def test_a_code_that_has_run_out_or_was_guessed_says_so_and_nothing_else(browser_of, client):
    day = now_day()
    for browser in (client, browser_of(day.people[0])):
        for query in (f"c={code(day, seconds_ago=31)}", "c=222222", "c=", "t=forged", "c=%00", "t=%F0%9F%98%80"):
            answer = browser.get(f"/in/{day.session.id}?{query}")
            assert answer.status_code == 422
            assert "no longer good" in answer.text
            assert day.run.title not in answer.text
        assert browser.get(f"/in/{day.session.id}").location == "/in"
        assert browser.get("/in/999999").location == "/in"


def test_a_ticket_is_worth_nothing_on_another_phone(browser_of):
    day = now_day()
    anna, bo = day.people[:2]
    shared = ticket_on(scanned(browser_of(anna), day))
    answer = browser_of(bo).post(shared)
    assert answer.status_code == 422
    assert entry_of(day, bo) is None


def test_signing_in_slowly_costs_nothing(app: Flask, client: FlaskClient):
    """Scanned at nine minutes past; the mail took eight minutes more."""
    day = now_day(began=9)
    anna = day.people[0]
    page = scanned(client, day)
    assert "12.00" in page
    where = ticket_on(page)
    assert where.startswith(f"/in/{day.session.id}/sign-in")
    wrong = client.post(where, data={"email": "ingen adress"})
    assert wrong.status_code == 422
    assert "ingen adress" in wrong.text
    assert client.post(where, data={"email": anna.email}).location == "/sign-in/code"
    letter = db.session.query(OutboxMail).order_by(OutboxMail.id.desc()).first()
    assert letter is not None
    digits = re.search(r"(?<!\d)(\d{3}) ?(\d{3})(?!\d)", letter.text)
    assert digits
    with clock.moved(clock.now() + timedelta(minutes=8)):
        answer = client.post("/sign-in/code", data={"code": digits[1] + digits[2]})
        assert answer.location.startswith(f"/in/{day.session.id}?t=")
        page = client.get(answer.location).text
        assert client.post(ticket_on(page)).status_code == 303
    entry = entry_of(day, anna)
    assert entry is not None
    assert (entry.minutes, entry.happened_at) == (240, clock.now())


def test_signing_in_too_slowly_means_scanning_again(client):
    day = now_day()
    where = ticket_on(scanned(client, day))
    with clock.moved(clock.now() + timedelta(minutes=16)):
        assert client.post(where, data={"email": "a@b.example"}).status_code == 422


def test_who_was_signed_out_meanwhile_comes_back_with_the_ticket(client):
    day = now_day()
    where = ticket_on(scanned(client, day)).replace("/sign-in", "")
    assert client.post(where).location.startswith(f"/sign-in?next=/in/{day.session.id}?t%3D")


def test_the_code_can_be_typed_as_people_type(browser_of):
    day = now_day()
    browser = browser_of(day.people[0])
    for wrong in ("", "222222", "K7M", "x" * 5000):
        answer = browser.post("/in", data={"code": wrong})
        assert answer.status_code == 422
    typed = f" {code(day)[:3].lower()}-{code(day)[3:]} "
    answer = browser.post("/in", data={"code": typed})
    assert answer.status_code == 303
    assert browser.post(ticket_on(browser.get(answer.location).text)).status_code == 303
    db.session.rollback()
    assert [row.way for row in db.session.query(CheckIn)] == ["code"]


def test_somebody_who_is_not_on_the_list_is_told_whom_to_ask(browser_of):
    day, other = now_day(), course_day(1, days_ago=30)
    browser = browser_of(other.people[0])
    answer = browser.post(ticket_on(scanned(browser, day)))
    assert answer.status_code == 409
    assert "Ask the trainer, who can add you" in answer.text
    assert "You came at 12.00" in answer.text


def test_the_trainers_answer_is_told(browser_of):
    day = now_day()
    anna = day.people[0]
    attendance.record(day.session, [absent(anna)], by=day.trainer, nonce="nonce-000")
    browser = browser_of(anna)
    browser.post(ticket_on(scanned(browser, day)))
    page = browser.get(f"/in/{day.session.id}").text
    assert "Your trainer has already answered for you" in page
    assert "Absent (Ill)" in page
    arrivals = browser_of(day.trainer).get(f"/sessions/{day.session.id}/arrivals").text
    assert "Checked in, and the sheet says absent" in arrivals


def test_the_cookie_of_the_device_goes_to_the_check_in_and_nowhere_else(client):
    day = now_day()
    header = client.get(f"/in/{day.session.id}?c={code(day)}").headers.getlist("Set-Cookie")
    (device,) = [line for line in header if "-device=" in line]
    assert "HttpOnly" in device
    assert "Path=/in;" in device
    assert "SameSite=Lax" in device
    again = client.get(f"/in/{day.session.id}?c={code(day)}").headers.getlist("Set-Cookie")
    assert not any("-device=" in line for line in again)
    for page in ("/verify", "/v/AAAA-AAAA-AAAA-AAAA", "/in"):
        assert "-device=" not in str(client.get(page).headers)


# --- the trainer's list ---------------------------------------------------------------------------------------


def test_arrivals_flag_one_phone_for_two_and_say_who_is_missing(browser_of):
    day = now_day()
    anna, bo, cia = day.people
    phone = browser_of(anna)
    phone.post(ticket_on(scanned(phone, day)))
    device = next(cookie for cookie in phone._cookies.values() if cookie.key.endswith("-device"))
    other = browser_of(bo)
    other.set_cookie(device.key, device.value, path="/in")
    other.post(ticket_on(scanned(other, day)))
    html = browser_of(day.trainer).get(f"/sessions/{day.session.id}/arrivals").text
    assert f"The same phone as {bo.name}" in html
    assert f"The same phone as {anna.name}" in html
    assert cia.name in html.split("Not here yet")[1]
    assert device.value not in str(db.session.query(CheckIn.device).all()), "only its hash is kept"


def test_the_head_count_goes_along_to_the_signature(browser_of):
    day = now_day(2)
    attendance.record(day.session, [whole(day.people[0]), absent(day.people[1])], by=day.trainer, nonce="nonce-000")
    browser, base = browser_of(day.trainer), f"/sessions/{day.session.id}"
    assert browser.post(f"{base}/arrivals", data={"head_count": "många"}).status_code == 422
    assert browser.post(f"{base}/arrivals", data={"head_count": "2"}).status_code == 303
    told = "You count 2 in the room, and 1 on the sheet were there"
    assert told in browser.get(f"{base}/arrivals").text
    with clock.moved(day.session.ends_at):
        page = browser.get(f"{base}/sign-off").text
        assert told in page
        assert 'name="head_count" inputmode="numeric" autocomplete="off" maxlength="9" value="2"' in page
        seen = re.search(r'name="seen" value="(\w+)"', page)
        assert seen
        wrong = browser.post(f"{base}/sign-off", data={"seen": seen[1], "head_count": "-1"})
        assert (wrong.status_code, "for example 16" in wrong.text, 'value="-1"' in wrong.text) == (422, True, True)
        assert browser.post(f"{base}/sign-off", data={"seen": seen[1], "head_count": "2"}).status_code == 303
        assert "Counted in the room: 2. There according to the sheet: 1." in browser.get(f"{base}/attendance").text


def test_the_home_leads_to_the_check_in_while_it_is_open(browser_of):
    day = now_day(began=-20)
    browser = browser_of(day.people[0])
    assert "Write the code" in browser.get("/").text
    browser.post(ticket_on(scanned(browser, day)))
    assert "Write the code" not in browser.get("/").text
    other = browser_of(day.people[1])
    for wall in (day.session.starts_at - timedelta(minutes=31), day.session.ends_at):
        with clock.moved(wall):
            assert "Write the code" not in other.get("/").text


def test_a_meeting_has_its_screen_and_phones_too(browser_of):
    day = course_day(1, days_ago=0)
    anna = day.people[0]
    meeting = Activity(kind="network", project=day.project, title="Nätverk", created_by=day.trainer, sessions=[])
    starts = clock.now()
    meeting.sessions.append(Session(starts_at=starts, ends_at=starts + timedelta(hours=1), mode="digital"))
    db.session.add(meeting)
    db.session.flush()
    db.session.add(Expected(activity_id=meeting.id, person_id=anna.id))
    session, browser = meeting.sessions[0], browser_of(day.trainer)
    base = f"/sessions/{session.id}"
    assert browser.post(f"{base}/check-in", data={"early_minutes": "0", "late_minutes": "0"}).status_code == 303
    assert "Check in to Nätverk" in browser.get(f"{base}/display").text
    rules = rules_of(session)
    assert rules is not None
    phone = browser_of(anna)
    page = phone.get(f"/in/{session.id}?c={code_at(rules.secret, session.id, clock.now())}").text
    assert phone.post(ticket_on(page)).status_code == 303
    assert "60 minutes" in phone.get(f"/in/{session.id}").text
    assert anna.name in browser.get(f"{base}/arrivals").text


def test_pages_of_others_are_closed(browser_of):
    day = now_day()
    for page in ("check-in", "display", "arrivals"):
        assert browser_of(day.people[0]).get(f"/sessions/{day.session.id}/{page}").status_code == 403
