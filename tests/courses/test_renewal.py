"""Renewal: the rule, what counts for it, the act, and that a certificate in its days of grace gives no right."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask

from certificates import register
from certificates.acts import renaming, revoking
from certificates.proof import status_lists
from certificates.register import Certificate
from courses import gate, goals, materials, meetings, renewal
from courses.activities import Activity
from courses.programmes import Renewal
from courses.renewal import Done
from courses.renewal.renewing import ground
from lms import clock
from lms.db import db
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused
from tests.certificates.branches import make_certificate
from tests.certificates.test_signing import checked
from tests.courses import ledger_rows
from tests.courses.earning import attend, sign
from tests.courses.ledger_rows import signed
from tests.courses.test_attendance_at_once import at_once
from tests.factories import make_person, make_project, make_role, make_run

RULE = Renewal(runs_led=1, network_meetings=2, grace_days=60)
LAST = date(2022, 11, 30)
RUN, MEETING = Done("run", "Håbo", LAST), Done("meeting", "Nätverk", LAST)


@pytest.mark.parametrize(
    ("today", "phase"),
    [
        (date(2022, 8, 31), "early"), (date(2022, 9, 1), "open"), (LAST, "open"), (date(2022, 12, 1), "grace"),
        (date(2023, 1, 29), "grace"), (date(2023, 1, 30), "over"),
    ],
)  # fmt: skip
def test_the_phases(today: date, phase: str) -> None:
    assert renewal.phase(LAST, today, 60) == phase
    assert renewal.phase(None, today, 60) == "endless"


@pytest.mark.parametrize(
    ("rule", "done", "met", "left"),
    [
        (RULE, [], False, 2),
        (RULE, [MEETING], False, 2),
        (RULE, [RUN], True, 0),
        (RULE, [MEETING, MEETING], True, 0),
        (Renewal(0, 2), [RUN, MEETING], False, 1),
        (Renewal(2, 0), [RUN, MEETING, MEETING], False, 1),
        (Renewal(2, 0), [RUN, RUN], True, 0),
    ],
)
def test_the_rule(rule: Renewal, done: list[Done], met: bool, left: int) -> None:
    assert renewal.is_met(rule, done) is met
    assert len(renewal.missing(rule, done)) == left


class Scene:
    """A trainer whose certificate ends on the last of November, her county trainer, and today is 12 October."""

    def __init__(self) -> None:
        materials.publish_all()
        self.project: Project = make_project()
        self.leader = make_role("project_leader", self.project)
        self.county = make_role("county_trainer", self.project)
        self.trainer = make_role("trainer", self.project, person=make_person("Eva Dahlgren"))
        with clock.moved(datetime(2022, 2, 1, 12, 0, tzinfo=UTC)):
            self.held = certificate(self.project, self.trainer, LAST)
        status_lists.renew_due()

    def meeting(self, day: date, *, sheet: bool = True, minutes: int = 120) -> Activity:
        """A network meeting that she attends."""
        starts = clock.at(day, time(13))
        made = meetings.call(
            self.project, "network", title=f"Nätverk {day}", starts=starts, ends=starts + timedelta(hours=2),
            place="Uppsala", people=[self.trainer], by=self.county,
        )  # fmt: skip
        if minutes:
            ledger_rows._entry(made, self.trainer, minutes, day, session=made.sessions[0], kind="network")
        if sheet:
            signed(made.sessions[0], self.county)
        return made

    def run(self, first_day: date, *, sheets: int = 2) -> None:
        """A run that she leads, with somebody in it."""
        made = make_run(self.project, self.trainer, first_day=first_day)
        person = make_person()
        for session in made.sessions:
            attend(session, person, by=self.trainer)
        for session in made.sessions[:sheets]:
            sign(session, by=self.trainer)


def certificate(project: Project, person: Person, last: date | None) -> Certificate:
    return make_certificate(project, person, "trainer", valid_until=last, programme="smail-utbildare")


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene()


def refused(code: str, act, *values, **named) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused) as refusal:
        act(*values, **named)
    assert refusal.value.code == code


def state(scene: Scene) -> renewal.Renewable:
    found = renewal.of_certificate(scene.held)
    assert found is not None
    return found


def test_what_counts_and_what_does_not(scene: Scene) -> None:
    assert not state(scene).is_met
    scene.meeting(date(2022, 1, 20))  # before the certificate
    scene.meeting(date(2022, 9, 1), sheet=False)
    scene.meeting(date(2022, 9, 8), minutes=0)
    scene.run(date(2022, 9, 12), sheets=1)
    scene.run(date(2022, 10, 10))  # its second session is to come
    assert state(scene).done == ()
    scene.meeting(date(2022, 9, 15))
    assert [item.title for item in state(scene).done] == ["Nätverk 2022-09-15"]
    assert not state(scene).is_met
    scene.run(date(2022, 9, 20))
    assert state(scene).is_met
    assert [item.kind for item in state(scene).done] == ["meeting", "run"]


def test_a_run_that_nobody_attended_does_not_count(scene: Scene) -> None:
    made = make_run(scene.project, scene.trainer, first_day=date(2022, 9, 12))
    for session in made.sessions:
        sign(session, by=scene.trainer)
    assert not state(scene).is_met


def test_renewing_makes_a_linked_certificate_and_nobody_loses_days(scene: Scene) -> None:
    for day in (1, 8, 15):
        scene.meeting(date(2022, 9, day))
    new = renewal.renew(scene.held, by=scene.county)
    assert (new.issued_on, new.valid_until) == (clock.today(), date(2024, 11, 30))
    assert (new.replaces_id, new.ground, new.issued_by_id) == (scene.held.id, ground(scene.held), scene.county.id)
    assert [register.state(each, clock.today()) for each in (scene.held, new)] == ["replaced", "valid"]
    assert checked(new).passed
    assert checked(scene.held).passed
    said = register.statement_of(new)
    shown = [(part.kind, part.day.day) for part in said.parts]
    assert shown[-3:] == [("session", 19), ("renewal", 8), ("renewal", 15)]  # as much as the rule asks for
    assert [part.by for part in said.parts][-1] == (scene.county.name,)
    assert said.certified_by.name == scene.county.name
    assert said.minutes == register.statement_of(scene.held).minutes
    held = gate.standing(scene.trainer, scene.project, clock.today())
    assert (held.proof, held.certificate) == ("valid", new)
    assert renewal.renew(scene.held, by=scene.leader) is new  # twice is once


def test_the_next_period_begins_with_the_renewal(scene: Scene) -> None:
    scene.run(date(2022, 9, 12))
    new = renewal.renew(scene.held, by=scene.county)
    found = renewal.of_certificate(new)
    assert found is not None
    assert (found.done, found.phase) == ((), "early")
    with clock.moved(clock.at(date(2024, 11, 1), time(12))):
        refused("unmet", renewal.renew, new, by=scene.county)


def test_in_grace_it_can_be_renewed_and_gives_no_right(scene: Scene) -> None:
    scene.run(date(2022, 9, 12))
    with clock.moved(clock.at(date(2022, 12, 20), time(12))):
        held = gate.standing(scene.trainer, scene.project, clock.today())
        assert held.proof == "expired"
        assert not gate.decide("trainer", held)
        new = renewal.renew(scene.held, by=scene.leader)
        assert (new.issued_on, new.valid_until) == (date(2022, 12, 20), date(2024, 12, 20))
        assert gate.decide("trainer", gate.standing(scene.trainer, scene.project, clock.today()))
    assert gate.standing(scene.trainer, scene.project, date(2022, 12, 10)).proof == "expired"


def test_a_meeting_in_the_days_of_grace_counts(scene: Scene) -> None:
    scene.meeting(date(2022, 9, 1))
    with clock.moved(clock.at(date(2022, 12, 20), time(18))):
        refused("unmet", renewal.renew, scene.held, by=scene.county)
        scene.meeting(date(2022, 12, 20))
        assert renewal.renew(scene.held, by=scene.county).valid_until == date(2024, 12, 20)


def test_who_may_and_when(scene: Scene) -> None:
    scene.run(date(2022, 9, 12))
    for person in (scene.trainer, make_role("trainer", scene.project), make_role("economist", scene.project)):
        refused("not_allowed", renewal.renew, scene.held, by=person)
    with clock.moved(clock.at(date(2022, 8, 31), time(12))):
        refused("early", renewal.renew, scene.held, by=scene.county)
    with clock.moved(clock.at(date(2023, 2, 1), time(12))):
        refused("over", renewal.renew, scene.held, by=scene.county)
    endless = certificate(scene.project, make_role("trainer", scene.project), None)
    refused("endless", renewal.renew, endless, by=scene.county)
    renamed = renaming.rename(scene.held, given_name="Eva", family_name="Berg", by=scene.leader)
    refused("replaced", renewal.renew, scene.held, by=scene.county)
    assert register.statement_of(renewal.renew(renamed, by=scene.county)).holder_name == "Eva Berg"


def test_a_revoked_one_is_never_renewed(scene: Scene) -> None:
    scene.run(date(2022, 9, 12))
    revoking.revoke(scene.held, reason_code="conduct", by=scene.leader)
    refused("revoked", renewal.renew, scene.held, by=scene.county)
    assert renewal.of_project(scene.project) == []


def test_the_list_of_a_project_asks_little_and_holds_what_ends(scene: Scene) -> None:
    far = certificate(scene.project, make_role("trainer", scene.project), date(2023, 6, 1))
    assert [item.certificate for item in renewal.of_project(scene.project)] == [scene.held]
    with clock.moved(clock.at(date(2023, 5, 1), time(12))):
        assert [(item.certificate, item.phase) for item in renewal.of_project(scene.project)] == [
            (scene.held, "over"), (far, "open"),
        ]  # fmt: skip


def test_people_are_counted_and_not_papers(scene: Scene) -> None:
    scene.run(date(2022, 9, 12))
    renewal.renew(scene.held, by=scene.county)
    board = {each.goal.level: each for each in goals.board(scene.project) if each.goal.kind == "certified"}
    assert board["trainer"].reached is not None
    assert board["trainer"].reached.count == 1
    assert sum(place.trainers for place in goals.places(scene.project)) <= 1


def test_two_who_renew_at_once_make_one(app: Flask, scene: Scene) -> None:
    scene.run(date(2022, 9, 12))
    number, people = scene.held.id, (scene.county.id, scene.leader.id)
    db.session.commit()

    def act(who: int):  # type: ignore[no-untyped-def]
        return lambda: renewal.renew(db.session.get_one(Certificate, number), by=db.session.get_one(Person, who)).id

    assert len(set(at_once(app, *[act(who) for who in people * 2]))) == 1
