"""What the register says today about a credential that somebody holds: beside its own proof, never instead of it.

Nothing personal is told: the state, its days and public words, and the number of a successor.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import select

from certificates import register
from certificates.acts import revoking
from certificates.acts.revoking import CertificateDecision
from certificates.proof.credentials import Credential, base_url, newest, with_token
from certificates.register import Certificate
from lms import clock
from lms.db import db

Word = Literal["valid", "expired", "replaced", "revoked", "review"]


@dataclass(frozen=True)
class Standing:
    """The state of today; `review` while a link above is revoked and nothing is decided.

    `newer` when another edition counts now (the county vouches, or a key was followed by another): fetch the new file.
    `kept_on` is the day on which it was decided that it stands though the link above was revoked.
    """

    word: Word
    number: str
    since: date | None = None
    reason_code: str = ""
    public_text: str = ""
    successor: str = ""
    newer: bool = False
    kept_on: date | None = None


def of_credential(identifier: str) -> Standing | None:
    """Of the credential with this id; None when it is not in the register."""
    here = f"{base_url()}/credentials/"
    held = with_token(identifier.removeprefix(here)) if identifier.startswith(here) else None
    if held is None or held.kind != "certificate":
        return None
    return _standing(db.session.get_one(Certificate, held.certificate_id), held)


def of_paper(code: str, number: str, digest: bytes) -> Standing | None:
    """Of the certificate that a paper's digits name; None when its code leads to another one, or to none."""
    certificate = register.find(code)
    if certificate is None or certificate.number != number:
        return None
    query = select(Credential).where(Credential.certificate_id == certificate.id, Credential.kind == "certificate")
    held = next((each for each in db.session.scalars(query) if each.digest.startswith(digest.hex())), None)
    return _standing(certificate, held) if held else None


def _standing(certificate: Certificate, held: Credential) -> Standing:
    word: Word = register.state(certificate, clock.today())
    if word == "valid" and revoking.is_under_review(certificate):
        word = "review"
    event = next((each for each in certificate.events if each.kind == word), None)
    successor = register.replacement(certificate) if word == "replaced" else None
    last = newest(certificate)
    return Standing(
        word,
        certificate.number,
        event.on if event else register.day_after(certificate.valid_until) if word == "expired" else None,
        event.reason_code if event and word == "revoked" else "",
        event.public_text if event and word == "revoked" else "",
        successor.number if successor else "",
        last is not None and last.id != held.id,
        _kept_on(certificate),
    )


def _kept_on(certificate: Certificate) -> date | None:
    query = select(CertificateDecision.at).where(
        CertificateDecision.certificate_id == certificate.id, CertificateDecision.outcome == "keep"
    )
    found = db.session.scalar(query.order_by(CertificateDecision.id.desc()).limit(1))
    return clock.local(found).date() if found else None
