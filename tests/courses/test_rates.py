"""Hours as money: only by the rates of the plan, exact to the öre, and nothing where the plan says nothing."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from courses.esf import rates
from courses.esf.employers import employers
from courses.esf.rates import lines, rate_for, shared, worth
from courses.esf.workbook import employers_workbook
from lms import clock, plan, projects
from lms.db import db
from lms.plan import PlanError, Rate, from_document, shipped, to_document
from lms.projects import Project
from tests.courses.ledger_rows import attended, signed
from tests.factories import make_participant, make_person, make_project, make_role, make_run
from tests.lms.test_plan import MINIMAL

ALL = Rate(date(2022, 1, 1), Decimal("400"), "Beslut i styrgruppen")
AUTUMN = Rate(date(2022, 9, 13), Decimal("412.50"), "Beslut i styrgruppen")
HEBY = Rate(date(2022, 1, 1), Decimal("333.33"), "Heby kommun, avtal", "Heby kommun")
NOVEMBER = datetime(2022, 11, 20, 10, tzinfo=UTC)


def with_rates(project: Project, *found: Rate, rounding: str = "none") -> None:
    wanted = project.plan
    rules = replace(wanted.rules, rounding=rounding)  # type: ignore[arg-type]
    projects.import_plan(replace(wanted, rates=found, rules=rules), by=None)


class World:
    """Sessions on 6 and 13 September: Anna (Håbo) is at both, Bo (Heby) for 215 minutes at the first."""

    def __init__(self) -> None:
        self.project = make_project()
        trainer = make_person()
        self.run = make_run(self.project, trainer, first_day=date(2022, 9, 6))
        self.anna, self.bo = make_participant(self.project), make_participant(self.project, organisation="Heby")
        first, second = self.run.sessions
        attended(first, self.anna)
        attended(first, self.bo, 215)
        attended(second, self.anna)
        signed(first, trainer)
        signed(second, trainer)
        db.session.flush()


@pytest.fixture
def world(app: Flask) -> World:
    return World()


def test_minutes_are_split_by_the_day_the_rate_changes(world: World) -> None:
    with_rates(world.project, ALL, AUTUMN, HEBY)
    assert [(line.employer, line.rate, line.minutes, line.amount) for line in lines(world.project)] == [
        ("Heby", HEBY, 215, Decimal("1194.43")),
        ("Håbo", ALL, 240, Decimal("1600.00")),
        ("Håbo", AUTUMN, 240, Decimal("1650.00")),
    ]


def test_nothing_is_invented(world: World) -> None:
    assert lines(world.project) == ()
    with_rates(world.project, replace(AUTUMN, organisation="Håbo kommun"))
    found = lines(world.project)
    assert [(line.employer, line.minutes, line.amount) for line in found] == [
        ("Heby", 215, None),
        ("Håbo", 240, None),
        ("Håbo", 240, Decimal("1650.00")),
    ]
    heby, habo = rates.table(found, (date(2022, 8, 1), date(2022, 9, 1)))
    assert (heby.amounts, heby.unrated, heby.total) == ((Decimal(0), None), 215, Decimal(0))
    assert (heby.is_rated, habo.is_rated) == (False, True)
    assert (habo.amounts[1], habo.unrated) == (Decimal("1650.00"), 240)


def test_only_signed_sheets_count_and_the_hours_are_those_beside_them(world: World) -> None:
    attended(make_run(world.project, make_person(), first_day=date(2022, 9, 20)).sessions[0], world.anna)
    with_rates(world.project, ALL, AUTUMN, rounding="hour")
    found = lines(world.project)
    assert [(line.employer, line.minutes) for line in found] == [("Heby", 180), ("Håbo", 240), ("Håbo", 240)]
    with clock.moved(NOVEMBER):
        hours = {each.name: each.total for each in employers(world.project).employers if each.total}
        assert hours == {"Heby": 180, "Håbo": 480}


def test_an_employers_own_rate_comes_before_a_later_one_of_all() -> None:
    later = replace(ALL, starts=date(2022, 6, 1))
    assert rate_for((ALL, later, HEBY), "Heby", date(2022, 9, 1)) is HEBY
    assert rate_for((ALL, later, HEBY), "Håbo", date(2022, 9, 1)) is later
    assert rate_for((later,), "", date(2022, 5, 31)) is None


def test_half_an_ore_is_rounded_up() -> None:
    assert worth(5, Decimal("0.30")) == Decimal("0.03")
    assert worth(1, Decimal("0.29")) == Decimal("0.00")
    assert worth(480, Decimal("412.50")) == Decimal("3300.00")


@given(st.lists(st.integers(0, 500), max_size=6), st.sampled_from((1, 15, 60)))
def test_parts_add_up_to_what_is_reported(minutes: list[int], step: int) -> None:
    reported = sum(minutes) - sum(minutes) % step
    parts = shared(minutes, reported)
    assert sum(parts) == reported
    assert all(0 <= part <= exact for part, exact in zip(parts, minutes, strict=True))


def test_page_and_workbook(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    browser = browser_of(make_role("economist", world.project))
    address = f"/projects/{world.project.id}/employers"
    assert "no rates per hour" in browser.get(address).text
    with_rates(world.project, ALL, HEBY)
    page = browser.get(address).text
    assert "1\u202f194,43" in page or "1,194.43" in page or "1 194.43" in page.replace("\u202f", " ")
    assert "Heby kommun, avtal" in page
    with_rates(world.project, HEBY)
    assert "Håbo (8" in browser.get(address).text
    with_rates(world.project, ALL, HEBY)
    book = CalamineWorkbook.from_filelike(io.BytesIO(browser.get(f"{address}.xlsx").data))
    rows = [row for row in book.get_sheet_by_name("Amounts").to_python() if row[0] != ""][4:]
    assert [row[:5] for row in rows[1:-1]] == [
        ["Heby", "september 2022", pytest.approx(215 / 60), 333.33, 1194.43],
        ["Håbo", "september 2022", 8, 400, 3200],
    ]
    assert rows[-1][4] == pytest.approx(4394.43)
    alone = employers_workbook(world.project, employers(world.project))
    assert "Amounts" not in CalamineWorkbook.from_filelike(io.BytesIO(alone)).sheet_names


# --- the plan -----------------------------------------------------------------------------------------------

RATES = """
[[rates]]
organisation = "Tierps kommun"
starts = 2022-02-01
sek_per_hour = 412.50
source = "Avtal"

