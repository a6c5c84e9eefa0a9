"""Renewal and change of name on screen, for the holder, the county trainer and the project leader."""

from datetime import date, time

import pytest
from flask import Flask

from certificates import register
from certificates.acts import revoking
from courses import renewal
from lms import clock
from lms.db import db
from tests.certificates.branches import make_certificate
from tests.courses.test_renewal import Scene
from tests.factories import make_person


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene()


def test_the_holder_sees_what_is_missing_and_no_button(browser_of, scene: Scene) -> None:  # type: ignore[no-untyped-def]
    browser = browser_of(scene.trainer)
    page = browser.get(f"/certificates/{scene.held.id}/renewal").text
    assert "Attend network meetings: 2 left of 2." in page
    assert "Renew the certificate" not in page
    assert f"/certificates/{scene.held.id}/renewal" in browser.get(f"/certificates/{scene.held.id}").text
    assert browser.post(f"/certificates/{scene.held.id}/renewal").status_code == 403
    scene.meeting(date(2022, 9, 1))
    assert "Nätverk 2022-09-01" in browser.get(f"/certificates/{scene.held.id}/renewal").text


def test_the_list_renews_in_one_act(browser_of, scene: Scene) -> None:  # type: ignore[no-untyped-def]
    address, act = f"/projects/{scene.project.id}/renewals", f"/certificates/{scene.held.id}/renewal"
    browser = browser_of(scene.county)
    assert "Something is missing" in browser.get(address).text
    refused = browser.post(act)
    assert refused.status_code == 303
    assert "not met yet" in browser.get(act).text
    scene.run(date(2022, 9, 12))
    assert "Can be renewed" in browser.get(address).text
    for _time in range(2):
        assert browser.post(act).status_code == 303
    page = browser.get(act).text
    new = register.with_ground(f"renewal:{scene.held.id}")
    assert new is not None
    assert f"It is replaced by {new.number}" in page
    assert "No certificate ends soon" in browser.get(address).text
    own = browser_of(scene.trainer)
    addresses = "/my/certificates", f"/certificates/{scene.held.id}", f"/certificates/{new.id}"
    mine, old, fresh = (own.get(url).text for url in addresses)
    assert f'href="/certificates/{new.id}">{new.number}' in mine
    assert "It was renewed." in old
    assert f"Takes the place of {scene.held.number}." in fresh
    assert "Led a course run" in fresh


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2022, 8, 1), "from ninety days before"), (date(2022, 12, 20), "It gives no right to lead"),
        (date(2023, 3, 1), "A new course is needed"),
    ],
)  # fmt: skip
def test_the_page_in_every_phase(browser_of, scene: Scene, day: date, words: str) -> None:  # type: ignore[no-untyped-def]
    if day < date(2022, 9, 1):
        scene.run(date(2022, 6, 7))
    with clock.moved(clock.at(day, time(12))):
        browser = browser_of(scene.leader)
        assert words in browser.get(f"/certificates/{scene.held.id}/renewal").text
        assert browser.get(f"/projects/{scene.project.id}/renewals").status_code == 200


def test_a_certificate_without_end_needs_no_renewal(browser_of, scene: Scene) -> None:  # type: ignore[no-untyped-def]
    user = make_certificate(scene.project, make_person())
    page = browser_of(user.holder).get(f"/certificates/{user.id}/renewal").text
    assert "needs no renewal" in page
    assert browser_of(scene.leader).post(f"/certificates/{user.id}/renewal").status_code == 303
    assert len(register.of(user.holder)) == 1


def test_the_holder_asks_and_the_leader_gives_another_name(browser_of, scene: Scene) -> None:  # type: ignore[no-untyped-def]
    held = scene.held
    own, leader = browser_of(scene.trainer), browser_of(scene.leader)
    assert f"/certificates/{held.id}/name-request" in own.get(f"/certificates/{held.id}").text
    assert own.post(f"/certificates/{held.id}/name-request", data={"wanted": ""}).status_code == 422
    assert own.post(f"/certificates/{held.id}/name-request", data={"wanted": "Eva Berg"}).status_code == 303
    page = leader.get(f"/certificates/{held.id}/name").text
    assert 'value="Berg"' in page, "what she wished is written already"
    sent = {"given_name": "Eva", "family_name": "Dahlgren", "reason": "name"}
    assert leader.post(f"/certificates/{held.id}/name", data=sent).status_code == 422  # it says so already
    done = leader.post(f"/certificates/{held.id}/name", data={**sent, "family_name": "Berg"})
    new = register.with_ground(f"name:{held.id}")
    assert new is not None
    assert done.location == f"/certificates/{new.id}"
    assert "The holder has a new name." in leader.get(done.location).text
    assert "Eva Berg" in leader.get(done.location).text
    assert leader.get(f"/certificates/{held.id}/name").status_code == 200
    assert own.post(f"/certificates/{new.id}/name", data=sent).status_code == 403


def test_a_protected_name_is_nowhere_on_the_pages(browser_of, scene: Scene) -> None:  # type: ignore[no-untyped-def]
    scene.trainer.alias, scene.trainer.protected = "Utbildare 4", True
    db.session.flush()
    leader = browser_of(scene.leader)
    for page in ("name", "renewal", "revoke"):
        text = leader.get(f"/certificates/{scene.held.id}/{page}").text
        assert "Dahlgren" not in text
        assert "Utbildare 4" in text
    assert "Dahlgren" not in leader.get(f"/projects/{scene.project.id}/renewals").text
    made = leader.post(f"/certificates/{scene.held.id}/name", data={}).location
    assert "Utbildare 4" in leader.get(made).text


def test_under_review_and_confirmed_are_told_on_the_page(browser_of, scene: Scene) -> None:  # type: ignore[no-untyped-def]
    from certificates.acts import deciding  # noqa: PLC0415

    user = make_certificate(scene.project, make_person(), under=scene.held)
    revoking.revoke(scene.held, reason_code="conduct", public_text="Efter anmälan.", by=scene.leader)
    own = browser_of(user.holder)
    assert "It is under review" in own.get(f"/certificates/{user.id}").text
    assert "Efter anmälan." in browser_of(scene.trainer).get(f"/certificates/{scene.held.id}").text
    deciding.decide(scene.project, {user.id: "keep"}, by=scene.leader)
    page = own.get(f"/certificates/{user.id}").text
    assert "It is under review" not in page
    assert "Confirmed by the county" in page
    assert renewal.of_certificate(user) is None
