"""Another name on a certificate: the holder asks, the project leader finds out that it is right and issues it."""

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from certificates import register
from certificates.acts import renaming, wishes
from certificates.forms import AskNameForm, KeepNameForm, NameForm
from certificates.policy import may_present, may_rename
from certificates.register import Certificate
from lms import clock
from lms.db import db
from lms.permissions import guarded
from lms.policy import may_lead_project
from lms.projects import Project
from lms.refusals import Refused, Stale
from lms.views import asked_page, me, see

bp = Blueprint("renaming", __name__)
PER_PAGE = 50


@bp.get("/projects/<int:project_id>/name-wishes")
@guarded(may_lead_project, Project)
def index(project: Project) -> ResponseReturnValue:
    """Who asks for another name, who has waited longest first."""
    total = wishes.count(project, me())
    page, pages = asked_page(total, PER_PAGE)
    waiting = wishes.waiting_in(project, me(), PER_PAGE, (page - 1) * PER_PAGE)
    rows = [(wish, register.shown_holder(wish.certificate, me())) for wish in waiting]
    return render_template("certificates/name_wishes.html", project=project, rows=rows, page=page, pages=pages)


@bp.get("/certificates/<int:certificate_id>/name")
@guarded(may_rename, Certificate)
def show(certificate: Certificate) -> ResponseReturnValue:
    """What the certificate is to say, and why; what the holder asks for is filled in."""
    given_name, family_name = renaming.proposed(certificate)
    return _page(certificate, NameForm(formdata=None, given_name=given_name, family_name=family_name))


@bp.post("/certificates/<int:certificate_id>/name")
@guarded(may_rename, Certificate)
def rename(certificate: Certificate) -> ResponseReturnValue:
    """The same certificate on that name, in the place of this one."""
    form = NameForm()
    if not form.validate():
        return _page(certificate, form), 422
    try:
        made = renaming.rename(certificate, **form.said(), seen=request.form.get("seen"), by=me())
    except Stale as refusal:
        db.session.rollback()
        return _page(certificate, form, refusal=str(refusal)), 409
    except Refused as refusal:
        db.session.rollback()
        form.family_name.errors = [str(refusal)]
        return _page(certificate, form), 422
    url = url_for("certificates.show", certificate_id=made.id)
    told = _("The certificate %(number)s is issued in the new name", number=made.number)
    db.session.commit()
    flash(told, "success")
    return see(url)


@bp.post("/certificates/<int:certificate_id>/name/keep")
@guarded(may_rename, Certificate)
def keep(certificate: Certificate) -> ResponseReturnValue:
    """The name stays, and the holder is told why."""
    given_name, family_name = renaming.proposed(certificate)
    form, keeping = NameForm(formdata=None, given_name=given_name, family_name=family_name), KeepNameForm()
    if not keeping.validate():
        return _page(certificate, form, keeping), 422
    try:
        renaming.keep(certificate, keeping.why.data or "", seen=request.form.get("seen", ""), by=me())
    except Stale as refusal:
        db.session.rollback()
        return _page(certificate, form, keeping, str(refusal)), 409
    except Refused as refusal:
        db.session.rollback()
        keeping.why.errors = [str(refusal)]
        return _page(certificate, form, keeping), 422
    url = _wishes_or(certificate)
    db.session.commit()
    flash(_("The name stays. The holder gets a mail that says why."), "success")
    return see(url)


@bp.get("/certificates/<int:certificate_id>/name-request")
@guarded(may_present, Certificate)
def ask(certificate: Certificate) -> ResponseReturnValue:
    """The holder writes the name as it should stand."""
    return _request_page(certificate, AskNameForm(formdata=None))


@bp.post("/certificates/<int:certificate_id>/name-request")
@guarded(may_present, Certificate)
def send(certificate: Certificate) -> ResponseReturnValue:
    """A task of the project leaders, who get a mail too."""
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
    flash(_("The project leader sees what you ask for. You get a mail with the answer."), "success")
    return see(url_for("certificates.show", certificate_id=certificate.id))


def _page(
    certificate: Certificate, form: NameForm, keeping: KeepNameForm | None = None, refusal: str = ""
) -> str:
    keeping = keeping or KeepNameForm(formdata=None)
    return render_template(
        "certificates/rename.html",
        certificate=certificate,
        form=keeping if keeping.errors else form,  # The title of the page says whether something is to be corrected.
        naming=form,
        keeping=keeping,
        refusal=refusal,
        wish=wishes.waiting(certificate),
        printed=register.shown_holder(certificate, me()),
        is_protected=certificate.holder.protected,
        holder=certificate.holder,
        others=_others(certificate),
        state=register.state(certificate, clock.today()),
    )


def _others(certificate: Certificate) -> list[Certificate]:
    """The holder's other certificates that hold today and say the same name."""
    printed = register.statement_of(certificate).holder_name
    return [
        each
        for each in register.of(certificate.holder)
        if each.id != certificate.id
        and register.state(each, clock.today()) == "valid"
        and register.statement_of(each).holder_name == printed
    ]


def _wishes_or(certificate: Certificate) -> str:
    """What else waits for an answer, or the certificate when nothing does."""
    project = register.project_of(certificate)
    if project is not None and wishes.count(project, me()):
        return url_for("renaming.index", project_id=project.id)
    return url_for("certificates.show", certificate_id=certificate.id)


def _request_page(certificate: Certificate, form: AskNameForm) -> str:
    printed = register.statement_of(certificate).holder_name
    wish = wishes.of(certificate)
    return render_template(
        "certificates/name_request.html", certificate=certificate, form=form, printed=printed, wish=wish
    )
