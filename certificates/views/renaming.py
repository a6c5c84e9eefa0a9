"""Another name on a certificate: the holder asks, the project leader finds out that it is right and issues it."""

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from certificates import register, renaming
from certificates.forms import AskNameForm, NameForm
from certificates.policy import may_present, may_rename
from certificates.register import Certificate
from lms import clock
from lms.db import db
from lms.permissions import guarded
from lms.refusals import Refused
from lms.views import me, see

bp = Blueprint("renaming", __name__)


@bp.get("/certificates/<int:certificate_id>/name")
@guarded(may_rename, Certificate)
def show(certificate: Certificate) -> ResponseReturnValue:
    """What the certificate is to say, and why."""
    holder = certificate.holder
    return _page(certificate, NameForm(formdata=None, given_name=holder.given_name, family_name=holder.family_name))


@bp.post("/certificates/<int:certificate_id>/name")
@guarded(may_rename, Certificate)
def rename(certificate: Certificate) -> ResponseReturnValue:
    """The same certificate on that name, in the place of this one."""
    form = NameForm()
    if not form.validate():
        return _page(certificate, form), 422
    try:
        made = renaming.rename(certificate, **form.said(), by=me())
    except Refused as refusal:
        db.session.rollback()
        form.family_name.errors = [str(refusal)]
        return _page(certificate, form), 422
    url = url_for("certificates.show", certificate_id=made.id)
    told = _("The certificate %(number)s is issued in the new name", number=made.number)
    db.session.commit()
    flash(told, "success")
    return see(url)


@bp.get("/certificates/<int:certificate_id>/name-request")
@guarded(may_present, Certificate)
def ask(certificate: Certificate) -> ResponseReturnValue:
    """The holder writes the name as it should stand."""
    return _request_page(certificate, AskNameForm(formdata=None))


@bp.post("/certificates/<int:certificate_id>/name-request")
@guarded(may_present, Certificate)
def send(certificate: Certificate) -> ResponseReturnValue:
    """The project leader gets a mail."""
    form = AskNameForm()
    if not form.validate():
        return _request_page(certificate, form), 422
    try:
        renaming.ask(certificate, form.wanted.data or "", by=me())
    except Refused as refusal:
        db.session.rollback()
        form.wanted.errors = [str(refusal)]
        return _request_page(certificate, form), 422
    db.session.commit()
    flash(_("The project leader has got a mail. You get one when the certificate is issued."), "success")
    return see(url_for("certificates.show", certificate_id=certificate.id))


def _page(certificate: Certificate, form: NameForm) -> str:
    printed = register.statement_of(certificate).holder_name
    return render_template(
        "certificates/rename.html",
        certificate=certificate,
        form=form,
        printed=register.shown_holder(certificate, me()),
        is_protected=certificate.holder.protected,
        holder=certificate.holder,
        others=[
            each
            for each in register.of(certificate.holder)
            if each.id != certificate.id
            and register.state(each, clock.today()) == "valid"
            and register.statement_of(each).holder_name == printed
        ],
        state=register.state(certificate, clock.today()),
    )


def _request_page(certificate: Certificate, form: AskNameForm) -> str:
    printed = register.statement_of(certificate).holder_name
    return render_template("certificates/name_request.html", certificate=certificate, form=form, printed=printed)
