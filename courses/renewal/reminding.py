"""Reminders before the last day of a certificate: ninety, thirty and seven days, to the holder and the project leaders.

The rule that matters most: each once, also when the worker slept over the day; then only the one that is nearest to
the last day is sent, not all that were missed. What is revoked or replaced is nobody's concern any more.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, select

from certificates.acts import telling
from certificates.proof.credentials import base_url
from certificates.register import NOT_REPLACED, NOT_REVOKED, Certificate
from courses.renewal.facts import Renewable, of_project
from courses.renewal.rule import SOON
from lms import audit, clock, mail, projects
from lms.audit import Audit
from lms.db import db
from lms.people import holders
from lms.projects import Project

STAGES = (7, 30, 90)
"""Days before the last valid day, the nearest first; the first must reach as far as `SOON`."""
BEGINS, ENDS = 8, 20
"""Hours of the day: nobody is written to at night."""


def remind_due() -> None:
    """Everything that is due today and was not sent. The worker asks every minute, and nothing is due most days."""
    if not BEGINS <= clock.local(clock.now()).hour < ENDS:
        return
    due: dict[str, list[tuple[Certificate, int]]] = defaultdict(list)
    for days in STAGES:
        for certificate in db.session.scalars(_due(days)):
            due[certificate.project_dnr].append((certificate, days))
    for dnr, found in due.items():
        _remind(dnr, found)


def _due(days: int) -> Any:
    """Certificates in this stage, no longer in the one before, about which nothing was sent in it."""
    today = clock.today()
    nearer = max((stage for stage in STAGES if stage < days), default=-1)
    told = exists().where(
        Audit.subject_kind == Certificate.__tablename__,
        Audit.subject_id == Certificate.id,
        Audit.act == f"certificate.reminded_{days}",
    )
    return (
        select(Certificate)
        .where(
            Certificate.valid_until > today + timedelta(days=nearer),
            Certificate.valid_until <= today + timedelta(days=days),
            NOT_REVOKED,
            NOT_REPLACED,
            ~told,
        )
        .order_by(Certificate.valid_until, Certificate.id)
    )


def _remind(dnr: str, found: Sequence[tuple[Certificate, int]]) -> None:
    """One mail to each holder, and one summary to each leader of the project."""
    project = projects.project_with(dnr)
    rules = {item.certificate.id: item for item in of_project(project)} if project else {}
    for certificate, days in found:
        _to_holder(certificate, days, rules.get(certificate.id))
        audit.record(
            {7: "certificate.reminded_7", 30: "certificate.reminded_30", 90: "certificate.reminded_90"}[days],
            certificate,
            by=None,
        )
    if project is not None:
        _to_leaders(project, [(certificate, rules.get(certificate.id)) for certificate, _days in found])


def _to_holder(certificate: Certificate, days: int, rule: Renewable | None) -> None:
    mail.enqueue(
        certificate.holder,
        "certificate_ends",
        key=f"ends:{certificate.id}:{days}",
        certificate=certificate,
        rule=rule,
        url=telling.page_of(certificate) + ("/renewal" if rule else ""),
    )


def _to_leaders(project: Project, ending: Sequence[tuple[Certificate, Renewable | None]]) -> None:
    url, first = f"{base_url()}/projects/{project.id}/renewals", ending[0][0].id
    for leader in holders("project_leader", project_id=project.id):
        key = f"ending:{project.id}:{leader.id}:{clock.today()}:{first}"
        mail.enqueue(leader, "certificates_end", key=key, project=project, ending=ending, url=url)


assert timedelta(days=STAGES[-1]) == SOON
