"""What people try with certified time: hours of their own, sheets, objections, files and the room's sign-in."""

import csv
import io
import re
import signal
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

import config
from courses import attendance, exemptions, hours
from courses.attendance import AttendanceEntry, HoursApproval, Objection, record
from courses.esf.closings import ClosingNumber, MonthClosing
from courses.esf.month import month
from courses.esf.workbook import XLSX
from courses.hours.declared import waiting
from courses.hours.declaring import Declaration, approve, declare, refuse
from courses.runs import Run
from lms import clock
from lms.app import create_app
from lms.audit import Audit
from lms.db import Base, db
from lms.mail import OutboxMail
from tests import factories
from tests.conftest import NOON
from tests.courses.closed_months import September
from tests.courses.sheets import absent, course_day, whole
from tests.courses.uploading import upload
from tests.served import ROOT, surroundings
from tests.sign_in import sign_in
from tests.test_permissions import address_of, rules
from tests.world import make_world

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


# --- words --------------------------------------------------------------------------------------------------

EVIL = '=HYPERLINK("//e.example")<script>alert(1)</script>{{7*7}} 100% %(name)s %d'


@pytest.mark.one_engine
def test_words_about_hours_stay_words_on_every_page_file_and_mail(app: Flask) -> None:
    """Titles, names, notes, reasons, objections and answers, shown to everybody who may see them."""
    world, now = make_world(), clock.now()
    people, values = world.people, world.values
    leader, trainer, anna = people["leader"], people["trainer"], people["participant"]
    assert leader
    assert trainer
    assert anna
    run = db.session.get_one(Run, values["run_id"])
    began = run.sessions[0].starts_at.date()
    exemptions.grant(run.project, trainer, starts=began, ends=clock.today(), reason=EVIL, by=leader)
    run.title, anna.given_name, anna.family_name = EVIL, EVIL, EVIL
    refuse(db.session.get_one(AttendanceEntry, values["declared_id"]), EVIL, by=leader)
    coached = declare(Declaration(run, "coaching", clock.today(), 60, EVIL), nonce="words-01", by=trainer)
    approve([coached], by=leader)
    answered = db.session.get_one(Objection, values["objection_id"])
    hours.keep(answered, EVIL, by=trainer)
    session = run.sessions[0]
    record(session, [whole(anna)], by=trainer, nonce="words-02")
    attendance.sign_off(session, by=trainer)
    (entry,) = attendance.correct(session, [absent(anna, attendance.latest(session)[anna.id].id)], EVIL, by=trainer,
                                  nonce="words-03").entries  # fmt: skip
    hours.tell_corrected([entry])
    hours.object_to(entry, 7, EVIL, by=anna)
    db.session.commit()
    wrong = []
    for rule, method in rules(app):
        for role in ("leader", "trainer", "participant", "administrator") if method == "GET" else ():
            client = app.test_client()
            sign_in(client, people[role])  # type: ignore[arg-type]
            with app.test_request_context():
                address = address_of(rule, world)
            with client.get(address) as answer:
                if answer.status_code == 200 and not _are_words(answer.mimetype, answer.data):
                    wrong.append((address, role))
    assert wrong == []
    letters = db.session.scalars(select(OutboxMail).where(OutboxMail.created_at >= now)).all()
    assert letters
    assert not any("<script" in letter.html or "\n" in letter.subject for letter in letters)


def _are_words(kind: str, data: bytes) -> bool:
    """Whether nothing in an answer could run, as a script of a page or as a formula of a table."""
    if kind.startswith(("text/html", "application/json")):
        return b"<script>alert" not in data and b"49</script" not in data
    if kind == XLSX:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            return not any(
                b"<f>HYPERLINK" in book.read(name) or b"<hyperlink" in book.read(name) for name in book.namelist()
            )
    if kind == "text/csv":
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";")
        return not any(cell.startswith(("=", "@", "+")) for row in rows for cell in row)
    return True


# --- the power goes -----------------------------------------------------------------------------------------

CLOSES = """
import time
from lms import clock
from lms.commands.line import application
from lms.db import db
from courses.esf import closing
from lms.people import Person
from lms.projects import Project
from tests.conftest import NOON
from tests.courses.closed_months import SEPTEMBER, close
with application(), clock.moved(NOON):
    close(db.session.get(Project, {project}), SEPTEMBER, db.session.get(Person, {leader}))
    print("half", flush=True)
    time.sleep(60)
"""


@pytest.mark.one_engine
def test_a_closing_that_is_cut_off_leaves_nothing_half_closed(tmp_path: Path) -> None:
    environment = surroundings(tmp_path)
    app = create_app(config.read(environment))
    with app.app_context(), clock.moved(NOON):
        Base.metadata.create_all(db.engine)
        scene = September()
        db.session.commit()
        code = CLOSES.format(project=scene.project.id, leader=scene.leader.id)
        db.session.rollback()
        cut = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        assert cut.stdout
        assert cut.stdout.readline() == b"half\n"
        cut.send_signal(signal.SIGKILL)
        cut.wait(timeout=10)
        cut.stdout.close()
        assert [db.session.scalar(select(func.count()).select_from(one)) for one in (MonthClosing, ClosingNumber)] == [
            0,
            0,
        ]
        assert not db.session.scalars(select(Audit.act).where(Audit.act.startswith("month."))).all()
        scene.close()
        db.session.commit()
        db.engine.dispose()
