"""The manager's page of hours to countersign; it exists where a project's rules ask for it."""

from datetime import date

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from courses.attendance import hash_of
from courses.esf.days import month_named
from courses.hours import countersigning
from courses.hours.lines import MonthCount, around, as_text, from_text
from courses.policy import may_countersign
from lms.db import db
from lms.permissions import guarded
from lms.projects import Project
from lms.refusals import Refused, Stale
from lms.views import me, see

bp = Blueprint("countersigning", __name__)


@bp.get("/staff/hours")
@guarded(may_countersign)
def show() -> ResponseReturnValue:
    """The hours of one's staff in a month, certified by participant and trainer."""
    return _page()


@bp.post("/staff/hours")
@guarded(may_countersign)
def sign() -> ResponseReturnValue:
    """Countersign exactly what was shown."""
    project, first = _project(), month_named(request.form.get("month", ""))
    ids, seen = from_text(request.form.get("entries", "")), request.form.get("seen", "")
    if first is None:
        abort(404)
    try:
        countersigning.countersign(project, first, ids, seen, by=me())
    except Refused as refusal:
        db.session.rollback()
        return _page(str(refusal)), 409 if isinstance(refusal, Stale) else 422
    url = url_for(".show", project=project.id, month=f"{first:%Y-%m}")
    db.session.commit()
    flash(_("The hours of your staff are signed"), "success")
    return see(url)


def _page(refusal: str = "") -> str:
    project = _project()
    months = countersigning.months(project, me())
    month = countersigning.month(project, _chosen(months), me())
    waits = [line.entry for line in month.open]
    return render_template(
        "courses/hours/countersign.html",
        project=project,
        projects=countersigning.projects_of(me()),
        months=around(months, month.first),
        month=month,
        ids=as_text([entry.id for entry in waits]),
        seen=hash_of(waits),
        minutes=sum(entry.minutes for entry in waits),
        people=len({entry.person_id for entry in waits}),
        refusal=refusal,
    )


def _project() -> Project:
    """The project that was asked for, when it is one of the manager's; else the first of them."""
    mine = countersigning.projects_of(me())
    asked = request.values.get("project", "")
    return next((project for project in mine if str(project.id) == asked), mine[0])


def _chosen(months: list[MonthCount]) -> date:
    asked = month_named(request.values.get("month", ""))
    waiting = [each.first for each in months if each.open]
    return asked or (waiting[-1] if waiting else months[0].first if months else _project().starts.replace(day=1))
