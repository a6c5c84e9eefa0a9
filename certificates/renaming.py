"""A change of name, or a name that was misspelt: another certificate in the place of the first, on the name of today.

The rule that matters most: nothing else changes. Days, content, who certified and by what right come from the stored
statement; the first certificate stays what it was, replaced by the second, which names it.
"""

from dataclasses import replace
from typing import Literal

from flask_babel import gettext as _
from sqlalchemy import select

from certificates import issuing, register, revoking, telling
from certificates.register import Certificate
from certificates.revoking import CertificateDecision
from certificates.statement import tidy
from lms import audit, clock, people
from lms.db import db
from lms.people import Person
from lms.refusals import Refused

Reason = Literal["name", "spelling", "protected"]
LONGEST = 80


def rename(
    certificate: Certificate, *, given_name: str = "", family_name: str = "", reason: Reason = "name", by: Person
) -> Certificate:
    """The same certificate on another name, which becomes the holder's name everywhere; she is told by mail.

    Somebody with a protected identity gets it on the alias, whatever is typed. Who sends it twice gets the same back.

    Refused: a name that is empty or too long (`name`), the name that it has already (`same`), a certificate that does
    not hold today (`not_valid`) or is under review (`under_review`), letters that cannot be shown (`glyphs`).
    """
    given_name, family_name = tidy(given_name), tidy(family_name)
    db.session.execute(select(Certificate.id).where(Certificate.id == certificate.id).with_for_update())
    db.session.expire(certificate, ["events"])
    holder, statement = certificate.holder, register.statement_of(certificate)
    found = register.with_ground(ground(certificate))
    if found is not None and _typed(holder, given_name, family_name) == register.statement_of(found).holder_name:
        return found
    _check(certificate)
    if not holder.protected:
        _check_name(given_name, family_name)
        people.rename(holder, given_name, family_name, by=by)
    if holder.name == statement.holder_name:
        raise Refused(_("That is the name on the certificate already."), "same")
    draft = replace(statement, number=register.DRAFT, holder_name=holder.name)
    why = "protected" if holder.protected else reason
    made = issuing.reissue(certificate, draft, ground=ground(certificate), reason=why, by=by)
    _carry_decisions(certificate, made)
    details = {"before": certificate.number, "after": made.number, "reason": why}
    audit.record("certificate.renamed", made, by=by, details=details)
    telling.renamed(certificate, made)
    return made


def ask(certificate: Certificate, wanted: str, *, by: Person) -> None:
    """The holder asks for another name: the project leaders get a mail, once a day. Refused: an empty or long one."""
    wanted = " ".join(wanted.split())
    if not wanted or len(wanted) > 2 * LONGEST:
        raise Refused(_("Write the name as it should stand, at most %(count)s characters.", count=2 * LONGEST), "name")
    telling.name_asked(certificate, wanted)
    audit.record("certificate.name_asked", certificate, by=by)


def ground(certificate: Certificate) -> str:
    """What a certificate on another name is earned by: once for each certificate."""
    return f"name:{certificate.id}"


def _typed(holder: Person, given_name: str, family_name: str) -> str:
    return holder.name if holder.protected else " ".join(f"{given_name} {family_name}".split())


def _check(certificate: Certificate) -> None:
    state = register.state(certificate, clock.today())
    if state == "replaced":
        raise Refused(_("A newer certificate has replaced it. Change the name on that one."), "not_valid")
    if state != "valid":
        raise Refused(_("Only a certificate that holds today can be issued in another name."), "not_valid")
    if revoking.is_under_review(certificate):
        raise Refused(_("The certificate is under review. Decide about it first."), "under_review")


def _check_name(given_name: str, family_name: str) -> None:
    if not (given_name.strip() or family_name.strip()):
        raise Refused(_("Write the name as it should stand."), "name")
    if max(len(given_name), len(family_name)) > LONGEST:
        raise Refused(_("Each name is at most %(count)s characters.", count=LONGEST), "name")


def _carry_decisions(before: Certificate, after: Certificate) -> None:
    """What was decided about the first, that it stands, holds for the second: nobody is asked again."""
    query = select(CertificateDecision).where(CertificateDecision.certificate_id == before.id)
    for decision in db.session.scalars(query).all():
        carried = CertificateDecision(
            certificate_id=after.id,
            event_id=decision.event_id,
            outcome=decision.outcome,
            at=decision.at,
            by_id=decision.by_id,
            note=decision.note,
        )
        db.session.add(carried)
    db.session.flush()
