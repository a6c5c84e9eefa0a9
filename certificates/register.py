"""The register: every certificate ever issued, append-only; a certificate is a stored statement, never re-derived.

A certificate stays readable and verifiable after every course row is gone: what it says stands in `statement`. What
happens to it later is an event: it is revoked, or replaced by a new one that names it as its predecessor.
"""

from datetime import date, datetime, timedelta
from typing import Literal

from flask_babel import gettext as _
from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    exists,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certificates.statement import Statement, from_json, normalise_code
from lms import audit, clock, projects
from lms.db import Base, append_only, db
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused

LEVELS = ("trainer", "user")
REASONS = ("mistake", "grounds", "conduct", "holder")
"""Why a certificate may be revoked, in the general terms that are public: see `certificates.words.reason`."""

DRAFT = "DRAFT"
"""The number of a statement that is not issued yet."""

State = Literal["valid", "expired", "replaced", "revoked"]


class Certificate(Base):
    """One certificate. `ground` says what it was earned by and is unique: nobody gets two for the same thing."""

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint(f"level IN {LEVELS}", name="level"),
        Index("ix_certificate_project_level", "project_dnr", "level", "issued_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(30), unique=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    project_dnr: Mapped[str] = mapped_column(String(40))
    holder_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    level: Mapped[str] = mapped_column(String(10))
    programme_key: Mapped[str] = mapped_column(String(60))
    issued_at: Mapped[datetime]
    issued_on: Mapped[date]
    valid_until: Mapped[date | None]
    statement: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    issuer_certificate_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"), index=True)
    issued_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    ground: Mapped[str] = mapped_column(String(120), unique=True)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"), unique=True)

    holder: Mapped[Person] = relationship(foreign_keys=holder_id, lazy="joined")
    issuer_certificate: Mapped["Certificate | None"] = relationship(
        remote_side="Certificate.id", foreign_keys=issuer_certificate_id
    )
    events: Mapped[list["CertificateEvent"]] = relationship(
        order_by="CertificateEvent.id", lazy="selectin", viewonly=True
    )


class CertificateEvent(Base):
    """What happened to a certificate after it was issued: revoked, with a public reason in general terms; or replaced.

    `doubted_from`, when a trainer certificate is revoked: what she issued from that day on is proposed to fall with it.
    """

    __tablename__ = "certificate_event"
    __table_args__ = (
        CheckConstraint("kind IN ('revoked', 'replaced')", name="kind"),
        UniqueConstraint("certificate_id", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    on: Mapped[date] = mapped_column("on_day")
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    reason_code: Mapped[str] = mapped_column(String(40))
    public_text: Mapped[str] = mapped_column(String(300), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    doubted_from: Mapped[date | None]


class CertificatePresentation(Base):
    """What the holder wants strangers to read at /v/<code>: initials (without a row), or the whole name."""

    __tablename__ = "certificate_presentation"

    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), primary_key=True)
    full_name: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime]


append_only(Certificate, CertificateEvent)


# --- operations ---------------------------------------------------------------------------------------------


def present(certificate: Certificate, *, full_name: bool, by: Person) -> None:
    """The holder's choice of what strangers read: initials or the whole name. Refused for protected identities."""
    if certificate.holder.protected and full_name:
        raise Refused(_("A protected identity is never shown by name."), "protected")
    row = db.session.get(CertificatePresentation, certificate.id)
    if row is None:
        row = CertificatePresentation(certificate_id=certificate.id)
        db.session.add(row)
    row.full_name, row.changed_at = full_name, clock.now()
    audit.record("certificate.presented", certificate, by=by, details={"full_name": full_name})


# --- questions ----------------------------------------------------------------------------------------------


def statement_of(certificate: Certificate) -> Statement:
    """What the certificate says, from its stored text."""
    return from_json(certificate.statement)


def project_of(certificate: Certificate) -> Project | None:
    """The project that the certificate is from, while it is there."""
    return projects.project_with(certificate.project_dnr)


def tells_protected_name(certificate: Certificate) -> bool:
    """Whether it was issued on the name of somebody who has been protected since: the paper says more than we may."""
    holder = certificate.holder
    return holder.protected and statement_of(certificate).holder_name != holder.name


def shown_holder(certificate: Certificate, viewer: Person) -> str:
    """The holder's name on a page: as printed, but the alias for others when the identity was protected since."""
    hidden = tells_protected_name(certificate) and viewer.id != certificate.holder_id
    return certificate.holder.name if hidden else statement_of(certificate).holder_name


def with_ground(ground: str) -> Certificate | None:
    return db.session.scalar(select(Certificate).where(Certificate.ground == ground))


def find(code: str) -> Certificate | None:
    """The certificate of a code as somebody typed it, or None."""
    wanted = normalise_code(code)
    return db.session.scalar(select(Certificate).where(Certificate.code == wanted)) if wanted else None


def revocation(certificate: Certificate) -> CertificateEvent | None:
    """When and why it was revoked, or None."""
    return next((event for event in certificate.events if event.kind == "revoked"), None)


def replacement(certificate: Certificate) -> Certificate | None:
    """The certificate that took its place, or None."""
    return db.session.scalar(select(Certificate).where(Certificate.replaces_id == certificate.id))


def state(certificate: Certificate, on: date) -> State:
    """What the certificate is on a day: revoked or replaced from that day on, expired from the day after its last."""
    days = {event.kind: event.on for event in certificate.events}
    return judge(certificate.valid_until, days.get("revoked"), on, replaced_on=days.get("replaced"))


def judge(valid_until: date | None, revoked_on: date | None, on: date, *, replaced_on: date | None = None) -> State:
    """The rule of `state` on plain days. What was replaced is told before what would have run out by itself."""
    if revoked_on is not None and revoked_on <= on:
        return "revoked"
    if replaced_on is not None and replaced_on <= on:
        return "replaced"
    return "expired" if valid_until is not None and valid_until < on else "valid"


NOT_REVOKED: ColumnElement[bool] = ~exists().where(
    CertificateEvent.__table__.c.certificate_id == Certificate.__table__.c.id,
    CertificateEvent.__table__.c.kind == "revoked",
)
"""The rule of `state` for questions about today: nobody revokes a certificate for a day to come."""

NOT_REPLACED: ColumnElement[bool] = ~exists().where(
    CertificateEvent.__table__.c.certificate_id == Certificate.__table__.c.id,
    CertificateEvent.__table__.c.kind == "replaced",
)
"""The same of what a newer certificate has taken the place of."""


def not_expired(on: date | BindParameter[date]) -> ColumnElement[bool]:
    """The rule of `state` for questions about many: the last valid day has not gone by."""
    return or_(Certificate.valid_until.is_(None), Certificate.valid_until >= on)


def day_after(last: date | None) -> date | None:
    """The first day on which a certificate with this last valid day no longer holds."""
    return last + timedelta(days=1) if last else None


def of(person: Person) -> list[Certificate]:
    """Every certificate of the person, newest first."""
    query = select(Certificate).where(Certificate.holder_id == person.id).order_by(Certificate.id.desc())
    return list(db.session.scalars(query))


def chain(certificate: Certificate) -> list[Certificate]:
    """The certificates behind this one, the first of all first and this one last; one query, however long."""
    upwards = (
        select(Certificate.id, Certificate.issuer_certificate_id)
        .where(Certificate.id == certificate.id)
        .cte("upwards", recursive=True)
    )
    upwards = upwards.union(
        select(Certificate.id, Certificate.issuer_certificate_id).join(
            upwards, Certificate.id == upwards.c.issuer_certificate_id
        )
    )
    query = select(Certificate).join(upwards, Certificate.id == upwards.c.id)
    links = {link.id: link for link in db.session.scalars(query)}
    line = [certificate]
    while (above := line[-1].issuer_certificate_id) is not None:
        line.append(links[above])
    return line[::-1]
