"""A participant's own hours: to look at, to confirm in one tap, to object to; signed in or through a mail's link."""

from datetime import date

from flask import Blueprint, flash, g, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from courses import hours
from courses.attendance import AttendanceEntry, HoursSignature
from courses.esf.days import month_named
from courses.esf.files import with_certificate_of
from courses.forms.hours import ObjectionForm
from courses.hours import MonthCount, by_mail
from courses.hours.lines import around, from_text
from courses.hours.objecting import most_minutes
from courses.policy import may_object
from lms import clock, filters
from lms.db import db
from lms.forms import CodeForm
from lms.limits import CODE, FOR_ONE, SIGN_IN, address_and_whom, limiter, was_wrong
from lms.people import Person
from lms.permissions import guarded, may_be_signed_in, public
from lms.refusals import Refused, Stale
from lms.views import me, see

bp = Blueprint("hours", __name__)
WAITING = "hours"


@bp.get("/hours")
@guarded(may_be_signed_in)
def mine() -> ResponseReturnValue:
    """One's own hours of a month, and which months wait."""
    return _page()


@bp.post("/hours/confirm")
@guarded(may_be_signed_in)
def confirm() -> ResponseReturnValue:
    """Confirm exactly the lines that were shown."""
    ids, seen = from_text(request.form.get("entries", "")), request.form.get("seen", "")
    try:
        made = hours.confirm(me(), ids, seen, "signed_in", by=me())
    except Refused as refusal:
        db.session.rollback()
        status = 409 if isinstance(refusal, Stale) else 403 if refusal.code == "not_yours" else 422
        return _page(str(refusal)), status
    minutes = sum(each.minutes for each in made)
    db.session.commit()
    flash(_("Your hours are confirmed: %(hours)s", hours=_long(minutes)), "success")
    return see(url_for("home.index") if "home" in request.form else _month_url(_asked_month()))


@bp.get("/hours/<int:entry_id>/objection")
@guarded(may_object, AttendanceEntry)
def objection(entry: AttendanceEntry) -> ResponseReturnValue:
    """Say that a line is wrong."""
    return _objection(entry, ObjectionForm())


@bp.post("/hours/<int:entry_id>/objection")
@guarded(may_object, AttendanceEntry)
def send_objection(entry: AttendanceEntry) -> ResponseReturnValue:
    """Tell the trainer which time one means."""
    form = ObjectionForm()
    meant = form.meant(entry) if form.validate() else None
    if meant is None:
        return _objection(entry, form), 422
    try:
        hours.object_to(entry, *meant, by=me())
    except Refused as refusal:
        db.session.rollback()
        field = form.comment if refusal.code == "comment" else form.minutes
        field.errors = [str(refusal)]
        return _objection(entry, form), 409 if isinstance(refusal, Stale) else 422
    url = _month_url(entry.day.replace(day=1))
    db.session.commit()
    flash(_("Your trainer has been told. Everything else you can confirm as usual."), "success")
    return see(url)


@bp.errorhandler(by_mail.Forged)
def not_ours(refusal: by_mail.Forged) -> ResponseReturnValue:
    """A link that somebody has made up, or that lost its end on the way."""
    return render_template("courses/hours/mail_wrong.html", reason=str(refusal)), 404


@bp.get("/hours/mail/<token>")
@public
def mail(token: str) -> ResponseReturnValue:
    """What waits for the person the mail went to: for whoever holds its link to look at, for her to confirm."""
    person, first = by_mail.addressee(token)
    return _mail_page(token, person, first)


@bp.post("/hours/mail/<token>")
@limiter.limit(SIGN_IN)
@limiter.limit(FOR_ONE, key_func=address_and_whom)
@public
def send_code(token: str) -> ResponseReturnValue:
    """Send a code to the person's own address."""
    person, first = by_mail.addressee(token)
    if _is_somebody_else(person):
        return _mail_page(token, person, first), 403
    if current_user.is_authenticated:
        return see(url_for(".mail", token=token))
    session[WAITING] = by_mail.ask_for_code(person)
    db.session.commit()
    return see(url_for(".code", token=token))


