"""The proof of the ledger: whatever is done behind its back is found, and told where."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from courses import attendance, proof
from courses.attendance import AttendanceEntry, HoursSignature, SignedEntry, SignOff
from courses.attendance.chain import COVERED
from courses.esf import snapshot
from courses.esf.closings import MonthClosing
from courses.proof import Finding
from courses.proof.words import sentence
from lms import clock
from lms.db import db
from tests.courses import tampering
from tests.courses.sheets import Day, absent, course_day, part, whole
from tests.courses.snapshots import PROJECT, make_line, make_month

FACTS = replace(PROJECT, scb=())


@pytest.fixture
def day(app: Flask) -> Day:
    """Four people on a signed sheet, entries 1–4, entry 5 corrects the first."""
    made = course_day(4)
    a, b, c, d = made.people
    marks = [whole(a), part(made.session, b, "08:55", "12:30"), absent(c), whole(d)]
    first = attendance.record(made.session, marks, by=made.trainer, nonce="proof-001").entries[0]
    attendance.record(made.session, [absent(a, seen=first.id)], by=made.trainer, nonce="proof-002")
    db.session.commit()
    return made


def _found() -> set[tuple[str, int | None]]:
    return {(each.code, each.entry_id) for each in proof.prove().findings}


def _sign(day: Day) -> SignOff:
    made = attendance.sign_off(day.session, by=day.trainer)
    db.session.commit()
    return made


def test_what_nobody_touched_is_whole(day: Day) -> None:
    told: list[int] = []
    _sign(day)
    found = proof.prove(told.append)
    assert (found.entries, found.head.entry_id, found.findings) == (5, 5, ())
    assert told == []  # It speaks each five thousand.


def test_an_empty_ledger_is_whole(app: Flask) -> None:
    db.session.commit()
    found = proof.prove()
    assert (found.entries, found.head.entry_id, found.findings) == (0, 0, ())


OTHER: dict[str, object] = {
    "kind": "coaching", "day": date(2022, 10, 10), "absence": "ill", "method": "paper", "nonce": "x", "reason": "y",
    "hash": "f" * 64, "previous_hash": "e" * 64, "minutes": 239, "replaces_id": 2,
}  # fmt: skip


@pytest.mark.parametrize("column", [*COVERED, "hash"])
def test_a_changed_column_is_found_and_located(day: Day, column: str) -> None:
    """The fourth of five entries, so that one stands after it."""
    entry = db.session.get_one(AttendanceEntry, 4)
    value = OTHER.get(column)
    if value is None:
        old = getattr(entry, column)
        value = (old or 0) + 1_000 if column == "id" or column.endswith("_id") else entry.recorded_at
        value += timedelta(microseconds=1) if column.endswith("_at") else 0
    tampering.change(4, column, value)
    found = [each for each in proof.prove().findings if each.code in ("changed", "removed")]
    if column == "id":
        assert {("removed", 4), ("changed", 1004)} <= {(each.code, each.entry_id) for each in found}
    else:
        person = value if column == "person_id" else day.people[3].id
        assert found[0] == Finding("changed", 4, person)


@pytest.mark.one_engine
@pytest.mark.parametrize("column", ["day", "came_at", "recorded_at", "minutes"])
def test_bytes_that_are_nothing_at_all_are_a_finding_and_no_crash(day: Day, column: str) -> None:
    """SQLite keeps any text in any column."""
    sign_off = _sign(day)
    with tampering.behind_the_back() as connection:
        connection.execute(text(f"UPDATE attendance_entry SET {column} = '2022-1x' WHERE id = 4"))
    found = proof.prove().findings
    assert [each for each in found if each.code == "changed"] == [Finding("changed", 4, day.people[3].id)]
    assert any(each.code == "signed_otherwise" and each.witness == f"sign_off {sign_off.id}" for each in found)


@pytest.mark.parametrize("gone", [1, 3, 5])
def test_a_removed_entry_is_found_also_the_last(day: Day, gone: int) -> None:
    _sign(day)
    tampering.remove(gone)
    found = _found()
    assert ("gone", gone) in found or ("removed", gone) in found
    assert (("removed", gone) in found) == (gone < 5)


@pytest.mark.parametrize("proved", [False, True])
def test_a_tail_cut_off_is_found_by_the_log_and_by_an_earlier_proof(day: Day, proved: bool) -> None:
    """Also before anything is signed."""
    if proved:
        proof.keep(proof.prove(), by=None)
        with tampering.behind_the_back() as connection:
            connection.execute(text("DELETE FROM audit WHERE act = 'attendance.recorded'"))
    tampering.remove(4, 5)
    found = proof.prove().findings
    assert {(each.code, each.witness.split()[0]) for each in found} == {("cut_off", "audit")}
    assert 5 in {each.entry_id for each in found}


def test_an_entry_put_into_a_signed_sheet_is_found(day: Day) -> None:
    sign_off = _sign(day)
    number = tampering.add_behind(4, replaces_id=4, minutes=0)
    added = db.session.get_one(AttendanceEntry, number)
    assert proof.prove().findings == (Finding("unsigned", number, added.person_id, f"sign_off {sign_off.id}"),)


def test_two_entries_that_changed_places_are_found(day: Day) -> None:
    tampering.swap(2, 3)
    assert {("unlinked", 2), ("changed", 2), ("unlinked", 3), ("changed", 3), ("unlinked", 4)} <= _found()


def test_a_chain_rewritten_as_a_whole_is_found_by_everything_that_knew_it(day: Day) -> None:
    sign_off = _sign(day)
    proof.keep(proof.prove(), by=None)
    db.session.commit()
    tampering.rewrite(2, minutes=240)
    assert attendance.verify().faults == ()
    found = proof.prove().findings
    assert Finding("signed_otherwise", 2, day.people[1].id, f"sign_off {sign_off.id}") == found[-1]
    assert {(each.code, each.entry_id, each.person_id, each.witness.split()[0]) for each in found[:-1]} == {
        ("rewritten", 4, day.people[3].id, "audit"),
        ("rewritten", 5, day.people[0].id, "audit"),
    }


def test_a_proof_with_faults_is_no_witness(day: Day) -> None:
    tampering.change(2, "minutes", 1)
    proof.keep(proof.prove(), by=None)
    db.session.commit()
    assert proof.last().details["faults"] == 1
    assert _found() == {("changed", 2)}


def test_a_participants_signature_says_what_it_was_over(day: Day) -> None:
    person, entry = day.people[3], db.session.get_one(AttendanceEntry, 4)
    made = HoursSignature(
        project_id=day.project.id, person_id=person.id, by_id=person.id, kind="participant", way="signed_in",
        at=clock.now(), entries_hash=attendance.hash_of([entry]), minutes=entry.minutes,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    db.session.add(SignedEntry(entry_id=4, kind="participant", signature_id=made.id))
    db.session.commit()
    assert _found() == set()
    tampering.rewrite(4, minutes=12)
    assert proof.prove().findings[-1] == Finding("signed_otherwise", 4, person.id, f"hours_signature {made.id}")
    tampering.remove(4)
    assert Finding("gone", 4, person.id, f"hours_signature {made.id}") in proof.prove().findings


def _close(day: Day) -> MonthClosing:
    end = attendance.head()
    entries = db.session.scalars(select(AttendanceEntry).order_by(AttendanceEntry.id)).all()
    lines = tuple(make_line(e.id, e.person_id, e.day, e.minutes, entry_hash=e.hash) for e in entries)
    frozen = make_month(project=FACTS, lines=lines, head_entry_id=end.entry_id, head_hash=end.hash)
    made = MonthClosing(
        project_id=day.project.id, first=date(2022, 10, 1), version=1, by_id=day.trainer.id, at=clock.now(),
        head_entry_id=end.entry_id, head_hash=end.hash, people=0, minutes=0,
        snapshot_hash=snapshot.digest(frozen), snapshot=snapshot.kept(frozen)[0],
    )  # fmt: skip
    db.session.add(made)
    db.session.commit()
    return made


def test_a_closed_month_knows_its_head_and_each_of_its_entries(day: Day) -> None:
    closing = _close(day)
    assert _found() == set()
    tampering.rewrite(4, minutes=12)
    people = {entry.id: entry.person_id for entry in db.session.scalars(select(AttendanceEntry))}
    witness = f"month_closing {closing.id}"
    assert {Finding("rewritten", n, people[n], witness) for n in (4, 5)} <= set(proof.prove().findings)
    tampering.remove(5)
    assert {("cut_off", 5), ("gone", 5)} <= _found()


@pytest.mark.parametrize("damage", ["nothing that unpacks", ""])
def test_a_changed_snapshot_is_found(day: Day, damage: str) -> None:
    closing = _close(day)
    other = snapshot.kept(make_month(people=1, project=FACTS, lines=()))[0]
    with tampering.behind_the_back() as connection:
        table = MonthClosing.__table__
        connection.execute(table.update().values(snapshot=damage.encode() or other))
    assert proof.prove().findings == (Finding("snapshot", None, None, f"month_closing {closing.id}"),)


def test_a_correction_of_nothing_is_found(day: Day) -> None:
    tampering.rewrite(5, replaces_id=3)
    assert ("replaces", 5) in _found()


def test_a_missing_or_empty_trigger_is_found(day: Day) -> None:
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE sign_off DISABLE TRIGGER sign_off_append_only"))
        else:
            (sql,) = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'sign_off_no_update'")).one()
            connection.execute(text("DROP TRIGGER sign_off_no_update"))
            connection.execute(
                text("CREATE TRIGGER sign_off_no_update BEFORE UPDATE ON sign_off BEGIN SELECT 1; END")
            )
    try:
        assert proof.prove().findings == (Finding("trigger", None, None, "sign_off"),)
    finally:
        with db.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("ALTER TABLE sign_off ENABLE TRIGGER sign_off_append_only"))
            else:
                connection.execute(text("DROP TRIGGER sign_off_no_update"))
                connection.exec_driver_sql(sql)


def test_who_asks_twice_is_answered_once_by_the_worker(day: Day) -> None:
    proof.ask(by=day.trainer)
    proof.ask(by=day.trainer)
    db.session.commit()
    assert proof.waits()
    proof.prove_when_asked()
    proof.prove_when_asked()
    db.session.commit()
    assert not proof.waits()
    assert proof.last().details["entries"] == 5


def test_every_finding_has_a_sentence() -> None:
    said = sentence(Finding("changed", 17, 4))
    assert said == "entry 17, person 4: The entry is changed: it no longer gives its hash."
    assert sentence(Finding("trigger", None, None, "sign_off")).startswith("sign_off: ")
    assert sentence(Finding("cut_off", 9, None, "audit 3")).startswith("entry 9, the log, line 3: ")
