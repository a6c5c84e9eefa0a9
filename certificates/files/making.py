"""The files of a certificate: a sealed PDF, the signed credential, and the badge; made when somebody asks for them.

The rule that matters most: what is in them was stored in the act of issue. The same certificate in the same state gives
the same bytes, also years later.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time
from typing import Literal

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from certificates import register
from certificates.files import badge, pdf
from certificates.files.pdf import Layout, Proof
from certificates.files.seal import Seal, Words, sealed
from certificates.proof import keys
from certificates.proof.credentials import Credential
from certificates.register import Certificate, State
from certificates.statement import Statement
from lms import clock
from lms.db import db
from lms.refusals import Refused
from lms.secrets import decrypted

Kind = Literal["json", "png", "svg"]
TYPES: dict[Kind, str] = {"json": "application/vc+ld+json", "png": "image/png", "svg": "image/svg+xml"}
_REASONS = {"sv": "Intygar certifikat {}", "en": "Certifies certificate {}"}


@dataclass(frozen=True)
class Stored:
    """What files are made of, without the database. `since` (aware) is when the certificate became what it is."""

    statement: Statement
    proof: Proof
    state: State
    since: datetime


@dataclass(frozen=True)
class Stamp:
    """The seal in use and since when, and the installation's host and address."""

    seal: Seal
    since: datetime
    host: str
    base_url: str


# --- questions ----------------------------------------------------------------------------------------------


def stored(certificates: Collection[Certificate]) -> list[Stored]:
    """What the files of the certificates are made of, in their order: one query, however many they are.

    Refused `unsigned` when one has no credential: `lms init` signs what was issued before there were keys.
    """
    ids = [certificate.id for certificate in certificates]
    query = select(Credential.certificate_id, Credential.text, Credential.paper).order_by(Credential.edition)
    rows = db.session.execute(query.where(Credential.certificate_id.in_(ids), Credential.kind == "certificate"))
    newest = {certificate_id: Proof(text, paper) for certificate_id, text, paper in rows}
    if len(newest) < len(set(ids)):
        raise Refused(_("The certificate is not signed yet. The administrator runs: lms init"), "unsigned")
    return [_stored(certificate, newest[certificate.id]) for certificate in certificates]


def stamp() -> Stamp:
    """What PDF files are sealed with. Refused `no_keys` when there is no seal, or its secret is lost."""
    key, settings = keys.in_use("seal"), current_app.config["SETTINGS"]
    if not key.cipher:
        raise Refused(_("The seal of the installation is lost. The administrator runs: lms init"), "no_keys")
    seal = Seal(key.public, decrypted(key.cipher))
    return Stamp(seal, key.used_from or key.made_at, settings.host, settings.base_url)


def _stored(certificate: Certificate, proof: Proof) -> Stored:
    state = register.state(certificate, clock.today())
    since = max([certificate.issued_at, *(event.at for event in certificate.events)])
    ended = register.day_after(certificate.valid_until)
    if state == "expired" and ended is not None:
        since = max(since, clock.at(ended, time()))
    return Stored(register.statement_of(certificate), proof, state, since)


# --- files --------------------------------------------------------------------------------------------------


def sealed_pdf(of: Stored, stamp: Stamp, layout: Layout = "portrait") -> bytes:
    """The PDF with the seal over all of it; a band says when the certificate no longer holds."""
    status = None if of.state == "valid" else of.state
    made = pdf.render(of.statement, of.proof, base_url=stamp.base_url, layout=layout, status=status)
    reason = _REASONS[of.statement.language].format(of.statement.number)
    return sealed(made, stamp.seal, max(of.since, stamp.since), Words(of.statement.issuer, stamp.host, reason))


def file(of: Stored, kind: Kind) -> bytes:
    """The signed credential word for word, or the badge that carries it."""
    if kind == "json":
        return of.proof.credential.encode()
    return (badge.png if kind == "png" else badge.svg)(of.statement, of.proof.credential)


def name(statement: Statement, extension: str, *, holder: str = "") -> str:
    """A name for a file that every system can store: the number, and whose it is where many lie together."""
    from certificates.standards.document import slug  # noqa: PLC0415  few requests need it

    return "-".join(filter(None, (slug(statement.number).upper(), slug(holder)))) + f".{extension}"
