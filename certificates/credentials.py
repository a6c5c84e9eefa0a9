"""Signed credentials: stored as text when they are made, and served byte by byte for ever.

The rule that matters most: nothing is ever re-derived. A certificate that is signed anew (signing.py) gets another
edition; the earlier ones stay readable as what they were.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from flask import current_app
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, exists, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certificates.register import Certificate, CertificateEvent
from lms.db import Base, append_only, db

KINDS = ("certificate", "endorsement")
Kind = Literal["certificate", "endorsement"]


class StatusList(Base):
    """A list of revocations, one bit for each credential of an issuer. `text` is the credential as signed last.

    `key_id` names the trainer whose list it is, empty for the county's: its keys follow each other.
    """

    __tablename__ = "status_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(16), unique=True)
    key_id: Mapped[int | None] = mapped_column(ForeignKey("signing_key.id"), unique=True)
    text: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime]


class Credential(Base):
    """One signed text. `token` is its address (not the code of the page: who knows that one learns no name here).

    `paper` holds the digits of the QR code, for certificates. The newest edition counts.
    """

    __tablename__ = "credential"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        UniqueConstraint("certificate_id", "kind", "edition"),
        UniqueConstraint("list_id", "place"),
        Index("ix_credential_key_id", "key_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    kind: Mapped[str] = mapped_column(String(12))
    edition: Mapped[int] = mapped_column(default=1)
    token: Mapped[str] = mapped_column(String(26), unique=True)
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("signing_key.id"))
    list_id: Mapped[int] = mapped_column(ForeignKey("status_list.id"))
    place: Mapped[int]
    paper: Mapped[str] = mapped_column(Text, default="")
    signed_at: Mapped[datetime]

    certificate: Mapped[Certificate] = relationship(lazy="raise")


class Achievement(Base):
    """What a certificate certifies, as it was worded when the first of its kind was issued."""

    __tablename__ = "achievement"

    slug: Mapped[str] = mapped_column(String(120), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]


append_only(Credential, Achievement)


# --- questions ----------------------------------------------------------------------------------------------


def newest(certificate: Certificate, kind: Kind = "certificate") -> Credential | None:
    """The edition that counts."""
    query = select(Credential).where(Credential.certificate_id == certificate.id, Credential.kind == kind)
    return db.session.scalar(query.order_by(Credential.edition.desc()).limit(1))


def with_token(token: str) -> Credential | None:
    """The credential at an address, whatever its edition."""
    return db.session.scalar(select(Credential).where(Credential.token == token))


def revoked_places(of: StatusList) -> Collection[int]:
    """The places of a list that say revoked: every edition of what the register has revoked."""
    query = select(Credential.place).where(
        Credential.list_id == of.id,
        exists().where(
            CertificateEvent.certificate_id == Credential.certificate_id, CertificateEvent.kind == "revoked"
        ),
    )
    return set(db.session.scalars(query))


def address(token: str) -> str:
    """Where a credential is served; its `id`."""
    return f"{base_url()}/credentials/{token}"


def list_address(name: str) -> str:
    """Where a status list is served."""
    return f"{base_url()}/status/{name}"


def base_url() -> str:
    """LMS_BASE_URL: part of every address that is signed."""
    return str(current_app.config["SETTINGS"].base_url)
