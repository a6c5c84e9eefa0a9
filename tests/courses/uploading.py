"""Attendance reports of the people of a course day, and a browser that uploads them."""

import io
import re
from datetime import timedelta

from courses.attendance.report_file import Report, read_report
from lms import clock
from lms.people import Person
from tests.courses.reports import Stay, teams
from tests.courses.sheets import Day


def stay(person: Person | None, came: str, left: str, *, name: str = "", email: str | None = None) -> Stay:
    """Somebody connected between two clocks of 11 October 2022, when every course day here is held."""
    address = email if email is not None else (person.email or "" if person else "")
    called = name or f"{person.given_name} {person.family_name}" if person or name else ""
    return called, address, f"2022-10-11 {came}:00", f"2022-10-11 {left}:00"


def report_of(*stays: Stay, **values: bool) -> Report:
    return read_report(teams(stays, **values), near=clock.today() - timedelta(days=1))


def upload(browser, day: Day, data: bytes) -> tuple[str, str]:  # type: ignore[no-untyped-def]
    """Upload a file; the address of what it means, and that page."""
    form = {"file": (io.BytesIO(data), "rapport.csv"), "clock": "stockholm"}
    answer = browser.post(f"/sessions/{day.session.id}/attendance/import", data=form)
    assert answer.status_code == 303, answer.text
    return answer.location, browser.get(answer.location).text


def fields(page: str) -> dict[str, str]:
    found = re.search(r'name="shown" value="([^"]+)"', page)
    assert found, page
    return {"shown": found[1], "write": "1"}
