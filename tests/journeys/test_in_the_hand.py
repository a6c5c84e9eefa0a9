"""The sheet in the hand: a tablet and its keyboard, somebody in the wrong group, a deputy, hours without a sheet."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, expect

from courses.attendance import latest, on_sheet, signed
from courses.runs import Run
from lms import clock, projects
from lms.db import db
from lms.people import find_person
from tests import factories
from tests.journeys.serving import Site, serving
from tests.journeys.visitor import Visitor, visitors

CIA, DISA, LEADER, HIDDEN = "cia@habo.example", "disa@tierp.example", "lotta@habo.example", "dold@habo.example"
MORNING = datetime(2022, 10, 12, 9, 0, tzinfo=clock.STOCKHOLM)
NOON = datetime(2022, 10, 12, 12, 15, tzinfo=clock.STOCKHOLM)


@pytest.fixture
def room(chromium: Browser) -> Iterator[tuple[Site, Callable[..., Visitor]]]:
    """Two groups of the same course on one morning, and people in one of them."""
    with serving(MORNING) as site:
        site.act(_two_groups)
        makers = visitors(site, chromium)
        yield site, next(makers)
        next(makers, None)


def _two_groups() -> None:
    project = factories.make_project()
    leader = factories.make_person("Lotta Ledare", email=LEADER)
    factories.make_role("project_leader", project, person=leader)
    runs = []
    for name, email, town in (("Cia Ceder", CIA, "Håbo"), ("Disa Dahl", DISA, "Tierp")):
        trainer = factories.make_person(name, email=email, organisation=town)
        factories.make_role("county_trainer", project, person=trainer)
        projects.join_project(trainer, project, since=project.starts, by=None)
        day = clock.today()
        runs.append(
            factories.make_run(project, trainer, programme="smail-utbildare", first_day=day, organisation=town)
        )
    for name, email in (("Anna Berg", "anna@habo.example"), ("Bo Ek", "bo@habo.example")):
        factories.make_enrolment(runs[0], factories.make_participant(project, name, email=email))
    hidden = factories.make_participant(project, "Hemlig Person", email=HIDDEN)
    hidden.protected, hidden.alias = True, "Deltagare 7"
    db.session.flush()


def _minutes(site: Site, town: str) -> dict[str, tuple[int, str | None]]:
    """Who stands on the first sheet of the group, by the name shown, with minutes and kind of absence."""
    found: dict[str, tuple[int, str | None]] = {}

    def look() -> None:
        runs = [run for run in db.session.query(Run) if run.organisation and run.organisation.name == town]
        session = runs[0].sessions[0]
        now = latest(session)
        for person in on_sheet(session):
            entry = now.get(person.id)
            found[person.name] = (entry.minutes, entry.absence) if entry else (-1, None)

    site.act(look)
    return found


def test_tablet_and_keyboard_walk_in_and_the_wrong_group(room: tuple[Site, Callable[..., Visitor]]) -> None:
    site, visit = room
    cia = visit()
    cia.become(CIA)
    cia.go("/sessions/1/attendance")
    for width in (768, 1024):
        cia.page.set_viewport_size({"width": width, "height": 900})
        wide = cia.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
    names = cia.page.locator("th[scope=row]").all_inner_texts()
    assert [name.split("\n")[0] for name in names] == ["Anna Berg", "Bo Ek"]

    # Keys of a row, and the kind of an absence, without a mouse.
    rows = cia.page.locator("fieldset.seg")
    rows.nth(0).locator("input").first.focus()
    cia.page.keyboard.press("h")
    expect(rows.nth(0).locator("input[value=whole]")).to_be_checked()
    rows.nth(1).locator("input").first.focus()
    cia.page.keyboard.press("f")
    reason = cia.page.locator("select[name^=absence]").nth(1)
    expect(reason).to_be_visible()
    cia.page.keyboard.press("Tab")
    expect(reason).to_be_focused()
    cia.page.keyboard.press("s")  # «Sjuk»
    assert reason.input_value() == "ill"

    # Somebody who is not on the list, with protected identity: found by the whole address, shown by alias.
    cia.send("button[name=walk_in]", look=False)
    cia.page.wait_for_url("**/attendance/add")
    cia.look()
    cia.fill("words", "Hemlig")
    cia.press("Sök")
    assert "Deltagare 7" not in cia.text()
    cia.fill("words", HIDDEN)
    cia.press("Sök")
    cia.sees("Deltagare 7")
    cia.press("Lägg till", look=False)
    cia.sees("Deltagare 7 står på listan")

    # Anna should be in the other group: what was filled in is saved, and both sheets are right.
    cia.send("button[name=move]", look=False)
    cia.page.wait_for_url("**/attendance/move")
    cia.look()
    cia.page.get_by_label("Vem", exact=True).select_option(label="Anna Berg")
    cia.page.get_by_label("SMAIL för utbildare Tierp").check()
    cia.press("Flytta")
    cia.sees("Anna Berg är flyttad", "Den andra gruppen träffas samma dag")
    assert _minutes(site, "Håbo") == {"Bo Ek": (0, "ill"), "Deltagare 7": (-1, None)}
    assert _minutes(site, "Tierp") == {"Anna Berg": (-1, None)}
    assert not cia.trouble


def test_everything_by_forms_alone(room: tuple[Site, Callable[..., Visitor]]) -> None:
    """A deputy, own hours, their approval and a change of employer, in a browser without scripts."""
    site, visit = room
    cia, disa, leader = (visit(java_script_enabled=False) for _each in range(3))
    cia.become(CIA)
    cia.go("/sessions/1/attendance", look=False)
    cia.send("button[name=all]", look=False)

    site.now = NOON
    disa.become(DISA)
    disa.go("/sessions/1/deputy", look=False)
    disa.sees("Signera i stället för Cia Ceder", "Anna Berg")
    disa.press("Signera närvaron", look=False)
    disa.sees("Skriv med några ord varför du signerar i stället.")
    disa.fill("reason", "Cia fick gå, och jag var med i rummet.")
    disa.press("Signera närvaron", look=False)
    disa.sees("Signerad av Disa Dahl", "Cia fick gå, och jag var med i rummet.")
    site.act()
    assert "Disa Dahl har signerat" in str(site.sink.to(CIA)[-1]["Subject"])
    cia.go("/sessions/1/attendance", look=False)
    cia.sees("Signerad som ersättare", "Rätta närvaron")

    cia.go("/hours/own", look=False)
    cia.fill("hours", "2")
    cia.fill("note", "Förberedde passet")
    cia.press("Anmäl timmarna", look=False)
    cia.sees("Väntar på godkännande", "2 h")
    leader.become(LEADER)
    leader.go("/", look=False)
    leader.sees("1 rad med timmar att godkänna")
    leader.go("/projects/1/hours-to-approve", look=False)
    leader.press("Godkänn Cia Ceder", look=False)
    leader.sees("Inga timmar väntar på dig")
    cia.go("/hours/own", look=False)
    cia.sees("Godkän")

    leader.go("/people/4/employer", look=False)
    leader.page.get_by_label("Ny arbetsgivare").select_option(label="Tierp")
    leader.press("Byt arbetsgivare", look=False)
    leader.sees("har ny arbetsgivare från", "Från början")
    site.act(_everything_stands)


def _everything_stands() -> None:
    person = find_person(email="anna@habo.example")
    assert person is not None
    assert person.organisation is not None
    assert person.organisation.name == "Tierp"
    run = db.session.query(Run).order_by(Run.id).first()
    assert run is not None
    made = signed(run.sessions[0])
    assert made is not None
    assert [line["organisation"] for line in made.roster] == ["Håbo", "Håbo"]
