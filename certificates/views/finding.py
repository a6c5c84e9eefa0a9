"""Every certificate of a project, for its leader to look in: years later, with a number on the telephone."""

from dataclasses import replace

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from certificates import register, words
from certificates.answering import finding
from certificates.answering.finding import STATES, Wanted
from certificates.forms import FindForm
from certificates.register import LEVELS
from lms import personnummer
from lms.db import db
from lms.filters import parse_number
from lms.people import Person
from lms.permissions import guarded
from lms.policy import may_lead_project, may_see_person
from lms.projects import Project
from lms.views import asked_page, me, see

bp = Blueprint("finding", __name__)
PER_PAGE = 50


@bp.get("/projects/<int:project_id>/certificates")
@guarded(may_lead_project, Project)
def index(project: Project) -> ResponseReturnValue:
    """All of them, newest first; searched by number, code, name or municipality (`q`), or those of a `person`."""
    wanted = _wanted()
    if personnummer.mentions(request.args.get("q", "")) or personnummer.mentions(wanted.typed):
        flash(_("Nothing is searched by personnummer. Write the number of the certificate, or a name."), "error")
        return see(_address(project, replace(wanted, typed="")))
    return _page(project, wanted)


def _wanted() -> Wanted:
    """What the address asks for; what it cannot ask for is nothing."""
    state, level = request.args.get("state", ""), request.args.get("level", "")
    return Wanted(
        finding.readable(request.args.get("q", "")),
        state if state in STATES else "",
        level if level in LEVELS else "",
        parse_number(request.args.get("person", "")),
    )


def _page(project: Project, wanted: Wanted) -> str:
    total = finding.count(project, wanted)
    page, pages = asked_page(total, PER_PAGE)
    return render_template(
        "certificates/found.html",
        project=project,
        form=FindForm(formdata=None, q=wanted.typed, state=wanted.state, level=wanted.level),
        person=_person(project, wanted.person_id) if wanted.person_id is not None else None,
        rows=finding.found(project, wanted, PER_PAGE, (page - 1) * PER_PAGE),
        total=total,
        page=page,
        pages=pages,
        url=_address(project, wanted),
        is_asked=wanted != Wanted(),
        sees_person=lambda person: may_see_person(me(), person),
        statement_of=register.statement_of,
        shown_holder=lambda certificate: register.shown_holder(certificate, me()),
        words=words,
    )


def _person(project: Project, person_id: int) -> Person:
    """Whose certificates are asked for; nobody whom the viewer has nothing to do with."""
    person = db.session.get(Person, person_id) or abort(404)
    if not may_see_person(me(), person) and not finding.count(project, Wanted(person_id=person.id)):
        abort(404)
    return person


def _address(project: Project, wanted: Wanted) -> str:
    """The page with what is asked for, without what is not."""
    asked: dict[str, str | int | None] = {
        "q": wanted.typed or None,
        "state": wanted.state or None,
        "level": wanted.level or None,
        "person": wanted.person_id,
    }
    return url_for(".index", project_id=project.id, **asked)  # type: ignore[arg-type]
