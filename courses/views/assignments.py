"""The participant's home assignment: the case, the draft, every version with its review, and the files.

Everything that can be kept is kept: a wrong file does not cost the text, nor a wrong figure the files.
"""

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import HiddenField, SelectChoice, SelectMultipleField, StringField, TextAreaField  # type: ignore[attr-defined]
from wtforms.widgets import CheckboxInput, ListWidget

from courses import assignments, programmes
from courses.assignments import AssignmentDraft
from courses.policy import may_download, may_hand_in
from courses.runs import Run
from lms import files, oversized
from lms.db import db
from lms.files import StoredFile
from lms.filters import parse_number
from lms.permissions import guarded
from lms.refusals import Refused, Stale
from lms.views import me, see

bp = Blueprint("assignments", __name__)


class AssignmentForm(FlaskForm):  # type: ignore[misc]
    """What is typed stands before the files: see lms/oversized.py."""

    revision = HiddenField(default="0")
    text = TextAreaField(_l("Your answer"), description=_l("Never write about a real person who looks for work."))
    minutes = StringField(_l("Minutes you worked"))
    remove = SelectMultipleField(
        _l("Files that go along"),
        coerce=int,
        widget=ListWidget(),
        option_widget=CheckboxInput(),
        choices=[],
        validate_choice=False,
    )
    files = MultipleFileField(
        _l("Add files"), description=_l("PDF, Word (DOCX), ODT or images, at most 20 MB each and 40 MB at a time.")
    )

    def worked(self) -> int:
        """Minutes as a number, 0 when nothing is written. Raises Refused."""
        typed = (self.minutes.data or "").strip()
        if typed and not (typed.isascii() and typed.isdigit() and len(typed) <= 5):
            raise Refused(_("Write the minutes as a number, for example 180."), "minutes")
        return int(typed or 0)


@bp.get("/courses/<int:run_id>/assignment")
@guarded(may_hand_in, Run)
def assignment(run: Run) -> ResponseReturnValue:
    """The case and what the person has written so far."""
    return _page(run, _form(assignments.draft_of(run, me())))


@bp.post("/courses/<int:run_id>/assignment")
@guarded(may_hand_in, Run)
def save(run: Run) -> ResponseReturnValue:
    """Save the draft, and hand it in when that button was pressed."""
    form = AssignmentForm()
    form.remove.choices = _choices(assignments.draft_of(run, me()))
    status, theirs = 200 if form.validate() else 422, None
    try:
        _keep_files(run, form)
        draft = assignments.save_draft(run, me(), form.text.data or "", form.worked(), _revision(form), by=me())
        form.revision.data = str(draft.revision)
        if form.errors:
            status = 422
        elif request.form.get("act") == "submit":
            assignments.submit(run, me(), by=me())
    except Stale as stale:
        status, theirs = 409, stale.values["theirs"]
        form.revision.data = str(theirs.revision)
    except Refused as refused:
        status = 422
        place = form.minutes if refused.code == "minutes" else form.text
        place.errors = [*place.errors, str(refused)]
    done = _done(run) if status == 200 else _page(run, form, theirs=theirs, status=status)
    db.session.commit()
    return done


def _done(run: Run) -> ResponseReturnValue:
    if request.form.get("act") == "submit":
        flash(_("The assignment is handed in. Your trainers get a mail."), "success")
    else:
        flash(_("The draft is saved"), "success")
    return see(url_for("assignments.assignment", run_id=run.id))


def _keep_files(run: Run, form: AssignmentForm) -> None:
    """Files first, each for itself: a browser does not send them a second time when the page comes back."""
    for file_id in form.remove.data or []:
        assignments.remove_file(run, me(), file_id, by=me())
    for upload in form.files.data or []:
        if not upload or not upload.filename:
            continue
        try:
            assignments.add_file(run, me(), upload.read(), upload.filename, by=me())
        except Refused as refused:
            if refused.code in ("approved", "run_cancelled", "no_assignment"):
                raise
            form.files.errors = [*form.files.errors, f"{upload.filename[:80]}: {refused}"]


def _revision(form: AssignmentForm) -> int:
    number = parse_number(form.revision.data or "", 9)
    return -1 if number is None else number


@bp.errorhandler(RequestEntityTooLarge)
def too_large(error: RequestEntityTooLarge) -> ResponseReturnValue:
    """More than can be received at once: nothing is saved, and the text stands in the form again."""
    run = db.session.get(Run, (request.view_args or {}).get("run_id", 0))
    if run is None or not current_user.is_authenticated or not may_hand_in(me(), run):
        return render_template("errors/413.html", reason=""), 413
    typed = oversized.typed_before_files(request)
    if "text" not in typed:
        return render_template("errors/413.html", reason=""), 413
    form = AssignmentForm(typed)
    form.remove.choices = _choices(assignments.draft_of(run, me()))
    form.files.errors = [_("The files are more than 40 MB together. Save your text, then send them one by one.")]
    return _page(run, form, status=413)


def _form(draft: AssignmentDraft | None) -> AssignmentForm:
    form = AssignmentForm(formdata=None)
    if draft is not None:
        form.revision.data, form.text.data = str(draft.revision), draft.text
        form.minutes.data = str(draft.minutes or "")
    return form


def _choices(draft: AssignmentDraft | None) -> list[SelectChoice]:
    return [SelectChoice(each.file_id, each.file.name) for each in draft.files] if draft else []


def _page(
    run: Run, form: AssignmentForm, *, theirs: AssignmentDraft | None = None, status: int = 200
) -> ResponseReturnValue:
    plan = run.programme.assignment
    if plan is None:
        abort(404)
    draft = assignments.draft_of(run, me())
    form.remove.choices = _choices(draft)
    form.remove.data = form.remove.data or []
    versions = assignments.versions(run, me())
    spoken = me().language if me().language in plan.case else "sv"
    return (
        render_template(
            "courses/learning/assignment.html",
            run=run,
            plan=plan,
            form=form,
            draft=draft,
            theirs=theirs,
            versions=versions,
            approved=next((each for each in versions if each.review and each.review.outcome == "approved"), None),
            spoken=spoken,
            title=programmes.text(plan.title, spoken),
        ),
        status,
    )


# --- files --------------------------------------------------------------------------------------------------


@bp.get("/files/<int:file_id>")
@guarded(may_download, StoredFile)
def file(stored: StoredFile) -> ResponseReturnValue:
    """A file as a download, for who sent it and the trainers it was sent to."""
    return files.download(stored)
