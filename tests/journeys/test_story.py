"""The whole string once: from a project plan to a verified certificate and an ESF month, person after person.

Read it as the story of the issue: each step is one function, in Swedish, in a real browser, at the time it happens.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import zxingcpp
from pypdf import PdfReader
from sqlalchemy import select

from certificates.register import Certificate
from lms import clock, people, plan, projects
from lms.db import db
from tests.journeys.conftest import Site, Visitor

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


def answer_signed_in(visitor: Visitor, email: str, answer: str = "yes") -> None:
    link = invitation_link(visitor.site, email)
    visitor.become(email)
    visitor.go(link)
    visitor.send(f"button[name=answer][value={answer}]")


def attend(visitor: Visitor, session: int, *, late: str = "", walk_in: str = "") -> None:
    """Everybody present in one act, one exception in minutes, a walk-in, signed."""
    visitor.go(f"/sessions/{session}/attendance")
    if walk_in:
        visitor.send("button[name=walk_in]")
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
        visitor.page.wait_for_load_state()
        visitor.look()
    visitor.page.locator("button[name=sign]").first.click()
    visitor.page.wait_for_load_state()
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
    import subprocess

    from PIL import Image

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


def test_the_whole_string(site: Site, visit: Callable[..., Visitor], tmp_path: Path) -> None:
    """Steps 1 to 12, one after another."""
    begin(site)
    leader, trainer, person, stranger = visit(), visit(), visit(), visit()
    step_1_people(leader, tmp_path)
    step_1_roles(leader)

    # 2-3 A county trainer schedules, invites; a full run has a waiting list.
    trainer.become(COUNTY)
    trainer.go("/")
    run = schedule(trainer, "smail-utbildare", date(2022, 3, 8), organisation="Uppsala", capacity=6)
    invite(trainer, run, TRAINERS, [f"Tora{n} Trädgård" for n in range(1, 8)])
    answer_by_mail(person, TRAINERS[0], "Teckentolk")
    for email in TRAINERS[1:]:
        answer_signed_in(person, email)
    site.act()
    assert "Lena" in trainer.page.inner_text("body")
    answer_signed_in(person, TRAINERS[1], "no")
    site.act()
    moved = site.sink.to(TRAINERS[6])
    assert len(moved) >= 3, [str(letter["Subject"]) for letter in moved]
    trainer.go(f"/runs/{run}")
    trainer.sees("6 av 6")
    trainer.go(f"/runs/{run}/adaptations")
    trainer.sees("Teckentolk")
    leader.become(LEADER)
    assert leader.go(f"/runs/{run}/adaptations", look=False).status == 403  # type: ignore[union-attr]
    sessions = [1, 2]

    # 4 The days: attendance, an exception in minutes, a signature, a correction with a reason.
    present = [TRAINERS[0], *TRAINERS[2:]]
    at(site, date(2022, 3, 8), 12, 40)
    trainer.become(COUNTY)
    attend(trainer, sessions[0])
    at(site, date(2022, 3, 15), 12, 40)
    trainer.become(COUNTY)
    attend(trainer, sessions[1])

    # 5-6 Lessons, assignment, horizontal principles.
    trainer.go(f"/runs/{run}/horizontal")
    trainer.send("form button")
    person.become(present[0])
    learn(person, run)
    for n, email in enumerate(present):
        hand_in(person, run, email, tmp_path, file=n == 0)
    trainer.become(COUNTY)
    review_all(trainer, run, return_first=True)
    for email in present:
        person.become(email)
        person.go(f"/courses/{run}/assignment", look=False)
        if "Beskriv också vad individen" in person.text():
            hand_in(person, run, email, tmp_path)
    review_all(trainer, run, return_first=False)
    for n, email in enumerate(present):
        horizontal(person, email, look=n == 0)

    # 7 The surveys.
    at(site, date(2022, 3, 16), 9)
    site.act()
    for n, email in enumerate(present[:5]):
        answer_survey(person, email, look=n == 0)

    # 8 Certification: one decision, one certificate each, exactly once.
    trainer.become(COUNTY)
    certify(trainer, run)
    certify_again = trainer.go(f"/runs/{run}/certification", look=False)
    assert certify_again is not None
    site.act()
    number, trainer_address = certificate_of(person, present[0], tmp_path)
    assert number == "SMA-U-2022-0001", number

    # 9-10 The gate, and the string grows: a certified trainer leads a user course; a role alone is not enough.
    at(site, date(2022, 4, 4), 9)
    habo = present[0]
    leader.become(LEADER)
    leader.site.act(lambda: _role(TRAINERS[1], "trainer"))
    trainer.become(TRAINERS[1])
    trainer.go("/projects/1/runs/new?programme=smail-anvandare", look=False)
    fill_run(trainer, date(2022, 4, 19), 6, date(2022, 4, 16))
    trainer.page.locator("main [name=organisation]").select_option(label="Håbo")
    trainer.send("button.btn-primary")
    assert trainer.page.get_by_role("alert").count(), trainer.text()
    trainer.become(habo)
    second = schedule(trainer, "smail-anvandare", date(2022, 4, 19), organisation="Håbo", capacity=12)
    invite(trainer, second, USERS[:6], [f"Ulf{n} Åkerö" for n in range(1, 7)])
    for email in USERS[:6]:
        answer_signed_in(person, email)
    at(site, date(2022, 4, 19), 12, 40)
    trainer.become(habo)
    attend(trainer, 3, late="Ulf2", walk_in="Ulf7")
    correct(trainer, 3, "Ulf2")
    at(site, date(2022, 4, 26), 12, 40)
    trainer.become(habo)
    attend(trainer, 4)
    trainer.go(f"/runs/{second}/horizontal", look=False)
    trainer.send("form button", look=False)
    for email in USERS[:6]:
        hand_in(person, second, email, tmp_path)
        horizontal(person, email, look=False)
    trainer.become(habo)
    review_all(trainer, second, return_first=False)
    at(site, date(2022, 4, 27), 9)
    site.act()
    trainer.become(habo)
    trainer.go(f"/runs/{second}/certification")
    trainer.sees("Ulf2")
    certify(trainer, second)
    leader.become(LEADER)
    leader.go("/projects/1/cascade")
    leader.sees("Tora1 Trädgård")

    # 11 A stranger scans the paper.
    user_number, user_address = certificate_of(person, USERS[0], tmp_path)
    assert user_number.startswith("SMA-A-2022-")
    stranger.page.set_viewport_size({"width": 360, "height": 740})
    stranger.go(user_address)
    stranger.sees("SMAIL för användare", user_number)
    assert stranger.context.cookies() == []
    assert stranger.go("/v/ABCDEFGHJKMNPQRS", look=True).status == 404  # type: ignore[union-attr]

    # 12 The month, and everybody's own part of it and no more.
    at(site, date(2022, 5, 2), 9)
    site.act()
    leader.become(LEADER)
    leader.go("/projects/1/months")
    leader.go("/projects/1/months/2022-04")
    leader.sees("Håbo")
    with leader.page.expect_download() as download:
        leader.page.locator("a[href$='hours.xlsx']").first.click()
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"
    for email, path in (
        (MANAGER, "/staff"),
        (ECONOMIST, "/projects/1/employers"),
        (STEERING, "/projects/1/goals"),
        (EVALUATOR, "/projects/1/surveys"),
    ):
        person.become(email)
        person.go("/")
        answer = person.go(path)
        assert answer is not None
        assert answer.status == 200, path
    person.become(EVALUATOR)
    person.go("/projects/1/surveys/smail-utbildare/participant")

    # Afterwards the trainer's certificate is revoked: her page says so, the user's stays valid and shows the link.
    found: list[int] = []
    site.act(lambda: found.append(_certificate(number)))
    leader.go(f"/certificates/{found[0]}/revoke")
    leader.page.locator("main [name=reason]").last.check()
    leader.page.locator("main [name=sure]").check()
    leader.send("button[type=submit]")
    stranger.go(trainer_address)
    stranger.sees("Återkallat certifikat", "2 maj 2022")
    stranger.go(user_address)
    stranger.sees("Giltigt certifikat", "Återkallat sedan 2 maj 2022")
    trainer.become(habo)
    trainer.go("/projects/1/runs/new?programme=smail-anvandare", look=False)
    fill_run(trainer, date(2022, 5, 17), 6, date(2022, 5, 10))
    trainer.page.locator("main [name=organisation]").select_option(label="Håbo")
    trainer.send("button.btn-primary")
    trainer.sees("återkalla")


def _certificate(number: str) -> int:
    return db.session.scalars(select(Certificate.id).where(Certificate.number == number)).one()


def _role(email: str, name: str) -> None:
    person = people.find_person(email=email)
    assert person is not None
    people.give_role(person, name, project_id=1, by=None)
