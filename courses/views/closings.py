"""Closing a month, its versions, and ticking it off as sent: pages of the project leader."""

from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from courses.esf import closing, sending, workbook
from courses.esf.changes import Change, changes
from courses.esf.closing import Left
from courses.esf.closings import MonthClosing, closings_of, latest
from courses.esf.files import snapshot_of
from courses.esf.month import month
from courses.esf.months import earlier_open, is_changed
from courses.esf.person import chains
from courses.forms.closings import ClosingForm, SentForm
from courses.views.esf import PER_PAGE, first_day
from courses.views.hours import words
from lms import clock, filters
from lms.db import db
from lms.people import Person
from lms.permissions import guarded
from lms.policy import may_lead_project
from lms.projects import Project, is_in_one_of
from lms.refusals import Refused, Stale
from lms.views import asked_part, me, see

bp = Blueprint("closings", __name__)


@bp.get("/projects/<int:project_id>/months/<name>/close")
@guarded(may_lead_project, Project)
def review(project: Project, name: str) -> ResponseReturnValue:
    """What will be closed: totals, deviations to accept, and for a closed month what changed."""
    return _review(project, first_day(project, name))


@bp.post("/projects/<int:project_id>/months/<name>/close")
@guarded(may_lead_project, Project)
def close(project: Project, name: str) -> ResponseReturnValue:
    """Close exactly what was shown."""
    first = first_day(project, name)
    accepted, reason = request.form.getlist("accepted"), request.form.get("reason", "")
    seen = request.form.get("seen", "")
    try:
        made = closing.close(project, first, by=me(), seen_mark=seen, accepted=accepted, reason=reason)
    except Refused as refusal:
        db.session.rollback()
        return _review(project, first, refusal), 409 if isinstance(refusal, Stale) else 422
    version = made.version
    db.session.commit()
    said = {"month": filters.month(first.year, first.month, filters.spoken()), "version": version}
    flash(_("Version %(version)s of %(month)s is closed", **said) if version > 1 else _("%(month)s is closed", **said)
          .capitalize(), "success")  # fmt: skip
    return see(url_for("esf.show", project_id=project.id, name=name))


@bp.get("/projects/<int:project_id>/months/<name>/sent")
@guarded(may_lead_project, Project)
def ask_sent(project: Project, name: str) -> ResponseReturnValue:
    """Which day the newest version was sent."""
    newest = _newest(project, name)
    form = SentForm(formdata=None)
    form.closing.data, form.day.data = str(newest.id), clock.today()
    return _sent(newest, form)


@bp.post("/projects/<int:project_id>/months/<name>/sent")
@guarded(may_lead_project, Project)
def tick_sent(project: Project, name: str) -> ResponseReturnValue:
    """Tick it off."""
    newest, form = _newest(project, name), SentForm()
    if not form.validate() or form.day.data is None:
        return _sent(newest, form), 422
    shown = next((each for each in closings_of(project) if str(each.id) == form.closing.data), newest)
    try:
        sending.send(shown if shown.first == newest.first else newest, form.day.data, by=me())
    except Refused as refusal:
        db.session.rollback()
        form.day.errors = [str(refusal)]
        return _sent(_newest(project, name), form), 409 if isinstance(refusal, Stale) else 422
    db.session.commit()
    flash(_("The month is ticked off as sent"), "success")
    return see(url_for("esf.months", project_id=project.id))


@bp.get("/projects/<int:project_id>/months/<name>/versions/<int:number>")
@guarded(may_lead_project, Project)
def version(project: Project, name: str, number: int) -> ResponseReturnValue:
    """A version as it was closed, for ever."""
    first = first_day(project, name)
    found = [each for each in closings_of(project) if each.first == first]
    chosen = next((each for each in found if each.version == number), None)
    if chosen is None:
        abort(404)
    kept = snapshot_of(chosen)
    people, page, pages = asked_part(kept.participants, PER_PAGE)
    return render_template(
        "courses/esf/version.html",
        project=project, name=name, closing=chosen, newest=found[-1], kept=kept, page=page,
        people=people, pages=pages,
    )  # fmt: skip


