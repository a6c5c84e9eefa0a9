"""Killing the server at any moment loses nothing that was answered with success, and leaves nothing half done."""

import random
import shutil
import signal
import sqlite3
import threading
import time
from contextlib import closing, suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from tests import hall as halls
from tests.hall import Hall, furnish, sheet, sign_in
from tests.served import Browser, free_port, lms, serving, start, surroundings
from tests.world import PDF


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Hall:
    instance = tmp_path_factory.mktemp("hall")
    return furnish(surroundings(instance), sessions=12)


@pytest.fixture
def hall(furnished: Hall, tmp_path: Path) -> Hall:
    """A copy of the prepared installation."""
    instance = tmp_path / "instance"
    shutil.copytree(furnished.environment["LMS_INSTANCE"], instance)
    return Hall(**{**vars(furnished), "environment": surroundings(instance)})


def rows(hall: Hall, question: str) -> list[tuple[object, ...]]:
    """What stands in the database, read beside the application."""
    with closing(sqlite3.connect(Path(hall.environment["LMS_INSTANCE"]) / "parlband.db")) as connection:
        return connection.execute(question).fetchall()


def check_whole(hall: Hall) -> None:
    """The database is sound, sheets are whole or empty, signatures have their lines, files have their bytes."""
    assert rows(hall, "PRAGMA integrity_check") == [("ok",)]
    assert rows(hall, "PRAGMA foreign_key_check") == []
    whole = len(hall.people)
    sheets = rows(hall, "SELECT session_id, count(*) FROM attendance_entry GROUP BY session_id")
    assert [each for each in sheets if each[1] != whole] == []
    unsaid = "SELECT id FROM sign_off WHERE session_id NOT IN (SELECT session_id FROM attendance_entry)"
    assert rows(hall, unsaid) == []
    uploads = Path(hall.environment["LMS_INSTANCE"]) / "uploads"
    for (digest,) in rows(hall, "SELECT sha256 FROM stored_file"):
        assert (uploads / str(digest)[:2] / str(digest)).stat().st_size > 0


def test_what_was_answered_is_there_after_the_power_was_cut(hall: Hall, tmp_path: Path) -> None:
    """Attendance, a submission with its file, and a sign-up: each cut right after its 303."""
    log = tmp_path / "log"
    with serving(hall.environment, log, "--workers", "1") as served:
        browser = sign_in(hall, served.port, hall.trainer)
        answer = browser.post(f"/sessions/{hall.sessions[0]}/attendance", **sheet(hall, browser, hall.sessions[0]))
        served.cut()
    assert answer.status == 303, answer.text
    assert rows(hall, "SELECT count(*) FROM attendance_entry") == [(len(hall.people),)]
    with serving(hall.environment, log, "--workers", "1") as served:
        browser.port = served.port
        assert browser.get(f"/sessions/{hall.sessions[0]}/attendance").status == 200, "the session survives"
        pupil = sign_in(hall, served.port, hall.participant)
        path = f"/courses/{hall.run}/assignment"
        pupil.get(path)
        values = {"revision": "0", "text": "Så gick det.", "minutes": "200", "act": "submit"}
        answer = pupil.upload(path, "svar.pdf", PDF, **values)
        served.cut()
    assert answer.status == 303, answer.text
    assert rows(hall, "SELECT version, text, minutes FROM submission") == [(1, "Så gick det.", 200)]
    address, link = hall.invited[0]
    with serving(hall.environment, log, "--workers", "1") as served:
        guest = sign_in(hall, served.port, address)
        guest.get(link)
        answer = guest.post(link, answer="yes", adaptations="")
        served.cut()
    assert answer.status == 303, answer.text
    signed_up = "SELECT count(*) FROM enrolment JOIN person ON person.id = person_id WHERE state = 'registered'"
    assert rows(hall, f"{signed_up} AND email = '{address}'") == [(1,)]
    check_whole(hall)


