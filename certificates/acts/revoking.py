"""Revoking: from today on, once, for a reason in general terms; what was issued under it waits for a decision.

The rule that matters most: nothing downstream is revoked silently. What a revoked certificate has taken the place of
falls with it, since both rest on the same ground; what was issued under either is only doubted (deciding.py).

Under review, in plain words: the certificate itself is neither revoked nor replaced nor expired, the certificate it was
issued under (`issuer_certificate_id`) has an event `revoked`, and no row of `certificate_decision` names this
certificate and that event. A decision `keep` ends the review: the county vouches since the day of the decision
(`certificate_decision.at`). A decision `revoke` has revoked it. In SQL: `waits()`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from flask_babel import gettext as _
from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    and_,
    exists,
    func,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, aliased, mapped_column

from certificates.acts import telling, wishes
from certificates.proof import status_lists
from certificates.register import NOT_REPLACED, NOT_REVOKED, REASONS, Certificate, CertificateEvent, not_expired
from lms import audit, clock
from lms.db import Base, append_only, db
from lms.people import Person
from lms.refusals import Refused

Outcome = Literal["keep", "revoke"]


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


# --- operations ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Why:
    """Why something is revoked: a code and a text that are public, a note that is not; and since when what was issued
    under it is doubted (today when nothing is said).
    """

    reason_code: str
    public_text: str = ""
    note: str = ""
    doubted_from: date | None = None


def revoke(
    certificate: Certificate,
    *,
    reason_code: str,
    public_text: str = "",
    note: str = "",
    doubted_from: date | None = None,
    by: Person,
) -> None:
    """Revoke from today on, once; the holder, the project leaders and the holders of what is doubted are told.

    What was issued under it on `doubted_from` or later is proposed to fall too, the rest to stand; until somebody
    decides, both stay as they are.

    Refused: an unknown reason (`reason`), a day to come (`future`), a public text over 300 signs (`public_text`), a
    certificate that is revoked (`revoked`) or replaced already (`replaced`: the newer one is to be revoked).
    """
    revoke_all([certificate], Why(reason_code, public_text, note, doubted_from), by=by)


def revoke_all(certificates: Sequence[Certificate], why: Why, *, by: Person) -> None:
    """The same for many, all of them or none; each status list is signed once."""
    _check(why)
    lines = locked_lines(certificates)
    for certificate in certificates:
        if _has_event(certificate, "revoked"):
            raise Refused(_("The certificate is revoked already."), "revoked")
        if _has_event(certificate, "replaced"):
            raise Refused(
                _("A newer certificate has replaced it. Revoke that one: this one falls with it."), "replaced"
            )
    events = _written([each for line in lines for each in line], why, by)
    status_lists.renew_lists_of(*(each for line in lines for each in line))
    wishes.answer([each for line in lines for each in line], "closed", by=by)
    for certificate in certificates:
        since = events[certificate.id].doubted_from
        details = {"reason": why.reason_code, "doubted_from": since and since.isoformat()}
        audit.record("certificate.revoked", certificate, by=by, details=details)
        telling.revoked(certificate, events[certificate.id])
        telling.doubted(certificate, events[certificate.id], doubted(certificate))


def _check(why: Why) -> None:
    if why.reason_code not in REASONS:
        raise Refused(_("Choose a reason."), "reason")
    if len(why.public_text.strip()) > 300:
        raise Refused(_("The public text is at most 300 characters."), "public_text")
    if why.doubted_from is not None and why.doubted_from > clock.today():
        raise Refused(_("The day must be today or earlier."), "future")


def locked_lines(certificates: Sequence[Certificate]) -> list[list[Certificate]]:
    """Each certificate with those it has replaced, one after the other; locked until the transaction ends.

    Everybody locks in the order of ids, so that nobody waits for somebody who waits.
    """
    lines = [[certificate] for certificate in certificates]
    for each in lines:
        while (before := each[-1].replaces_id) is not None:
            each.append(db.session.get_one(Certificate, before))
    ids = [certificate.id for each in lines for certificate in each]
    db.session.execute(select(Certificate.id).where(Certificate.id.in_(ids)).order_by(Certificate.id).with_for_update())
    return lines


def _written(certificates: Sequence[Certificate], why: Why, by: Person) -> dict[int, CertificateEvent]:
    """Certificate id → its event; the database has the last word on there being one only."""
    events = {
        certificate.id: CertificateEvent(
            certificate_id=certificate.id,
            kind="revoked",
            at=clock.now(),
            on=clock.today(),
            by_id=by.id,
            reason_code=why.reason_code,
            public_text=why.public_text.strip(),
            note=why.note.strip(),
            doubted_from=why.doubted_from or clock.today(),
        )
        for certificate in certificates
    }
    try:
        with db.session.begin_nested():
            db.session.add_all(events.values())
    except IntegrityError as error:
        raise Refused(_("The certificate is revoked already."), "revoked") from error
    for certificate in certificates:
        db.session.expire(certificate, ["events"])
    return events


# --- questions ----------------------------------------------------------------------------------------------

Above = aliased(CertificateEvent, name="above")
"""The revocation of the certificate that another one was issued under, in the questions below."""


def waits(on: date | BindParameter[date]) -> ColumnElement[bool]:
    """Whether `Certificate`, joined to `Above` by `is_above()`, is under review: it stands, and nothing is decided."""
    decided = exists().where(
        CertificateDecision.certificate_id == Certificate.id, CertificateDecision.event_id == Above.id
    )
    return and_(NOT_REVOKED, NOT_REPLACED, not_expired(on), ~decided)


def is_above() -> ColumnElement[bool]:
    """The condition that joins `Above` to the certificates issued under what it revoked."""
    return and_(Above.certificate_id == Certificate.issuer_certificate_id, Above.kind == "revoked")


def in_review(on: date | BindParameter[date]) -> ColumnElement[bool]:
    """Whether `Certificate` is under review, for questions that are not joined to `Above`."""
    waiting = select(Certificate.id).join(Above, is_above()).where(waits(on))
    return Certificate.id.in_(waiting.correlate(None))


def is_under_review(certificate: Certificate) -> bool:
    """Whether a link above was revoked and nobody has decided about this one, which still stands."""
    return certificate.id in under_review([certificate])


def under_review(certificates: Collection[Certificate]) -> set[int]:
    """The ids of those of which that is true. One question."""
    query = (
        select(Certificate.id)
        .join(Above, is_above())
        .where(Certificate.id.in_([each.id for each in certificates]), waits(clock.today()))
    )
    return set(db.session.scalars(query))


def doubted(certificate: Certificate) -> list[Certificate]:
    """What was issued under a certificate, or under one that it has replaced, and still stands."""
    query = select(Certificate).where(*_under(certificate))
    return list(db.session.scalars(query.order_by(Certificate.id)))


def touched(certificate: Certificate, since: date) -> tuple[int, int]:
    """How many of these were issued before a day, and how many on that day or later."""
    late = func.count().filter(Certificate.issued_on >= since)
    every, after = db.session.execute(select(func.count(), late).where(*_under(certificate))).one()
    return every - after, after


def touched_page(certificate: Certificate, limit: int, offset: int = 0) -> list[Certificate]:
    """The same certificates, the latest first, a page at a time."""
    latest = Certificate.issued_on.desc(), Certificate.id.desc()
    query = select(Certificate).where(*_under(certificate)).order_by(*latest).limit(limit).offset(offset)
    return list(db.session.scalars(query))


def _under(certificate: Certificate) -> tuple[ColumnElement[bool], ...]:
    return (
        Certificate.issuer_certificate_id.in_(line(certificate)),
        NOT_REVOKED,
        NOT_REPLACED,
        not_expired(clock.today()),
    )


def line(certificate: Certificate) -> list[int]:
    """The ids of the certificate and of those it has replaced, one after the other."""
    columns = select(Certificate.id, Certificate.replaces_id)
    before = columns.where(Certificate.id == certificate.id).cte("before", recursive=True)
    before = before.union(columns.join(before, Certificate.id == before.c.replaces_id))
    return list(db.session.scalars(select(before.c.id)))


def _has_event(certificate: Certificate, kind: str) -> bool:
    query = select(CertificateEvent.id).where(
        CertificateEvent.certificate_id == certificate.id, CertificateEvent.kind == kind
    )
    return db.session.scalar(query) is not None
