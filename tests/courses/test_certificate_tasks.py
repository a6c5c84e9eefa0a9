"""What certificates want on the homes: the leader decides and renews, the trainer hears in time, nobody else does."""

from collections.abc import Iterator
from datetime import date, time, timedelta

import pytest
from flask import Flask

from certificates.acts import deciding, revoking
from courses import exemptions, renewal, today
from lms import clock
from lms.db import db
from lms.people import Person
from tests.certificates.branches import Branch, make_branch, make_certificate
from tests.courses.test_renewal import LAST, Scene
from tests.factories import make_role, make_run


@pytest.fixture(autouse=True)
def _request(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


@pytest.fixture
def branch(app: Flask) -> Branch:
    return make_branch()


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene()


def titles(person: Person, day: date | None = None) -> list[str]:
    db.session.flush()
    with clock.moved(clock.at(day or clock.today(), time(12))):
        return [task.title for task in today.tasks(person)]


def test_the_leader_has_to_decide_until_everything_is_decided(branch: Branch) -> None:
    assert not any("under review" in title for title in titles(branch.leader))
    revoking.revoke(branch.trainer, reason_code="conduct", by=branch.leader)
    assert "4 certificates are under review" in titles(branch.leader)
    assert "4 certificates are under review" not in titles(make_role("county_trainer", branch.project))
    deciding.decide(branch.project, {each.id: "keep" for each in branch.early}, by=branch.leader)
    assert "2 certificates are under review" in titles(branch.leader)
    deciding.decide(branch.project, {each.id: "revoke" for each in branch.late}, by=branch.leader)
    assert not any("under review" in title for title in titles(branch.leader))


def test_the_leader_and_the_county_trainer_renew(scene: Scene) -> None:
    for person in (scene.leader, scene.county):
        assert "1 certificate ends or has ended" in titles(person)
        assert "1 certificate ends or has ended" not in titles(person, date(2022, 8, 31))
        assert "1 certificate ends or has ended" in titles(person, date(2022, 12, 24))
        assert "1 certificate ends or has ended" not in titles(person, date(2023, 3, 1))
    scene.run(date(2022, 9, 12))
    renewal.renew(scene.held, by=scene.county)
    assert not any("ends or has ended" in title for title in titles(scene.leader))


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2022, 8, 31), ""), (date(2022, 9, 1), "is valid through"), (LAST, "is valid through"),
        (date(2022, 12, 1), "ended"), (date(2023, 1, 29), "ended"), (date(2023, 2, 15), ""),
    ],
)  # fmt: skip
def test_the_trainer_is_told_in_time(scene: Scene, day: date, words: str) -> None:
    found = [title for title in titles(scene.trainer, day) if title.startswith("Your certificate")]
    assert len(found) == bool(words)
    assert all(words in title for title in found)


def test_planned_runs_of_a_lapsed_trainer_are_the_leaders_concern(scene: Scene) -> None:
    run = make_run(scene.project, scene.trainer, first_day=date(2022, 12, 10))
    day = date(2022, 12, 5)
    assert f"Nobody can certify {run.title}" in titles(scene.leader, day)
    assert titles(scene.trainer, day)[0].startswith("Your certificate ended")
    starts = {"starts": date(2022, 12, 1), "ends": date(2022, 12, 31)}
    exemptions.grant(scene.project, scene.trainer, **starts, reason="Inväntar nätverksträff", by=scene.leader)
    assert f"Nobody can certify {run.title}" not in titles(scene.leader, day)


def test_a_revoked_trainer_with_runs_is_told_first(scene: Scene) -> None:
    revoking.revoke(scene.held, reason_code="conduct", by=scene.leader)
    assert "Your certificate is revoked" not in titles(scene.trainer)
    run = make_run(scene.project, scene.trainer, first_day=clock.today() + timedelta(days=3))
    assert titles(scene.trainer)[0] == "Your certificate is revoked"
    assert f"Nobody can certify {run.title}" in titles(scene.leader)
    make_run(scene.project, scene.trainer, first_day=clock.today())
    assert titles(scene.trainer)[0] == "Your certificate is revoked"


def test_a_second_certificate_that_holds_is_enough(scene: Scene) -> None:
    make_certificate(scene.project, scene.trainer, "trainer", ground="again")
    run = make_run(scene.project, scene.trainer, first_day=date(2022, 12, 10))
    assert not any(title.startswith("Your certificate") for title in titles(scene.trainer, date(2022, 12, 5)))
    assert f"Nobody can certify {run.title}" not in titles(scene.leader, date(2022, 12, 5))
