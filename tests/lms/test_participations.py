"""Employers by day, the last day in a project, and what stands in for a protected person's number."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from courses.attendance import record
from lms import clock, projects, protection
from lms.audit import Audit
from lms.db import db
from lms.employment import change_employer, employers_on, follow, history
from lms.organisations import add_organisation
from lms.projects import Participation
from lms.refusals import Refused
from tests import factories
from tests.courses.sheets import course_day, whole

TIERP_FROM = date(2022, 10, 12)


def participation(**values: object) -> Participation:
    project = factories.make_project()
    person = factories.make_participant(project, **values)  # type: ignore[arg-type]
    found = projects.participation_of(person.id, project.id)
    assert found is not None
    return found


@pytest.mark.usefixtures("app")
class TestEmployer:
    def test_a_sheet_filled_in_late_counts_for_the_employer_of_its_day(self):
        day = course_day(1, days_ago=2)
        anna = day.people[0]
        habo, tierp = anna.organisation, add_organisation("Tierp")
        assert habo
        change_employer(anna, day.project, tierp.id, clock.today() - timedelta(days=1), by=day.trainer)
        assert anna.organisation is tierp
        (entry,) = record(day.session, [whole(anna)], by=day.trainer, nonce="nonce-late").entries
        assert entry.organisation_id == habo.id
        assert [each for _since, each in history(anna)] == [tierp, habo]
        assert history(anna)[-1][0] is None

    def test_lists_follow_when_the_day_has_come(self):
        found = participation()
        person, tierp = found.person, add_organisation("Tierp")
        project = db.session.get_one(projects.Project, found.project_id)
        leader = factories.make_role("project_leader", project)
        change_employer(person, project, tierp.id, clock.today() + timedelta(days=20), by=leader)
        follow()
        assert found.organisation_id != tierp.id
        with clock.moved(clock.now() + timedelta(days=20)):
            follow()
        assert (found.organisation_id, person.organisation) == (tierp.id, tierp)

    def test_what_cannot_be(self):
        found = participation()
        project = db.session.get_one(projects.Project, found.project_id)
        leader = factories.make_role("project_leader", project)
        assert found.organisation_id
        outside = add_organisation("Umeå")
        for organisation_id, since, code in (
            (outside.id, clock.today(), "organisation"),
            (0, clock.today(), "organisation"),
            (found.organisation_id, clock.today(), "same"),
            (found.organisation_id, date(2021, 12, 31), "outside_project"),
            (found.organisation_id, date(2202, 1, 1), "outside_project"),
        ):
            with pytest.raises(Refused) as refusal:
                change_employer(found.person, project, organisation_id, since, by=leader)
            assert refusal.value.code == code

    def test_a_mistake_is_mended_on_its_own_day(self):
        found = participation()
        project = db.session.get_one(projects.Project, found.project_id)
        leader, tierp = factories.make_role("project_leader", project), add_organisation("Tierp")
        habo = found.organisation_id
        assert habo
        change_employer(found.person, project, tierp.id, TIERP_FROM, by=leader)
        change_employer(found.person, project, habo, TIERP_FROM, by=leader)
        assert employers_on([found.person], TIERP_FROM) == {found.person_id: habo}
        assert found.organisation_id == habo


@pytest.mark.usefixtures("app")
class TestLastDay:
    def test_the_first_start_stays_and_who_comes_back_has_no_end(self):
        found = participation()
        by, since = found.person, found.since
        projects.end_participation(found, date(2022, 9, 30), by=by)
        projects.end_participation(found, date(2022, 9, 30), by=by)
        projects.end_participation(found, date(2022, 10, 31), by=by)
        assert (found.since, found.until) == (since, date(2022, 10, 31))
        projects.resume_participation(found, by=by)
        projects.resume_participation(found, by=by)
        assert (found.since, found.until) == (since, None)
        assert projects.join_project(found.person, factories.make_project(), since=date(2022, 11, 1), by=by) is found
        assert found.since == since
        query = select(Audit.act).where(Audit.act.startswith("participation.")).order_by(Audit.id)
        acts = list(db.session.scalars(query))
        assert acts[1:] == ["participation.ended", "participation.ended", "participation.resumed"]

    @pytest.mark.parametrize(
        ("day", "code"), [(date(2021, 12, 31), "before_start"), (date(2023, 5, 1), "after_project")]
    )
    def test_what_cannot_be(self, day: date, code: str):
        found = participation()
        with pytest.raises(Refused) as refusal:
            projects.end_participation(found, day, by=found.person)
        assert refusal.value.code == code
        assert found.until is None


@pytest.mark.usefixtures("app")
class TestPlaceholder:
    def test_only_for_protected_esf_participants_and_never_in_the_log(self):
        found = participation()
        with pytest.raises(Refused) as refusal:
            projects.set_placeholder(found, "A1", by=found.person)
        assert refusal.value.code == "not_protected"
        protection.protect(found.person, "Deltagare 7", by=found.person)
        projects.set_placeholder(found, "  ÅÅÅÅMMDDTx00 ", by=found.person)
        assert found.placeholder == "ÅÅÅÅMMDDTx00"
        (line,) = db.session.scalars(select(Audit).filter_by(act="participation.placeholder_written"))
        assert "Tx00" not in str(line.details)
        projects.set_placeholder(found, "", by=found.person)
        assert found.placeholder is None

    @pytest.mark.parametrize(
        ("text", "code"), [("x" * 21, "too_long"), ("19800101-9812", "is_number"), ("a\x07", "too_long")]
    )
    def test_what_it_is_not(self, text: str, code: str):
        found = participation()
        protection.protect(found.person, "Deltagare 7", by=found.person)
        with pytest.raises(Refused) as refusal:
            projects.set_placeholder(found, text, by=found.person)
        assert refusal.value.code == code


def test_the_pages_of_the_leader(browser_of) -> None:
    found = participation(name="Anna Berg")
    project = db.session.get_one(projects.Project, found.project_id)
    leader, tierp = factories.make_role("project_leader", project), add_organisation("Tierp")
    browser, person = browser_of(leader), found.person
    page = browser.get(f"/people/{person.id}").text
    employer, own = f"/people/{person.id}/employer", f"/participations/{found.id}"
    assert f'href="{employer}"' in page
    assert f'href="{own}"' in page
    assert "From the beginning" in browser.get(employer).text
    assert browser.post(employer, data={"organisation": "0", "since": "i går"}).status_code == 422
    assert browser.post(employer, data={"organisation": "²", "since": "2022-10-01"}).status_code == 422
    assert browser.post(employer, data={"organisation": tierp.id, "since": "2202-10-01"}).status_code == 422
    assert browser.post(employer, data={"organisation": tierp.id, "since": "2022-10-01"}).location == employer
    assert "Saturday 1 October 2022" in browser.get(employer).text or "1 oktober 2022" in browser.get(employer).text
    assert browser.post(f"{own}/end", data={"until": "2021-01-01"}).status_code == 422
    assert browser.post(f"{own}/end", data={"until": ""}).status_code == 422
    assert browser.post(f"{own}/end", data={"until": "2022-10-11"}).location == own
    assert f"{own}/resume" in browser.get(own).text
    assert browser.post(f"{own}/resume").location == own
    assert "placeholder" not in browser.get(own).text
    assert browser.post(f"{own}/placeholder", data={"placeholder": "A"}).status_code == 422


def test_protected_people_keep_their_name_and_employer_to_the_leader_who_took_them_in(browser_of) -> None:
    found = participation(name="Anna Berg")
    project, other = db.session.get_one(projects.Project, found.project_id), factories.make_project(like="smot")
    protection.protect(found.person, "Deltagare 7", by=found.person)
    projects.join_project(found.person, other, since=other.starts, by=None)
    leader, second = factories.make_role("project_leader", project), factories.make_role("project_leader", other)
    url = f"/participations/{found.id}"
    browser = browser_of(leader)
    page = browser.get(url).text
    assert "Anna" not in page
    assert 'name="placeholder"' in page
    assert browser.post(f"{url}/placeholder", data={"placeholder": "x" * 21}).status_code == 422
    assert browser.post(f"{url}/placeholder", data={"placeholder": "Tx00"}).location == url
    assert 'value="Tx00"' in browser.get(url).text
    assert "Anna" not in browser.get(f"/people/{found.person_id}/employer").text
    elsewhere = browser_of(second)
    assert elsewhere.get(url).status_code == 403
    assert elsewhere.get(f"/people/{found.person_id}/employer").status_code == 403
    assert "/employer\"" not in elsewhere.get(f"/people/{found.person_id}").text
