"""The month as files and pages: read back they say the same, and neither shows more than it may."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from courses.esf import workbook
from courses.esf.employers import employers
from courses.esf.export import export
from courses.esf.month import month
from courses.esf.posts import posts
from lms import clock, plan, projects
from lms.audit import Audit
from lms.db import db
from lms.people import Person
from lms.refusals import Refused
from tests.courses.ledger_rows import approved, attended, signed
from tests.factories import make_participant, make_person, make_project, make_role, make_run
from tests.queries import count_queries

SEPTEMBER = date(2022, 9, 1)
NOTES = 7


class World:
    """Two employers with signed hours in September, a sheet that is not signed, and the project leader."""

    def __init__(self) -> None:
        self.project = make_project()
        self.leader = make_role("project_leader", self.project)
        self.trainer = make_person("Tove Trädgård")
        self.run = make_run(self.project, self.trainer, first_day=date(2022, 9, 6))
        self.anna = make_participant(self.project, "Anna Alm")
        self.bo = make_participant(self.project, "=Bo Björk", organisation="Heby")
        first, second = self.run.sessions
        attended(first, self.anna)
        attended(first, self.bo, 215)
        signed(first, self.trainer)
        approved(self.run, self.anna, 100, date(2022, 9, 20))
        attended(second, self.bo, 240)
        db.session.flush()
        self.address = f"/projects/{self.project.id}"


@pytest.fixture
def world(app: Flask) -> World:
    return World()


def sheets(data: bytes) -> list[list[list[object]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return [book.get_sheet_by_index(place).to_python(skip_empty_area=False) for place in range(len(book.sheet_names))]


def rounded(project: projects.Project, rounding: str) -> None:
    document = plan.to_document(project.plan)
    document["rules"]["rounding"] = rounding
    projects.import_plan(plan.from_document(document), by=None)


def test_the_workbook_says_what_the_month_says(world: World) -> None:
    rounded(world.project, "quarter")
    found = month(world.project, SEPTEMBER)
    summary, people, entries, missing = sheets(workbook.month_workbook(found, posts(world.project, SEPTEMBER)))
    assert [row[0] for row in summary[:NOTES]][2] == "Medfinansieras av Europeiska unionen"
    assert "2021/00320" in str(summary[1][0])
    assert str(summary[0][0]).endswith(", draft")
    table = {row[0]: row[1:] for row in summary[NOTES + 2 :]}
    assert table["Håbo"] == [1.0, pytest.approx(340 / 60), 5.5, 2.0, 1.0]
    assert table["Heby"][:3] == [1.0, pytest.approx(215 / 60), 3.5]
    assert summary[-1][2:4] == [pytest.approx(555 / 60), 9.0]
    assert [row[:2] for row in people[NOTES + 2 : -1]] == [["Heby", "=Bo Björk"], ["Håbo", "Anna Alm"]]
    assert people[-1][2:] == [pytest.approx(555 / 60), 9.0]
    behind = entries[NOTES + 2 : -1]
    assert [(row[0], row[2], row[5]) for row in behind] == [
        ("Heby", date(2022, 9, 6), pytest.approx(215 / 60)),
        ("Håbo", date(2022, 9, 6), 4.0),
        ("Håbo", date(2022, 9, 20), pytest.approx(100 / 60)),
    ]
    assert {str(row[8])[:36] for row in behind} == {
        "Signerad av utbildaren Tove Trädgård", "Hemuppgiften godkänd av utbildaren T",
    }  # fmt: skip
    assert {row[9] for row in behind} == {"Inte bekräftad av deltagaren"}
    assert entries[-1][5] == pytest.approx(555 / 60)
    assert [row[3:6] for row in missing[NOTES + 2 : -1]] == [["Tove Trädgård", 1.0, 4.0]]


def test_an_empty_month_is_a_whole_workbook(app: Flask) -> None:
    project = make_project(like="siri")
    first = date(2021, 3, 1)
    made = sheets(workbook.month_workbook(month(project, first), posts(project, first)))
    assert [len(sheet) for sheet in made] == [NOTES + 4, NOTES + 3, NOTES + 3, NOTES + 3]
    assert made[0][-1][2:] == [0.0, 0.0, 0.0, 0.0]


def test_no_file_shows_a_personnummer_or_a_protected_name(world: World) -> None:
    world.anna.protected, world.anna.alias = True, "Deltagare 7"
    found = month(world.project, SEPTEMBER)
    book = workbook.month_workbook(found, posts(world.project, SEPTEMBER))
    text = str(sheets(book)) + workbook.month_csv(found).decode("utf-8-sig")
    assert "Deltagare 7" in text
    assert "Anna" not in text
    assert "personnummer" not in text.lower()


def test_csv_holds_the_same_hours_and_no_formula(world: World) -> None:
    data = workbook.month_csv(month(world.project, SEPTEMBER))
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    assert rows[1:] == [["Heby", "'=Bo Björk", "3,58", "3,58"], ["Håbo", "Anna Alm", "5,67", "5,67"]]


def test_export_writes_both_files_whole(world: World, tmp_path: Path) -> None:
    written = export(world.project, SEPTEMBER, tmp_path / "ut")
    assert [path.name for path in written] == ["smail-2022-09-timmar.xlsx", "smail-2022-09-timmar.csv"]
    assert sorted(path.name for path in (tmp_path / "ut").iterdir()) == sorted(path.name for path in written)
    assert export(world.project, SEPTEMBER, tmp_path / "ut") == written
    db.session.flush()
    assert db.session.scalar(select(Audit.act).where(Audit.act == "esf.exported").limit(1)) == "esf.exported"


def test_export_refuses_without_leaving_anything(world: World, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        export(world.project, date(2021, 12, 1), tmp_path)
    assert refused.value.code == "outside_project"
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(Refused) as refused:
        export(world.project, SEPTEMBER, in_the_way)
    assert refused.value.code == "directory"
    assert list(tmp_path.iterdir()) == [in_the_way]


@pytest.mark.parametrize("rounding", ["none", "quarter", "hour"])
def test_employers_add_up_to_the_months(world: World, rounding: str) -> None:
    rounded(world.project, rounding)
    table = employers(world.project)
    place = table.months.index(SEPTEMBER)
    assert table.months[0] == date(2022, 1, 1)
    assert table.months[-1] == date(2022, 10, 1)
    found = month(world.project, SEPTEMBER)
    assert table.sums[place] == found.total.reported
    by_name = {row.name: row.minutes[place] for row in table.employers}
    assert by_name["Heby"] == {"none": 215, "quarter": 210, "hour": 180}[rounding]
    (sheet,) = sheets(workbook.employers_workbook(world.project, table))
    assert sheet[-1][-1] == pytest.approx(sum(table.sums) / 60)
    assert table.of_year(2022) == table
    assert table.of_year(2023).months == ()


def test_month_page_shows_hours_and_who_can_sign(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    browser: FlaskClient = browser_of(world.leader)
    page = browser.get(f"{world.address}/months/2022-09").text
    assert "5 h 40 min" in page
    assert "Tove Trädgård" in page
    assert f"/sessions/{world.run.sessions[1].id}/attendance" in page
    assert "Anna Alm" not in page
    people = browser.get(f"{world.address}/months/2022-09?employer={world.anna.organisation_id}").text
    assert "Anna Alm" in people
    assert "Bo Björk" not in people
    assert "2022-09" in browser.get(f"{world.address}/months").text


@pytest.mark.parametrize("name", ["2022-13", "2022-9", "2021-12", "2023-05", "0000-01", "x", "2022-12"])
def test_months_the_project_does_not_have_are_not_found(world: World, browser_of, name: str) -> None:  # type: ignore[no-untyped-def]
    browser = browser_of(world.leader)
    assert browser.get(f"{world.address}/months/{name}").status_code == 404
    assert browser.get(f"{world.address}/months/{name}/hours.xlsx").status_code == 404


def test_downloads_are_logged_and_named(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    answer = browser_of(world.leader).get(f"{world.address}/months/2022-09/hours.xlsx")
    assert answer.headers["Content-Disposition"] == "attachment; filename=smail-2022-09-timmar.xlsx"
    assert sheets(answer.data)[0][-1][2] == pytest.approx(555 / 60)
    db.session.rollback()  # The log was written beside what this session has read.
    economist = make_role("economist", world.project)
    assert browser_of(economist).get(f"{world.address}/employers.xlsx").status_code == 200
    db.session.rollback()
    query = select(Audit.act, Audit.person_id).where(Audit.act.like("esf.%")).order_by(Audit.id)
    logged = db.session.execute(query).all()
    assert logged == [("esf.downloaded", world.leader.id), ("esf.employers_downloaded", economist.id)]


def test_who_may_open_what(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    def answers(person: Person) -> list[int]:
        browser = browser_of(person)
        paths = ("months", "months/2022-09", "months/2022-09/hours.xlsx", "employers", "employers.xlsx")
        codes = [browser.get(f"{world.address}/{path}").status_code for path in paths]
        db.session.rollback()  # The log was written beside what this session has read.
        return codes

    assert answers(world.leader) == [200] * 5
    assert answers(make_role("economist", world.project)) == [403, 403, 403, 200, 200]
    for role in ("steering_group", "evaluator", "county_trainer", "administrator"):
        assert answers(make_role(role, world.project)) == [403] * 5
    assert answers(make_role("project_leader", make_project(like="siri"))) == [403] * 5


def test_employers_page_shows_no_people(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    page = browser_of(make_role("economist", world.project)).get(f"{world.address}/employers").text
    assert "Heby" in page
    assert "3,58" in page
    assert "Björk" not in page


def test_page_queries_do_not_grow(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    browser = browser_of(world.leader)
    paths = ("months", "months/2022-09", f"months/2022-09?employer={world.anna.organisation_id}", "employers")

    def count() -> list[int]:
        found = []
        for path in paths:
            with count_queries() as queries:
                assert browser.get(f"{world.address}/{path}").status_code == 200
            found.append(len(queries))
        return found

    count()
    before = count()
    for week in range(4):
        run = make_run(world.project, world.trainer, first_day=date(2022, 9, 1) + timedelta(days=week))
        for _person in range(5):
            attended(run.sessions[0], make_participant(world.project))
        if week % 2:
            signed(run.sessions[0], world.trainer)
    assert count() == before


def test_the_clock_of_the_file_is_stockholm(world: World) -> None:
    with clock.moved(clock.at(date(2022, 10, 30), clock.local(clock.now()).time())):
        summary = sheets(workbook.month_workbook(month(world.project, SEPTEMBER), []))[0]
    assert "2022-10-30" in str(summary[4][0])
    assert "12.00" in str(summary[4][0])


def test_sums_are_whole_minutes_also_where_the_database_adds_decimals(world: World) -> None:
    """A place with hours after one without: floats and decimals do not add up (PostgreSQL)."""
    found = month(world.project, SEPTEMBER)
    assert {type(value) for place in found.places for value in (place.hours.minutes, place.hours.reported)} == {int}
    assert type(found.total.minutes) is int
    assert sheets(workbook.month_workbook(found, posts(world.project, SEPTEMBER)))
