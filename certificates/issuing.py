"""Issuing: a statement becomes a certificate, numbered, written into the register and signed in one transaction.

The rule that matters most: exactly one certificate for each ground, also when two people press at once. The counter of
the series is locked first, and the unique ground is the last word.
"""

from dataclasses import replace

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from certificates import pdf, signing
from certificates.numbering import lock_series, next_number, series_of
from certificates.register import Certificate, CertificateEvent, with_ground
from certificates.statement import Statement, digest, new_code, to_json
from lms import audit, clock
from lms.db import db
from lms.people import Person
from lms.refusals import Refused


def issue(
    draft: Statement,
    *,
    holder: Person,
    ground: str,
    issuer_certificate: Certificate | None,
    by: Person,
    replaces: Certificate | None = None,
) -> Certificate:
    """Issue `draft` to `holder`; number and code of the draft are placeholders and replaced here.

    A ground that has its certificate already gives that one back and changes nothing. `replaces` is the predecessor: it
    stays verifiable as what it was. Refused when a name holds letters that no typeface of the certificate can show
    (`glyphs`), the predecessor is replaced already (`replaced`), or there are no keys to sign with (`no_keys`).
    """
    found = with_ground(ground)
    if found is not None:
        return found
    _check_glyphs(draft)
    lock_series(series_of(draft))
    found = with_ground(ground)
    if found is not None:
        return found
    statement = replace(draft, number=next_number(series_of(draft)), code=new_code())
    certificate = _entry(statement, holder, ground, issuer_certificate, by)
    try:
        with db.session.begin_nested():
            certificate.replaces_id = replaces.id if replaces else None
            db.session.add(certificate)
    except IntegrityError as error:
        found = with_ground(ground)
        if found is not None:
            return found
        raise Refused(_("It is replaced already."), "replaced") from error
    if replaces is not None:
        _replaced(replaces, by)
    signing.sign(certificate)
    audit.record("certificate.issued", certificate, by=by, details={"number": statement.number, "ground": ground})
    return certificate


def _entry(
    statement: Statement, holder: Person, ground: str, issuer_certificate: Certificate | None, by: Person
) -> Certificate:
    return Certificate(
        number=statement.number,
        code=statement.code,
        project_dnr=statement.project.dnr,
        holder_id=holder.id,
        level=statement.level,
        programme_key=statement.programme.key,
        issued_at=clock.now(),
        issued_on=statement.issued_on,
        valid_until=statement.valid_until,
        statement=to_json(statement),
        digest=digest(statement),
        issuer_certificate_id=issuer_certificate.id if issuer_certificate else None,
        issued_by_id=by.id,
        ground=ground,
    )


def _replaced(predecessor: Certificate, by: Person) -> None:
    event = CertificateEvent(
        certificate_id=predecessor.id, kind="replaced", at=clock.now(), on=clock.today(), by_id=by.id, reason_code=""
    )
    db.session.add(event)
    db.session.flush()
    db.session.expire(predecessor, ["events"])


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
