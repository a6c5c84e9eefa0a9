"""Renewal on screen: what is missing for one certificate, and every certificate of a project that ends."""

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from certificates import register
from certificates.register import Certificate
from courses import renewal
from courses.policy import may_renew, may_see_renewal, may_see_tree
from lms import clock
from lms.db import db
from lms.permissions import guarded
from lms.projects import Project
from lms.refusals import Refused
from lms.views import me, see

bp = Blueprint("renewals", __name__)


@bp.get("/projects/<int:project_id>/renewals")
@guarded(may_see_tree, Project)
def index(project: Project) -> ResponseReturnValue:
    """Certificates that end within ninety days or have ended, each with what is missing."""
    items = renewal.of_project(project)
    return render_template(
        "courses/renewal/index.html",
        project=project,
        ending=[item for item in items if item.phase in ("open", "grace")],
        over=[item for item in items if item.phase == "over"],
        viewer=me(),
    )


@bp.get("/certificates/<int:certificate_id>/renewal")
@guarded(may_see_renewal, Certificate)
def show(certificate: Certificate) -> ResponseReturnValue:
    """One certificate: the rule, what counts so far, what is missing, and the act for who may."""
    return render_template(
        "courses/renewal/show.html",
        certificate=certificate,
        project=register.project_of(certificate),
        holder=register.shown_holder(certificate, me()),
        item=renewal.of_certificate(certificate),
        state=register.state(certificate, clock.today()),
        successor=register.replacement(certificate),
        may_renew=bool(may_renew(me(), certificate)),
        is_holder=certificate.holder_id == me().id,
    )


@bp.post("/certificates/<int:certificate_id>/renewal")
@guarded(may_renew, Certificate)
def renew(certificate: Certificate) -> ResponseReturnValue:
    """A new certificate in the place of this one."""
    url = url_for(".show", certificate_id=certificate.id)
    try:
        made = renewal.renew(certificate, by=me())
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal), "error")
        return see(url)
    told = _("%(name)s has a new certificate, %(number)s", name=made.holder.name, number=made.number)
    db.session.commit()
    flash(told, "success")
    return see(url)
