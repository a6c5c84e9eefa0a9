"""Runs from the trainer's side: the list of a project, one run with its people, planning, changing, calling off."""

from typing import Any

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import lazyload

from courses import attendance, enrolment, lapsed, materials, runs
from courses.activities import Activity, Session
from courses.enrolment import Enrolment
from courses.forms.runs import CancelForm, RunForm
from courses.gate import may_lead
from courses.materials import Material, programme_of
from courses.policy import (
    is_trainer_of,
    may_manage_run,
    may_schedule,
    may_see_adaptations,
    may_see_run,
)
from courses.programmes import Programme
from courses.runs import Run, RunTrainer
from courses.views.stale import differences
from lms import clock
from lms.db import db
from lms.organisations import Organisation
from lms.people import Person, has_role, holders
from lms.permissions import guarded
from lms.projects import Project
from lms.refusals import Refused, Stale
from lms.views import asked_page, me, see

bp = Blueprint("runs", __name__)
PER_PAGE = 20


@bp.get("/projects/<int:project_id>/runs")
@guarded(may_schedule, Project)
def index(project: Project) -> ResponseReturnValue:
    """The runs of a project, those to come or those that are over; a trainer sees her own."""
    past = request.args.get("show") == "past"
    chosen = [Activity.project_id == project.id, _over() if past else ~_over(), *_own(project)]
    total = db.session.scalar(select(func.count()).select_from(Run).where(*chosen)) or 0
    page, pages = asked_page(total, PER_PAGE)
    first = _edge(func.min(Session.starts_at))
    query = (
        select(Run)
        .options(lazyload(Run.material), lazyload(Run.project))
        .where(*chosen)
        .order_by(first.desc() if past else first, Run.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    rows = list(db.session.scalars(query))
    return render_template(
        "courses/runs/index.html",
        project=project, runs=rows, counts=enrolment.counts([run.id for run in rows]),
        past=past, page=page, pages=pages, total=total, state_of=state_of,
        lapses={} if past else lapsed.of_runs(rows),
    )  # fmt: skip


@bp.get("/projects/<int:project_id>/runs/new")
@guarded(may_schedule, Project)
def new(project: Project) -> ResponseReturnValue:
    """Choose a programme, then plan it."""
    material = _material()
    if material is None:
        return render_template("courses/runs/choose.html", project=project, choices=_programmes(project))
    form = RunForm(formdata=None)
    form.offer(project, leaders(project))
    form.prefill(programme_of(material), me())
    return _form_page(form, project, programme_of(material))


@bp.post("/projects/<int:project_id>/runs/new")
@guarded(may_schedule, Project)
def create(project: Project) -> ResponseReturnValue:
    """Schedule the run that was typed."""
    material = _material() or abort(404)
    form = RunForm()
    people = leaders(project)
    form.offer(project, people)
    if not form.validate():
        return _form_page(form, project, programme_of(material)), 422
    try:
        run = runs.schedule(project, material, **_values(form, people), by=me())
    except Refused as refusal:
        form.tell(refusal)
        return _form_page(form, project, programme_of(material)), 422
    address = url_for("enrolments.invite", run_id=run.id)
    db.session.commit()
    flash(_("The run is scheduled. Now invite those who are to take part."), "success")
    return see(address)


@bp.get("/runs/<int:run_id>")
@guarded(may_see_run, Run)
def show(run: Run) -> ResponseReturnValue:
    """One run: its sessions, who is in it, and what to do next."""
    people: dict[str, list[Enrolment]] = {state: [] for state in enrolment.STATES}
    for each in enrolment.everybody(run):
        people[each.state].append(each)
    for state in ("invited", "registered", "declined", "withdrawn"):
        people[state] = enrolment.by_name(people[state])
    person = me()
    return render_template(
        "courses/runs/show.html",
        run=run, people=people, state=state_of(run), now=clock.now(),
        next_session=next((each for each in run.sessions if each.ends_at > clock.now()), None),
        unsigned=_unsigned(run), leads=is_trainer_of(person, run),
        sees_attendance=is_trainer_of(person, run) or has_role(person, "project_leader", project_id=run.project_id),
        manages=bool(may_manage_run(person, run)) and run.cancelled_at is None,
        lapse=lapsed.of_runs([run]).get(run.id),
        needs=sum(bool(each.adaptations) for each in people["registered"] + people["waiting"])
        if may_see_adaptations(person, run)
        else 0,
    )  # fmt: skip


def _unsigned(run: Run) -> Session | None:
    """The earliest session that is over and whose sheet nobody has signed."""
    over = [each for each in run.sessions if each.ends_at <= clock.now()]
    sheets = attendance.sheets_of(over)
    return next((each for each in over if not sheets[each.id].signed), None)


@bp.get("/runs/<int:run_id>/edit")
@guarded(may_manage_run, Run)
def edit(run: Run) -> ResponseReturnValue:
    """The run in a form."""
    form = RunForm(formdata=None)
    form.offer(run.project, leaders(run.project, run))
    form.show(run)
    return _form_page(form, run.project, run.programme, run)


@bp.post("/runs/<int:run_id>/edit")
@guarded(may_manage_run, Run)
def save(run: Run) -> ResponseReturnValue:
    """Change the run; who read an older revision is shown both."""
    form = RunForm()
    people = leaders(run.project, run)
    form.offer(run.project, people)
    if not form.validate():
        return _form_page(form, run.project, run.programme, run), 422
    read_at = request.form.get("revision", 0, int)
    address, sequence = url_for("runs.show", run_id=run.id), run.sequence
    try:
        runs.change(run, **_values(form, people), revision=read_at, by=me())
    except Stale:
        theirs = differences(form, run)
        form.revision.data = str(run.revision)
        return _form_page(form, run.project, run.programme, run, theirs), 409
    except Refused as refusal:
        form.tell(refusal)
        return _form_page(form, run.project, run.programme, run), 422
    told = run.sequence > sequence
    db.session.commit()
    flash(_("The run is changed, and those concerned are told by mail") if told else _("The run is changed"), "success")
    return see(address)


@bp.get("/runs/<int:run_id>/cancel")
@guarded(may_manage_run, Run)
def confirm_cancel(run: Run) -> ResponseReturnValue:
    """Ask once more, and say who will be told."""
    return _cancel_page(CancelForm(), run)


@bp.post("/runs/<int:run_id>/cancel")
@guarded(may_manage_run, Run)
def cancel(run: Run) -> ResponseReturnValue:
    """Call the run off."""
    form = CancelForm()
    if not form.validate():
        return _cancel_page(form, run), 422
    address = url_for("runs.show", run_id=run.id)
    try:
        runs.cancel(run, reason=form.reason.data or "", by=me())
    except Refused as refusal:
        form.reason.errors = [str(refusal)]
        return _cancel_page(form, run), 422
    db.session.commit()
    flash(_("The run is cancelled, and everybody concerned is told by mail"), "success")
    return see(address)


def state_of(run: Run) -> tuple[str, str]:
    """The run's state and its word."""
    if run.cancelled_at is not None:
        return "saknas", _("Called off")
    if runs.is_over(run):
        return "klar", _("Held")
    return ("pagar", _("In progress")) if runs.has_begun(run) else ("kommande", _("Planned"))


def leaders(project: Project, run: Run | None = None) -> list[Person]:
    """Who may stand as a trainer on the form: the trainers of the project, and those the run has."""
    found = {person.id: person for person in run.trainers} if run else {}
    for role in ("county_trainer", "trainer"):
        found |= {person.id: person for person in holders(role, project_id=project.id)}
    return list(found.values())


def _values(form: RunForm, people: list[Person]) -> dict[str, Any]:
    """What the form says, as the operations take it."""
    chosen = set(form.trainers.data or [])
    return {
        "title": form.title.data or "",
        "organisation": db.session.get_one(Organisation, form.organisation.data),
        "sessions": form.slots(),
        "capacity": form.capacity.data,
        "register_by": form.register_by.data,
        "trainers": [person for person in people if person.id in chosen],
    }


def _form_page(
    form: RunForm, project: Project, programme: Programme, run: Run | None = None, theirs: object = None
) -> str:
    return render_template(
        "courses/runs/form.html", form=form, project=project, programme=programme, run=run, theirs=theirs
    )


def _cancel_page(form: CancelForm, run: Run) -> str:
    concerned = len(enrolment.concerned(run))
    return render_template("courses/runs/cancel.html", form=form, run=run, concerned=concerned)


def _programmes(project: Project) -> list[tuple[Programme, str]]:
    """Every programme with sessions, and why the person may not lead it today (empty: she may)."""
    offered = [programme_of(material) for material in materials.latest_of_each()]
    return [
        (programme, may_lead(me(), programme, project, clock.today()).reason)
        for programme in offered
        if programme.sessions
    ]


def _material() -> Material | None:
    key = request.args.get("programme", "")
    return materials.latest(key) if key else None


def _edge(of: ColumnElement[object]) -> ColumnElement[object]:
    return select(of).where(Session.activity_id == Activity.id).scalar_subquery()


def _over() -> ColumnElement[bool]:
    """Held to the end, or called off."""
    to_come = select(Session.id).where(Session.activity_id == Activity.id, Session.ends_at > clock.now()).exists()
    return Activity.cancelled_at.is_not(None) | ~to_come


def _own(project: Project) -> list[ColumnElement[bool]]:
    person = me()
    if has_role(person, "county_trainer", "project_leader", project_id=project.id):
        return []
    return [Activity.id.in_(select(RunTrainer.run_id).where(RunTrainer.person_id == person.id))]
