"""Certification of a run: who can be certified now, what everybody else lacks and who can fix it, one decision."""

from dataclasses import dataclass

from flask import Blueprint, Response, abort, flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import lazyload

from certificates import register
from certificates.register import Certificate
from courses import certification, gate
from courses.certification import Facts, Unmet, archive
from courses.policy import is_trainer_of, may_certify, may_manage_run, may_see_run
from courses.runs import Run
from lms import audit, clock
from lms.db import db
from lms.filters import parse_number
from lms.people import Person, has_role
from lms.permissions import guarded
from lms.refusals import Refused
from lms.views import me, see

bp = Blueprint("certification", __name__)


@dataclass(frozen=True)
class Missing:
    """One thing that is missing, with the page that fixes it (or none for who looks)."""

    unmet: Unmet
    url: str


@bp.get("/runs/<int:run_id>/certification")
@guarded(may_see_run, Run)
def show(run: Run) -> ResponseReturnValue:
    """Everybody in the run: can be certified, lacks something, is certified."""
    return _page(run)


@bp.post("/runs/<int:run_id>/certification")
@guarded(may_certify, Run)
def certify(run: Run) -> ResponseReturnValue:
    """Certify the people who are ticked, all of them or none."""
    chosen = {number for value in request.form.getlist("person") if (number := parse_number(value)) is not None}
    people = list(db.session.scalars(select(Person).where(Person.id.in_(chosen)).order_by(Person.id)))
    try:
        made = certification.certify(run, people, by=me())
    except Refused as refusal:
        db.session.rollback()
        return _page(db.session.get_one(Run, run.id), chosen, str(refusal)), 422
    db.session.commit()
    count = len(made)
    flash(ngettext("%(num)s person is certified", "%(num)s people are certified", count), "success")
    return see(url_for("certification.show", run_id=run.id))


@bp.get("/runs/<int:run_id>/certificates.zip")
@guarded(may_manage_run, Run)
def fetch(run: Run) -> ResponseReturnValue:
    """All papers that the person may open, as one ZIP, sent while it is made."""
    papers = archive.of(run, me())
    if not papers:
        abort(404)
    for paper in papers:
        if register.tells_protected_name(paper):
            audit.seen("name.revealed", paper.holder, by=me(), details={"certificate": paper.number})
    try:
        response = Response(archive.zipped(papers), mimetype="application/zip")
    except Refused as refused:
        g.refused = str(refused.message)
        abort(409)
    audit.seen("run.certificates_fetched", run, by=me(), details={"files": len(papers)})
    response.headers.set("Content-Disposition", "attachment", filename=archive.name(run))
    return response


def _page(run: Run, chosen: set[int] | None = None, refusal: str = "") -> str:
    known = list(certification.facts(run).values())
    ready = [each for each in known if certification.is_eligible(each)]
    leads, done = is_trainer_of(me(), run), _certified(known)
    return render_template(
        "courses/certification/show.html",
        run=run,
        total=len(known),
        ready=ready,
        chosen=chosen if chosen is not None else {each.person_id for each in ready if not each.protected},
        lacking=[(each, _missing(run, each, leads)) for each in known if _lacks(each)],
        done=done,
        fetches=_fetches(run, done),
        leads=leads,
        gate=gate.may_lead(me(), run.programme, run.project, clock.today()) if leads else None,
        refusal=refusal,
    )


def _fetches(run: Run, done: list[tuple[Facts, Certificate]]) -> bool:
    """Whether there are papers for the person to fetch: all for the project leader, her own acts for a trainer."""
    leads_project = has_role(me(), "project_leader", project_id=run.project_id)
    return any(leads_project or certificate.issued_by_id == me().id for _facts, certificate in done)


def _lacks(facts: Facts) -> bool:
    return not certification.is_certified(facts) and bool(certification.unmet(facts))


def _missing(run: Run, facts: Facts, leads: bool) -> list[Missing]:
    """What is missing, with links for the trainers of the run: nobody else may open those pages."""
    return [Missing(each, _url(run, each) if leads else "") for each in certification.unmet(facts)]


def _url(run: Run, missing: Unmet) -> str:
    if missing.kind == "attendance":
        return url_for("attendance.show", session_id=missing.target)
    if missing.kind == "review":
        return url_for("reviews.submission", submission_id=missing.target)
    return url_for("runs.index", project_id=run.project_id) if missing.kind == "runs" else ""


def _certified(known: list[Facts]) -> list[tuple[Facts, Certificate]]:
    ids = {each.certificate_id for each in known if certification.is_certified(each)}
    query = select(Certificate).where(Certificate.id.in_(ids)).options(lazyload(Certificate.holder))
    rows = {row.id: row for row in db.session.scalars(query)}
    return [(each, rows[each.certificate_id]) for each in known if each.certificate_id in rows]
