"""The steps of the story: one function for each thing somebody does, in Swedish, in a real browser."""

import re
import subprocess
from datetime import date, datetime, time, timedelta
from pathlib import Path

import zxingcpp
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import select

from certificates.register import Certificate
from lms import clock, people, plan, projects
from lms.db import db
from tests.journeys.serving import Site
from tests.journeys.visitor import Visitor

LEADER = "maria.projekt@samordning.example"
COUNTY = "lena.lan@samordning.example"
ECONOMIST = "erik.ekonom@samordning.example"
MANAGER = "mona.chef@habo.example"
STEERING = "stig.styr@samordning.example"
EVALUATOR = "eva.utvardering@utvardering.example"
TOWNS = ("Uppsala", "Håbo", "Tierp", "Heby", "Knivsta", "Enköping", "Älvkarleby", "Östhammar")
TRAINERS = [f"utbildare{n}@kommun.example" for n in range(1, 8)]
USERS = [f"anvandare{n}@kommun.example" for n in range(1, 8)]


def at(site: Site, day: date, hour: int, minute: int = 0) -> None:
    site.now = datetime.combine(day, time(hour, minute), clock.STOCKHOLM)


def people_file() -> str:
    """Seven future trainers and seven users of Håbo as a municipality exports them: semicolons, Swedish headings."""
    rows = ["Förnamn;Efternamn;E-post;Kommun;Kön;Befattning"]
    for n, email in enumerate(TRAINERS, 1):
        rows.append(f"Tora{n};Trädgård;{email};{TOWNS[n - 1]};kvinna;handledare")
    for n, email in enumerate(USERS, 1):
        rows.append(f"Ulf{n};Åkerö;{email};Håbo;{'man' if n % 2 else 'kvinna'};coach")
    return "\n".join(rows)


def begin(site: Site) -> None:
    """What `lms project import --leader` does on the command line."""

    def act() -> None:
        project = projects.import_plan(plan.shipped("smail"), by=None)
        leader = people.add_person("Maria", "Projekt", email=LEADER, by=None)
        people.give_role(leader, "project_leader", project_id=project.id, by=None)

    site.act(act)


def step_1_people(leader: Visitor, folder: Path) -> None:
    """The project leader sees the project and what is late, and imports municipalities' people with a dry run."""
    leader.become(LEADER)
    leader.go("/")
    leader.go("/projects/1")
    leader.sees("SMAIL", "2021/00320")
    wrong = folder / "fel.csv"
    wrong.write_text("Förnamn;Efternamn;E-post;Kommun\nKalle;Fel;kalle@habo.example;Atlantis\n", encoding="cp1252")
    leader.go("/projects/1/people/import")
    leader.page.set_input_files("input[type=file]", wrong)
    leader.send("button[type=submit]")
    leader.sees("Atlantis")
    right = folder / "habo.csv"
    right.write_text(people_file(), encoding="cp1252")
    leader.go("/projects/1/people/import")
    leader.page.set_input_files("input[type=file]", right)
    leader.send("button[type=submit]")
    leader.sees("Tora1")
    leader.send("form[action*='/uploads/'] button.btn-primary")
    leader.go("/projects/1/people")
    leader.sees("14")


def step_1_roles(leader: Visitor) -> None:
    """She gives the others of the project their roles, by e-mail."""
    for email, role, given, family in (
        (COUNTY, "county_trainer", "Lena", "Län"),
        (ECONOMIST, "economist", "Erik", "Ekonom"),
        (MANAGER, "manager", "Mona", "Chef"),
        (STEERING, "steering_group", "Stig", "Styr"),
        (EVALUATOR, "evaluator", "Eva", "Värde"),
    ):
        leader.site.act(lambda g=given, f=family, e=email: people.add_person(g, f, email=e, by=None))
        leader.go("/projects/1/roles", look=False)
        leader.fill("email", email)
        leader.page.locator("main [name=role]").select_option(role)
        if role == "manager":
            leader.page.locator("main [name=organisation]").select_option(label="Håbo")
        leader.send("form[method=post] button[type=submit]")
        confirm = leader.page.locator("main button.btn-primary")
        if confirm.count() and "/roles" in leader.page.url:
            leader.send("button.btn-primary")
    leader.go("/projects/1/roles")
    leader.sees("Lena Län", "Erik Ekonom")


def fill_run(visitor: Visitor, first: date, capacity: int, register_by: date) -> None:
    """Two sessions of four hours, the first in a room, the second digital."""
    for number, day in enumerate((first, first + timedelta(days=7))):
        visitor.fill(f"sessions-{number}-day", day.isoformat())
        visitor.fill(f"sessions-{number}-starts", "830")
        visitor.fill(f"sessions-{number}-ends", "12.30")
    visitor.page.locator("main [name='sessions-0-mode']").select_option("physical")
    visitor.fill("sessions-0-place", "Kommunhuset, sal 2")
    visitor.page.locator("main [name='sessions-1-mode']").select_option("digital")
    visitor.fill("sessions-1-link", "https://mote.example/smail")
    visitor.fill("capacity", str(capacity))
    visitor.fill("register_by", register_by.isoformat())


