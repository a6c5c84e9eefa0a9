"""A file on its way in: first what it will do, then, on a yes, exactly that and nothing else."""

from dataclasses import dataclass

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from lms import clock, pending, people_import, plan, projects
from lms.db import db
from lms.message import N_, Message
from lms.pending import PendingUpload
from lms.people_file import PeopleFile, Row, read_people
from lms.permissions import guarded
from lms.policy import may_use_upload
from lms.refusals import Refused
from lms.views import asked_part, me, see

bp = Blueprint("uploads", __name__)
PER_PAGE = 50


@dataclass(frozen=True)
class PlanPreview:
    """What a plan file would change; problems mean that it will change nothing."""

    new: plan.Plan | None
    changes: tuple[plan.Change, ...]
    problems: tuple[plan.Problem, ...]
    foreign: bool = False
    """The file is a whole plan, but of another project."""

    @property
    def digest(self) -> str:
        return pending.fingerprint(self.changes)


@bp.get("/uploads/<int:upload_id>")
@guarded(may_use_upload, PendingUpload)
def show(upload: PendingUpload) -> ResponseReturnValue:
    """What will happen, with every problem; a page of people at a time."""
    try:
        return _plan_page(upload) if upload.kind == "plan" else _people_page(upload)
    except Refused as refusal:
        flash(str(refusal), "error")
        return see(_start_again(upload))


@bp.post("/uploads/<int:upload_id>")
@guarded(may_use_upload, PendingUpload)
def apply(upload: PendingUpload) -> ResponseReturnValue:
    """Do what was shown; when something has changed since, show it again instead."""
    back = url_for("people.index", project_id=upload.project_id)
    try:
        if upload.kind == "plan":
            back = url_for("project.show", project_id=upload.project_id)
            told = _apply_plan(upload)
        else:
            told = _apply_people(upload)
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal), "error")
        return see(url_for("uploads.show", upload_id=upload.id))
    pending.forget(upload)
    db.session.commit()
    flash(told, "success")
    return see(back)


@bp.post("/uploads/<int:upload_id>/discard")
@guarded(may_use_upload, PendingUpload)
def discard(upload: PendingUpload) -> ResponseReturnValue:
    """Forget the file at once."""
    back = _start_again(upload)
    pending.forget(upload)
    db.session.commit()
    flash(_("The file is removed. Nothing was changed."), "info")
    return see(back)


def _start_again(upload: PendingUpload) -> str:
    endpoint = "projects.plan" if upload.kind == "plan" else "people.import_form"
    return url_for(endpoint, project_id=upload.project_id)


def _plan_page(upload: PendingUpload) -> ResponseReturnValue:
    shown = _plan(upload)
    return render_template("lms/projects/plan_preview.html", project=upload.project, upload=upload, shown=shown)


def _plan(upload: PendingUpload) -> PlanPreview:
    try:
        text = pending.contents(upload).decode()
    except UnicodeDecodeError:
        wrong = plan.Problem(0, "", Message(N_("a text file in UTF-8")), upload.name)
        return PlanPreview(None, (), (wrong,))
    new, problems = plan.parse(text)
    if new is None:
        return PlanPreview(None, (), tuple(problems))
    if new.dnr != upload.project.dnr:
        return PlanPreview(new, (), (), foreign=True)
    return PlanPreview(new, tuple(plan.difference(upload.project.plan, new)), ())


def _apply_plan(upload: PendingUpload) -> str:
    shown = _plan(upload)
    if shown.new is None or shown.foreign:
        raise Refused(_("The file has problems, so nothing was changed."), "problems")
    if shown.digest != request.form.get("shown"):
        raise Refused(_("Somebody else has changed something since. Look at it once more."), "stale")
    projects.import_plan(shown.new, by=me())
    return str(
        ngettext("The plan is updated: %(num)s change.", "The plan is updated: %(num)s changes.", len(shown.changes))
    )


def _people_page(upload: PendingUpload) -> ResponseReturnValue:
    shown = people_import.preview(upload.project, _people(upload), esf=upload.options["esf"])
    by_line: dict[int, Row | people_import.Match] = {row.line: row for row in shown.new}
    by_line |= {match.row.line: match for match in shown.changed}
    lines = [by_line[line] for line in sorted(by_line)]
    part, page, pages = asked_part(lines, PER_PAGE)
    return render_template(
        "lms/people/import_preview.html",
        project=upload.project,
        upload=upload,
        shown=shown,
        lines=part,
        problems=shown.problems[:200],
        page=page,
        pages=pages,
    )


def _people(upload: PendingUpload) -> PeopleFile:
    day = clock.local(upload.created_at).date()
    return read_people(
        pending.contents(upload), upload.name, today=day, organisation=upload.options["organisation"] or None
    )


def _apply_people(upload: PendingUpload) -> str:
    outcome = people_import.import_people(
        upload.project,
        _people(upload),
        by=me(),
        esf=upload.options["esf"],
        shown=request.form.get("shown", ""),
    )
    told: str = _(
        "The list is read. New: %(added)s, changed: %(changed)s, unchanged: %(unchanged)s.",
        added=outcome.added,
        changed=outcome.changed,
        unchanged=outcome.unchanged,
    )
    return told
