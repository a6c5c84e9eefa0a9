"""The register: every certificate ever issued, append-only; a certificate is a stored statement, never re-derived.

A certificate stays readable and verifiable after every course row is gone: what it says stands in `statement`.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.db import Base, append_only
from lms.people import Person

LEVELS = ("trainer", "user")


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
    """What happened to a certificate after it was issued: revoked, with a public reason in general terms."""

    __tablename__ = "certificate_event"
    __table_args__ = (
        CheckConstraint("kind IN ('revoked')", name="kind"),
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


class CertificateCounter(Base):
    """The last number given in a series such as SMA-A-2026; its row is locked while the next one is taken."""

    __tablename__ = "certificate_counter"

    series: Mapped[str] = mapped_column(String(30), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


append_only(Certificate, CertificateEvent)
