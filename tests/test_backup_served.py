"""A backup is taken while people work, and the installation filled from it serves what the first one served."""

import json
import threading
from collections import Counter
from pathlib import Path
from zipfile import ZipFile

import pytest
from flask import Flask

import config
from certificates.acts import issuing
from certificates.proof import signing
from lms.app import create_app
from lms.db import db
from lms.people import find_person
from tests.certificates.examples import example
from tests.hall import Hall, furnish, sheet, sign_in
from tests.served import Browser, lms, serving, surroundings
from tests.world import PDF

pytestmark = pytest.mark.one_engine


def _certify(hall: Hall) -> tuple[str, str]:
    """A certificate in the hall: its code, and the token of what was signed."""
    app: Flask = create_app(config.read(hall.environment))
    with app.app_context():
        holder, trainer = find_person(email=hall.participant), find_person(email=hall.trainer)
        assert holder is not None
        assert trainer is not None
        made = issuing.issue(example(), holder=holder, ground="served", issuer_certificate=None, by=trainer)
        told = made.code, signing.sign(made).token
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return told


def _work(hall: Hall, browser: Browser, pupil: Browser, statuses: list[int], enough: threading.Event) -> None:
    """Sheet after sheet is saved, and a file is handed in between."""
    path = f"/courses/{hall.run}/assignment"
    for number, session in enumerate(hall.sessions):
        values = sheet(hall, browser, session)
        statuses.append(browser.post(f"/sessions/{session}/attendance", **values).status)
        pupil.get(path)
        data = PDF + str(number).encode() + b"\n%%EOF\n"
        values = {"revision": str(number), "text": f"Svar {number}", "minutes": "200", "act": "save"}
        statuses.append(pupil.upload(path, f"svar{number}.pdf", data, **values).status)
        enough.wait(1)


def _is_whole(file: Path, people: int) -> int:
    """Every sheet in the backup is whole or empty, every file that a row names is in it; how many sheets."""
    with ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        columns = {each["name"]: [name for name, _kind in each["columns"]] for each in manifest["tables"]}

        def rows(table: str) -> list[dict[str, object]]:
            lines = archive.read(f"tables/{table}.jsonl").splitlines()
            return [dict(zip(columns[table], json.loads(line), strict=True)) for line in lines]

        sheets = Counter(row["session_id"] for row in rows("attendance_entry"))
        named = {f"uploads/{row['sha256']}" for row in rows("stored_file")}
        assert set(sheets.values()) <= {people}
        assert named == {name for name in archive.namelist() if name.startswith("uploads/")}
        assert manifest["lacking"] == []
        return len(sheets)


def _public(port: int, code: str, token: str) -> list[bytes]:
    """What anybody gets, byte for byte: the signed credential and the keys of the county; and the page of the code."""
    browser = Browser(port)
    page = browser.get(f"/v/{code}")
    assert (page.status, "Giltigt certifikat" in page.text) == (200, True)
    answers = [browser.get(path) for path in (f"/credentials/{token}", "/.well-known/did.json")]
    assert [answer.status for answer in answers] == [200, 200]
    return [answer.body for answer in answers]


def test_backups_while_people_work_and_the_restored_one_serves_the_same(tmp_path: Path) -> None:
    hall = furnish(surroundings(tmp_path / "first"), sessions=8)
    code, token = _certify(hall)
    statuses: list[int] = []
    files = [tmp_path / f"{number}.zip" for number in range(3)]
    with serving(hall.environment, tmp_path / "log", "--with-worker") as served:
        public = _public(served.port, code, token)
        browser, pupil = (sign_in(hall, served.port, each) for each in (hall.trainer, hall.participant))
        enough = threading.Event()
        working = threading.Thread(target=_work, args=(hall, browser, pupil, statuses, enough))
        working.start()
        for file in files:
            done = lms(hall.environment, "backup", str(file))
            assert done.returncode == 0, done.stderr
        enough.set()
        working.join()
    assert "lms keys confirm-kept" in (tmp_path / "log").read_text(), "the start says that the key may get lost"
    assert statuses == [303] * 16, "nobody waited for the backup or was turned away"
    sheets = [_is_whole(file, len(hall.people)) for file in files]
    assert sheets == sorted(sheets)

    there = surroundings(tmp_path / "second")
    restored = lms(there, "restore", str(files[-1]))
    assert restored.returncode == 0, restored.stderr
    assert "nothing is wrong" in restored.stdout
    with serving(there, tmp_path / "log2", "--with-worker") as served:
        assert _public(served.port, code, token) == public
        again = sign_in(Hall(there), served.port, hall.trainer)
        assert again.get(f"/sessions/{hall.sessions[0]}/attendance").status == 200
    assert lms(there, "ledger", "verify").returncode == 0
