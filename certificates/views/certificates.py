"""Certificates for those who have to do with them: the holder, who issued it, and the project leader."""

from flask import Blueprint, current_app, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from certificates import register, words
from certificates.acts import history, revoking, wishes
from certificates.answering.verification import initials
from certificates.files import linkedin, pdf
from certificates.forms import PresentationForm
from certificates.policy import may_present, may_rename, may_revoke, may_see_certificate
from certificates.register import Certificate, CertificatePresentation
from certificates.statement import grouped
from lms import clock
from lms.db import db
from lms.permissions import guarded, may_be_signed_in
from lms.refusals import Refused
from lms.views import me, see

bp = Blueprint("certificates", __name__)
bp.add_app_template_filter(words.state, "certificate_state")


@bp.get("/my/certificates")
@guarded(may_be_signed_in)
def mine() -> ResponseReturnValue:
    """The certificates of who is signed in, newest first."""
    held = register.of(me())
    reviewed = revoking.under_review(held)
    states = [register.state(row, clock.today()) for row in held]
    rows = [
        (row, register.statement_of(row), "review" if state == "valid" and row.id in reviewed else state)
        for row, state in zip(held, states, strict=True)
    ]
    return render_template("certificates/mine.html", rows=rows, words=words, successors=history.successors(held))


@bp.get("/certificates/<int:certificate_id>")
@guarded(may_see_certificate, Certificate)
def show(certificate: Certificate) -> ResponseReturnValue:
    """One certificate on screen, with its files and its address for others."""
    return _page(certificate, PresentationForm(data={"shown": "name" if _full_name(certificate) else "initials"}))


@bp.post("/certificates/<int:certificate_id>/presentation")
@guarded(may_present, Certificate)
def present(certificate: Certificate) -> ResponseReturnValue:
    """The holder's choice of what strangers see."""
    form = PresentationForm()
    if not form.validate():
        return _page(certificate, form), 422
    try:
        register.present(certificate, full_name=form.shown.data == "name", by=me())
    except Refused as refusal:
        form.shown.errors = [str(refusal)]
        return _page(certificate, form), 422
    db.session.commit()
    flash(_("Saved"), "success")
    return see(url_for("certificates.show", certificate_id=certificate.id))


def _page(certificate: Certificate, form: PresentationForm) -> str:
    statement, viewer = register.statement_of(certificate), me()
    holder = register.shown_holder(certificate, viewer)
    url = pdf.verification_url(statement, current_app.config["SETTINGS"].base_url)
    return render_template(
        "certificates/show.html",
        footer_project=words.project(statement),
        certificate=certificate,
        s=statement,
        holder=holder,
        state=register.state(certificate, clock.today()),
        event=register.revocation(certificate),
        line=history.history_of(certificate, viewer),
        may_rename=bool(may_rename(viewer, certificate)),
        wish=wishes.waiting(certificate),
        form=form,
        is_holder=bool(may_present(viewer, certificate)) and not certificate.holder.protected,
        may_revoke=bool(may_revoke(viewer, certificate)),
        project=register.project_of(certificate),
        initials=initials(holder),
        url=url,
        linkedin=linkedin.address(statement, url),
        grouped=grouped,
        words=words,
    )


def _full_name(certificate: Certificate) -> bool:
    row = db.session.get(CertificatePresentation, certificate.id)
    return row is not None and row.full_name
