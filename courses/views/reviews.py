"""Home assignments from the trainer's side: the queue of a run, and one version to read and decide on."""

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import Length

from courses import assignments, programmes, reviews
from courses.assignments import Review, Submission
from courses.policy import may_review, may_see_queue
from courses.runs import Run
from lms.db import db
from lms.people import Person
from lms.permissions import guarded
from lms.refusals import Refused, Stale
from lms.views import me, see

bp = Blueprint("reviews", __name__)


class ReviewForm(FlaskForm):  # type: ignore[misc]
    """The comment; which button was pressed says the outcome."""

    feedback = TextAreaField(
        _l("Comment to the participant"),
        [Length(max=10_000, message=_l("The comment may be 10 000 characters at most."))],
        description=_l("Write what is good and what is missing. Never write about a person who looks for work."),
    )


@bp.get("/runs/<int:run_id>/reviews")
@guarded(may_see_queue, Run)
def queue(run: Run) -> ResponseReturnValue:
    """Everybody in the run, what waits first."""
    page = request.args.get("page", 1, type=int)
    return render_template("courses/reviews/queue.html", run=run, queue=reviews.queue(run, page))


@bp.get("/submissions/<int:submission_id>")
@guarded(may_review, Submission)
def submission(submission: Submission) -> ResponseReturnValue:
    """One version, with earlier ones and the form of the decision."""
    return _page(submission, ReviewForm())


@bp.post("/submissions/<int:submission_id>")
@guarded(may_review, Submission)
def decide(submission: Submission) -> ResponseReturnValue:
    """Approve or return the version."""
    form = ReviewForm()
    if not form.validate():
        return _page(submission, form, status=422)
    try:
        made = reviews.review(submission, request.form.get("outcome", ""), form.feedback.data or "", by=me())
    except Stale as stale:
        db.session.rollback()
        return _page(stale.values.get("newest", submission), form, told=stale, status=409)
    except Refused as refused:
        form.feedback.errors = [str(refused)]
        return _page(submission, form, status=422)
    _flash(made, submission.person)
    db.session.commit()
    return see(url_for("reviews.queue", run_id=submission.run_id))


def _flash(made: Review, person: Person) -> None:
    if made.outcome == "approved":
        flash(_("The assignment is approved. %(name)s gets a mail.", name=person.name), "success")
    else:
        flash(_("The assignment is returned. %(name)s gets a mail.", name=person.name), "success")


def _page(
    submission: Submission, form: ReviewForm, *, told: Stale | None = None, status: int = 200
) -> ResponseReturnValue:
    run = submission.run
    plan = run.programme.assignment
    assert plan is not None
    versions = assignments.versions(run, submission.person)
    spoken = me().language if me().language in plan.case else "sv"
    return (
        render_template(
            "courses/reviews/submission.html",
            submission=submission,
            run=run,
            form=form,
            told=told,
            newest=versions[0],
            earlier=[each for each in versions if each.version < submission.version],
            criteria=plan.criteria[spoken],
            case=plan.case[spoken],
            title=programmes.text(plan.title, spoken),
            spoken=spoken,
            following=reviews.next_waiting(submission),
        ),
        status,
    )
