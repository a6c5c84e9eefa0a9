"""Reminders of certificates that end: 90, 30 and 7 days before, each once, in the right language, never in vain."""

from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from certificates.acts import revoking
from courses import materials, renewal
from courses.renewal.reminding import remind_due
from lms import clock
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.projects import Project
from tests.certificates.branches import make_certificate
from tests.courses.test_renewal import LAST, Scene
from tests.factories import make_person, make_role


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene()


def at(day: date, hour: int = 9) -> datetime:
    return clock.at(day, time(hour))


def remind(*days_before: int, hour: int = 9) -> None:
    for days in days_before:
        with clock.moved(at(LAST - timedelta(days=days), hour)):
            remind_due()
            db.session.flush()


def mails(person: Person) -> list[str]:
    query = select(OutboxMail.text).where(OutboxMail.person_id == person.id)
    return list(db.session.scalars(query.where(OutboxMail.subject.contains("valid through"))))


def subjects(person: Person) -> list[str]:
    return list(db.session.scalars(select(OutboxMail.subject).where(OutboxMail.person_id == person.id)))


def test_three_reminders_each_once(scene: Scene) -> None:
    remind(91)
    assert mails(scene.trainer) == []
    remind(90, 90, 89, 60, 31)
    assert len(mails(scene.trainer)) == 1
    remind(30, 30, 29, 8)
    assert len(mails(scene.trainer)) == 2
    remind(7, 6, 1, 0)
    assert len(mails(scene.trainer)) == 3
    remind(-1, -30)
    assert len(mails(scene.trainer)) == 3
    assert len(subjects(scene.leader)) == 3


@pytest.mark.parametrize(("wakes", "sent"), [([29], 1), ([5], 1), ([85, 3], 2), ([0], 1), ([-1], 0)])
def test_a_worker_that_slept_sends_the_nearest_one_only(scene: Scene, wakes: list[int], sent: int) -> None:
    remind(*wakes)
    assert len(mails(scene.trainer)) == sent


def test_nobody_is_written_to_at_night(scene: Scene) -> None:
    for hour in (0, 7, 20, 23):
        remind(90, hour=hour)
    assert mails(scene.trainer) == []
    remind(90, hour=8)
    assert len(mails(scene.trainer)) == 1


def test_it_says_what_is_missing_or_that_nothing_is(scene: Scene) -> None:
    remind(90)
    assert "Attend network meetings: 2 left of 2." in mails(scene.trainer)[0]
    assert f"/certificates/{scene.held.id}/renewal" in mails(scene.trainer)[0]
    scene.run(date(2022, 9, 12))
    remind(30)
    assert "You have done what it takes" in mails(scene.trainer)[1]
    text = db.session.scalars(select(OutboxMail.text).where(OutboxMail.person_id == scene.leader.id)).all()
    assert "Something is missing" in text[0]
    assert "Can be renewed now" in text[1]


def test_never_for_what_is_revoked_or_replaced(scene: Scene) -> None:
    scene.run(date(2022, 9, 12))
    renewal.renew(scene.held, by=scene.county)
    other = make_role("trainer", scene.project)
    with clock.moved(at(date(2022, 9, 1))):
        fallen = make_certificate(scene.project, other, "trainer", valid_until=LAST)
    revoking.revoke(fallen, reason_code="conduct", by=scene.leader)
    remind(40, 30, 7)
    assert mails(scene.trainer) == mails(other) == []


def test_without_an_address_only_the_leader_is_told_and_once(scene: Scene) -> None:
    scene.trainer.email = None
    remind(90, 90, 89)
    assert len(subjects(scene.leader)) == 1


def test_a_protected_holder_is_named_by_the_alias(scene: Scene) -> None:
    scene.trainer.alias, scene.trainer.protected = "Utbildare 4", True
    remind(90)
    (text,) = db.session.scalars(select(OutboxMail.text).where(OutboxMail.person_id == scene.leader.id)).all()
    assert "Utbildare 4" in text
    assert "Dahlgren" not in text


def test_a_certificate_without_a_project_or_a_rule_is_told_too(app: Flask) -> None:
    materials.publish_all()
    project = Project(name="Borta", dnr="9999/1")
    holder = make_person()
    with clock.moved(at(date(2022, 2, 1))):
        make_certificate(project, holder, valid_until=LAST)
    remind(90)
    assert "Ask the project leader" in mails(holder)[0]
