"""Pages for anybody: accessibility with its report form, privacy, help, and the health of the installation."""

from flask import Blueprint, current_app, flash, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import text

from lms import audit, jobs, mail, people
from lms.db import db
from lms.forms import ReportForm
from lms.limits import REPORT, limiter
from lms.permissions import public
from lms.views import see

bp = Blueprint("public", __name__)


@bp.get("/accessibility")
@public
def accessibility() -> ResponseReturnValue:
    """The accessibility statement with its report form (DOS-lagen)."""
    return render_template("lms/accessibility.html", form=ReportForm())


@bp.post("/accessibility")
@limiter.limit(REPORT)
@public
def report() -> ResponseReturnValue:
    """Send a report to every administrator by mail."""
    form = ReportForm()
    if not form.validate():
        return render_template("lms/accessibility.html", form=form), 422
    for administrator in people.holders("administrator"):
        mail.enqueue(administrator, "report", message=form.message.data, contact=form.contact.data)
    reporter = current_user._get_current_object() if current_user.is_authenticated else None
    audit.record("accessibility.reported", None, by=reporter)
    db.session.commit()
    flash(_("Thank you. The report has been sent."), "success")
    return see(url_for("public.accessibility"))


@bp.get("/privacy")
@public
def privacy() -> ResponseReturnValue:
    """What is kept about people, why and how long."""
    return render_template("lms/privacy.html")


@bp.get("/help")
@public
def help() -> ResponseReturnValue:  # noqa: A001  the word on the screen
    """Short help for everybody."""
    return render_template("lms/help.html")


@bp.get("/healthz")
@public
def health() -> ResponseReturnValue:
    """200 when the database and the worker answer."""
    try:
        db.session.execute(text("SELECT 1"))
        database = True
        worker = jobs.alive()
    except Exception:
        current_app.logger.exception("health check")
        database = worker = False
    return jsonify(database=database, worker=worker), 200 if database and worker else 503
