"""Planned runs of trainers whose certificate has run out, is revoked or ends too early are flagged, and refused."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask

from certificates import register
from certificates.acts import revoking
from courses import certification, exemptions, lapsed
from courses.runs import Run
from lms import clock
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused
from tests.certificates.branches import make_certificate
from tests.courses.earning import earn, sign_all
from tests.factories import make_participant, make_person, make_project, make_role, make_run
from tests.queries import count_queries


@pytest.fixture
def project(app: Flask) -> Iterator[Project]:
    with app.test_request_context("/"):
        yield make_project()


def trainer(project: Project, last: date | None, days_ago: int = 0) -> Person:
    made = make_role("trainer", project)
    with clock.moved(clock.now() - timedelta(days=days_ago)):
        make_certificate(project, made, "trainer", valid_until=last)
    return made


def reasons(run: Run) -> list[str]:
    found = lapsed.of_runs([run]).get(run.id)
    return [reason for _person, reason in found.reasons] if found else []


def test_expired_revoked_and_ending_too_early(project: Project) -> None:
    today = clock.today()
    good = make_run(project, trainer(project, today + timedelta(days=90)))
    early = make_run(project, trainer(project, today + timedelta(days=16)))  # the run is over on the 21st day
    gone = make_run(project, trainer(project, today - timedelta(days=1), days_ago=20))
    bad = trainer(project, None)
    revoking.revoke(register.of(bad)[0], reason_code="conduct", by=bad)
    fallen = make_run(project, bad)
    assert reasons(good) == []
    assert "ends before the run is over" in reasons(early)[0]
    assert "has not been valid since" in reasons(gone)[0]
    assert "is revoked since" in reasons(fallen)[0]


def test_an_exemption_another_trainer_and_what_is_over(project: Project) -> None:
    today = clock.today()
    lapsed_one, other = trainer(project, today - timedelta(days=1), days_ago=20), trainer(project, None)
    both = make_run(project, lapsed_one, other)
    found = lapsed.of_runs([both])[both.id]
    assert not found.whole
    assert [person for person, _reason in found.reasons] == [lapsed_one]
    alone = make_run(project, lapsed_one)
    assert lapsed.of_runs([alone])[alone.id].whole
    over = make_run(project, lapsed_one, first_day=today - timedelta(days=30))
    taught_by_county = make_run(project, lapsed_one, programme="smail-utbildare")
    assert lapsed.of_runs([over, taught_by_county]) == {}
    leader = make_role("project_leader", project)
    days = {"starts": today, "ends": today + timedelta(days=60)}
    exemptions.grant(project, lapsed_one, **days, reason="Väntar på nätverksträff", by=leader)
    assert lapsed.of_runs([both, alone]) == {}


def test_the_pages_say_it_and_the_gate_refuses(browser_of, project: Project) -> None:  # type: ignore[no-untyped-def]
    gone = trainer(project, clock.today() - timedelta(days=1), days_ago=20)
    run = make_run(project, gone, first_day=clock.today() - timedelta(days=6))
    leader = make_role("project_leader", project)
    assert "Cannot be certified" in browser_of(leader).get(f"/projects/{project.id}/runs").text
    for person in (leader, gone):
        assert "Nobody can certify this run" in browser_of(person).get(f"/runs/{run.id}").text
    done = make_run(project, gone, first_day=clock.today() - timedelta(days=10))
    person = earn(done, make_participant(project), by=gone)
    sign_all(done, by=gone)
    with pytest.raises(Refused) as refused:
        certification.certify(done, [person], by=gone)
    assert refused.value.code == "gate"


def test_many_runs_cost_no_more_questions(project: Project) -> None:
    some = [make_run(project, trainer(project, None)) for _each in range(2)]
    many = [make_run(project, trainer(project, None), make_person()) for _each in range(8)]
    lapsed.of_runs(some + many)
    with count_queries() as few:
        lapsed.of_runs(some)
    with count_queries() as all_of_them:
        lapsed.of_runs(some + many)
    assert len(all_of_them) == len(few)
