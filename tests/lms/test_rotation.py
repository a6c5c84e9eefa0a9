"""The key is changed: everything is read as before and found as before, all or nothing, also when the power goes."""

import base64
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

import config
from courses.esf.closings import ClosingNumber, MonthClosing
from lms import accounts, clock, pending, people_import, rotation
from lms.audit import Audit
from lms.db import db
from lms.people import Person
from lms.people_file import read_people
from lms.refusals import Refused
from lms.secrets import decrypted, encrypted, keyed_hash, keyed_hashes
from tests.factories import make_participant, make_project, make_role
from tests.served import ROOT, lms, surroundings
from tests.test_commands import DNR, PEOPLE, PLAN, Installation

OLD, NEW, OTHER = config.DEMO_KEY, *(base64.urlsafe_b64encode(bytes([each]) * 32).decode() for each in (1, 2))
NUMBERS = ("198001019804", "198002029810")


class Keys:
    """Sets the keys of the running application."""

    def __init__(self, app: Flask) -> None:
        self.app, self.before = app, app.config["SETTINGS"]

    def __call__(self, key: str, old: str = "") -> None:
        changed = replace(self.before, key_encryption_key=key, key_encryption_key_old=old)
        self.app.config["SETTINGS"] = changed


@pytest.fixture
def key(app: Flask) -> Iterator[Keys]:
    keys = Keys(app)
    yield keys
    app.config["SETTINGS"] = keys.before


@pytest.fixture
def people(app: Flask) -> list[Person]:
    """Two participants with a number each, stored under the old key."""
    project = make_project()
    found = []
    for number in NUMBERS:
        person = make_participant(project)
        person.personnummer_cipher, person.personnummer_hash = encrypted(number), keyed_hash(number)
        found.append(person)
    db.session.commit()
    return found


def stored(people: list[Person]) -> list[tuple[bytes | None, str | None]]:
    db.session.expire_all()
    return [(each.personnummer_cipher, each.personnummer_hash) for each in people]


def test_everything_is_read_and_found_under_the_new_key(people: list[Person], key: Keys) -> None:
    leader = make_role("project_leader", make_project())
    upload = pending.keep("plan", make_project(), "a.csv", b"1980", by=leader)
    key(NEW, OLD)
    heard: list[tuple[int, int]] = []
    done = rotation.rotate(lambda each, total: heard.append((each, total)))
    assert (done.changed, done.hashes, done.already) == (6, 2, 0)
    assert heard[-1] == (6, 6)
    key(NEW)
    assert [decrypted(person.personnummer_cipher or b"") for person in people] == list(NUMBERS)
    assert [person.personnummer_hash for person in people] == [keyed_hash(number) for number in NUMBERS]
    assert pending.contents(upload) == b"1980"
    told = db.session.query(Audit).filter_by(act="keys.rotated").one()
    assert told.details == {"changed": 6, "unchanged": 0}


def test_twice_is_once(people: list[Person], key: Keys) -> None:
    key(NEW, OLD)
    rotation.rotate()
    before = stored(people)
    done = rotation.rotate()
    assert (done.changed, done.hashes, done.already) == (0, 0, 5)
    assert stored(people) == before
    assert db.session.query(Audit).filter_by(act="keys.rotated").count() == 1


def test_numbers_of_closed_months_stay_the_same_cipher(people: list[Person], key: Keys) -> None:
    leader = make_role("project_leader", make_project())
    closing = MonthClosing(
        project_id=make_project().id, first=date(2022, 9, 1), version=1, by_id=leader.id, at=clock.now(),
        head_entry_id=0, head_hash="", people=1, minutes=1, snapshot_hash="", snapshot=b"",
    )  # fmt: skip
    db.session.add(closing)
    db.session.flush()
    db.session.add(ClosingNumber(closing_id=closing.id, person_id=people[0].id, cipher=people[0].personnummer_cipher))
    db.session.flush()
    key(NEW, OLD)
    assert rotation.rotate().changed == 6
    db.session.expire_all()
    assert db.session.query(ClosingNumber).one().cipher == people[0].personnummer_cipher


