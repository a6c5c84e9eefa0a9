"""The pages of a closed month's files: who gets which, what is logged, and how far a download has come."""

import io
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select, text

from courses.esf import bundle, files, progress, scb
from courses.esf.closings import BundleProgress, MonthClosing
from courses.esf.export import export
from courses.esf.snapshot import Snapshot
from lms import clock, protection
from lms.audit import Audit
from lms.db import db
from lms.people import Person
from lms.refusals import Refused
from lms.secrets import encrypted
from tests.courses.closed_months import SEPTEMBER, September
from tests.courses.snapshots import keep, make_line, make_month, make_person
from tests.factories import make_participant, make_project, make_role
from tests.factories import make_person as make_human

NUMBERS = ("199001019802", "198502299803", "198001019804")
TOKEN = "a1b2c3d4e5f6a7b8c9d0"


class World:
    """November closed with three participants: one has a number, one has none, one came from another project."""

    def __init__(self) -> None:
        self.project, other = make_project(), make_project(like="smot")
        self.leader = make_role("project_leader", self.project, person=make_human("Lena Hallgren"))
        self.anna, self.bo = make_participant(self.project, "Anna Alm"), make_participant(self.project, "Bo Björk")
        self.guest = make_participant(other, "Gun Gäst")
        make_participant(self.project, person=self.guest)
        self.people = (self.anna, self.bo, self.guest)
        self.closing = keep(self.project, self.month(), by=self.leader, digits=self.digits())
        self.address = f"/months/{self.closing.id}"

    def month(self, **changes: object) -> Snapshot:
        lines = [
            make_line(100 + number, person.id, date(2022, 11, 3), 220) for number, person in enumerate(self.people)
        ]
        persons = tuple(
            make_person(person.id, [line], name=person.name, has_number=person is not self.bo)
            for person, line in zip(self.people, lines, strict=True)
        )
        return replace(make_month(1, 1), participants=persons, lines=tuple(lines), **changes)  # type: ignore[arg-type]

    def digits(self) -> dict[int, str]:
        return {self.anna.id: NUMBERS[0], self.guest.id: NUMBERS[1]}


@pytest.fixture
def world(app: Flask) -> World:
    return World()


def logged(act: str) -> list[Audit]:
    db.session.rollback()  # the log was written beside what this session has read
    return list(db.session.scalars(select(Audit).where(Audit.act == act).order_by(Audit.id)))


def column(data: bytes) -> list[object]:
    return [row[0] for row in CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()]