@bp.get("/projects/<int:project_id>/months/<name>/people/<int:person_id>")
@guarded(may_lead_project, Project)
def person(project: Project, name: str, person_id: int) -> ResponseReturnValue:
    """One person's month: every entry with what it was before, employer, signatures, and the way to the sheet."""
    first = first_day(project, name)
    found = db.session.get(Person, person_id)
    if found is None or not is_in_one_of(found, {project.id}):
        abort(404)
    return render_template(
        "courses/esf/person.html",
        project=project, name=name, first=first, person=found, chains=chains(project, found, first),
        closing=latest(project, first), kinds=workbook.kind_words(), words=words(),
    )  # fmt: skip


def _newest(project: Project, name: str) -> MonthClosing:
    found = latest(project, first_day(project, name))
    if found is None:
        abort(404)
    return found


def _sent(newest: MonthClosing, form: SentForm) -> str:
    queue = sending.to_send(newest.project)
    waits = next((item for item in queue if item.first == newest.first), None)
    before = queue[0].closing if queue and queue[0].first != newest.first else None
    return render_template(
        "courses/esf/sent.html",
        project=newest.project, closing=newest, name=f"{newest.first:%Y-%m}", form=form, waits=waits, before=before,
    )  # fmt: skip


def _review(project: Project, first: date, refusal: Refused | None = None) -> str:
    found, before = month(project, first), latest(project, first)
    missing = closing.left_of(first, found.sheets, found.tallies, earlier_open(project, first))
    people = closing.members_of(project, first)
    changed = changes(before) if before else []
    form = ClosingForm.about(_deviations(missing), formdata=request.form if refusal else None)
    form.seen.data = closing.seen(project, first, missing)
    if refusal is None and changed:
        form.reason.data = _reasons(changed)
    return render_template(
        "courses/esf/review.html",
        project=project, month=found, name=f"{first:%Y-%m}", left=missing, before=before, changes=changed, form=form,
        refusal=_placed(form, refusal), rounding=workbook.rounding_words(found), states=workbook.state_words(),
        changed=bool(before and is_changed(before)), people=people,
        lacking=[member for member in people if member.lacks],
    )  # fmt: skip


def _placed(form: ClosingForm, refusal: Refused | None) -> str:
    """A refusal at the field it is about; the words of one that is about no field."""
    if refusal is None:
        return ""
    if refusal.code in ("not_accepted", "reason"):
        field: Any = form.reason if refusal.code == "reason" else form.accepted
        field.errors = [str(refusal)]
        return ""
    return str(refusal)


def _reasons(changed: list[Change]) -> str:
    """The reasons of the corrections, each once, as a beginning."""
    return ". ".join(dict.fromkeys(change.reason.rstrip(".") for change in changed if change.reason))[:500]


def _deviations(missing: Left) -> dict[str, str]:
    """Code → words."""
    number = missing.deviations
    said = {
        "unconfirmed": ngettext(
            "%(num)s participant has not confirmed all hours", "%(num)s participants have not confirmed all hours",
            number.get("unconfirmed", 0),
        ),
        "objections": ngettext(
            "%(num)s participant objects to recorded hours", "%(num)s participants object to recorded hours",
            number.get("objections", 0),
        ),
        "numbers": ngettext(
            "%(num)s participant has no personnummer here", "%(num)s participants have no personnummer here",
            number.get("numbers", 0),
        ),
        "placeholders": ngettext(
            "%(num)s participant with a protected identity has no placeholder",
            "%(num)s participants with a protected identity have no placeholder", number.get("placeholders", 0),
        ),
    }  # fmt: skip
    return {code: said[code] for code in number}
