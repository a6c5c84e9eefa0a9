"""What happened to a certificate, for its page: replaced, renewed, doubted, decided."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from certificates import register
from certificates.acts import deciding, revoking
from certificates.acts.revoking import CertificateDecision
from certificates.policy import may_revoke, may_see_certificate
from certificates.register import Certificate, CertificateEvent
from lms.db import db
from lms.people import Person


@dataclass(frozen=True)
class Pointer:
    """A page of another package about the certificate."""

    label: str
    url: str


ASKED: list[Callable[[Certificate, Person], list[Pointer]]] = []
"""Packages append what they know when they are imported: certificates know nothing of courses."""


@dataclass(frozen=True)
class History:
    """The certificates before and after this one with why each was replaced, and what was decided about it.

    `may_open`: the ids of those two that the viewer may open. `kept`: the latest decision that it stands, though the
    certificate above it was revoked. `notes`: what was noted for the file, for who may revoke.
    """

    predecessor: Certificate | None
    predecessor_reason: str
    successor: Certificate | None
    successor_reason: str
    may_open: frozenset[int]
    is_under_review: bool
    kept: CertificateDecision | None
    notes: tuple[str, ...]
    pointers: tuple[Pointer, ...]


def history_of(certificate: Certificate, viewer: Person) -> History:
    """Everything, for one page. At most five questions, and one for each package that knows more."""
    before = db.session.get(Certificate, certificate.replaces_id) if certificate.replaces_id else None
    after = register.replacement(certificate)
    decisions = deciding.decisions_about(certificate)
    return History(
        predecessor=before,
        predecessor_reason=_reason(before) if before else "",
        successor=after,
        successor_reason=_reason(certificate),
        may_open=frozenset(each.id for each in (before, after) if each and may_see_certificate(viewer, each)),
        is_under_review=revoking.is_under_review(certificate),
        notes=_notes(certificate, decisions) if may_revoke(viewer, certificate) else (),
        kept=next((decision for decision, _event in decisions if decision.outcome == "keep"), None),
        pointers=tuple(pointer for ask in ASKED for pointer in ask(certificate, viewer)),
    )


def successors(certificates: list[Certificate]) -> dict[int, Certificate]:
    """Certificate id → the one that took its place. One question."""
    ids = [certificate.id for certificate in certificates]
    query = select(Certificate).where(Certificate.replaces_id.in_(ids))
    return {each.replaces_id: each for each in db.session.scalars(query) if each.replaces_id}


def _notes(
    certificate: Certificate, decisions: Sequence[tuple[CertificateDecision, CertificateEvent]]
) -> tuple[str, ...]:
    """Notes of the revocation and of decisions, each once: one that falls by a decision has the same on both."""
    said = [event.note for event in certificate.events] + [decision.note for decision, _event in decisions]
    return tuple(dict.fromkeys(note for note in said if note))


def _reason(certificate: Certificate) -> str:
    replaced = next((event for event in certificate.events if event.kind == "replaced"), None)
    return replaced.reason_code if replaced else ""