def test_cut_at_random_moments_while_saving_and_uploading(hall: Hall, tmp_path: Path) -> None:
    """What was answered with 303 stands whole; what was not, stands whole or not at all."""
    chance, answered = random.Random(2021), []
    uploaded: list[str] = []
    with serving(hall.environment, tmp_path / "log", "--workers", "1") as served:
        browser = sign_in(hall, served.port, hall.trainer)
        pupil = sign_in(hall, served.port, hall.participant)
    for number in range(6):
        with serving(hall.environment, tmp_path / "log", "--workers", "1") as served:
            browser.port = pupil.port = served.port
            mine = hall.sessions[number * 2 : number * 2 + 2]
            sheets = {session: sheet(hall, browser, session) for session in mine}
            pupil.get(f"/courses/{hall.run}/assignment")
            threads = [
                threading.Thread(target=_save, args=(browser, sheets, answered)),
                threading.Thread(target=_upload, args=(pupil, hall.run, number, uploaded)),
            ]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0.0, 0.25))
            served.cut()
            for thread in threads:
                thread.join()
        check_whole(hall)
        stands = {row[0] for row in rows(hall, "SELECT DISTINCT session_id FROM attendance_entry")}
        assert set(answered) <= stands
        kept = {row[0] for row in rows(hall, "SELECT name FROM stored_file JOIN draft_file ON file_id = id")}
        assert set(uploaded) <= kept
    with serving(hall.environment, tmp_path / "log", "--workers", "1") as served:
        browser.port = served.port
        assert browser.get(f"/sessions/{hall.sessions[0]}/attendance").status == 200


def _save(browser: Browser, sheets: dict[int, dict[str, object]], answered: list[int]) -> None:
    for session, values in sheets.items():
        with suppress(OSError, HTTPException):
            if browser.post(f"/sessions/{session}/attendance", **values).status == 303:
                answered.append(session)


def _upload(pupil: Browser, run: int, number: int, uploaded: list[str]) -> None:
    name = f"fil{number}.pdf"
    values = {"revision": "0", "text": "", "minutes": "", "act": "save"}
    with suppress(OSError, HTTPException):
        answer = pupil.upload(f"/courses/{run}/assignment", name, PDF + b"\n" * (1_000_000 + number), **values)
        if answer.status == 303:
            uploaded.append(name)


def test_signing_out_ends_the_session_on_the_server(hall: Hall, tmp_path: Path) -> None:
    with serving(hall.environment, tmp_path / "log", "--workers", "2") as served:
        browser = sign_in(hall, served.port, hall.trainer)
        assert browser.get("/settings").status == 200
        thief = Browser(served.port, dict(browser.cookies))
        assert thief.get("/settings").status == 200
        assert browser.post("/sign-out").status == 303
        assert [thief.get("/settings").status for _time in range(4)] == [303] * 4


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_is_asked_to_stop_leaves_nobody_behind(hall: Hall, tmp_path: Path, how: signal.Signals) -> None:
    served = start(hall.environment, tmp_path / "log", "serve", "--with-worker", port=free_port())
    assert len(served.tree()) >= 2
    code, left = served.ask_to_stop(how)
    assert left == []
    assert code == 0, served.log.read_text()
    assert "Traceback" not in served.log.read_text()


def test_when_only_the_parent_is_killed_the_rest_goes_too(hall: Hall, tmp_path: Path) -> None:
    served = start(hall.environment, tmp_path / "log", "serve", "--with-worker", port=free_port())
    _code, left = served.ask_to_stop(signal.SIGKILL)
    served_on = [process.pid for process in left]
    for process in left:
        process.kill()
    assert served_on == []


def test_a_port_in_use_is_one_line(hall: Hall, tmp_path: Path) -> None:
    with serving(hall.environment, tmp_path / "log", "--workers", "1") as served:
        done = lms(hall.environment, "serve", "--port", str(served.port), "--with-worker")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert str(served.port) in done.stderr


def test_nothing_personal_is_in_the_log(hall: Hall, tmp_path: Path) -> None:
    """Signing in, saving, a wrong code, a strange address: none of it is written where operators read."""
    log = tmp_path / "log"
    with serving(hall.environment, log, "--workers", "1", "--with-worker") as served:
        browser = sign_in(hall, served.port, hall.trainer)
        browser.post(f"/sessions/{hall.sessions[0]}/attendance", **sheet(hall, browser, hall.sessions[0]))
        stranger = Browser(served.port)
        stranger.get("/sign-in")
        stranger.post("/sign-in", email="nobody@habo.example")
        stranger.post("/sign-in/code", code="000000")
        code = halls.code_for(hall, hall.trainer)
    written = log.read_text()
    assert [word for word in ("@", "habo", code, "Person", "token") if word in written] == []
