"""One person in a project as its leader writes her down: employers by day, the last day, a placeholder."""

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lms import clock, employment, filters, projects
from lms.db import db
from lms.participation_forms import EmployerForm, LastDayForm, PlaceholderForm
from lms.people import Person, alphabetical
from lms.permissions import guarded
from lms.policy import may_change_employer, may_change_participation
from lms.projects import Participation, Project
from lms.refusals import Refused
from lms.views import me, see

bp = Blueprint("participations", __name__)


@bp.get("/people/<int:person_id>/employer")
@guarded(may_change_employer, Person)
def employer(person: Person) -> ResponseReturnValue:
    """Where the person has worked, and the form of a change."""
    form = _employer_form(person)
    form.since.data = clock.today()
    return _employer_page(person, form)


@bp.post("/people/<int:person_id>/employer")
@guarded(may_change_employer, Person)
def employ(person: Person) -> ResponseReturnValue:
    """Another employer from a day on."""
    form = _employer_form(person)
    if not form.validate() or form.since.data is None:
        return _employer_page(person, form), 422
    try:
        employment.change_employer(person, _home(person), form.organisation.data, form.since.data, by=me())
    except Refused as refusal:
        db.session.rollback()
        (form.since if refusal.code == "outside_project" else form.organisation).errors = [str(refusal)]
        return _employer_page(person, form), 422
    day = filters.day(form.since.data, filters.spoken())
    told = _("%(name)s has a new employer from %(day)s", name=person.name, day=day)
    db.session.commit()
    flash(told, "success")
    return see(url_for(".employer", person_id=person.id))


def _home(person: Person) -> Project:
    """The project whose leader answers for the person; somebody without one is nobody's to change."""
    return db.session.get_one(Project, projects.home_of(person))


def _employer_form(person: Person) -> EmployerForm:
    members = [member.organisation for member in _home(person).members]
    return EmployerForm.of(sorted(members, key=lambda each: alphabetical(each.name)))


def _employer_page(person: Person, form: EmployerForm) -> str:
    history = employment.history(person)
    return render_template("lms/people/employer.html", person=person, form=form, history=history)


@bp.get("/participations/<int:participation_id>")
@guarded(may_change_participation, Participation)
def show(participation: Participation) -> ResponseReturnValue:
    """First and last day in the project, and the placeholder of a protected ESF participant."""
    return _page(participation)


@bp.post("/participations/<int:participation_id>/end")
@guarded(may_change_participation, Participation)
def end(participation: Participation) -> ResponseReturnValue:
    """Write down the last day."""
    form = LastDayForm()
    if not form.validate() or form.until.data is None:
        return _page(participation, last=form), 422
    try:
        projects.end_participation(participation, form.until.data, by=me())
    except Refused as refusal:
        db.session.rollback()
        form.until.errors = [str(refusal)]
        return _page(participation, last=form), 422
    db.session.commit()
    flash(_("The last day is written down"), "success")
    return see(url_for(".show", participation_id=participation.id))


@bp.post("/participations/<int:participation_id>/resume")
@guarded(may_change_participation, Participation)
def resume(participation: Participation) -> ResponseReturnValue:
    """The person is back."""
    projects.resume_participation(participation, by=me())
    db.session.commit()
    flash(_("The person takes part again, from the same first day"), "success")
    return see(url_for(".show", participation_id=participation.id))


@bp.post("/participations/<int:participation_id>/placeholder")
@guarded(may_change_participation, Participation)
def placeholder(participation: Participation) -> ResponseReturnValue:
    """Write what stands in for the number."""
    form = PlaceholderForm()
    if not form.validate():
        return _page(participation, standin=form), 422
    try:
        projects.set_placeholder(participation, form.placeholder.data or "", by=me())
    except Refused as refusal:
        db.session.rollback()
        form.placeholder.errors = [str(refusal)]
        return _page(participation, standin=form), 422
    db.session.commit()
    flash(_("The placeholder is saved"), "success")
    return see(url_for(".show", participation_id=participation.id))


def _page(
    participation: Participation, *, last: LastDayForm | None = None, standin: PlaceholderForm | None = None
) -> str:
    last_form = last or LastDayForm(formdata=None, until=participation.until)
    return render_template(
        "lms/people/participation.html",
        participation=participation,
        person=participation.person,
        project=participation.project,
        last=last_form,
        standin=standin or PlaceholderForm(formdata=None, placeholder=participation.placeholder or ""),
        form=last or standin,
    )