def test_the_page_links_every_file_and_tells_whose_number_is_missing(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    page = browser_of(world.leader).get(world.address).text
    for path in ("compiled.xlsx", "scb.xlsx", "all.zip", "certificates.zip", "sheets.zip"):
        assert f"{world.address}/{path}" in page
    assert f"{world.address}/people/{world.anna.id}.pdf" in page
    assert f"{world.address}/sheets/43.pdf" in page
    assert world.closing.head_hash in page
    assert page.count("No personnummer is stored.") == 1
    assert page.count("Another project answers for the number.") == 1
    assert 'data-follow="/bundles/"' in page
    assert not any(number in page for number in NUMBERS)


def test_each_file_by_itself_is_the_one_in_the_archive(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    browser: FlaskClient = browser_of(world.leader)
    answer = browser.get(f"{world.address}/all.zip")
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"] == "attachment; filename=smail-2022-11-v1.zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    assert len(archive.namelist()) == files.announced(files.snapshot_of(world.closing)) == 2 + 3 + 1 + 1
    alone = {
        "smail-2022-11-v1-sammanstallning.xlsx": "compiled.xlsx",
        "smail-2022-11-v1-scb.xlsx": "scb.xlsx",
        f"narvarointyg/smail-2022-11-v1-bo-bjork-{world.bo.id}.pdf": f"people/{world.bo.id}.pdf",
        "signerade-listor/smail-2022-11-v1-2022-11-03-lista-43.pdf": "sheets/43.pdf",
    }
    for name, path in alone.items():
        one = browser.get(f"{world.address}/{path}")
        assert one.data == archive.read(name), name
        assert one.headers["Content-Disposition"] == f"attachment; filename={name.rsplit('/', 1)[-1]}"
    for part, count in (("certificates", 4), ("sheets", 2)):
        data = browser.get(f"{world.address}/{part}.zip").data
        assert len(zipfile.ZipFile(io.BytesIO(data)).namelist()) == count


def test_scb_holds_the_numbers_the_project_answers_for_and_is_logged(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    browser: FlaskClient = browser_of(world.leader)
    assert column(browser.get(f"{world.address}/scb.xlsx").data) == ["Personnummer", NUMBERS[0], "", ""]
    browser.get(f"{world.address}/all.zip")
    browser.get(f"{world.address}/certificates.zip")
    assert [(row.person_id, row.details["people"]) for row in logged("esf.scb_downloaded")] == [
        (world.leader.id, 1)
    ] * 2
    assert [row.details["kind"] for row in logged("esf.files_downloaded")] == ["all", "certificates"]
    assert not any(number in str(row.details) for row in logged("esf.scb_downloaded") for number in NUMBERS)


def test_numbers_are_those_of_the_closing_and_protected_people_have_none(world: World) -> None:
    world.anna.personnummer_cipher = encrypted(NUMBERS[2])
    db.session.flush()
    assert scb.numbers(world.closing) == {world.anna.id: NUMBERS[0]}
    month = world.month()
    protected = replace(month.participants[0], protected=True, name="Deltagare 7")
    assert column(scb.scb_file(replace(month, participants=(protected,)), scb.numbers(world.closing))) == [
        "Personnummer", "",
    ]  # fmt: skip


def test_a_participant_sees_her_own_hours_and_nobody_elses(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    def codes(person: Person) -> list[int]:
        browser = browser_of(person)
        whose = (world.anna, world.bo)
        paths = (*(f"people/{each.id}.pdf" for each in whose), "compiled.xlsx", "scb.xlsx", "all.zip", "sheets/43.pdf")
        found = [browser.get(f"{world.address}/{path}").status_code for path in ("", *paths) if path]
        db.session.rollback()
        return found

    assert codes(world.anna) == [200, 403, 403, 403, 403, 403]
    assert codes(world.leader) == [200] * 6
    for role in ("economist", "steering_group", "evaluator", "county_trainer", "administrator", "manager"):
        assert codes(make_role(role, world.project)) == [403] * 6
    assert codes(make_role("project_leader", make_project(like="siri"))) == [403] * 6


def test_who_was_protected_afterwards_keeps_the_name_that_was_closed(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    """A snapshot is never looked up again; a new version of the month says the alias."""
    before = browser_of(world.leader).get(f"{world.address}/people/{world.anna.id}.pdf").data
    protection.protect(world.anna, "Deltagare 7", by=world.leader)
    assert browser_of(world.leader).get(f"{world.address}/people/{world.anna.id}.pdf").data == before


@pytest.mark.parametrize("path", ["people/99999.pdf", "sheets/99999.pdf", "x.zip", "people/0.pdf"])
def test_what_is_not_in_the_month_is_not_found(world: World, browser_of, path: str) -> None:  # type: ignore[no-untyped-def]
    assert browser_of(world.leader).get(f"{world.address}/{path}").status_code == 404


def test_a_project_without_a_map_has_no_file_for_scb(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    month = world.month(version=2, reason="Ingen karta")
    kept = keep(world.project, replace(month, project=replace(month.project, scb=())), by=world.leader)
    browser = browser_of(world.leader)
    assert browser.get(f"/months/{kept.id}/scb.xlsx").status_code == 404
    page = browser.get(f"/months/{kept.id}").text
    assert "scb.xlsx" not in page
    assert "Ingen karta" in page
    assert len(zipfile.ZipFile(io.BytesIO(browser.get(f"/months/{kept.id}/all.zip").data)).namelist()) == 6


def test_an_older_version_stays_and_says_that_there_is_a_newer(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    browser: FlaskClient = browser_of(world.leader)
    before = browser.get(f"{world.address}/all.zip").data
    newer = keep(world.project, world.month(version=2, reason="Fel tid i Tierp"), by=world.leader)
    assert browser.get(f"{world.address}/all.zip").data == before
    assert "There is a newer version of this month" in browser.get(world.address).text
    assert "There is a newer version" not in browser.get(f"/months/{newer.id}").text


def test_what_was_changed_in_the_database_gives_no_file(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    other = keep(make_project(like="siri"), world.month(others=7), by=world.leader)
    wrong = MonthClosing(
        project_id=world.project.id, first=date(2022, 10, 1), version=1, by_id=world.leader.id, at=clock.now(),
        head_entry_id=1, head_hash="0" * 64, people=3, minutes=0, snapshot_hash=world.closing.snapshot_hash,
        snapshot=other.snapshot,
    )  # fmt: skip
    torn = MonthClosing(
        project_id=world.project.id, first=date(2022, 9, 1), version=1, by_id=world.leader.id, at=clock.now(),
        head_entry_id=1, head_hash="0" * 64, people=3, minutes=0, snapshot_hash="0" * 64, snapshot=b"nothing",
    )  # fmt: skip
    db.session.add_all([wrong, torn])
    db.session.flush()
    for closing in (wrong, torn):
        answer = browser_of(world.leader).get(f"/months/{closing.id}/all.zip")
        assert answer.status_code in (400, 409)
        assert "has been changed in the database" in answer.text


# --- on the command line ------------------------------------------------------------------------------------


def test_export_writes_what_the_archive_holds(world: World, browser_of, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with clock.moved(clock.now() + timedelta(days=70)):
        written = export(world.project, date(2022, 11, 1), tmp_path / "ut")
    db.session.commit()
    archive = zipfile.ZipFile(io.BytesIO(browser_of(world.leader).get(f"{world.address}/all.zip").data))
    names = [path.relative_to(tmp_path / "ut").as_posix() for path in written]
    assert names == archive.namelist()
    assert all((tmp_path / "ut" / name).read_bytes() == archive.read(name) for name in names)
    assert sorted(path for path in (tmp_path / "ut").rglob("*") if path.is_file()) == sorted(written)
    assert next(row.details["people"] for row in logged("esf.scb_downloaded")) == 1
    assert len(logged("esf.exported")) == 1


def test_export_leaves_nothing_when_a_file_cannot_be_made(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_values: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "signed_sheet", fail)
    with clock.moved(clock.now() + timedelta(days=70)), pytest.raises(Refused) as refused:
        export(world.project, date(2022, 11, 1), tmp_path)
    assert refused.value.code == "directory"
    assert list(tmp_path.iterdir()) == []


# --- how far it is ------------------------------------------------------------------------------------------


def test_the_row_tells_how_far_a_download_is(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    browser: FlaskClient = browser_of(world.leader)
    assert browser.get(f"/bundles/{TOKEN}").json == {"made": 0, "total": 0, "failed": False}
    assert browser.get(f"{world.address}/all.zip?follow={TOKEN}").data
    assert browser.get(f"/bundles/{TOKEN}").json == {"made": 7, "total": 7, "failed": False}
    assert browser_of(world.anna).get(f"/bundles/{TOKEN}").json == {"made": 0, "total": 0, "failed": False}


def test_the_row_grows_while_the_stream_is_read(world: World) -> None:
    month, row = world.month(), begun(world)
    stream = progress.followed(
        bundle.zipped(files.files(month, {}), files.announced(month), month.closed_at, row.tell), row, lambda: None
    )
    seen = []
    for _chunk in stream:
        seen.append(_made())
    assert seen == [0, 1, 2, 3, 4, 5, 6]
    assert _made() == 7


def test_a_stream_that_breaks_off_says_so(world: World) -> None:
    month, row = world.month(), begun(world, 9)
    stream = progress.followed(bundle.zipped(files.files(month, {}), 9, month.closed_at, row.tell), row, lambda: None)
    with pytest.raises(bundle.BrokenOff):
        list(stream)
    assert _failed()


def test_who_stops_reading_leaves_a_row_that_failed(world: World) -> None:
    month, row = world.month(), begun(world)
    ended: list[int] = []
    stream = progress.followed(
        bundle.zipped(files.files(month, {}), 7, month.closed_at, row.tell), row, lambda: ended.append(1)
    )
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert _failed()
    assert ended == [1]


@pytest.mark.parametrize("token", ["", "kort", "A" * 30, "a" * 41, "ä" * 30, "' OR 1=1 --" * 3])
def test_odd_tokens_keep_nothing_and_stop_nothing(world: World, browser_of, token: str) -> None:  # type: ignore[no-untyped-def]
    answer = browser_of(world.leader).get(f"{world.address}/sheets.zip", query_string={"follow": token})
    assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None
    assert db.session.query(BundleProgress).count() == 0


def test_somebody_elses_token_is_left_alone(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    db.session.add(BundleProgress(token=TOKEN, by_id=world.anna.id, made=2, total=9, at=clock.now(), failed=False))
    answer = browser_of(world.leader).get(f"{world.address}/all.zip?follow={TOKEN}")
    assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None
    assert browser_of(world.anna).get(f"/bundles/{TOKEN}").json == {"made": 2, "total": 9, "failed": False}


def test_rows_of_yesterday_are_forgotten(world: World) -> None:
    for number, hours in enumerate((1, 23, 25, 100)):
        at = clock.now() - timedelta(hours=hours)
        db.session.add(
            BundleProgress(token=f"{number}" * 20, by_id=world.leader.id, made=0, total=9, at=at, failed=False)
        )
    progress.forget_old()
    assert db.session.query(BundleProgress).count() == 2


def begun(world: World, total: int = 7) -> progress.Progress:
    """A download that begins; no lock of the test stands in its way."""
    by_id = world.leader.id
    db.session.commit()
    return progress.begin(TOKEN, total, by_id=by_id)


def _made() -> int:
    with db.engine.connect() as connection:
        return int(connection.execute(text("SELECT made FROM bundle_progress")).scalar_one())


def _failed() -> bool:
    with db.engine.connect() as connection:
        return bool(connection.execute(text("SELECT failed FROM bundle_progress")).scalar_one())


# --- months that are closed in life -------------------------------------------------------------------------


def test_a_closed_month_gives_each_participant_her_certificate(app: Flask, browser_of) -> None:  # type: ignore[no-untyped-def]
    september = September()
    anna, absent = september.anna, september.person("Cia Frånvarande")
    assert files.with_certificate_of(anna, SEPTEMBER) == []
    first = september.close()
    assert files.with_certificate_of(anna, SEPTEMBER) == [first]
    assert files.with_certificate_of(anna, date(2022, 8, 1)) == []
    assert files.with_certificate_of(absent, SEPTEMBER) == []
    browser: FlaskClient = browser_of(anna)
    path = f"/months/{first.id}/people/{anna.id}.pdf"
    assert path in browser.get("/hours?month=2022-09").text
    assert browser.get(path).mimetype == "application/pdf"
    assert path in browser_of(september.leader).get(
        f"/projects/{september.project.id}/months/2022-09/people/{anna.id}"
    ).text  # fmt: skip
    september.correct(0)
    second = september.close(reason="Anna var inte där")
    assert files.with_certificate_of(anna, SEPTEMBER) == [second]
    assert browser.get(path).status_code == 200


def test_files_of_a_month_that_was_closed_say_what_the_ledger_says(app: Flask) -> None:
    september = September()
    closing = september.close()
    month = files.snapshot_of(closing)
    people = CalamineWorkbook.from_filelike(io.BytesIO(files.compiled(month).make())).get_sheet_by_name("Personer")
    hours = {row[2]: row[4] for row in people.to_python(skip_empty_area=False)[10:-1]}
    assert hours == {"Anna Alm": pytest.approx(455 / 60), "Bo Björk": pytest.approx(455 / 60)}
    archive = b"".join(bundle.zipped(files.files(month, {}), files.announced(month), month.closed_at))
    assert len(zipfile.ZipFile(io.BytesIO(archive)).namelist()) == 2 + 2 + 2 + 1
