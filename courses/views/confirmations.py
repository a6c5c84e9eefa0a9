"""Who has not confirmed the hours of a month, and the reminders that the project leader sends in one act."""

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from courses import hours
from courses.hours import Reminded
from courses.views.esf import first_day
from lms.db import db
from lms.permissions import guarded
from lms.policy import may_lead_project
from lms.projects import Project
from lms.views import asked_part, me, see

bp = Blueprint("confirmations", __name__)
PER_PAGE = 100


@bp.get("/projects/<int:project_id>/months/<name>/confirmations")
@guarded(may_lead_project, Project)
def show(project: Project, name: str) -> ResponseReturnValue:
    """Everybody who has hours to confirm or has objected, per employer."""
    first = first_day(project, name)
    missing = hours.missing(project, first)
    tallies = hours.tallies(project, first).values()
    part, page, pages = asked_part(missing, PER_PAGE)
    return render_template(
        "courses/hours/confirmations.html",
        project=project,
        first=first,
        name=name,
        missing=part,
        page=page,
        pages=pages,
        waiting=len({each.person_id for each in missing if each.lines and each.has_address}),
        people=sum(each.people for each in tallies),
        confirmed=sum(each.confirmed for each in tallies),
    )


@bp.post("/projects/<int:project_id>/months/<name>/remind")
@guarded(may_lead_project, Project)
def remind(project: Project, name: str) -> ResponseReturnValue:
    """Mail everybody who has hours to confirm."""
    done = hours.remind(project, first_day(project, name), by=me())
    db.session.commit()
    _tell(done)
    return see(url_for("confirmations.show", project_id=project.id, name=name))


@bp.post("/projects/<int:project_id>/months/<name>/remind-trainers")
@guarded(may_lead_project, Project)
def remind_trainers(project: Project, name: str) -> ResponseReturnValue:
    """Mail those whose sheets of the month are not signed."""
    done = hours.remind_trainers(project, first_day(project, name), by=me())
    db.session.commit()
    _tell(done)
    return see(url_for("esf.show", project_id=project.id, name=name))


def _tell(done: Reminded) -> None:
    """The receipt: how many got a mail, who did not, and whether to press once more."""
    more = ngettext(
        "%(num)s person has had a reminder today already, or has no address.",
        "%(num)s people have had a reminder today already, or have no address.",
        done.passed_over,
    )
    title = ngettext("%(num)s person is reminded", "%(num)s people are reminded", done.sent)
    left = ngettext("%(num)s is left: remind once more.", "%(num)s are left: remind once more.", done.left)
    told = [f"{title}.", *([more] if done.passed_over else []), *([left] if done.left else [])]
    flash(" ".join(told), "success" if done.sent else "warning")
