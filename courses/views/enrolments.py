"""Who is in a run: inviting people of the project, registering and withdrawing them, and what they need."""

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, case, func, select

from courses import enrolment
from courses.enrolment import Enrolment
from courses.goals import certified
from courses.policy import may_manage_enrolment, may_manage_run, may_see_adaptations
from courses.runs import Run
from lms import audit
from lms.db import db
from lms.organisations import Organisation
from lms.people import Person
from lms.permissions import guarded
from lms.projects import Participation
from lms.refusals import Refused
from lms.views import asked_page, me, see

bp = Blueprint("enrolments", __name__)
PER_PAGE = 30


@bp.get("/runs/<int:run_id>/invite")
@guarded(may_manage_run, Run)
def invite(run: Run) -> ResponseReturnValue:
    """Choose among the participants who are not yet in the run."""
    return _invite_page(run)


@bp.post("/runs/<int:run_id>/invite")
@guarded(may_manage_run, Run)
def send_invitations(run: Run) -> ResponseReturnValue:
    """Invite the chosen people, or everybody of one organisation."""
    whole = request.form.get("whole", type=int)
    chosen = request.form.getlist("person", type=int)
    query = _not_yet(run).where(Person.organisation_id == whole if whole else Person.id.in_(chosen))
    people = list(db.session.scalars(query).unique())
    if not people:
        return _invite_page(run, error=_("Choose at least one person.")), 422
    address = url_for("runs.show", run_id=run.id)
    try:
        invited = enrolment.invite(run, people, by=me())
    except Refused as refusal:
        return _invite_page(run, error=str(refusal), chosen=chosen), 422
    told = sum(bool(each.person.email) for each in invited)
    silent = len(invited) - told
    db.session.commit()
    _say_who_is_told(told, silent)
    return see(address)


def _say_who_is_told(told: int, silent: int) -> None:
    flash(ngettext("%(num)s invitation is on its way", "%(num)s invitations are on their way", told), "success")
    if silent:
        words = ngettext(
            "%(num)s person has no address and must be told.",
            "%(num)s people have no address and must be told.",
            silent,
        )
        flash(words, "warning")


@bp.get("/runs/<int:run_id>/adaptations")
@guarded(may_see_adaptations, Run)
def adaptations(run: Run) -> ResponseReturnValue:
    """What people need, for the eyes of the run's trainers; each look is logged."""
    needing = [each for each in enrolment.everybody(run, "registered", "waiting") if each.adaptations]
    audit.seen("adaptations.seen", run, by=me(), details={"people": [each.person_id for each in needing]})
    return render_template("courses/runs/adaptations.html", run=run, needing=enrolment.by_name(needing))


@bp.post("/enrolments/<int:enrolment_id>/register")
@guarded(may_manage_enrolment, Enrolment)
def register(row: Enrolment) -> ResponseReturnValue:
    """Register somebody who answered by word of mouth."""
    address, name = url_for("runs.show", run_id=row.run_id), row.person.name
    try:
        enrolment.register(row.run, row.person, by=me())
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal), "error")
        return see(address)
    waits = row.state == "waiting"
    db.session.commit()
    flash(
        _("%(name)s stands on the waiting list", name=name) if waits else _("%(name)s has a place", name=name),
        "success",
    )
    return see(address)


@bp.post("/enrolments/<int:enrolment_id>/withdraw")
@guarded(may_manage_enrolment, Enrolment)
def withdraw(row: Enrolment) -> ResponseReturnValue:
    """Take somebody out of the run; the first in line moves up."""
    address, name = url_for("runs.show", run_id=row.run_id), row.person.name
    enrolment.withdraw(row, by=me())
    db.session.commit()
    flash(_("%(name)s has left the run", name=name), "success")
    return see(address)


def _not_yet(run: Run) -> Select[Person]:
    """Participants of the project who are not in the run, do not lead it and lack the certificate it leads to."""
    inside = select(Enrolment.person_id).where(Enrolment.run_id == run.id)
    return (
        select(Person)
        .join(Participation, Participation.person_id == Person.id)
        .where(
            Participation.project_id == run.project_id,
            Person.id.not_in(inside),
            Person.id.not_in([trainer.id for trainer in run.trainers]),
            Person.id.not_in(certified(run.project, run.programme.leads_to)),
        )
    )


def _invite_page(run: Run, *, error: str = "", chosen: list[int] | None = None) -> str:
    only = request.values.get("organisation", 0, int)
    groups = _groups(run)
    total = sum(number for group, _name, number in groups if only in (0, group))
    page, pages = asked_page(total, PER_PAGE)
    shown_as = case((Person.protected, Person.alias), else_=Person.family_name)
    query = _not_yet(run).order_by(shown_as, Person.given_name, Person.id)
    if only:
        query = query.where(Person.organisation_id == only)
    people = list(db.session.scalars(query.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).unique())
    return render_template(
        "courses/runs/invite.html",
        run=run, people=people, groups=groups, only=only, page=page, pages=pages, total=total,
        error=error, chosen=set(chosen or ()), taken=enrolment.taken(run),
    )  # fmt: skip


def _groups(run: Run) -> list[tuple[int, str, int]]:
    """Id, name and number of those who can be invited, per organisation."""
    inside = _not_yet(run).with_only_columns(Person.id, Person.organisation_id).subquery()
    query = (
        select(Organisation.id, Organisation.name, func.count())
        .join(inside, inside.c.organisation_id == Organisation.id)
        .group_by(Organisation.id, Organisation.name)
        .order_by(Organisation.name)
    )
    return [(number, name, count) for number, name, count in db.session.execute(query)]
