"""The home of a person: the parts her roles give her, and every task of all of them in one order."""

from dataclasses import dataclass
from datetime import time
from functools import cache
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import bindparam, case, func, select

from courses import staff
from courses.surveys import SurveyBatch
from courses.today.arriving import arriving_tasks
from courses.today.certificates import own_tasks
from courses.today.certifying import certifying_tasks
from courses.today.following import hours_tasks, results_tasks, staff_tasks, steering_tasks
from courses.today.leading import Leading, leading_of, leading_tasks
from courses.today.learning import Learning, learning_of, learning_tasks
from courses.today.projects import ProjectDay, days_of, project_tasks
from courses.today.task import Task
from courses.today.waiting import waiting_tasks
from lms import clock, jobs, people
from lms.audit import Audit
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.projects import Project


@dataclass(frozen=True)
class Installation:
    """How the installation is: the worker, the mail, and how much the log took down today."""

    worker: bool
    waiting: int
    failed: int
    logged: int


@dataclass(frozen=True)
class Home:
    """What stands on the home; a part that the person has nothing to do with is None."""

    tasks: tuple[Task, ...]
    learning: Learning | None
    leading: Leading | None
    projects: tuple[ProjectDay, ...]
    led: frozenset[int]
    cascades: frozenset[int]
    boards: frozenset[int]
    economist_of: tuple[ProjectDay, ...]
    evaluator_of: tuple[ProjectDay, ...]
    published: int
    staff: staff.Summary | None
    installation: Installation | None


def tasks(person: Person) -> list[Task]:
    """What the person has to do, the most pressing first."""
    return list(home_of(person).tasks)


def home_of(person: Person) -> Home:
    """Everything on the person's home; only the parts of her roles ask the database."""
    ids = {name: _projects_as(person, name) for name in people.ROLES}
    days = _days(ids)
    leads = bool(people.roles_of(person, "trainer", "county_trainer", "project_leader"))
    learning = learning_of(person, finished=not people.roles_of(person))
    leading = leading_of(person) if leads else None
    installation = _installation() if people.has_role(person, "administrator") else None
    found = arriving_tasks(learning) + learning_tasks(learning) + (leading_tasks(leading) if leading else [])
    found += certifying_tasks(person, leads=leads)
    for day in days:
        found += project_tasks(day) if day.project.id in ids["project_leader"] else []
    found += _administration(installation) if installation else []
    economist_of = tuple(day for day in days if day.project.id in ids["economist"])
    evaluator_of = tuple(day for day in days if day.project.id in ids["evaluator"])
    published = _published(ids["evaluator"]) if ids["evaluator"] else 0
    followed = staff.summary(people.managed_staff(person)) if people.has_role(person, "manager") else None
    found += waiting_tasks(person, ids["project_leader"], ids["county_trainer"])
    found += own_tasks(learning.certificates, leading)
    found += staff_tasks(followed) + hours_tasks(economist_of) + results_tasks(evaluator_of, published)
    found += steering_tasks(person, ids["steering_group"])
    shown = ids["project_leader"] | ids["county_trainer"] | ids["steering_group"]
    return Home(
        tasks=tuple(sorted(found, key=lambda task: -task.weight)),
        learning=None if learning.is_empty else learning,
        leading=leading,
        projects=tuple(day for day in days if day.project.id in shown),
        led=frozenset(ids["project_leader"]),
        cascades=frozenset(ids["project_leader"] | ids["county_trainer"]),
        boards=frozenset(ids["project_leader"] | ids["steering_group"]),
        economist_of=economist_of,
        evaluator_of=evaluator_of,
        published=published,
        staff=followed,
        installation=installation,
    )


def _projects_as(person: Person, name: str) -> set[int]:
    return {role.project_id for role in people.roles_of(person, name) if role.project_id}


def _days(ids: dict[str, set[int]]) -> list[ProjectDay]:
    """The projects of every role that shows a project, newest first."""
    wanted = set().union(
        *(ids[name] for name in ("project_leader", "county_trainer", "steering_group", "economist", "evaluator"))
    )
    if not wanted:
        return []
    return days_of(list(db.session.scalars(_newest(), {"ids": wanted})), sheets=bool(ids["project_leader"]))


@cache
def _newest() -> Any:
    """Built once per process: building costs more than running."""
    query = select(Project).where(Project.id.in_(bindparam("ids", expanding=True)))
    return query.order_by(Project.starts.desc(), Project.id).limit(20)


def _published(ids: set[int]) -> int:
    """How many batches of survey answers can be read."""
    query = select(func.count(SurveyBatch.id)).where(
        SurveyBatch.project_id.in_(ids), SurveyBatch.published_on.is_not(None)
    )
    return db.session.scalar(query) or 0


def _installation() -> Installation:
    begins = clock.at(clock.today(), time(0))
    unsent = OutboxMail.sent_at.is_(None)
    waiting, failed = db.session.execute(
        select(
            func.count(case((OutboxMail.failed_at.is_(None), 1))),
            func.count(case((OutboxMail.failed_at.is_not(None), 1))),
        ).where(unsent)
    ).one()
    logged = db.session.scalar(select(func.count(Audit.id)).where(Audit.at >= begins)) or 0
    return Installation(jobs.alive(), waiting, failed, logged)


def _administration(state: Installation) -> list[Task]:
    found = []
    if not state.worker:
        text = _("No mail is sent and no survey opens until it runs. Start it with: lms work")
        url = url_for("admin.outbox", state="waiting")
        found.append(Task("saknas", _("The worker is not running"), text, url, _("See what is waiting"), 95))
    if state.failed:
        title = ngettext("%(num)s mail could not be sent", "%(num)s mails could not be sent", state.failed)
        text = _("Look at the reason and try again.")
        url = url_for("admin.outbox", state="failed")
        found.append(Task("saknas", title, text, url, _("Look at the mail"), 75))
    title = ngettext("%(num)s line in the log today", "%(num)s lines in the log today", state.logged)
    text = _("See that nobody has looked at more than the work needs.")
    return [*found, Task("kommande", title, text, url_for("admin.log"), _("Read the log"), 10)]
