"""Certification of a run: who can be certified now, what everybody else lacks and who can fix it, one decision."""

from dataclasses import dataclass

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import lazyload

from certificates.register import Certificate
from courses import certification, gate
from courses.certification import Facts, Unmet
from courses.policy import is_trainer_of, may_certify, may_see_run
from courses.runs import Run
from lms import clock
from lms.db import db
from lms.filters import parse_number
from lms.people import Person
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


def _page(run: Run, chosen: set[int] | None = None, refusal: str = "") -> str:
    known = list(certification.facts(run).values())
    ready = [each for each in known if certification.is_eligible(each)]
    leads = is_trainer_of(me(), run)
    return render_template(
        "courses/certification/show.html",
        run=run,
        total=len(known),
        ready=ready,
        chosen=chosen if chosen is not None else {each.person_id for each in ready if not each.protected},
        lacking=[(each, _missing(run, each, leads)) for each in known if _lacks(each)],
        done=_certified(known),
        leads=leads,
        gate=gate.may_lead(me(), run.programme, run.project, clock.today()) if leads else None,
        refusal=refusal,
    )


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
