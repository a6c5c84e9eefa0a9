"""What the revocation of a trainer certificate touches in courses: runs under way and planned, exemptions, the role."""

from datetime import date

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import exists, select
from sqlalchemy.orm import lazyload

from certificates.acts import consequences
from certificates.acts.consequences import Consequence
from certificates.register import Certificate, project_of
from courses import exemptions, runs
from courses.activities import Session
from courses.runs import Run, RunTrainer
from lms import clock, filters
from lms.db import db
from lms.people import has_role
from lms.projects import Project

MOST = 50


def of_trainer(certificate: Certificate) -> list[Consequence]:
    """Nothing for a user certificate: it gives no right to lead."""
    project = project_of(certificate)
    if certificate.level != "trainer" or project is None:
        return []
    found = [_run(run) for run in _led(certificate, project)]
    exemption = exemptions.counting([certificate.holder_id], project.id, "trainer", clock.today())
    return found + [_exempt(each.ends) for each in exemption.values()] + _role(certificate, project)


def _led(certificate: Certificate, project: Project) -> list[Run]:
    """The runs of the project that the holder is trainer of and that are not over, the next one first."""
    coming = exists().where(Session.activity_id == Run.id, Session.ends_at > clock.now())
    query = (
        select(Run)
        .join(RunTrainer, RunTrainer.run_id == Run.id)
        .where(
            RunTrainer.person_id == certificate.holder_id,
            Run.project_id == project.id,
            Run.cancelled_at.is_(None),
            coming,
        )
        .options(lazyload(Run.material), lazyload(Run.project))
        .order_by(Run.id)
        .limit(MOST)
    )
    return sorted(db.session.scalars(query), key=lambda run: (run.sessions[0].starts_at, run.id))


def _run(run: Run) -> Consequence:
    when = _("Under way") if runs.has_begun(run) else _("Planned")
    day = filters.plain_day(run.sessions[0].starts_at, filters.spoken())
    others = len(run.trainers) - 1
    text = ngettext("%(num)s other trainer", "%(num)s other trainers", others) if others else _("no other trainer")
    url, label = url_for("runs.show", run_id=run.id), _("Open the run")
    return Consequence(run.title, f"{when}, {day}, {text}", url, label)


def _exempt(ends: date) -> Consequence:
    text = _("May lead through %(day)s in spite of the revocation.", day=filters.plain_day(ends, filters.spoken()))
    return Consequence(_("An exemption stays"), text)


def _role(certificate: Certificate, project: Project) -> list[Consequence]:
    if not has_role(certificate.holder, "trainer", "county_trainer", project_id=project.id):
        return []
    text = _("It is not taken away. Without a certificate it gives no right to lead, sign or certify.")
    url = url_for("roles.index", project_id=project.id)
    return [Consequence(_("The role in the project stays"), text, url, _("Look at the roles"))]


if of_trainer not in consequences.ASKED:
    consequences.ASKED.append(of_trainer)
