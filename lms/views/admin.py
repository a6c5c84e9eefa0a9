"""The administrator's pages: the log, the mail, and who else is administrator. No course data is shown here."""

import re
from collections.abc import Sequence
from datetime import time, timedelta
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select, or_, select
from wtforms import SelectChoice  # type: ignore[attr-defined]

from lms import acts, audit, clock, protection, roles
from lms.audit import Audit
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.permissions import guarded, may_administer
from lms.project_forms import AuditFilter, RoleForm
from lms.projects import Project
from lms.refusals import Refused
from lms.views import asked_page, me, see
from lms.views.roles import names_given, person_of

bp = Blueprint("admin", __name__, url_prefix="/admin")
PER_PAGE = 50


@bp.get("/audit")
@guarded(may_administer)
def log() -> ResponseReturnValue:
    """Who did and who saw what, newest first, fifty at a time."""
    form = AuditFilter(request.args)
    form.act.choices = [SelectChoice("", _("Everything")), *_acts()]
    form.validate()
    query = _filtered(form).order_by(Audit.id.desc())
    before = request.args.get("before", type=int)
    if before:
        query = query.where(Audit.id < before)
    found = db.session.scalars(query.limit(PER_PAGE + 1)).all()
    rows: Sequence[Audit] = found[:PER_PAGE]
    chosen = {"person": form.person.data, "act": form.act.data, "day": request.args.get("day")}
    return render_template(
        "lms/admin/audit.html",
        form=form,
        rows=rows,
        people=_people_in(rows),
        words=acts.in_words,
        subject=acts.subject,
        details=acts.details,
        older=url_for(".log", before=rows[-1].id, **chosen) if len(found) > PER_PAGE else "",
        newest=url_for(".log", **chosen) if before else "",
    )


@bp.get("/reveals")
@guarded(may_administer)
def reveals() -> ResponseReturnValue:
    """Every look behind a protected identity, newest first, fifty at a time."""
    before = request.args.get("before", type=int)
    found = protection.reveals(before, PER_PAGE + 1)
    rows = found[:PER_PAGE]
    return render_template(
        "lms/admin/reveals.html",
        rows=rows,
        people=_people_in(rows),
        words=acts.in_words,
        older=url_for(".reveals", before=rows[-1].id) if len(found) > PER_PAGE else "",
        newest=url_for(".reveals") if before else "",
    )


def _acts() -> list[SelectChoice]:
    known = db.session.scalars(select(Audit.act).distinct()).all()
    return [
        SelectChoice(act, label) for act, label in sorted(((a, acts.in_words(a)) for a in known), key=lambda x: x[1])
    ]


def _filtered(form: AuditFilter) -> Select[Any]:
    query = select(Audit)
    if form.person.data and form.person.data.strip():
        query = query.where(Audit.person_id.in_(_matching(form.person.data.strip()[:254])))
    if form.act.data:
        query = query.where(Audit.act == form.act.data)
    if form.day.data and not form.day.errors:
        begins = clock.at(form.day.data, time(0))
        query = query.where(Audit.at >= begins, Audit.at < clock.at(form.day.data + timedelta(days=1), time(0)))
    return query


def _matching(words: str) -> Select[Any]:
    """People by address or shown name; the name behind an alias finds nobody."""
    name = Person.given_name + " " + Person.family_name
    open_name = Person.protected.is_(False) & or_(name.icontains(words, autoescape=True), Person.email == words.lower())
    return select(Person.id).where(or_(open_name, Person.alias.icontains(words, autoescape=True)))


def _people_in(rows: Sequence[Audit]) -> dict[int, Person]:
    """Everybody the rows speak of, in one question."""
    ids = {row.person_id for row in rows} | {row.subject_id for row in rows if row.subject_kind == "person"}
    query = select(Person).where(Person.id.in_(ids - {None}))
    return {person.id: person for person in db.session.scalars(query)}