def schedule(visitor: Visitor, programme: str, first: date, *, organisation: str, capacity: int) -> int:
    """Schedule a run; a mistake first, to see that nothing typed is lost. Returns the run's number."""
    visitor.go("/projects/1/runs")
    visitor.go(f"/projects/1/runs/new?programme={programme}")
    visitor.page.locator("main [name=organisation]").select_option(label=organisation)
    fill_run(visitor, first - timedelta(days=400), capacity, first - timedelta(days=3))
    visitor.send("button.btn-primary")
    assert visitor.page.locator("main [name=capacity]").input_value() == str(capacity)
    assert visitor.page.get_by_role("alert").count()
    fill_run(visitor, first, capacity, first - timedelta(days=3))
    visitor.send("button.btn-primary")
    found = re.search(r"/runs/(\d+)", visitor.page.url)
    assert found, visitor.text()
    return int(found.group(1))


def invite(visitor: Visitor, run: int, emails: list[str], names: list[str]) -> None:
    visitor.go(f"/runs/{run}/invite")
    for name in names:
        visitor.page.get_by_label(name, exact=True).check()
    visitor.send("form button.btn-primary")
    visitor.site.act()
    for email in emails:
        letter = visitor.site.sink.to(email)[-1]
        body = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "Medfinansieras av Europeiska unionen" in body
        calendars = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
        assert len(calendars) == 2, "one calendar file for each session"


