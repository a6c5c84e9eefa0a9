"""Closing a month: when it may be, what is kept, what a correction does, and what must be sent in which order."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from courses import attendance
from courses.attendance import HoursSignature, Objection, SignedEntry
from courses.esf import closing, figures, snapshot
from courses.esf.changes import changes
from courses.esf.closings import ClosingNumber, MonthClosing, closings_of
from courses.esf.months import is_changed, months
from courses.esf.sending import send, to_send
from lms import clock, projects, secrets
from lms.audit import Audit
from lms.db import db
from lms.people import Person
from lms.refusals import Refused, Stale
from tests.courses.closed_months import OCTOBER, SEPTEMBER, September, close
from tests.courses.ledger_rows import approved, attended, imported, signed
from tests.factories import make_participant, make_run
from tests.queries import count_queries

LATER = datetime(2022, 11, 11, 9, 0, tzinfo=UTC)


@pytest.fixture
def scene(app: Flask) -> Iterator[September]:
    """On Tuesday 4 October, when September is over."""
    with clock.moved(datetime(2022, 10, 4, 8, 0, tzinfo=UTC)):
        yield September()


def refused(what: Callable[[], object]) -> str:
    with pytest.raises(Refused) as told:
        what()
    return told.value.code


def states(scene: September) -> dict[int, str]:
    return {item.first.month: item.state for item in months(scene.project) if item.first.month in (8, 9, 10)}


def test_a_closed_month_keeps_everything(scene: September) -> None:
    approved(scene.run, scene.anna, 200, date(2022, 9, 20))
    make_participant(scene.project, "Nils Nilsson", esf=False)
    made = scene.close()
    kept = snapshot.unpacked(made.snapshot)
    assert (made.version, made.people, made.minutes, made.reason) == (1, 2, 1110, "")
    assert [(each.name, each.minutes, each.started) for each in kept.participants] == [
        ("Anna Alm", 655, SEPTEMBER), ("Bo Björk", 455, SEPTEMBER),
    ]  # fmt: skip
    assert [each.employer for each in kept.participants[1].hours] == ["Heby"]
    assert sum(line.minutes for line in kept.lines) == kept.minutes == 1110
    assert {line.trainer.name for line in kept.lines if line.trainer and line.session_id} == {"Tove Trädgård"}
    assert [line.trainer.way for line in kept.lines if line.session_id is None and line.trainer] == ["review"]
    assert [sheet.session_id for sheet in kept.sheets] == [scene.first.id, scene.second.id]
    assert (kept.head_entry_id, kept.head_hash) == (made.head_entry_id, made.head_hash)
    assert made.head_hash == attendance.head().hash
    assert made.snapshot_hash == snapshot.digest(kept)
    assert changes(made) == []
    act = db.session.scalars(select(Audit).where(Audit.act == "month.closed")).one()
    assert act.details == {"month": "2022-09", "version": 1, "people": 2, "minutes": 1110, "reason": ""}


def test_the_database_keeps_a_closing_as_it_is(scene: September) -> None:
    made = scene.close()
    db.session.commit()
    made.people = 7
    with pytest.raises(DBAPIError):
        db.session.flush()
    db.session.rollback()


def test_names_and_protection_of_later_do_not_reach_it(scene: September) -> None:
    with clock.moved(datetime(2022, 10, 4, 8, 30, tzinfo=UTC)):
        hidden = scene.person("Hemlig Person", protected=True, alias="Deltagare 7")
        entry = attended(scene.first, hidden, recorded_at=clock.now())
        signed(scene.first, scene.trainer, clock.now())
    made = scene.close()
    text = snapshot.unpacked(made.snapshot)
    assert entry.id in {line.entry_id for line in text.lines}
    assert "Hemlig" not in repr(text)
    scene.anna.given_name = "Annika"
    assert "Anna Alm" in {each.name for each in snapshot.unpacked(made.snapshot).participants}


def test_who_had_a_start_or_an_end_is_there_without_hours(scene: September) -> None:
    scene.person("Clara Cedergren", since=date(2022, 9, 30))
    left = scene.person("David Dahl", since=date(2022, 8, 1))
    part = projects.participation_of(left.id, scene.project.id)
    assert part is not None
    part.until = date(2022, 9, 1)
    august = close(scene.project, date(2022, 8, 1), scene.leader)
    assert [each.name for each in snapshot.unpacked(august.snapshot).participants] == ["David Dahl"]
    told = {each.name: (each.started, each.ended, each.minutes) for each in
            snapshot.unpacked(scene.close().snapshot).participants}  # fmt: skip
    assert told["Clara Cedergren"] == (date(2022, 9, 30), None, 0)
    assert told["David Dahl"] == (None, date(2022, 9, 1), 0)


def test_months_are_closed_when_they_are_over_signed_and_in_order(scene: September) -> None:
    assert refused(lambda: scene.close(OCTOBER)) == "not_over"
    assert refused(lambda: scene.close(date(2022, 7, 1))) == "nothing"
    imported(scene.run, scene.anna, 60, date(2022, 9, 9))
    assert refused(scene.close) == "not_ready"
    scene.person("Clara Cedergren", since=date(2022, 8, 31))
    assert refused(scene.close) == "earlier_open"


def test_a_month_is_over_at_midnight_in_stockholm(scene: September) -> None:
    with clock.moved(datetime(2022, 9, 30, 21, 59, tzinfo=UTC)):
        assert refused(scene.close) == "not_over"
    with clock.moved(datetime(2022, 9, 30, 22, 0, tzinfo=UTC)):
        scene.close()


def confirmed(scene: September, person: Person) -> None:
    mine = [entry for (_number, who), entry in scene.entries.items() if who == person.id]
    made = HoursSignature(
        project_id=scene.project.id, person_id=person.id, by_id=person.id, kind="participant", way="signed_in",
        at=clock.now(), entries_hash=attendance.hash_of(mine), minutes=sum(entry.minutes for entry in mine),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    db.session.add_all(SignedEntry(entry_id=entry.id, kind="participant", signature_id=made.id) for entry in mine)
    db.session.flush()


def test_what_is_missing_must_be_accepted_by_name(scene: September) -> None:
    confirmed(scene, scene.anna)
    entry = scene.entries[1, scene.bo.id]
    db.session.add(
        Objection(entry_id=entry.id, person_id=scene.bo.id, minutes=300, comment="Jag var kvar", at=clock.now())
    )
    scene.anna.personnummer_cipher, scene.anna.personnummer_hash = secrets.encrypted("199001019802"), "a" * 64
    hidden = scene.person("Hemlig Person", protected=True, alias="Deltagare 7")
    db.session.flush()
    missing = closing.left(scene.project, SEPTEMBER)
    assert missing.deviations == {"unconfirmed": 1, "objections": 1, "numbers": 1, "placeholders": 1}
    lacking = [each for each in closing.members_of(scene.project, SEPTEMBER) if each.lacks]
    assert [(each.person_id, each.lacks) for each in lacking] == [(scene.bo.id, "number"), (hidden.id, "placeholder")]
    assert missing.is_ready
    with pytest.raises(Refused) as told:
        scene.close(accepted=("unconfirmed", "numbers"))
    assert (told.value.code, told.value.values["codes"]) == ("not_accepted", ["objections", "placeholders"])
    made = scene.close()
    kept = snapshot.unpacked(made.snapshot)
    lines = {line.entry_id: line for line in kept.lines}
    assert lines[entry.id].objects == 300
    assert lines[scene.entries[1, scene.anna.id].id].participant == snapshot.Signed(
        "Anna Alm", clock.now(), "signed_in"
    )
    assert {each.name: (each.has_number, each.protected) for each in kept.participants} == {
        "Anna Alm": (True, False), "Bo Björk": (False, False), "Deltagare 7": (False, True),
    }  # fmt: skip
    numbers = db.session.scalars(select(ClosingNumber)).all()
    assert [(each.person_id, secrets.decrypted(each.cipher)) for each in numbers] == [
        (scene.anna.id, "199001019802")
    ]


def test_two_leaders_at_once_close_once(scene: September) -> None:
    mark = closing.seen(scene.project, SEPTEMBER, closing.left(scene.project, SEPTEMBER))
    scene.close(seen_mark=mark)
    with pytest.raises(Stale) as told:
        scene.close(seen_mark=mark)
    assert told.value.code == "changed"
    assert len(closings_of(scene.project)) == 1


def test_who_saw_other_figures_looks_again(scene: September) -> None:
    mark = closing.seen(scene.project, SEPTEMBER, closing.left(scene.project, SEPTEMBER))
    approved(scene.run, scene.anna, 200, date(2022, 9, 20))
    assert refused(lambda: scene.close(seen_mark=mark)) == "changed"


def test_a_correction_makes_a_version_beside_the_first(scene: September) -> None:
    first = scene.close()
    assert refused(scene.close) == "nothing_changed"
    with clock.moved(LATER):
        scene.correct(180)
        assert states(scene)[9] == "changed"
        (change,) = changes(first)
        assert (change.kind, change.name, change.day) == ("minutes", "Anna Alm", date(2022, 9, 6))
        assert (change.before, change.after, change.by) == (240, 180, "Tove Trädgård")
        assert refused(scene.close) == "reason"
        second = scene.close(reason="Fel rad på listan")
    assert (second.version, second.minutes, second.reason) == (2, 850, "Fel rad på listan")
    assert snapshot.unpacked(first.snapshot).minutes == 910
    assert not is_changed(second)
    assert changes(second) == []
    assert states(scene)[9] == "send"
    act = db.session.scalars(select(Audit).where(Audit.act == "month.corrected")).one()
    assert act.details["reason"] == "Fel rad på listan"


def test_a_confirmation_after_the_closing_changes_nothing_for_the_funder(scene: September) -> None:
    made = scene.close()
    send(made, clock.today(), by=scene.leader)
    with clock.moved(LATER):
        confirmed(scene, scene.anna)
        assert not is_changed(made)
        assert states(scene)[9] == "sent"
        assert [change.kind for change in changes(made)] == ["signed"]
        again = scene.close(reason="Anna har bekräftat")
        assert (again.version, again.changes_report, to_send(scene.project)) == (2, False, [])


def test_an_end_a_number_and_a_placeholder_are_noticed(scene: September) -> None:
    scene.person("Hemlig Person", protected=True, alias="Deltagare 7")
    made = scene.close()
    part = projects.participation_of(scene.bo.id, scene.project.id)
    assert part is not None
    part.until = date(2022, 9, 28)
    scene.anna.personnummer_cipher, scene.anna.personnummer_hash = secrets.encrypted("199001019802"), "a" * 64
    db.session.flush()
    assert is_changed(made)
    assert {(change.kind, change.name, change.after) for change in changes(made)} == {
        ("number", "Anna Alm", None), ("ended", "Bo Björk", date(2022, 9, 28)),
    }  # fmt: skip
    again = scene.close(reason="Slutdatum och nummer kom sent")
    scene.anna.personnummer_cipher = secrets.encrypted("199002029819")
    db.session.flush()
    assert [(change.kind, change.name) for change in changes(again)] == [("number", "Anna Alm")]


def test_somebody_who_is_no_esf_participant_any_more_is_a_change(scene: September) -> None:
    made = scene.close()
    part = projects.participation_of(scene.bo.id, scene.project.id)
    assert part is not None
    part.esf = False
    db.session.flush()
    assert is_changed(made)
    assert sum(int(str(change.before)) for change in changes(made) if change.kind == "minutes") == 455


def october_too(scene: September) -> MonthClosing:
    """A run in October as well, and both months closed and sent; it is 4 November."""
    run = make_run(scene.project, scene.trainer, first_day=date(2022, 10, 11))
    for session in run.sessions:
        attended(session, scene.anna)
        signed(session, scene.trainer)
    return scene.close(OCTOBER)


def test_a_correction_means_that_every_later_month_is_sent_again_in_order(scene: September) -> None:
    with clock.moved(datetime(2022, 11, 4, 8, 0, tzinfo=UTC)):
        september, october = scene.close(), october_too(scene)
        assert [item.first for item in to_send(scene.project)] == [SEPTEMBER, OCTOBER]
        assert refused(lambda: send(october, clock.today(), by=scene.leader)) == "order"
        send(september, clock.today(), by=scene.leader)
        sent = send(october, clock.today(), by=scene.leader)
        assert to_send(scene.project) == []
        assert send(october, clock.today(), by=scene.leader).id == sent.id
    with clock.moved(LATER):
        scene.correct()
        assert to_send(scene.project) == []
        second = scene.close(reason="Fel rad på listan")
        queue = to_send(scene.project)
        assert [(item.first, item.closing.version, item.is_again) for item in queue] == [
            (SEPTEMBER, 2, True), (OCTOBER, 1, True),
        ]  # fmt: skip
        assert states(scene) == {8: "none", 9: "again", 10: "again"}
        assert refused(lambda: send(september, clock.today(), by=scene.leader)) == "newer"
        assert refused(lambda: send(october, clock.today(), by=scene.leader)) == "order"
        assert refused(lambda: send(second, clock.today() + timedelta(days=1), by=scene.leader)) == "future"
        assert refused(lambda: send(second, clock.today() - timedelta(days=1), by=scene.leader)) == "before_closing"
        send(second, clock.today(), by=scene.leader)
        send(october, clock.today(), by=scene.leader)
        assert to_send(scene.project) == []
        assert states(scene) == {8: "none", 9: "sent", 10: "sent"}


def test_a_month_that_closes_late_also_sends_the_later_ones_again(scene: September) -> None:
    september = scene.close()
    send(september, clock.today(), by=scene.leader)
    with clock.moved(LATER):
        run = make_run(scene.project, scene.trainer, first_day=date(2022, 8, 30))
        attended(run.sessions[0], scene.anna, recorded_at=clock.now())
        signed(run.sessions[0], scene.trainer, clock.now())
        scene.close(date(2022, 8, 1))
        assert [(item.first.month, item.is_again) for item in to_send(scene.project)] == [(8, False), (9, True)]


def test_questions_do_not_grow_with_people(scene: September) -> None:
    def count() -> int:
        db.session.flush()
        with count_queries() as asked:
            closing.left(scene.project, SEPTEMBER)
            months(scene.project)
            figures.now(scene.project, SEPTEMBER)
            closing.freeze(scene.project, SEPTEMBER, closed_at=clock.now(), closed_by="Lea")
        return len(asked)

    before = count()
    for _number in range(12):
        attended(scene.second, scene.person("", organisation="Tierp"), recorded_at=scene.second.ends_at)
    assert count() == before


def test_no_personnummer_is_in_a_snapshot(scene: September) -> None:
    scene.anna.personnummer_cipher = secrets.encrypted("199001019802")
    made = scene.close()
    assert "9802" not in repr(snapshot.unpacked(made.snapshot))
