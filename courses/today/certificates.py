"""What certificates want today: decisions, renewals, answers about names, planned runs that nobody can certify.

Leaders and county trainers are told from waiting.py's question; trainers from the certificates that the home has read.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import bindparam, exists, func, literal, or_, select

from certificates.acts import wishes
from certificates.acts.revoking import Above, is_above, waits
from certificates.acts.wishes import CertificateWish
from certificates.register import NOT_REPLACED, NOT_REVOKED, Certificate, State, not_expired
from courses.activities import Activity, Session
from courses.exemptions import Exemption
from courses.materials import Material
from courses.renewal import SOON
from courses.runs import RunTrainer
from courses.today.leading import Leading
from courses.today.task import Task
from lms import clock, filters
from lms.people import Person
from lms.projects import Project

AFTER = timedelta(days=60)
"""How long an ended certificate stays among the tasks."""
MOST = 10
TODAY: Any = bindparam("today", type_=Certificate.valid_until.type)


def certificate_tasks(waiting: Iterable[tuple[str, int, str, int]]) -> list[Task]:
    """Of the projects somebody leads, and renewals of those where she is county trainer: the rows of `questions`."""
    tasks = {"review": _review, "ending": _ending, "name": _names, "run": _lapsed}
    found: Counter[str] = Counter()
    made = []
    for kind, number, name, count in waiting:
        found[kind] += 1
        if found[kind] <= MOST:
            made.append(tasks[kind](number, name, count))
    return made


def own_tasks(certificates: Mapping[Certificate, State], leading: Leading | None) -> list[Task]:
    """Of a trainer: her certificate ends, has ended or is revoked while she has sessions to lead. No question."""
    if leading is None:
        return []
    held = [(each, state) for each, state in certificates.items() if each.level == "trainer" and state != "replaced"]
    found = []
    for dnr in dict.fromkeys(each.project_dnr for each, _state in held):
        mine = [(each, state) for each, state in held if each.project_dnr == dnr]
        best, state = next(((each, state) for each, state in mine if state == "valid"), mine[0])
        found += [task] if (task := _own(best, state, leading)) else []
    return found


def questions() -> list[Any]:
    """(kind, project, its name, how many), or (kind, run, its title, 1): parts of waiting.py's question."""
    led, both = (Project.id.in_(bindparam(name, expanding=True)) for name in ("led", "both"))
    of_project = Project.dnr == Certificate.project_dnr
    review = (
        select(literal("review"), Project.id, Project.name, func.count())
        .join(Certificate, of_project)
        .join(Above, is_above())
        .where(led, waits(TODAY))
        .group_by(Project.id, Project.name)
    )
    since, soon = (bindparam(name, type_=Certificate.valid_until.type) for name in ("since", "soon"))
    days = Certificate.valid_until.between(since, soon)
    ending = (
        select(literal("ending"), Project.id, Project.name, func.count())
        .join(Certificate, of_project)
        .where(both, days, NOT_REVOKED, NOT_REPLACED)
        .group_by(Project.id, Project.name)
    )
    return [review, ending, _wishes(led), _runs(led)]


def _wishes(led: Any) -> Any:
    """People who ask for another name, in projects she leads: nobody answers her own wish."""
    return (
        select(literal("name"), Project.id, Project.name, func.count(Certificate.holder_id.distinct()))
        .join(Certificate, Project.dnr == Certificate.project_dnr)
        .join(CertificateWish, wishes.is_about())
        .join(Person, wishes.is_hers())
        .where(led, wishes.waits(), Certificate.holder_id != bindparam("me"))
        .group_by(Project.id, Project.name)
    )


def _runs(led: Any) -> Any:
    """Runs that are not over, of trainers of whom one was certified once and nobody may certify today.

    The rule is the gate's (courses/gate.py); who will lose her right before the run is over is told on its page.
    """
    hers = (
        Certificate.holder_id == RunTrainer.person_id,
        Certificate.level == "trainer",
        Certificate.project_dnr == Project.dnr,
    )
    has = exists().where(*hers, NOT_REVOKED, NOT_REPLACED, not_expired(TODAY))
    exempt = exists().where(
        Exemption.person_id == RunTrainer.person_id,
        Exemption.project_id == Activity.project_id,
        Exemption.level == "trainer",
        Exemption.starts <= TODAY,
        Exemption.ends >= TODAY,
    )
    now = bindparam("now", type_=Session.ends_at.type)
    return (
        select(literal("run"), Activity.id, Activity.title, literal(1))
        .select_from(Activity)
        .join(Project, Project.id == Activity.project_id)
        .join(Material, Material.id == Activity.__table__.c.material_id)
        .where(
            led,
            Activity.cancelled_at.is_(None),
            Material.document["led_by"].as_string() == "trainer",
            exists().where(Session.activity_id == Activity.id, Session.ends_at > now),
            exists().where(RunTrainer.run_id == Activity.id, exists().where(*hers)),
            ~exists().where(RunTrainer.run_id == Activity.id, or_(has, exempt)),
        )
    )


def _lapsed(run_id: int, run: str, _one: int) -> Task:
    text = _("None of its trainers has a certificate that holds. Renew it, grant an exemption or add a trainer.")
    url = url_for("runs.show", run_id=run_id)
    return Task("saknas", _("Nobody can certify %(run)s", run=run), text, url, _("Open the run"), 82)


def _review(project_id: int, project: str, count: int) -> Task:
    title = ngettext("%(num)s certificate is under review", "%(num)s certificates are under review", count)
    text = _("Their trainer’s certificate is revoked in %(project)s. Decide whether they stand.", project=project)
    return Task("saknas", title, text, url_for("decisions.index", project_id=project_id), _("Look and decide"), 92)


def _ending(project_id: int, project: str, count: int) -> Task:
    title = ngettext("%(num)s certificate ends or has ended", "%(num)s certificates end or have ended", count)
    text = _("In %(project)s. See what is missing, and renew those who are ready.", project=project)
    return Task("pagar", title, text, url_for("renewals.index", project_id=project_id), _("Look and renew"), 58)


def _names(project_id: int, project: str, count: int) -> Task:
    title = ngettext("%(num)s person asks for another name", "%(num)s people ask for another name", count)
    text = _("On a certificate of %(project)s. Issue it in that name, or say why the name stays.", project=project)
    return Task("pagar", title, text, url_for("renaming.index", project_id=project_id), _("Look and answer"), 68)


def _own(certificate: Certificate, state: State, leading: Leading) -> Task | None:
    last, today = certificate.valid_until, clock.today()
    planned = any(meeting.is_run for meeting in leading.coming)
    if state == "valid" and (last is None or last > today + SOON):
        return None
    if state == "expired" and last is not None and last < today - AFTER and not planned:
        return None
    if state == "revoked" and not planned:
        return None
    url, label = url_for("renewals.show", certificate_id=certificate.id), _("See what is missing")
    day = filters.day(last, filters.spoken()) if last else ""
    if state == "valid":
        text = _("Renew it by leading a run or meeting the network.")
        return Task("pagar", _("Your certificate is valid through %(day)s", day=day), text, url, label, 62)
    text = _("You may not lead, sign or certify without an exemption.")
    if state == "expired":
        return Task("saknas", _("Your certificate ended %(day)s", day=day), text, url, label, 101)
    own = url_for("certificates.show", certificate_id=certificate.id)
    return Task("saknas", _("Your certificate is revoked"), text, own, _("Open the certificate"), 101)
