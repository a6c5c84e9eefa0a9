"""Revoking: from today on, once, for a reason in general terms; what was issued under it waits for a decision.

The rule that matters most: nothing downstream is revoked silently.
"""

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import CheckConstraint, ForeignKey, Select, String, Text, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from certificates import status_lists
from certificates.register import REASONS, Certificate, CertificateEvent
from lms import audit, clock, mail
from lms.db import Base, append_only, db
from lms.people import Person
from lms.refusals import Refused


class CertificateDecision(Base):
    """What was decided about a certificate whose link above was revoked (`event_id`): it stands, or it falls too."""

    __tablename__ = "certificate_decision"
    __table_args__ = (
        CheckConstraint("outcome IN ('keep', 'revoke')", name="outcome"),
        UniqueConstraint("certificate_id", "event_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    event_id: Mapped[int] = mapped_column(ForeignKey("certificate_event.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")


append_only(CertificateDecision)


def revoke(certificate: Certificate, *, reason_code: str, public_text: str = "", note: str = "", by: Person) -> None:
    """Revoke from today on, once, and tell the holder. The reason code is public, the note is not.

    Certificates issued under it stay as they are.

    Refused: an unknown reason (`reason`), or a certificate that is revoked already (`revoked`).
    """
    if reason_code not in REASONS:
        raise Refused(_("Choose a reason."), "reason")
    db.session.execute(select(Certificate.id).where(Certificate.id == certificate.id).with_for_update())
    if db.session.scalar(_revocation(certificate.id)):
        raise Refused(_("The certificate is revoked already."), "revoked")
    event = CertificateEvent(
        certificate_id=certificate.id,
        kind="revoked",
        at=clock.now(),
        on=clock.today(),
        by_id=by.id,
        reason_code=reason_code,
        public_text=public_text.strip(),
        note=note.strip(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(event)
    except IntegrityError as error:
        raise Refused(_("The certificate is revoked already."), "revoked") from error
    db.session.expire(certificate, ["events"])
    status_lists.renew_lists_of(certificate)
    mail.enqueue(certificate.holder, "revoked", key=f"revoked:{certificate.id}", certificate=certificate)
    audit.record("certificate.revoked", certificate, by=by, details={"reason": reason_code})


def _revocation(certificate_id: int) -> Select[int]:
    return select(CertificateEvent.id).where(
        CertificateEvent.certificate_id == certificate_id, CertificateEvent.kind == "revoked"
    )
