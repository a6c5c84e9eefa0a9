"""The month of a project leader in a real browser: from the sheet to the ZIP, one objection, one late correction."""

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta

import pytest
from playwright.sync_api import Browser

from courses.runs import Run
from lms import clock
from lms.projects import participation_of
from tests.factories import make_enrolment, make_participant, make_person, make_project, make_role, make_run
from tests.journeys.serving import Site, serving
from tests.journeys.steps import attend
from tests.journeys.visitor import Visitor, visitors

LEADER, TRAINER, ANNA, BO = (f"{name}@manad.example" for name in ("lea", "tove", "anna", "bo"))
DAY = date(2022, 9, 6)


@pytest.fixture(scope="module")
def month_site() -> Iterator[Site]:
    """A product of its own: one session of four hours on 6 September 2022, two participants; it is about to end."""
    with serving(datetime.combine(DAY, time(12, 10), clock.STOCKHOLM)) as made:
        made.act(_begin)
        yield made


@pytest.fixture
def visit_month(month_site: Site, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    yield from visitors(month_site, chromium)


def _begin() -> None:
    project = make_project()
    make_role("project_leader", project, person=make_person("Lea Ledare", email=LEADER))
    trainer = make_role("county_trainer", project, person=make_person("Tove Trädgård", email=TRAINER))
    run: Run = make_run(project, trainer, programme="smail-utbildare", first_day=DAY)
    run.sessions[1].starts_at += timedelta(days=90)
    run.sessions[1].ends_at += timedelta(days=90)
    for name, email in (("Anna Alm", ANNA), ("Bo Björk", BO)):
        person = make_participant(project, name, email=email)
        make_enrolment(run, person)
        part = participation_of(person.id, project.id)
        assert part is not None
        part.since = DAY


def at(site: Site, day: date, hour: int) -> None:
    site.now = datetime.combine(day, time(hour), clock.STOCKHOLM)


def test_from_the_sheet_to_the_zip_and_a_correction(month_site: Site, visit_month: Callable[..., Visitor]) -> None:
    trainer, person, leader = visit_month(), visit_month(), visit_month()
    trainer.become(TRAINER)
    attend(trainer, 1)

    # Anna confirms, Bo means another time; that stops nobody.
    at(month_site, DAY, 14)
    person.become(ANNA)
    person.go("/hours")
    person.press("Bekräfta min närvaro")
    person.become(BO)
    person.go("/hours")
    person.page.get_by_role("link", name="Tiden stämmer inte").first.click()
    person.page.wait_for_load_state()
    person.fill("left", "11.30")
    person.fill("comment", "Jag gick till bussen.")
    person.press("Säg det till min utbildare")

    _close(month_site, leader)
    _send(leader)
    _correct(month_site, trainer)
    _again(month_site, leader)


def _close(site: Site, leader: Visitor) -> None:
    """In October: what is left, what deviates, and the month is closed in spite of it."""
    at(site, date(2022, 10, 4), 9)
    leader.become(LEADER)
    leader.go("/")
    leader.sees("Lås september 2022 i SMAIL")
    leader.go("/projects/1/months")
    leader.sees("Klar att låsa")
    leader.go("/projects/1/months/2022-09")
    leader.sees("1 av 1", "1 av 2", "1 deltagare anger en annan tid än utbildaren", "Skicka senast")
    leader.follow("Håbo")
    leader.follow("Bo Björk")
    leader.sees("Menar 3 h", "Tove Trädgård", "4 h räknas den här månaden")
    leader.follow("6 sep.")
    leader.sees("Anna Alm", "Bo Björk")
    leader.go("/projects/1/months/2022-09")
    leader.follow("Granska och lås september 2022")
    leader.press("Lås september 2022")
    assert leader.page.locator("[aria-invalid=true], .field-error").count()
    leader.sees("Markera det du låser månaden trots")
    for box in leader.page.locator("main [name=accepted]").all():
        box.check()
    leader.press("Lås september 2022")
    leader.sees("September 2022 är låst", "Version 1, låst", "8 h", "Den här versionen är inte skickad")


def _send(leader: Visitor) -> None:
    """The ZIP, and ticking the month off; a day to come is not taken."""
    address = leader.page.locator("main a", has_text="Alla filer").first.get_attribute("href")
    assert address
    leader.go(address)
    everything = leader.page.locator("main a.btn-primary").first.get_attribute("href")
    answer = leader.context.request.get(leader.site.url + str(everything))
    assert answer.status == 200
    assert zipfile.ZipFile(io.BytesIO(answer.body())).testzip() is None
    leader.go("/projects/1/months")
    leader.follow("Markera skickad")
    leader.fill("day", "2022-10-05")
    leader.press("Markera skickad")
    leader.sees("Dagen kan inte ligga framåt i tiden")
    leader.fill("day", "2022-10-04")
    leader.press("Markera skickad")
    leader.sees("Månaden är markerad som skickad", "Skickad, låst")


def _correct(site: Site, trainer: Visitor) -> None:
    """Bo was right: the trainer corrects the sheet a week later, with the keyboard alone where it counts."""
    at(site, date(2022, 10, 11), 9)
    trainer.become(TRAINER)
    trainer.go("/sessions/1/correction", look=False)
    row = trainer.page.locator("main tr", has_text="Bo Björk")
    row.locator("input[value=part] + label").click()
    row.locator("input[name^=left]").fill("11.30")
    trainer.fill("reason", "Bo gick 11.30 till bussen.")
    trainer.send("button[name=correct]", look=False)


def _again(site: Site, leader: Visitor) -> None:
    """What changed is shown, becomes version 2 beside the first, and is sent again."""
    leader.become(LEADER)
    leader.go("/")
    leader.sees("September 2022 i SMAIL har ändrats")
    leader.go("/projects/1/months/2022-09")
    leader.sees("September 2022 har ändrats sedan den låstes")
    leader.follow("Visa vad som ändrats och gör version 2")
    leader.sees("Bo Björk", "4 h", "3 h", "Tove Trädgård", "Bo gick 11.30 till bussen")
    assert leader.page.locator("main [name=reason]").input_value() == "Bo gick 11.30 till bussen"
    for box in leader.page.locator("main [name=accepted]").all():
        box.check()
    button = leader.page.get_by_role("button", name="Lås version 2")
    button.focus()
    with leader.page.expect_navigation():
        leader.page.keyboard.press("Enter")
    leader.look()
    leader.sees("September 2022 är rättad: 1 månad måste skickas igen", "Version 2", "Version 1")
    leader.go("/projects/1/months/2022-09/versions/1")
    leader.sees("Det finns en nyare version", "8 h")
    leader.go("/projects/1/months")
    leader.follow("markera skickad")
    leader.press("Markera skickad")
    leader.sees("Skickad, låst")
