"""Signed credentials: stored as text when they are made, and served byte by byte for ever.

The rule that matters most: nothing is ever re-derived. A certificate that is signed anew (signing.py) gets another
edition; the earlier ones stay readable as what they were.
"""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal

from flask import current_app
from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, String, Text, UniqueConstraint, exists, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certificates.proof.keys import SigningKey
from certificates.register import Certificate, CertificateEvent
from certificates.statement import from_json
from lms.db import ALONE, Base, append_only, db
from lms.people import Person, name_columns, shown_name

CONTEXTS = ("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")
"""The vocabularies that an achievement is worded in (certificates/standards/integrity.py says them for all)."""
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


def served(token: str) -> str | None:
    """The signed text at an address, for anybody; None when there is none.

    Also None when it names somebody whose identity was protected later: the holder has the file, and strangers who
    come by a link of another certificate (its predecessor, the one it rests on) learn no name here.
    """
    query = (
        select(Credential.text, Certificate.statement, *name_columns())
        .join(Certificate, Certificate.id == Credential.certificate_id)
        .join(Person, Person.id == Certificate.holder_id)
        .where(Credential.token == token)
    )
    found = _alone(query)
    if found is None:
        return None
    text, statement, *name = found
    hidden = name[2] and from_json(statement).holder_name != shown_name(*name)
    return None if hidden else str(text)


def list_with_name(name: str) -> str | None:
    """A list of revocations as it was signed last."""
    found = _alone(select(StatusList.text).where(StatusList.name == name))
    return str(found[0]) if found else None


def achievement_with(slug: str) -> dict[str, Any] | None:
    """What a certificate certifies, as JSON-LD by itself."""
    found = _alone(select(Achievement.text).where(Achievement.slug == slug))
    return {"@context": list(CONTEXTS)} | json.loads(found[0]) if found else None


def _alone(query: Select[Any]) -> tuple[Any, ...] | None:
    """The one row of a question that many strangers ask: no session, nothing is kept of it."""
    with db.engine.connect().execution_options(**{ALONE: True}) as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else tuple(row)


def revoked_places(of: StatusList) -> Collection[int]:
    """The places of a list that say revoked: every edition of what the register has revoked, and every endorsement of
    a trainer's key that was withdrawn."""
    fallen = exists().where(
        CertificateEvent.certificate_id == Credential.certificate_id, CertificateEvent.kind == "revoked"
    )
    withdrawn = exists().where(
        SigningKey.certificate_id == Credential.certificate_id,
        SigningKey.revoked_at.is_not(None),
        Credential.text.contains(SigningKey.public),
    )
    endorses = (Credential.kind == "endorsement") & withdrawn
    query = select(Credential.place).where(Credential.list_id == of.id, or_(fallen, endorses))
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
