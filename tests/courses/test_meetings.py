"""Meetings that are no courses: called, listed, attended, cancelled."""

from datetime import time, timedelta

import pytest

from courses import attendance, meetings
from courses.attendance import Mark, record, sign_off
from lms import clock
from lms.db import db
from lms.refusals import Refused
from tests import factories
from tests.queries import count_queries


def call(project, by, kind="network", *, days=-1, **values):
    day = clock.today() + timedelta(days=days)
    values = {
        "title": "Nätverksträff oktober",
        "starts": clock.at(day, time(13)),
        "ends": clock.at(day, time(15)),
        "mode": "digital",
        "link": "https://mote.example/natverk",
        **values,
    }
    return meetings.call(project, kind, by=by, **values)


def test_a_network_meeting_calls_the_trainers_and_is_signed_without_the_gate(app):
    project = factories.make_project()
    leader = factories.make_role("project_leader", project)
    trainers = [factories.make_role("trainer", project), factories.make_role("county_trainer", project)]
    meeting = call(project, leader)
    session = meeting.sessions[0]
    assert {person.id for person in attendance.on_sheet(session)} == {person.id for person in trainers}
    marks = [Mark(person.id, "whole") for person in trainers]
    done = record(session, marks, by=leader, nonce="nonce-000")
    assert {(entry.kind, entry.minutes) for entry in done.entries} == {("network", 120)}
    assert sign_off(session, by=leader).minutes == 240
    with pytest.raises(Refused) as refusal:
        meetings.cancel(meeting, by=leader)
    assert refusal.value.code == "recorded"


def test_the_reference_group_is_that_of_the_last_time(app):
    project = factories.make_project()
    leader = factories.make_role("project_leader", project)
    first = call(project, leader, "reference_group")
    member = factories.make_participant(project)
    attendance.add_to_sheet(first.sessions[0], member, by=leader)
    second = call(project, leader, "reference_group", days=7)
    assert attendance.on_sheet(second.sessions[0]) == [member]
    assert attendance.on_sheet(call(project, leader, "coaching").sessions[0]) == []
    board = factories.make_role("steering_group", project)
    assert attendance.on_sheet(call(project, leader, "steering_group").sessions[0]) == [board]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"kind": "course"}, "kind"),
        ({"title": " "}, "title"),
        ({"ends": clock.at(clock.today(), time(1)).replace(year=2021)}, "ends_before_start"),
        ({"mode": "physical", "place": ""}, "place"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"days": 900}, "outside_project"),
    ],
)
def test_what_cannot_be_called(app, values, code):
    project = factories.make_project()
    leader = factories.make_role("project_leader", project)
    with pytest.raises(Refused) as refusal:
        call(project, leader, **values)
    assert refusal.value.code == code


def test_calling_and_cancelling_in_the_browser(browser_of):
    project = factories.make_project()
    leader = factories.make_role("project_leader", project)
    browser = browser_of(leader)
    url = f"/projects/{project.id}/meetings"
    assert browser.get(url).status_code == 200
    assert browser.get(f"{url}/new").status_code == 200
    form = {"kind": "lecture", "title": "Föreläsning", "day": "2022-10-20", "starts": "13", "ends": "1500"}
    refused = browser.post(f"{url}/new", data=form)
    assert refused.status_code == 422
    assert 'value="1500"' in refused.text
    form |= {"starts": "1300", "mode": "physical"}
    assert browser.post(f"{url}/new", data=form).status_code == 422
    answer = browser.post(f"{url}/new", data=form | {"place": "Biblioteket"})
    assert answer.status_code == 303
    assert browser.get(answer.location).status_code == 200
    db.session.rollback()
    rows = meetings.listed(project)
    assert ([row.title for row in rows], meetings.count(project)) == (["Föreläsning"], 1)
    assert "Biblioteket" in browser.get(url).text
    for _twice in range(2):
        assert browser.post(f"/meetings/{rows[0].id}/cancel").status_code == 303
    db.session.expire_all()
    assert rows[0].cancelled_at is not None


def test_people_are_added_to_a_meeting_before_its_day(browser_of):
    project = factories.make_project()
    leader = factories.make_role("project_leader", project)
    guest = factories.make_participant(project, "Gun Gäst")
    session = call(project, leader, "coaching", days=3).sessions[0]
    browser = browser_of(leader)
    url = f"/sessions/{session.id}/attendance"
    assert browser.get(url).status_code == 200
    assert browser.post(url, data={"nonce": "nonce-000", "walk_in": "1"}).location == f"{url}/add"
    answer = browser.post(f"{url}/add", data={"words": "gäst", "person": str(guest.id)})
    assert answer.location == url
    page = browser.post(url, data={"nonce": "nonce-000", f"seen{guest.id}": "", f"state{guest.id}": "whole"})
    assert page.status_code == 422
    assert "Gun Gäst" in page.text


def test_others_may_not_call_or_cancel(browser_of):
    project = factories.make_project()
    trainer, other = factories.make_role("trainer", project), factories.make_role("trainer", project)
    meeting = call(project, trainer, days=3)
    assert browser_of(factories.make_participant(project)).get(f"/projects/{project.id}/meetings").status_code == 403
    assert browser_of(other).post(f"/meetings/{meeting.id}/cancel").status_code == 403
    run = factories.make_run(project, trainer)
    assert browser_of(trainer).post(f"/meetings/{run.id}/cancel").status_code == 403


def test_the_list_asks_as_much_for_15_meetings_as_for_3(browser_of):
    project = factories.make_project()
    leader = factories.make_role("project_leader", project)
    factories.make_role("trainer", project)
    browser = browser_of(leader)
    counts = []
    for more in (3, 12):
        for number in range(more):
            call(project, leader, days=-1 - number)
        with count_queries() as asked:
            assert browser.get(f"/projects/{project.id}/meetings").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
