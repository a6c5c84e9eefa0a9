"""The gate: every combination of role, certificate and exemption, on the day it is asked for."""

from datetime import date, timedelta

import pytest
from flask import Flask

from certificates import register
from certificates.acts import issuing, revoking
from courses import exemptions, materials, programmes
from courses.gate import Standing, decide, may_lead
from courses.programmes import Programme
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused
from tests.certificates.examples import example
from tests.factories import make_person, make_project, make_role

DAY = date(2022, 10, 12)


def programme(key: str) -> Programme:
    return materials.programme_of(materials.publish(programmes.load(programmes.CONTENT / key)))


def certify(person: Person, project: Project, *, valid_until: date | None = None) -> register.Certificate:
    draft = example(
        number=register.DRAFT, level="trainer", issued_on=DAY, valid_until=valid_until, holder_name=person.name
    )
    return issuing.issue(draft, holder=person, ground=f"g{person.id}", issuer_certificate=None, by=make_person())


@pytest.mark.parametrize(
    ("led_by", "held", "allowed"),
    [
        ("", Standing(frozenset()), True),
        ("county_trainer", Standing(frozenset({"county_trainer"})), True),
        ("county_trainer", Standing(frozenset({"trainer"}), "valid"), False),
        ("trainer", Standing(frozenset({"trainer"}), "valid"), True),
        ("trainer", Standing(frozenset({"county_trainer"}), "valid"), True),
        ("trainer", Standing(frozenset({"county_trainer"})), False),
        ("trainer", Standing(frozenset({"project_leader"}), "valid"), False),
        ("trainer", Standing(frozenset({"trainer"}), "missing"), False),
        ("trainer", Standing(frozenset({"trainer"}), "expired", DAY), False),
        ("trainer", Standing(frozenset({"trainer"}), "revoked", DAY), False),
        ("trainer", Standing(frozenset({"trainer"}), "revoked", DAY, exemption=exemptions.Exemption()), True),
        ("trainer", Standing(frozenset({"trainer"}), exemption=exemptions.Exemption()), True),
    ],
)
def test_the_rule(app: Flask, led_by: str, held: Standing, allowed: bool) -> None:
    answer = decide(led_by, held)
    assert answer.allowed is allowed
    assert bool(answer.reason) is not allowed


def test_a_certificate_opens_the_gate_from_the_day_of_issue_until_it_ends(app: Flask) -> None:
    project = make_project()
    user_course = programme("smail-anvandare")
    trainer = make_role("trainer", project)
    assert "no trainer certificate" in may_lead(trainer, user_course, project, DAY).reason
    certify(trainer, project, valid_until=DAY + timedelta(days=5))
    assert may_lead(trainer, user_course, project, DAY)
    assert may_lead(trainer, user_course, project, DAY + timedelta(days=5))
    assert not may_lead(trainer, user_course, project, DAY - timedelta(days=1))
    late = may_lead(trainer, user_course, project, DAY + timedelta(days=6))
    assert "not been valid since 18 oktober 2022" in late.reason
    assert not may_lead(trainer, programme("smail-utbildare"), project, DAY)


def test_a_revoked_certificate_closes_the_gate_and_an_exemption_opens_it_for_its_days(app: Flask) -> None:
    project = make_project()
    leader, trainer = make_role("project_leader", project), make_role("trainer", project)
    user_course = programme("smail-anvandare")
    revoking.revoke(certify(trainer, project), reason_code="grounds", by=leader)
    assert "revoked since 12 oktober 2022" in may_lead(trainer, user_course, project, DAY).reason
    first, last = DAY + timedelta(days=2), DAY + timedelta(days=4)
    exemptions.grant(project, trainer, starts=first, ends=last, reason="Run under way", by=leader)
    allowed = [bool(may_lead(trainer, user_course, project, DAY + timedelta(days=n))) for n in range(1, 7)]
    assert allowed == [False, True, True, True, False, False]


def test_a_certificate_of_another_project_does_not_count(app: Flask) -> None:
    project, other = make_project(), make_project(dnr="2023/00001")
    trainer = make_role("trainer", other)
    certify(trainer, project)
    assert not may_lead(trainer, programme("smail-anvandare"), other, DAY)


def test_an_exemption_gives_the_role_for_as_long_as_it_lasts(app: Flask) -> None:
    project = make_project()
    leader, person = make_role("project_leader", project), make_person()
    exemptions.grant(project, person, starts=DAY, ends=DAY + timedelta(days=4), reason="Stands in", by=leader)
    user_course = programme("smail-anvandare")
    assert may_lead(person, user_course, project, DAY + timedelta(days=4))
    assert not may_lead(person, user_course, project, DAY + timedelta(days=5))
    exemptions.grant(project, person, starts=DAY, ends=DAY + timedelta(days=9), reason="Still needed", by=leader)
    assert may_lead(person, user_course, project, DAY + timedelta(days=9))
    assert [each.reason for each in exemptions.of_project(project)] == ["Still needed", "Stands in"]


@pytest.mark.parametrize(
    ("starts", "ends", "reason", "code"),
    [
        (DAY, DAY + timedelta(days=1), "  ", "reason"),
        (DAY + timedelta(days=1), DAY, "Why", "ends_before_start"),
        (DAY - timedelta(days=9), DAY - timedelta(days=1), "Why", "past"),
        (DAY, date(2023, 5, 1), "Why", "outside_project"),
        (date(2021, 12, 31), DAY, "Why", "outside_project"),
    ],
)
def test_an_exemption_needs_a_reason_and_days_of_the_project(
    app: Flask, starts: date, ends: date, reason: str, code: str
) -> None:
    project = make_project()
    leader, person = make_role("project_leader", project), make_person()
    with pytest.raises(Refused) as refusal:
        exemptions.grant(project, person, starts=starts, ends=ends, reason=reason, by=leader)
    assert refusal.value.code == code


def test_only_the_project_leader_of_the_project_grants_exemptions(app: Flask) -> None:
    project, other = make_project(), make_project(dnr="2023/00001")
    stranger = make_role("project_leader", other)
    with pytest.raises(Refused) as refusal:
        exemptions.grant(project, make_person(), starts=DAY, ends=DAY, reason="Why", by=stranger)
    assert refusal.value.code == "not_leader"
