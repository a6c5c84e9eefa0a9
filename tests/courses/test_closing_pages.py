"""The pages of a month: what is left, closing with what deviates accepted, corrections, sending, and one person."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from courses.esf import wording
from courses.esf.closings import closings_of, sendings_of
from courses.esf.sending import send
from courses.esf.snapshot import unpacked
from courses.hours.declaring import Declaration, approve, declare
from lms import clock, projects
from lms.db import db
from lms.projects import Project
from tests.courses.closed_months import SEPTEMBER, September
from tests.courses.ledger_rows import approved, imported
from tests.factories import make_person
from tests.queries import count_queries

LATER = datetime(2022, 10, 4, 14, 0, tzinfo=UTC)
ALL = ["unconfirmed", "numbers"]


@pytest.fixture
def scene(app: Flask) -> Iterator[September]:
    with clock.moved(datetime(2022, 10, 4, 8, 0, tzinfo=UTC)):
        yield September()


@pytest.fixture
def leader(scene: September, browser_of: Callable[..., FlaskClient]) -> FlaskClient:
    return browser_of(scene.leader)


def url(scene: September, more: str = "", month: str = "2022-09") -> str:
    return f"/projects/{scene.project.id}/months/{month}{more}"


def text(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    return re.sub(r"\s+", " ", answer.text)


def seen(client: FlaskClient, address: str) -> str:
    found = re.search(r'name="seen"[^>]*value="(\w+)"', text(client, address))
    assert found
    return found[1]


def project(scene: September) -> Project:
    return db.session.get_one(Project, scene.project.id)


def test_the_month_says_what_is_left_and_who_can_mend_it(scene: September, leader: FlaskClient) -> None:
    imported(scene.run, scene.anna, 60, date(2022, 9, 9))
    page = text(leader, url(scene))
    for words in (
        "1 sheet is not signed", "Can approve: Lea Ledare", "2 participants have not confirmed", "Remind all of them",
        "Personnummer is missing for 2 of 2", "Report by", "Hours are not rounded", "Review and close",
    ):  # fmt: skip
        assert words in page, words
    refused = text(leader, url(scene, "/close"))
    assert "The month cannot be closed yet" in refused
    assert 'name="seen"' not in refused
    assert leader.post(url(scene, "/close"), data={"accepted": ALL}).status_code == 409


def test_the_last_line_says_who_has_not_confirmed_when_every_sheet_is_signed(
    scene: September, leader: FlaskClient
) -> None:
    page = text(leader, url(scene))
    assert "2 have not confirmed" in page
    assert "Nothing is missing" not in page


def test_a_month_is_reviewed_and_closed(scene: September, leader: FlaskClient) -> None:
    mark = seen(leader, url(scene, "/close"))
    half = leader.post(url(scene, "/close"), data={"seen": mark, "accepted": ["numbers"]})
    assert half.status_code == 422
    assert "Tick what you close the month in spite of" in half.text
    done = leader.post(url(scene, "/close"), data={"seen": mark, "accepted": ALL})
    assert done.location.endswith("/months/2022-09")
    assert [(each.version, each.minutes) for each in closings_of(project(scene))] == [(1, 910)]
    page = text(leader, url(scene))
    assert "Version 1, closed on" in page
    assert "This version has not been sent" in page
    again = leader.post(url(scene, "/close"), data={"seen": mark, "accepted": ALL})
    assert again.status_code == 409
    assert len(closings_of(project(scene))) == 1


def test_what_changed_is_shown_and_becomes_a_version(scene: September, leader: FlaskClient) -> None:
    send(scene.close(), clock.today(), by=scene.leader)
    with clock.moved(LATER):
        scene.correct(180)
        assert "has changed since it was closed" in text(leader, url(scene))
        assert "Show what changed" in text(leader, f"/projects/{scene.project.id}/months")
        page = text(leader, url(scene, "/close"))
        for words in ("Anna Alm", "4 h", "3 h", "Tove Trädgård", "Close version 2"):
            assert words in page, words
        values = {"seen": seen(leader, url(scene, "/close")), "accepted": ALL}
        assert "in a few words" in leader.post(url(scene, "/close"), data=values).text
        assert leader.post(url(scene, "/close"), data=values | {"reason": "Fel rad"}).status_code == 303
        page = text(leader, url(scene))
        for words in ("is corrected: 1 month must be sent again", "Fel rad", "Version 2", "Version 1", "Lea Ledare"):
            assert words in page, words
        old = text(leader, url(scene, "/versions/1"))
        assert "There is a newer version" in old
        assert "7 h 35 min" in old
        assert text(leader, url(scene, "/versions/3"), 404)


def test_sending_is_ticked_off_on_a_possible_day(scene: September, leader: FlaskClient) -> None:
    made = scene.close()
    with clock.moved(LATER):
        assert "2022-10-04" in text(leader, url(scene, "/sent"))
        for day, words in (
            ("2022-10-05", "cannot lie in the future"), ("2022-10-03", "was closed on"), ("", "Write the day"),
            ("igår", "Write the day as"),
        ):  # fmt: skip
            answer = leader.post(url(scene, "/sent"), data={"closing": str(made.id), "day": day})
            assert answer.status_code == 422
            assert words in answer.text
        done = leader.post(url(scene, "/sent"), data={"closing": str(made.id), "day": "2022-10-04"})
        assert done.status_code == 303
        assert leader.post(url(scene, "/sent"), data={"closing": str(made.id), "day": "2022-10-04"}).status_code == 303
        assert [each.day for each in sendings_of(project(scene))] == [date(2022, 10, 4)]
        assert "Sent 4 oktober 2022" in text(leader, url(scene))
    assert leader.get(url(scene, "/sent", "2022-08")).status_code == 404


def test_a_newer_version_is_not_ticked_off_by_an_old_page(scene: September, leader: FlaskClient) -> None:
    old = scene.close()
    with clock.moved(LATER):
        scene.correct()
        scene.close(reason="Fel rad")
        answer = leader.post(url(scene, "/sent"), data={"closing": str(old.id), "day": "2022-10-04"})
    assert answer.status_code == 409
    assert sendings_of(project(scene)) == []


def test_a_figure_is_followed_to_the_sheet(scene: September, leader: FlaskClient) -> None:
    scene.correct(180)
    approved(scene.run, scene.anna, 200, date(2022, 9, 20))
    imported(scene.run, scene.anna, 60, date(2022, 9, 9))
    page = text(leader, url(scene) + f"?employer={scene.anna.organisation_id}")
    person = url(scene, f"/people/{scene.anna.id}")
    assert person in page
    found = text(leader, person)
    for words in ("9 h 55 min count", "what it was before", "4 h", "Tove Trädgård", "1 h waiting", "Not confirmed"):
        assert words in found, words
    sheet = f"/sessions/{scene.first.id}/attendance"
    assert sheet in found
    assert leader.get(sheet).status_code == 200


def test_declared_hours_name_who_approved_them_and_are_no_check_in(scene: September, leader: FlaskClient) -> None:
    what = Declaration(scene.run, "preparation", date(2022, 9, 20), 90, "Läste hemuppgifter")
    projects.join_project(scene.trainer, scene.project, since=SEPTEMBER, by=None)
    approve([declare(what, nonce="nonce-000", by=scene.trainer)], by=scene.leader)
    page = text(leader, url(scene, f"/people/{scene.trainer.id}"))
    assert "declared by the participant" in page
    assert "Lea Ledare, 4 okt. 10.00, approved" in page
    assert "check-in" not in page
    compiled = [line for line in unpacked(scene.close().snapshot).lines if line.session_id is None]
    assert [wording.recorded(line) for line in compiled] == ["anmäld av deltagaren"]


def test_protected_people_stand_under_their_alias(scene: September, leader: FlaskClient) -> None:
    hidden = scene.person("Hemlig Person", protected=True, alias="Deltagare 7")
    for address in (url(scene, "/close"), url(scene, f"/people/{hidden.id}")):
        page = text(leader, address)
        assert "Deltagare 7" in page
        assert "Hemlig" not in page


def test_somebody_of_another_project_has_no_page_here(scene: September, leader: FlaskClient) -> None:
    assert leader.get(url(scene, f"/people/{make_person().id}")).status_code == 404
    assert leader.get(url(scene, "/people/999999")).status_code == 404
    assert leader.get(url(scene, "/close", "2022-13")).status_code == 404


def test_pages_ask_as_much_for_many_people(scene: September, leader: FlaskClient) -> None:
    def count() -> list[int]:
        found = []
        for address in (url(scene), url(scene, "/close"), url(scene, f"/people/{scene.anna.id}")):
            with count_queries() as asked:
                assert leader.get(address).status_code == 200
            found.append(len(asked))
        return found

    count()
    before = count()
    for number in range(8):
        approved(scene.run, scene.person(f"Nils Nummer{number}", organisation="Tierp"), 60, date(2022, 9, 20))
        approved(scene.run, scene.anna, 10, date(2022, 9, 20 + number))
    db.session.commit()
    assert count() == before


def test_an_empty_month_and_one_to_come_say_so(scene: September, leader: FlaskClient) -> None:
    assert "Nothing was held this month" in text(leader, url(scene, month="2022-07"))
    assert "The month can be closed when it is over" in text(leader, url(scene, month="2022-10"))
    assert SEPTEMBER not in {each.first for each in closings_of(project(scene))}