@bp.get("/hours/mail/<token>/code")
@public
def code(token: str) -> ResponseReturnValue:
    """Ask for the code in the mail, beside what it confirms."""
    person, first = by_mail.addressee(token)
    if WAITING not in session or current_user.is_authenticated:
        return see(url_for(".mail", token=token))
    return _code_page(token, person, first, CodeForm())


@bp.post("/hours/mail/<token>/code")
@limiter.limit(CODE, deduct_when=was_wrong)
@public
def check_code(token: str) -> ResponseReturnValue:
    """Confirm when the code is right; each try counts, and nobody is signed in."""
    form = CodeForm()
    person, first = by_mail.addressee(token)
    if not form.validate():
        return _code_page(token, person, first, form), 422
    try:
        made = _confirm_with_code(person, form.code.data or "")
    except Refused as refusal:
        db.session.commit()
        return _not_confirmed(token, person, first, form, refusal)
    minutes = sum(each.minutes for each in made)
    db.session.commit()
    session.pop(WAITING, None)
    flash(_("Your hours are confirmed: %(hours)s", hours=_long(minutes)), "success")
    return see(url_for(".mail", token=token))


def _confirm_with_code(person: Person, digits: str) -> list[HoursSignature]:
    ids, seen = from_text(request.form.get("entries", "")), request.form.get("seen", "")
    return by_mail.confirm_with_code(person, ids, seen, handle=session.get(WAITING, ""), code=digits)


def _not_confirmed(token: str, person: Person, first: date, form: CodeForm, refusal: Refused) -> ResponseReturnValue:
    """A wrong code is tried again; a code that was right is used up, and what changed is looked at again."""
    if refusal.code in ("wrong_code", "code_expired", "too_many_tries"):
        form.code.errors = [str(refusal)]
        return _code_page(token, person, first, form), 422
    session.pop(WAITING, None)
    return _mail_page(token, person, first, str(refusal)), 409 if isinstance(refusal, Stale) else 422


# --- pages --------------------------------------------------------------------------------------------------


def _page(refusal: str = "") -> str:
    months = hours.months_of(me())
    first = _chosen(months)
    return render_template(
        "courses/hours/mine.html",
        months=months,
        near=around(months, first),
        month=hours.hours_of(me(), first),
        certificates=with_certificate_of(me(), first),
        words=words(),
        refusal=refusal,
    )


def _chosen(months: list[MonthCount]) -> date:
    """The month that was asked for, else the oldest that waits, else the newest."""
    asked = _asked_month()
    if asked:
        return asked
    waiting = [each.first for each in months if each.open]
    return waiting[-1] if waiting else months[0].first if months else clock.today().replace(day=1)


def _asked_month() -> date | None:
    return month_named(request.values.get("month", ""))


def _month_url(first: date | None) -> str:
    return url_for("hours.mine", month=f"{first:%Y-%m}") if first else url_for("hours.mine")


def _objection(entry: AttendanceEntry, form: ObjectionForm) -> str:
    return render_template(
        "courses/hours/objection.html",
        entry=entry,
        form=form,
        most=most_minutes(entry),
        back=_month_url(entry.day.replace(day=1)),
    )


def _mail_page(token: str, person: Person, first: date, refusal: str = "") -> str:
    g.footer_project = ""
    somebody_else = _is_somebody_else(person)
    return render_template(
        "courses/hours/mail.html",
        token=token,
        month=None if somebody_else else hours.hours_of(person, first),
        first=first,
        known=current_user.is_authenticated,
        words=words(),
        refusal=refusal,
    )


def _code_page(token: str, person: Person, first: date, form: CodeForm) -> str:
    month = hours.hours_of(person, first)
    return render_template("courses/hours/code.html", token=token, form=form, month=month, words=words())


def _is_somebody_else(person: Person) -> bool:
    return bool(current_user.is_authenticated and current_user.id != person.id)


def _long(minutes: int) -> str:
    return filters.hours(minutes, filters.spoken())


def words() -> dict[str, str]:
    """How something was recorded or signed, in words."""
    return {
        "sheet": _("Attendance sheet"),
        "self": _("Own check-in"),
        "import": _("Read from a file"),
        "offline": _("Attendance sheet, without network"),
        "paper": _("List on paper"),
        "review": _("Assessed assignment"),
        "approval": _("Approved"),
        "signed_in": _("signed in"),
        "code": _("with a code by e-mail"),
        "handed_in": _("by handing in"),
    }