@bp.get("/mail")
@guarded(may_administer)
def outbox() -> ResponseReturnValue:
    """What waits, what was sent, what failed. Subjects and addresses only: the text is between two people."""
    counts = {state: int(db.session.scalar(_mails(state, count=True)) or 0) for state in ("waiting", "failed", "sent")}
    chosen = request.args.get("state", "failed" if counts["failed"] else "waiting")
    state = chosen if chosen in counts else "waiting"
    page, pages = asked_page(counts[state], PER_PAGE)
    query = _mails(state).order_by(OutboxMail.id.desc()).limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    return render_template(
        "lms/admin/mail.html",
        counts=counts,
        state=state,
        mails=db.session.scalars(query).all(),
        masked=_masked,
        page=page,
        pages=pages,
    )


def _masked(subject: str) -> str:
    """The subject without the sign-in code that some begin with: nobody signs in with another's code."""
    return re.sub(r"\d{4,}", "••••", subject)


def _mails(state: str, *, count: bool = False) -> Select[Any]:
    conditions = {
        "waiting": OutboxMail.sent_at.is_(None) & OutboxMail.failed_at.is_(None),
        "failed": OutboxMail.failed_at.is_not(None),
        "sent": OutboxMail.sent_at.is_not(None),
    }
    what = db.func.count(OutboxMail.id) if count else OutboxMail
    return select(what).where(conditions[state])


@bp.post("/mail/<int:mail_id>/retry")
@guarded(may_administer)
def retry(mail_id: int) -> ResponseReturnValue:
    """Try a failed mail again from now on."""
    letter = db.get_or_404(OutboxMail, mail_id)
    if letter.failed_at is not None and letter.sent_at is None:
        letter.failed_at, letter.tries, letter.not_before = None, 0, clock.now()
        audit.record("mail.retried", letter, by=me())
    db.session.commit()
    flash(_("The mail is tried again within a minute"), "success")
    return see(url_for(".outbox"))


@bp.get("/people")
@guarded(may_administer)
def people() -> ResponseReturnValue:
    """Who is administrator, and the form that makes somebody administrator or leader of a project."""
    return _people_page(_role_form())


@bp.post("/people")
@guarded(may_administer)
def give() -> ResponseReturnValue:
    """Say in words what the role means, then, on a yes, give it."""
    form = _role_form()
    if not form.validate() or not names_given(form):
        return _people_page(form), 422
    name, _colon, project_id = form.role.data.partition(":")
    try:
        person = person_of(form)
        role = roles.give_as_administrator(
            person, name, project_id=int(project_id) if project_id else None, by=me()
        )
    except Refused as refusal:
        db.session.rollback()
        form.role.errors = [str(refusal)]
        return _people_page(form), 422
    if not request.form.get("confirmed"):
        page = _confirm(form, person, name)
        db.session.rollback()
        return page
    db.session.commit()
    flash(_("%(name)s has the role now", name=role.person.name), "success")
    return see(url_for(".people"))


def _confirm(form: RoleForm, person: Person, name: str) -> str:
    fields = {field.name: request.form.get(field.name, "") for field in form if field.name != "csrf_token"}
    return render_template(
        "lms/projects/role_give.html",
        url=url_for(".give"),
        back=url_for(".people"),
        person=person,
        is_new=form.made_person,
        role_name=_role_labels()[form.role.data],
        meaning=roles.MEANINGS[name],
        organisation=None,
        until=None,
        place="",
        fields=fields,
    )


def _role_labels() -> dict[str, str]:
    """What the administrator gives: administrators, and leaders of projects."""
    listed = db.session.scalars(select(Project).order_by(Project.starts.desc()).limit(200)).all()
    leaders = {f"project_leader:{each.id}": _("Project leader of %(project)s", project=each.name) for each in listed}
    return {"administrator": _("Administrator"), **leaders}


def _role_form() -> RoleForm:
    form = RoleForm()
    form.role.choices = [SelectChoice(value, label) for value, label in _role_labels().items()]
    return form


def _people_page(form: RoleForm) -> str:
    return render_template("lms/admin/people.html", form=form, held=roles.administrators())