def invitation_link(site: Site, email: str) -> str:
    body = site.sink.to(email)[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    found = re.search(r"https?://\S+/invitation/\S+", body)
    assert found, body
    return found.group().removeprefix(site.url).rstrip(".")


def answer_by_mail(visitor: Visitor, email: str, needs: str = "") -> None:
    """One click and a code, on the own phone, not signed in."""
    visitor.context.clear_cookies()
    visitor.go(invitation_link(visitor.site, email))
    visitor.sees("Medfinansieras av Europeiska unionen")
    visitor.fill("adaptations", needs)
    visitor.send("button[name=answer][value=yes]")
    visitor.fill("code", visitor.site.code_for(email))
    visitor.send("button[type=submit]")


RECEIPTS = {"yes": ("Du har plats", "väntelistan"), "no": ("lämnat kursomgången", "inte kan komma")}


def answer_signed_in(visitor: Visitor, email: str, answer: str = "yes") -> None:
    link = invitation_link(visitor.site, email)
    visitor.become(email)
    visitor.go(link)
    visitor.send(f"button[name=answer][value={answer}]")
    told = RECEIPTS[answer]
    assert any(words in visitor.text() for words in told), f"{email} answered {answer}:\n{visitor.text()}"


def attend(visitor: Visitor, session: int, *, late: str = "", walk_in: str = "") -> None:
    """Everybody present in one act, one exception in minutes, a walk-in, signed."""
    visitor.go(f"/sessions/{session}/attendance")
    if walk_in:
        visitor.send("button[name=walk_in]", look=False)
        visitor.page.wait_for_url("**/attendance/add")  # what is filled in is saved first
        visitor.look()
        visitor.fill("words", walk_in)
        visitor.send("button[name=search]")
        visitor.send("ul.todo form button")
        visitor.go(f"/sessions/{session}/attendance")
    visitor.send("button[name=all]")
    if late:
        row = visitor.page.locator("tr", has_text=late).first
        row.locator("input[value=part] + label").click()
        row.locator("input[name^=came]").fill("0915")
        visitor.page.locator("button[name=save]:not([aria-hidden])").first.click()
        visitor.page.locator("#sheet-state", has_text="Allt är sparat.").wait_for()
        visitor.look()
    visitor.page.locator("button[name=sign]").first.click()
    visitor.page.wait_for_url("**/sign-off")
    visitor.look()
    visitor.send("button.btn-pearl")


def correct(visitor: Visitor, session: int, name: str) -> None:
    """After the signature: only with a reason, and the old value stays to be seen."""
    visitor.go(f"/sessions/{session}/correction")
    row = visitor.page.locator("tr", has_text=name).first
    row.locator("input[name^=came]").fill("09.10")
    visitor.send("button[name=correct]")
    assert visitor.page.locator("[aria-invalid=true]").count(), "a correction without a reason is not taken"
    visitor.fill("reason", "Kom 09.10 enligt inpasseringen.")
    visitor.send("button[name=correct]")
    visitor.go(f"/sessions/{session}/attendance")
    visitor.page.locator("main tr", has_text=name).locator("summary").click()
    visitor.sees("195 min", "200 min", "Kom 09.10 enligt inpasseringen.")


def learn(visitor: Visitor, run: int) -> None:
    """Read the first lesson, tick it off, come back where one was."""
    visitor.go(f"/courses/{run}")
    visitor.page.locator("main a[href*='/lessons/']").first.click()
    visitor.page.wait_for_load_state()
    visitor.look()
    visitor.send("form:has([name=read]) button")
    visitor.go(f"/courses/{run}")


def hand_in(visitor: Visitor, run: int, email: str, folder: Path, *, file: bool = False) -> None:
    visitor.become(email)
    visitor.go(f"/courses/{run}/assignment", look=file)
    visitor.fill("text", "Vi provade samtalet med en kollega. <script>alert(1)</script> Det gick bra.")
    visitor.fill("minutes", "240")
    if file:
        bad = folder / "bild.pdf"
        bad.write_text("<html>inte en pdf</html>")
        visitor.page.set_input_files("input[type=file]", bad)
        visitor.send("button[name=act][value=submit]")
        assert "Vi provade samtalet" in visitor.page.locator("main [name=text]").input_value()
        good = folder / "anteckning.png"
        visitor.page.screenshot(path=good)
        visitor.page.set_input_files("input[type=file]", good)
    visitor.send("button[name=act][value=submit]", look=file)


def review_all(visitor: Visitor, run: int, *, return_first: bool) -> None:
    """Assess the queue; the first one goes back with feedback before it is approved."""
    while True:
        visitor.go(f"/runs/{run}/reviews", look=return_first)
        waiting = visitor.page.locator("main a[href*='/submissions/']")
        if not waiting.count() or "/submissions/" not in (waiting.first.get_attribute("href") or ""):
            return
        waiting.first.click()
        visitor.page.wait_for_load_state()
        if not visitor.page.locator("button[name=outcome]").count():
            return
        if return_first:
            visitor.look()
            visitor.send("button[name=outcome][value=returned]")  # Without feedback: told what is missing.
            visitor.fill("feedback", "Beskriv också vad individen själv tyckte.")
            visitor.send("button[name=outcome][value=returned]")
            return
        visitor.send("button[name=outcome][value=approved]", look=False)


def horizontal(visitor: Visitor, email: str, *, look: bool) -> None:
    """Accept the offer, read all lessons, say done."""
    visitor.become(email)
    visitor.go("/horizontal", look=look)
    visitor.send("form:has([value=accept]) button", look=look)
    for _lesson in range(10):
        visitor.go("/horizontal", look=False)
        if visitor.page.locator("form:has([value=complete]) button").count():
            break
        visitor.page.locator("main a[href*='/learn/horisontella-principer/']").first.click()
        visitor.page.wait_for_load_state()
        visitor.send("form:has([name=read][value=yes]) button", look=look)
    visitor.send("form:has([value=complete]) button", look=look)


def answer_survey(visitor: Visitor, email: str, *, look: bool) -> None:
    """Four on every question; the newest survey mail leads there."""
    letters = [letter.get_body(("plain",)).get_content() for letter in visitor.site.sink.to(email)]  # type: ignore[union-attr]
    found = [match.group() for body in letters if (match := re.search(r"/surveys/\d+", body))]
    visitor.become(email)
    visitor.go(found[-1], look=look)
    for group in visitor.page.locator("main fieldset:has(input[type=radio])").all():
        group.locator("input[value='4']").check(force=True)
    visitor.send("button[type=submit]", look=look)


def certify(visitor: Visitor, run: int) -> None:
    visitor.go(f"/runs/{run}/certification")
    visitor.send("button.btn-primary")


def certificate_of(visitor: Visitor, email: str, folder: Path) -> tuple[str, str]:
    """The holder's PDF: its words, its QR code read back from the rendered page. Returns number and path of /v/."""
    visitor.become(email)
    visitor.go("/my/certificates")
    link = visitor.page.locator("a[href*='.pdf']").first
    with visitor.page.expect_download() as download:
        link.evaluate("a => { a.setAttribute('download', ''); a.click() }")
    path = folder / f"{email}.pdf"
    download.value.save_as(path)
    words = PdfReader(path).pages[0].extract_text()
    number = re.search(r"SMA-[AU]-\d{4}-\d{4}", words)
    assert number, words
    subprocess.run(["pdftoppm", "-r", "150", "-png", "-f", "1", "-l", "1", path, path.with_suffix("")], check=True)
    picture = next(folder.glob(f"{email}*.png"))
    read = zxingcpp.read_barcode(Image.open(picture))
    assert read is not None
    return number.group(), read.text.removeprefix(visitor.site.url)


def certificate_numbered(number: str) -> int:
    return db.session.scalars(select(Certificate.id).where(Certificate.number == number)).one()


def give_role(email: str, name: str) -> None:
    person = people.find_person(email=email)
    assert person is not None
    people.give_role(person, name, project_id=1, by=None)