[[rates]]
starts = 2022-02-01
sek_per_hour = 400
source = "Beslut"
"""


def test_rates_are_read_and_come_back_and_move(app: Flask) -> None:
    read = plan.read(MINIMAL + RATES)
    assert [rate.sek_per_hour for rate in read.rates] == [Decimal("412.5"), Decimal(400)]
    assert from_document(to_document(read)) == read
    assert plan.shift(read, 12).rates[0].starts == date(2023, 2, 1)
    assert shipped("smail").rates == ()
    dearer = plan.read(MINIMAL + RATES.replace("412.50", "420"))
    assert [(each.key, each.before, each.after) for each in plan.difference(read, dearer)] == [
        ("rates.Tierps kommun 2022-02-01.sek_per_hour", "412.5", "420")
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "key"),
    [
        ("sek_per_hour = 412.50", "sek_per_hour = 412.505", "rates[1].sek_per_hour"),
        ("sek_per_hour = 412.50", "sek_per_hour = 0", "rates[1].sek_per_hour"),
        ("sek_per_hour = 412.50", "sek_per_hour = -1", "rates[1].sek_per_hour"),
        ("sek_per_hour = 412.50", "sek_per_hour = true", "rates[1].sek_per_hour"),
        ("sek_per_hour = 412.50", "sek_per_hour = nan", "rates[1].sek_per_hour"),
        ('"Tierps kommun"\nstarts', '"Tierp"\nstarts', "rates[1].organisation"),
        ('organisation = "Tierps kommun"\nstarts', "starts", "rates[2].starts"),
        ('source = "Avtal"\n', "", "rates[1].source"),
        ('source = "Avtal"\n', 'source = "Avtal"\nsek = 1\n', "rates[1].sek"),
    ],
)
def test_a_wrong_rate_is_told_by_line_and_key(right: str, wrong: str, key: str) -> None:
    assert right in RATES
    with pytest.raises(PlanError) as error:
        plan.read(MINIMAL + RATES.replace(right, wrong, 1))
    (problem,) = error.value.problems
    assert problem.key == key
    assert problem.line > MINIMAL.count("\n") + 1