def test_between_restart_and_rotation_nobody_is_lost(people: list[Person], key: Keys) -> None:
    handle = accounts.ask_for_code(people[0].email or "")
    code_row = db.session.query(accounts.SignInCode).filter_by(handle=handle).one()
    code_row.code_hash = keyed_hash(f"{handle}:123456")
    key(NEW, OLD)
    assert decrypted(people[0].personnummer_cipher or b"") == NUMBERS[0]
    assert people[0].personnummer_hash in keyed_hashes(NUMBERS[0])
    assert accounts.use_code(handle, "123456") is people[0]
    file = f"Förnamn;Efternamn;E-post;Personnummer;Kommun\r\nNy;Adress;ny@tierp.example;{NUMBERS[0]};Håbo\r\n".encode()
    read = read_people(file, "a.csv", today=clock.today())
    preview = people_import.preview(make_project(), read)
    assert [match.person_id for match in preview.matched] == [people[0].id], "found under the old key"
    assert [change.field for change in preview.matched[0].changes if change.field == "personnummer"] == []


def test_what_neither_key_reads_stops_it_before_anything_changes(people: list[Person], key: Keys) -> None:
    before = stored(people)
    key(NEW, OTHER)
    with pytest.raises(Refused) as refusal:
        rotation.rotate()
    assert refusal.value.code == "unreadable"
    assert "5 stored values" in str(refusal.value)
    key(OTHER, OLD)
    people[1].personnummer_cipher = b"no cipher at all"
    db.session.commit()
    with pytest.raises(Refused):
        rotation.rotate()
    db.session.rollback()
    assert stored(people)[0] == before[0]


def test_the_same_number_under_two_keys_is_said(people: list[Person], key: Keys) -> None:
    key(NEW, OLD)
    people[1].personnummer_cipher, people[1].personnummer_hash = encrypted(NUMBERS[0]), keyed_hash(NUMBERS[0])
    db.session.commit()
    with pytest.raises(Refused) as refusal:
        rotation.rotate()
    db.session.rollback()
    assert refusal.value.code == "two_people"
    assert NUMBERS[0] not in str(refusal.value)


def test_every_cipher_has_a_name_that_rotation_finds(app: Flask) -> None:
    """Whoever stores what `encrypted` made does it in a column called cipher or …_cipher."""
    found = {f"{column.table.name}.{column.name}" for column in rotation.cipher_columns()}
    assert found >= {"person.personnummer_cipher", "closing_number.cipher", "pending_upload.cipher"}
    guilty = []
    for path in (path for room in ("lms", "certificates", "courses") for path in (ROOT / room).rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if "encrypted(" in line and not any(word in line for word in ("cipher", "def ", "self.made", "import")):
                guilty.append(f"{path.relative_to(ROOT)}:{number}")
    assert guilty == []


@pytest.mark.one_engine
def test_the_command_and_a_start_with_the_wrong_key(tmp_path: Path) -> None:
    place = Installation(tmp_path)
    assert place.run("init").exit_code == 0
    assert place.run("project", "import", str(PLAN)).exit_code == 0
    assert place.run("people", "import", place.write("p.csv", PEOPLE), "--project", DNR).exit_code == 0
    wrong = {"LMS_KEY_ENCRYPTION_KEY": NEW}
    for command in (["init"], ["work"], ["keys", "rotate"]):
        answer = place.run(*command, **wrong)
        assert answer.exit_code == 1
        assert "LMS_KEY_ENCRYPTION_KEY_OLD" in answer.stderr
        assert len(answer.stderr.strip().splitlines()) == 1
    outside = surroundings(tmp_path / "instance", **wrong)
    served = lms(outside, "serve", "--port", "1")
    assert (served.returncode, len(served.stderr.splitlines())) == (1, 1)
    both = wrong | {"LMS_KEY_ENCRYPTION_KEY_OLD": OLD}
    _cut_in_the_middle(outside | both)
    assert place.run("init").exit_code == 0, "the old key still reads everything"
    answer = place.run("keys", "rotate", **both)
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.stdout == "4 values encrypted anew, 0 were already, 1 keyed hashes made anew\n"
    assert place.run("init", **wrong).exit_code == 0
    assert place.run("init").exit_code == 1
    assert "not a key" in place.run("init", LMS_KEY_ENCRYPTION_KEY_OLD="short").stderr


def _cut_in_the_middle(environment: dict[str, str]) -> None:
    """Rotate until something has been written, and then the power goes."""
    code = (
        "import time\nfrom lms import commands, rotation\nreal = rotation._renew\n"
        "def slow(*given):\n    real(*given)\n    print('half', flush=True)\n    time.sleep(60)\n"
        "rotation._renew = slow\ncommands.main(['keys', 'rotate'])\n"
    )
    running = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stdout.readline() == b"half\n"
    running.send_signal(signal.SIGKILL)
    running.wait(timeout=10)
    running.stdout.close()
