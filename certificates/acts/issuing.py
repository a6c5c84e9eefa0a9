"""Issuing: a statement becomes a certificate, numbered, written into the register and signed in one transaction.

The rule that matters most: exactly one certificate for each ground, also when two people press at once. The counter of
the series is locked first, and the unique ground is the last word.
"""

from dataclasses import dataclass, replace

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from certificates.acts import wishes
from certificates.acts.numbering import lock_series, next_number, series_of
from certificates.files import pdf
from certificates.proof import signing
from certificates.register import Certificate, CertificateEvent, CertificatePresentation, with_ground
from certificates.statement import Statement, digest, new_code, to_json
from lms import audit, clock
from lms.db import db
from lms.people import Person
from lms.refusals import Refused


@dataclass(frozen=True)
class _Act:
    """Who gets what by which right: the ids that stand in the register beside the statement."""

    holder_id: int
    ground: str
    issuer_certificate_id: int | None
    issued_by_id: int
    by: Person
    replaces: Certificate | None = None
    reason: str = ""
    by_county: bool = False


def issue(
    draft: Statement,
    *,
    holder: Person,
    ground: str,
    issuer_certificate: Certificate | None,
    by: Person,
    replaces: Certificate | None = None,
    reason: str = "renewed",
) -> Certificate:
    """Issue `draft` to `holder`; number and code of the draft are placeholders and replaced here.

    A ground that has its certificate already gives that one back and changes nothing. `replaces` is the predecessor: it
    stays verifiable as what it was, and `reason` says why (`words.replaced`). Refused when a name holds letters that no
    typeface of the certificate can show (`glyphs`), the predecessor is replaced already (`replaced`), or there are no
    keys to sign with (`no_keys`).
    """
    above = issuer_certificate.id if issuer_certificate else None
    return _issued(draft, _Act(holder.id, ground, above, by.id, by, replaces, reason))


def reissue(certificate: Certificate, draft: Statement, *, ground: str, reason: str, by: Person) -> Certificate:
    """Another certificate in the place of one that says almost the same: who certified and by what right stays.

    The county signs it, whoever signed the first: nobody's key signs what she has not certified herself. Refused as
    `issue` refuses.
    """
    above, certified_by = certificate.issuer_certificate_id, certificate.issued_by_id
    act = _Act(certificate.holder_id, ground, above, certified_by, by, certificate, reason, by_county=True)
    return _issued(draft, act)


def _issued(draft: Statement, act: _Act) -> Certificate:
    counter = lock_series(series_of(draft))
    found = with_ground(act.ground)
    if found is not None:
        return found
    _check_glyphs(draft)
    statement = replace(draft, number=next_number(counter), code=new_code())
    certificate = _entry(statement, act)
    try:
        with db.session.begin_nested():
            db.session.add(certificate)
    except IntegrityError as error:
        found = with_ground(act.ground)
        if found is not None:
            return found
        raise Refused(_("It is replaced already."), "replaced") from error
    if act.replaces is not None:
        _replaced(act.replaces, certificate, act)
    signing.sign_first(certificate, by_county=act.by_county)
    details = {"number": statement.number, "ground": act.ground}
    audit.record("certificate.issued", certificate, by=act.by, details=details)
    return certificate


def _entry(statement: Statement, act: _Act) -> Certificate:
    return Certificate(
        number=statement.number,
        code=statement.code,
        project_dnr=statement.project.dnr,
        holder_id=act.holder_id,
        level=statement.level,
        programme_key=statement.programme.key,
        issued_at=clock.now(),
        issued_on=statement.issued_on,
        valid_until=statement.valid_until,
        statement=to_json(statement),
        digest=digest(statement),
        issuer_certificate_id=act.issuer_certificate_id,
        issued_by_id=act.issued_by_id,
        ground=act.ground,
        replaces_id=act.replaces.id if act.replaces else None,
    )


def _replaced(predecessor: Certificate, successor: Certificate, act: _Act) -> None:
    """The event of the predecessor; what the holder chose to show stays chosen, what she asks for waits on."""
    event = CertificateEvent(
        certificate_id=predecessor.id,
        kind="replaced",
        at=clock.now(),
        on=clock.today(),
        by_id=act.by.id,
        reason_code=act.reason,
    )
    db.session.add(event)
    shown = db.session.get(CertificatePresentation, predecessor.id)
    if shown is not None:
        chosen = CertificatePresentation(
            certificate_id=successor.id, full_name=shown.full_name, changed_at=shown.changed_at
        )
        db.session.add(chosen)
    db.session.flush()
    db.session.expire(predecessor, ["events"])
    wishes.follow(predecessor, successor, by=act.by)


def _check_glyphs(draft: Statement) -> None:
    missing = pdf.missing_glyphs(to_json(draft))
    if missing:
        raise Refused(
            _(
                "The certificate of %(name)s cannot show the letters %(letters)s. Correct the spelling first.",
                name=draft.holder_name,
                letters=" ".join(sorted(missing)),
            ),
            "glyphs",
        )
