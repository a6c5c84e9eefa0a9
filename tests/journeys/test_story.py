"""The whole string once: from a project plan to a verified certificate and an ESF month, person after person.

Read it as the story of the issue; each step is one function of `tests/journeys/steps.py`, at the time it happens.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from tests.journeys.serving import Site
from tests.journeys.steps import (
    COUNTY,
    ECONOMIST,
    EVALUATOR,
    LEADER,
    MANAGER,
    STEERING,
    TRAINERS,
    USERS,
    answer_by_mail,
    answer_signed_in,
    answer_survey,
    at,
    attend,
    begin,
    certificate_numbered,
    certificate_of,
    certify,
    correct,
    fill_run,
    give_role,
    hand_in,
    horizontal,
    invite,
    learn,
    review_all,
    schedule,
    step_1_people,
    step_1_roles,
)
from tests.journeys.visitor import Visitor


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
    leader.site.act(lambda: give_role(TRAINERS[1], "trainer"))
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

    # Afterwards the trainer's certificate is revoked: her page says so, the user's is under review until it is decided.
    found: list[int] = []
    site.act(lambda: found.append(certificate_numbered(number)))
    leader.go(f"/certificates/{found[0]}/revoke")
    leader.page.locator("main [name=reason]").last.check()
    leader.page.locator("main [name=sure]").check()
    leader.send("button[type=submit]")
    stranger.go(trainer_address)
    stranger.sees("Återkallat certifikat", "2 maj 2022")
    stranger.go(user_address)
    stranger.sees("Certifikatet prövas", "återkallat sedan 2 maj 2022")
    trainer.become(habo)
    trainer.go("/projects/1/runs/new?programme=smail-anvandare", look=False)
    fill_run(trainer, date(2022, 5, 17), 6, date(2022, 5, 10))
    trainer.page.locator("main [name=organisation]").select_option(label="Håbo")
    trainer.send("button.btn-primary")
    trainer.sees("återkalla")
