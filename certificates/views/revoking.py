"""Revoking a certificate: the page first shows what it touches, and nothing of that is revoked with it."""

from datetime import date

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from certificates import register, words
from certificates.acts import consequences, revoking
from certificates.forms import RevokeForm
from certificates.policy import may_revoke
from certificates.register import Certificate
from lms import clock, filters
from lms.db import db
from lms.permissions import guarded
from lms.refusals import Refused
from lms.views import asked_page, me, see

bp = Blueprint("revoking", __name__)
PER_PAGE = 25
FIELD = {"reason": "reason", "public_text": "public_text", "future": "doubted_from"}


@bp.get("/certificates/<int:certificate_id>/revoke")
@guarded(may_revoke, Certificate)
def ask(certificate: Certificate) -> ResponseReturnValue:
    """What is issued under the certificate before and after a day, before anybody revokes it."""
    form, typed = RevokeForm(formdata=None), request.args.get("doubted_from", "")
    form.doubted_from.data = _day(typed)
    is_other = bool(typed) and filters.parse_day(typed) != form.doubted_from.data
    return _page(certificate, form, _("Write a day that is not after today. Shown is today.") if is_other else "")


@bp.post("/certificates/<int:certificate_id>/revoke")
@guarded(may_revoke, Certificate)
def revoke(certificate: Certificate) -> ResponseReturnValue:
    """Revoke from today on; what is under it waits for decisions."""
    form = RevokeForm()
    if not form.validate():
        return _page(certificate, form), 422
    try:
        revoking.revoke(certificate, **form.why(), by=me())
    except Refused as refusal:
        db.session.rollback()
        if refusal.code not in FIELD:
            flash(str(refusal), "error")
            return see(url_for("certificates.show", certificate_id=certificate.id))
        form[FIELD[refusal.code]].errors = [str(refusal)]
        return _page(certificate, form), 422
    url = _next(certificate)
    db.session.commit()
    flash(_("The certificate is revoked. Its public page says so from now on."), "success")
    return see(url)


def _next(certificate: Certificate) -> str:
    """To the decisions that follow, or back to the certificate when none does."""
    project = register.project_of(certificate)
    if project is None or not revoking.doubted(certificate):
        return url_for("certificates.show", certificate_id=certificate.id)
    return url_for("decisions.index", project_id=project.id)


def _page(certificate: Certificate, form: RevokeForm, day_fault: str = "") -> str:
    since = form.doubted_from.data or clock.today()
    early, late = revoking.touched(certificate, since)
    page, pages = asked_page(early + late, PER_PAGE)
    under = revoking.touched_page(certificate, PER_PAGE, (page - 1) * PER_PAGE)
    return render_template(
        "certificates/revoke.html",
        certificate=certificate,
        s=register.statement_of(certificate),
        holder=register.shown_holder(certificate, me()),
        state=register.state(certificate, clock.today()),
        successor=register.replacement(certificate),
        form=form,
        since=since,
        day_fault=day_fault,
        early=early,
        late=late,
        groups=[[each for each in under if (each.issued_on >= since) is late_ones] for late_ones in (True, False)],
        touched=consequences.of(certificate),
        page=page,
        pages=pages,
        words=words,
    )


def _day(typed: str) -> date:
    """The day of the address when it is one, not one to come; else today."""
    day = filters.parse_day(typed)
    return day if day is not None and day <= clock.today() else clock.today()
