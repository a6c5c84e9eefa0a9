"""A trainer prints the list, types in what it says and reads a report of Teams; a leader verifies the ledger."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from courses import row_codes
from courses.attendance import AttendanceEntry
from lms import clock
from lms.db import db
from tests import factories
from tests.courses import tampering
from tests.courses.reports import teams
from tests.journeys.serving import Site, serving
from tests.journeys.visitor import Visitor, visitors

pytestmark = [pytest.mark.browser, pytest.mark.one_engine]
NOW = datetime(2022, 10, 12, 13, 5, tzinfo=clock.STOCKHOLM)


@pytest.fixture(scope="module")
def hall() -> Iterator[Site]:
    with serving(NOW) as site:
        yield site


@pytest.fixture
def visitor(hall: Site, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    yield from visitors(hall, chromium)


def _course(site: Site, people: int) -> dict[str, Any]:
    """A run held today; one of its people has a protected identity."""
    made: dict[str, Any] = {}

    def prepare() -> None:
        project = factories.make_project()
        trainer, leader = factories.make_role("county_trainer", project), factories.make_role("project_leader", project)
        run = factories.make_run(project, trainer, programme="smail-utbildare", first_day=clock.today())
        there = [factories.make_participant(project, f"Deltagare Nummer{number}") for number in range(people)]
        there[-1].protected, there[-1].alias = True, "Kim Alias"
        for person in there:
            factories.make_enrolment(run, person)
        made.update(path=f"/sessions/{run.sessions[0].id}/attendance", trainer=trainer.email, leader=leader.email)
        made.update(people=[(person.id, person.name, person.email) for person in there])

    site.act(prepare)
    return made


def _minutes(site: Site) -> dict[int, tuple[int, str]]:
    found: dict[int, tuple[int, str]] = {}

    def look() -> None:
        for entry in db.session.scalars(select(AttendanceEntry).order_by(AttendanceEntry.id)):
            found[entry.person_id] = (entry.minutes, entry.method)

    site.act(look)
    return found


def test_from_paper_then_from_a_file_and_the_ledger_is_whole(
    hall: Site, visitor: Callable[..., Visitor], tmp_path: Path
) -> None:
    course = _course(hall, 4)
    (a, *_a), (b, name_b, mail_b), (c, name_c, _mail_c), (d, *_d) = course["people"]
    trainer = visitor(course["trainer"])

    trainer.go(course["path"])
    trainer.sees("Papper och filer")
    with trainer.page.expect_download() as download:
        trainer.page.get_by_role("link", name="Skriv ut närvarolistan").click()
    assert Path(download.value.path()).read_bytes()[:5] == b"%PDF-"

    trainer.follow("Skriv in från papper")
    trainer.sees(row_codes.code_of(a), "Kim Alias")
    trainer.fill("codes", "Q?? " + row_codes.code_of(a).lower())
    trainer.fill(f"came{d}", "0900")
    trainer.send("form#paper button.btn-primary")
    trainer.sees("Ingen på listan har koden Q??")
    trainer.fill("codes", row_codes.code_of(a).lower())
    trainer.page.keyboard.press("Tab")
    trainer.page.locator("main form#paper button.btn-primary").focus()
    with trainer.page.expect_navigation():
        trainer.page.keyboard.press("Enter")
    trainer.look()
    trainer.sees("2 svar är sparade från papperet", "från papperslistan")
    assert _minutes(hall) == {a: (240, "paper"), d: (210, "paper")}

    stays = [(name_b, mail_b, "2022-10-12 08:20:00", "2022-10-12 10:00:00"),
             (name_b, mail_b, "2022-10-12 10:30:00", "2022-10-12 12:40:00"),
             ("Mobilen", "", "2022-10-12 08:30:00", "2022-10-12 12:30:00")]  # fmt: skip
    report = tmp_path / "rapport.csv"
    report.write_bytes(teams(stays, swedish=True))
    trainer.follow("Läs in en fil")
    trainer.page.set_input_files("input[type=file]", report)
    trainer.send("form button.btn-primary")
    trainer.sees("210 min, 2 anslutningar", "hittad på e-posten", "Välj vem det är")
    trainer.send("button[name=write]")
    trainer.sees("Säg vilka alla i filen är")
    trainer.page.locator("main select[name=who1]").select_option(str(c))
    trainer.send("button.btn-second[name=look]")
    trainer.send("button[name=write]")
    trainer.sees("2 svar är inlästa från filen", "borta 30 min däremellan")
    assert _minutes(hall)[b] == (210, "import")
    assert _minutes(hall)[c] == (240, "import")
    assert name_c

    leader = visitor(course["leader"])
    leader.go("/ledger")
    leader.press("Kontrollera liggaren")
    leader.sees("Liggaren är hel", "4 poster")
    hall.act(lambda: tampering.change(2, "minutes", 7))
    leader.press("Kontrollera liggaren")
    leader.sees("1 fel i liggaren", "Post 2", "Posten är ändrad")


def test_without_a_script_a_paper_of_everybody_is_one_tick(hall: Site, visitor: Callable[..., Visitor]) -> None:
    course = _course(hall, 3)
    trainer = visitor(course["trainer"], java_script_enabled=False)
    trainer.page.goto(hall.url + course["path"] + "/paper")
    trainer.page.get_by_label("Alla på listan har skrivit på").check()
    trainer.page.locator("main form#paper button.btn-primary").click()
    assert "3 svar är sparade från papperet" in trainer.text()
