"""Attendance files on screen: shown, decided and written once; whose they are, and when they are gone."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from courses import attendance
from lms import clock
from lms.audit import Audit
from lms.db import db
from tests.courses.reports import teams
from tests.courses.sheets import absent, course_day
from tests.courses.uploading import fields, stay, upload


def test_a_report_is_shown_decided_and_written_once(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    day = course_day(3)
    a, b, c = day.people
    attendance.record(day.session, [absent(c)], by=day.trainer, nonce="before-01")
    report = teams([stay(a, "08:20", "10:00"), stay(a, "10:30", "12:40"), stay(None, "08:30", "12:30", name="iPad"),
                    stay(c, "08:30", "12:30")])  # fmt: skip
    browser = browser_of(day.trainer)
    assert "Read attendance from a file" in browser.get(f"/sessions/{day.session.id}/attendance/import").text
    address, page = upload(browser, day, report)
    assert "08.20–12.40" in page
    assert "210 min, 2 connections" in page
    assert "Another answer stands" in page
    missing = browser.post(address, data=fields(page))
    assert missing.status_code == 422
    assert "Say who everybody in the file is" in missing.text
    look = browser.post(address, data={**fields(page), "who1": str(b.id), "look": "1"})
    assert look.status_code == 200
    done = browser.post(address, data={**fields(page), "who1": str(b.id), f"replace{c.id}": "file"})
    assert done.location == f"/sessions/{day.session.id}/attendance"
    now = attendance.latest(day.session)
    assert {number: entry.minutes for number, entry in now.items()} == {a.id: 210, b.id: 240, c.id: 240}
    sheet = browser.get(done.location).text
    assert "from a file" in sheet
    assert "away 30 min in between" in sheet
    assert browser.post(address, data=fields(page)).status_code == 404


def test_a_file_that_cannot_be_read_says_so_and_can_be_removed(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    day = course_day(1)
    browser = browser_of(day.trainer)
    address, page = upload(browser, day, b"Namn;Kommun\nBo;Heby")
    assert "1 thing to mend in the file" in page
    assert browser.post(address, data={"shown": "x"}).status_code == 422
    assert browser.post(f"{address}/discard").location == f"/sessions/{day.session.id}/attendance"
    assert browser.get(address).status_code == 404
    empty = browser.post(f"/sessions/{day.session.id}/attendance/import", data={})
    assert empty.status_code == 422
    assert "Choose a file." in empty.text


def test_somebody_elses_file_is_refused(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    day, other = course_day(1), course_day(1)
    address, _page = upload(browser_of(day.trainer), day, teams([stay(day.people[0], "08:30", "12:30")]))
    assert browser_of(other.trainer).get(address).status_code == 403
    assert browser_of(other.trainer).post(address).status_code == 403


def test_an_hour_later_the_file_is_gone(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    day = course_day(1)
    browser = browser_of(day.trainer)
    address, page = upload(browser, day, teams([stay(day.people[0], "08:30", "12:30")]))
    with clock.moved(clock.now() + timedelta(hours=2)):
        assert browser.get(address).location == f"/sessions/{day.session.id}/attendance/import"
        assert browser.post(address, data=fields(page)).location == f"/sessions/{day.session.id}/attendance/import"


def test_the_sheet_is_downloaded_and_the_log_knows(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    day = course_day(1)
    browser = browser_of(day.trainer)
    for kind in ("csv", "xlsx"):
        answer = browser.get(f"/sessions/{day.session.id}/attendance.{kind}")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].endswith(f".{kind}")
    assert browser.get(f"/sessions/{day.session.id}/attendance.exe").status_code == 404
    log = db.session.scalars(select(Audit).where(Audit.act == "attendance.exported").order_by(Audit.id)).all()
    assert [row.details["kind"] for row in log] == ["csv", "xlsx"]


def test_before_its_day_and_when_cancelled_nothing_is_read(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    day = course_day(2, days_ago=-1)
    data = f"E-post;Närvaro\n{day.people[0].email};hela".encode()
    browser = browser_of(day.trainer)
    address, page = upload(browser, day, data)
    refused = browser.post(address, data=fields(page))
    assert refused.status_code == 422
    assert "from the day of the session" in refused.text
    paper = f"/sessions/{day.session.id}/attendance/paper"
    typed = {"nonce": "paper-0001", f"seen{day.people[0].id}": "", f"there{day.people[0].id}": "1"}
    assert "from the day of the session" in browser.post(paper, data=typed).text
    day.run.cancelled_at = clock.now()
    assert browser.post(paper, data=typed).status_code == 422
    assert browser.post(address, data=fields(page)).status_code == 422
    assert attendance.entries_of(day.session) == []
