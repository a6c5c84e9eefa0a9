"""Renewing: one act of who certifies trainers gives a new certificate in the place of the one that ends.

It holds from the day it is issued. Its period is counted from the last day of the old one when that is still to come,
so that nobody loses days by being early, and from today when it has gone by: the days between stay without a right.
"""

from dataclasses import replace
from datetime import date

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from certificates import register
from certificates.acts import issuing, revoking, telling
from certificates.register import Certificate
from certificates.statement import Part, Statement
from courses import gate
from courses.certification.wording import certifier, months_later
from courses.policy import may_renew
from courses.renewal.facts import Renewable, of_certificate
from courses.renewal.rule import enough
from lms import audit, clock
from lms.db import db
from lms.people import Person
from lms.refusals import Refused


def renew(certificate: Certificate, *, by: Person) -> Certificate:
    """A new certificate in the place of this one; who renews again gets the same one back.

    Refused: `not_allowed` (not somebody who certifies trainers, or the holder), `revoked`, `replaced` (by something
    else than a renewal), `under_review`, `endless` (no end or no rule), `early` (more than ninety days left), `over`
    (the days of grace are gone: a new course is needed), `unmet` (the rule), `glyphs`.
    """
    if not (allowed := may_renew(by, certificate)):
        raise Refused(allowed.reason, "not_allowed")
    db.session.execute(select(Certificate.id).where(Certificate.id == certificate.id).with_for_update())
    db.session.expire(certificate, ["events"])
    found = register.with_ground(ground(certificate))
    if found is not None:
        return found
    item = _checked(certificate)
    project = register.project_of(certificate)
    assert project is not None  # may_renew has found it
    held = gate.standing(by, project, clock.today())
    above = held.certificate if held.proof == "valid" else None
    statement = register.statement_of(certificate)
    draft = replace(_draft(statement, item), certified_by=certifier(by, held, statement.language))
    made = issuing.issue(
        draft,
        holder=certificate.holder,
        ground=ground(certificate),
        issuer_certificate=above,
        by=by,
        replaces=certificate,
        reason="renewed",
    )
    audit.record("certificate.renewed", made, by=by, details={"before": certificate.number, "after": made.number})
    telling.renewed(certificate, made)
    return made


def ground(certificate: Certificate) -> str:
    """What a renewed certificate is earned by: once for each certificate."""
    return f"renewal:{certificate.id}"


def _checked(certificate: Certificate) -> Renewable:
    state = register.state(certificate, clock.today())
    if state == "revoked":
        raise Refused(_("The certificate is revoked. A new one takes a new course."), "revoked")
    if state == "replaced":
        raise Refused(_("A newer certificate has replaced it already."), "replaced")
    if revoking.is_under_review(certificate):
        raise Refused(_("The certificate is under review. Decide about it first."), "under_review")
    item = of_certificate(certificate)
    if item is None:
        raise Refused(_("This certificate has no end, or its programme no renewal."), "endless")
    if item.phase == "early":
        raise Refused(_("It can be renewed when ninety days are left."), "early")
    if item.phase == "over":
        raise Refused(_("It ended too long ago to be renewed. A new course is needed."), "over")
    if not item.is_met:
        raise Refused(_("The rule of renewal is not met yet. Look at what is missing."), "unmet")
    return item


def _draft(statement: Statement, item: Renewable) -> Statement:
    """What the old certificate says, with the name of today, a new period, and what it was renewed for."""
    certificate, today = item.certificate, clock.today()
    course = tuple(part for part in statement.parts if part.kind != "renewal")
    with force_locale(statement.language):
        titles = {"run": _("Led a course run"), "meeting": _("Attended a network meeting")}
        parts = tuple(Part("renewal", titles[done.kind], done.day, 0, done.by) for done in enough(item.rule, item.done))
    return replace(
        statement,
        number=register.DRAFT,
        issued_on=today,
        valid_until=_until(certificate, today, item.programme.validity_months),
        holder_name=certificate.holder.name,
        parts=course + parts,
    )


def _until(certificate: Certificate, today: date, months: int) -> date | None:
    """The last day of the new period; a programme that has become endless gives an endless certificate."""
    last = certificate.valid_until or today
    return months_later(max(today, last), months) if months else None
