"""The invitation as the invited person meets it, signed in or not, and her calendar feed.

Nothing personal is shown to somebody who only holds the link: no name, no answer, no link to the meeting.
"""

from flask import Blueprint, Response, abort, flash, g, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from courses import enrolment, invitations, letters, links
from courses.enrolment import Enrolment
from courses.forms.runs import InvitationForm
from lms.db import db
from lms.forms import CodeForm
from lms.limits import CODE, FOR_ONE, SIGN_IN, address_and_whom, limiter, was_wrong
from lms.permissions import project_line, public
from lms.refusals import Refused
from lms.views import see
from lms.views.accounts import let_in

bp = Blueprint("invitations", __name__)
WAITING = "invitation"


@bp.get("/invitation/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    """The course, and the question whether one comes."""
    try:
        row = invitations.invited_by(token)
    except Refused as refusal:
        return render_template("courses/runs/invitation_wrong.html", reason=str(refusal)), 404
    form = InvitationForm(formdata=None)
    if _is_invited(row):
        form.adaptations.data = row.adaptations
    return _page(form, row, token)


@bp.post("/invitation/<token>")
@limiter.limit(SIGN_IN)
@limiter.limit(FOR_ONE, key_func=address_and_whom)
@public
def answer(token: str) -> ResponseReturnValue:
    """Yes or no: at once from the invited person, after a code from who is not signed in."""
    try:
        row = invitations.invited_by(token)
    except Refused as refusal:
        return render_template("courses/runs/invitation_wrong.html", reason=str(refusal)), 404
    if current_user.is_authenticated and not _is_invited(row):
        return _page(InvitationForm(formdata=None), row, token), 403
    form, comes = InvitationForm(), request.form.get("answer") == "yes"
    if not form.validate() or not _answerable(form, row, comes):
        return _page(form, row, token), 422
    if current_user.is_authenticated:
        return _answered_by_invited(form, row, token, comes)
    handle = invitations.keep_answer(row, comes=comes, adaptations=form.adaptations.data or "")
    db.session.commit()
    session[WAITING] = handle
    return see(url_for("invitations.code", token=token))


def _answered_by_invited(form: InvitationForm, row: Enrolment, token: str, comes: bool) -> ResponseReturnValue:
    words = (form.adaptations.data or "") if comes else None
    try:
        enrolment.answer(row, comes=comes, adaptations=words, by=row.person)
    except Refused as refusal:
        form.form_errors = [str(refusal)]
        return _page(form, row, token), 422
    told = _told(row)
    db.session.commit()
    flash(told, "success")
    return see(url_for("invitations.show", token=token))


@bp.get("/invitation/<token>/code")
@public
def code(token: str) -> ResponseReturnValue:
    """Ask for the code in the mail."""
    if WAITING not in session:
        return see(url_for("invitations.show", token=token))
    return render_template("courses/runs/invitation_code.html", form=CodeForm(), token=token)


@bp.post("/invitation/<token>/code")
@limiter.limit(CODE, deduct_when=was_wrong)
@public
def confirm(token: str) -> ResponseReturnValue:
    """Let the kept answer count when the code is right, and sign the person in; each try is counted."""
    form = CodeForm()
    if not form.validate():
        return render_template("courses/runs/invitation_code.html", form=form, token=token), 422
    try:
        kept = invitations.confirm_code(session.get(WAITING, ""), form.code.data or "")
    except Refused as refusal:
        db.session.commit()
        form.code.errors = [str(refusal)]
        return render_template("courses/runs/invitation_code.html", form=form, token=token), 422
    let_in(kept.enrolment.person)
    try:
        told, category = _told(invitations.settle(kept)), "success"
    except Refused as refusal:
        told, category = str(refusal), "error"
    db.session.commit()
    flash(told, category)
    return see(url_for("invitations.show", token=token))


@bp.get("/calendar/<token>.ics")
@public
def feed(token: str) -> ResponseReturnValue:
    """The person's sessions, for a calendar program to read again and again."""
    person = invitations.feed_owner(token) or abort(404)
    content = letters.feed(person, invitations.sessions_of(person))
    return Response(content, mimetype="text/calendar")


def _answerable(form: InvitationForm, row: Enrolment, comes: bool) -> bool:
    """Whether the answer can count, told before anybody looks for a code; a place taken needs no new one."""
    if request.form.get("answer") not in ("yes", "no"):
        form.form_errors = [_("Choose whether you come.")]
    elif comes and row.state not in ("registered", "waiting") and (refusal := enrolment.closed(row.run)):
        form.form_errors = [str(refusal)]
    return not form.form_errors


def _is_invited(row: Enrolment) -> bool:
    return bool(current_user.is_authenticated and current_user.id == row.person_id)


def _told(row: Enrolment) -> str:
    """The answer in the words of a receipt."""
    words = {
        "registered": _("You have a place"),
        "waiting": _("The run is full: you stand on the waiting list"),
        "declined": _("You have said that you cannot come"),
        "withdrawn": _("You have left the run"),
    }
    return str(words.get(row.state, ""))


def _page(form: InvitationForm, row: Enrolment, token: str) -> str:
    g.footer_project = project_line(row)
    invited = _is_invited(row)
    return render_template(
        "courses/runs/invitation.html",
        form=form, run=row.run, token=token, invited=invited, told=_told(row) if invited else "",
        state=row.state if invited else "", somebody_else=current_user.is_authenticated and not invited,
        closed=str(enrolment.closed(row.run) or ""), feed=links.calendar(row.person) if invited else "",
    )  # fmt: skip
