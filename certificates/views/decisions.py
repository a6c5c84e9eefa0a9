"""Certificates whose trainer was revoked, for the project leader to decide about: all at once or one by one."""

from collections.abc import Mapping
from itertools import groupby

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from certificates.acts import deciding
from certificates.acts.deciding import Decided, Doubt
from certificates.acts.revoking import Outcome
from lms.db import db
from lms.filters import parse_number
from lms.permissions import guarded
from lms.policy import may_lead_project
from lms.projects import Project
from lms.refusals import Refused
from lms.views import asked_page, me, see

bp = Blueprint("decisions", __name__)
PER_PAGE = 200


@bp.get("/projects/<int:project_id>/certificates-under-review")
@guarded(may_lead_project, Project)
def index(project: Project) -> ResponseReturnValue:
    """Everything that waits, with what is proposed ticked already."""
    return _page(project)


@bp.post("/projects/<int:project_id>/certificates-under-review")
@guarded(may_lead_project, Project)
def decide(project: Project) -> ResponseReturnValue:
    """Decide about one certificate, or about all for which something is chosen."""
    one = parse_number(request.form.get("one", ""))
    choices = _choices(one)
    try:
        _check_sure(one, choices)
        done = deciding.decide(project, choices, note=request.form.get("note", ""), by=me())
    except Refused as refusal:
        db.session.rollback()
        return _page(db.session.get_one(Project, project.id), refusal), 409 if refusal.code == "decided" else 422
    url, told = url_for(".index", project_id=project.id), _told(done)
    db.session.commit()
    flash(told, "success")  # type: ignore[arg-type]  # a pair is a title with more words
    return see(url)


def _check_sure(one: int | None, choices: Mapping[int, Outcome]) -> None:
    """Many at once, and whatever cannot be undone, need a tick; one that stands does not."""
    if "sure" in request.form:
        return
    if one is None:
        raise Refused(_("Look the list through first, then tick that you have done so."), "sure")
    if "revoke" in choices.values():
        words = _("To revoke cannot be undone. Tick at the bottom that you have looked, then press again.")
        raise Refused(words, "sure")


def _choices(one: int | None) -> dict[int, Outcome]:
    """What was chosen for each certificate; for the one whose button was pressed when there is one."""
    found: dict[int, Outcome] = {}
    for name, value in request.form.items():
        number = parse_number(name.removeprefix("outcome-")) if name.startswith("outcome-") else None
        if number is not None and one in (None, number) and value in ("keep", "revoke"):
            found[number] = "keep" if value == "keep" else "revoke"
    return found


def _told(done: Decided) -> tuple[str, str] | str:
    stand = ngettext("%(num)s certificate stands.", "%(num)s certificates stand.", done.kept)
    fall = ngettext("%(num)s certificate is revoked.", "%(num)s certificates are revoked.", done.revoked)
    said = " ".join(words for count, words in ((done.kept, stand), (done.revoked, fall)) if count)
    if not done.passed_over:
        return said
    numbers = ", ".join(certificate.number for certificate in done.passed_over)
    return said, _("Somebody else had decided about these already, and that stays: %(numbers)s", numbers=numbers)


def _page(project: Project, refusal: Refused | None = None) -> str:
    total = deciding.count(project)
    page, pages = asked_page(total, PER_PAGE)
    doubts = deciding.waiting(project, PER_PAGE, (page - 1) * PER_PAGE)
    chosen = _choices(None) if request.method == "POST" else {}
    return render_template(
        "certificates/decisions.html",
        project=project,
        groups=[(event, list(rows)) for event, rows in groupby(doubts, key=lambda doubt: doubt.event)],
        above=deciding.certificates_of(doubt.event for doubt in doubts),
        chosen={doubt.certificate.id: _ticked(doubt, chosen) for doubt in doubts},
        refusal=refusal,
        total=total,
        page=page,
        pages=pages,
    )


def _ticked(doubt: Doubt, chosen: Mapping[int, Outcome]) -> Outcome | None:
    """What was chosen before (None: later), else what is proposed; nothing for one's own certificate."""
    number = doubt.certificate.id
    if f"outcome-{number}" in request.form:
        return chosen.get(number)
    return None if doubt.certificate.holder_id == me().id else doubt.proposed
