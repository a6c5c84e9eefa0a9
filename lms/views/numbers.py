"""Personnummer of ESF participants: written, corrected and removed by who answers for them, never in an address."""

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lms import protection
from lms.db import db
from lms.people import Person
from lms.permissions import guarded
from lms.policy import may_write_personnummer
from lms.project_forms import PersonnummerForm
from lms.refusals import Refused
from lms.views import me, see

bp = Blueprint("numbers", __name__)


@bp.get("/people/<int:person_id>/personnummer/write")
@guarded(may_write_personnummer, Person)
def write(person: Person) -> ResponseReturnValue:
    """What the number is for, and where to write it; the one that is stored is not shown."""
    return _page(person, PersonnummerForm())


@bp.post("/people/<int:person_id>/personnummer/write")
@guarded(may_write_personnummer, Person)
def save(person: Person) -> ResponseReturnValue:
    """Store it encrypted, or say which digits to look at."""
    form = PersonnummerForm()
    if not form.validate():
        return _page(person, form), 422
    try:
        protection.write_personnummer(person, form.number.data or "", by=me())
    except Refused as refusal:
        form.number.errors = [str(refusal)]
        page = _page(person, form)
        db.session.commit()  # that somebody tried another's number stands in the log
        return page, 422
    name = person.name
    db.session.commit()
    flash(_("The personnummer of %(name)s is stored", name=name), "success")
    return see(url_for("people.show", person_id=person.id))


@bp.post("/people/<int:person_id>/personnummer/remove")
@guarded(may_write_personnummer, Person)
def remove(person: Person) -> ResponseReturnValue:
    """Forget the number; asked once more first."""
    if not request.form.get("confirmed"):
        return render_template("lms/people/personnummer_remove.html", person=person)
    protection.remove_personnummer(person, by=me())
    name = person.name
    db.session.commit()
    flash(_("The personnummer of %(name)s is removed", name=name), "success")
    return see(url_for("people.show", person_id=person.id))


def _page(person: Person, form: PersonnummerForm) -> str:
    return render_template(
        "lms/people/personnummer.html", person=person, form=form, is_esf=protection.is_esf_participant(person)
    )
