"""Deciding what becomes of certificates whose link above was revoked: each stands, vouched for by the county, or falls.

The rule that matters most: every certificate is decided about once for each revocation, by somebody who saw it; what
somebody else has decided in the meantime stays, and whoever comes second is told.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import case, func, select
from sqlalchemy.orm import contains_eager

from certificates.acts import revoking, telling
from certificates.acts.revoking import Above, CertificateDecision, Outcome, Why, is_above, waits
from certificates.proof import signing
from certificates.register import Certificate, CertificateEvent
from lms import audit, clock
from lms.db import db
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused


@dataclass(frozen=True)
class Doubt:
    """A certificate to decide about, and the revocation of the link above it."""

    certificate: Certificate
    event: CertificateEvent

    @property
    def proposed(self) -> Outcome:
        """Issued before the day from which its trainer is doubted: to stand. From that day on: to fall."""
        since = self.event.doubted_from
        return "keep" if since is not None and self.certificate.issued_on < since else "revoke"


@dataclass(frozen=True)
class Decided:
    """How many stand and fall by this act, and those that somebody else has decided about already."""

    kept: int
    revoked: int
    passed_over: tuple[Certificate, ...] = ()


# --- operations ---------------------------------------------------------------------------------------------


def decide(project: Project, choices: Mapping[int, Outcome], *, note: str = "", by: Person) -> Decided:
    """Decide about certificates of the project, by id, all in one act; each holder gets a mail.

    `keep`: the county signs the certificate itself (another edition). `revoke`: revoked from today on because its
    grounds did not hold, and what is under it is doubted in turn. What is no longer under review is passed over.

    Refused: nothing chosen (`nothing`), a note over 2000 characters (`note`), everything decided already (`decided`),
    that one's own certificate stands (`own`).
    """
    if not choices:
        raise Refused(_("Choose what is to become of at least one certificate."), "nothing")
    if len(note) > 2000:
        raise Refused(_("The note is at most 2000 characters."), "note")
    wanted = set(choices)
    asked = list(
        db.session.scalars(
            select(Certificate).where(Certificate.id.in_(wanted), Certificate.project_dnr == project.dnr)
        )
    )
    revoking.locked_lines(asked)
    found = {doubt.certificate.id: doubt for doubt in _rows(_waiting(project).where(Certificate.id.in_(wanted)))}
    if not found:
        raise Refused(_("Everything that you chose is decided already. Nothing was changed."), "decided")
    if any(choices[number] == "keep" and doubt.certificate.holder_id == by.id for number, doubt in found.items()):
        raise Refused(_("Nobody decides that their own certificate stands. Another project leader does it."), "own")
    chosen: dict[Outcome, list[Doubt]] = {"keep": [], "revoke": []}
    for number, doubt in found.items():
        chosen[choices[number]].append(doubt)
    for outcome, doubts in chosen.items():
        _write(doubts, outcome, note.strip(), by)
    _keep(chosen["keep"])
    if chosen["revoke"]:
        fall = [doubt.certificate for doubt in chosen["revoke"]]
        revoking.revoke_all(fall, Why("grounds", note=note), by=by)
    late = tuple(certificate for certificate in asked if certificate.id not in found)
    return Decided(len(chosen["keep"]), len(chosen["revoke"]), late)


def _write(doubts: Sequence[Doubt], outcome: Outcome, note: str, by: Person) -> None:
    for doubt in doubts:
        made = CertificateDecision(
            certificate_id=doubt.certificate.id,
            event_id=doubt.event.id,
            outcome=outcome,
            at=clock.now(),
            by_id=by.id,
            note=note,
        )
        db.session.add(made)
        audit.record("certificate.decided", doubt.certificate, by=by, details={"outcome": outcome})
    db.session.flush()


def _keep(doubts: Sequence[Doubt]) -> None:
    """The county signs each itself, so that it proves itself without the trainer; the holder fetches a new file."""
    for doubt in doubts:
        signing.sign_anew(doubt.certificate, by_county=True)
        telling.kept(doubt.certificate, doubt.event)


# --- questions ----------------------------------------------------------------------------------------------


def waiting(project: Project, limit: int | None = None, offset: int = 0) -> list[Doubt]:
    """What is to be decided in the project: by revocation, first what is proposed to fall, in the order of issue."""
    return _rows(_waiting(project).limit(limit).offset(offset))


def count(project: Project) -> int:
    """How many certificates of the project wait for a decision."""
    return db.session.scalar(select(func.count()).select_from(_waiting(project).order_by(None).subquery())) or 0


def certificates_of(events: Iterable[CertificateEvent]) -> dict[int, Certificate]:
    """Certificate id → the certificate, for what these events happened to. One question."""
    ids = {event.certificate_id for event in events}
    return {each.id: each for each in db.session.scalars(select(Certificate).where(Certificate.id.in_(ids)))}


def decisions_about(certificate: Certificate) -> Sequence[tuple[CertificateDecision, CertificateEvent]]:
    """What was decided about a certificate, the latest first, with the revocation it was about."""
    query = (
        select(CertificateDecision, CertificateEvent)
        .join(CertificateEvent, CertificateEvent.id == CertificateDecision.event_id)
        .where(CertificateDecision.certificate_id == certificate.id)
        .order_by(CertificateDecision.id.desc())
    )
    return [(decision, event) for decision, event in db.session.execute(query)]


def _waiting(project: Project) -> Any:
    stands = case((Certificate.issued_on < Above.doubted_from, 1), else_=0)  # `Doubt.proposed`: what falls comes first
    return (
        select(Certificate, Above)
        .join(Above, is_above())
        .join(Certificate.holder)
        .options(contains_eager(Certificate.holder))
        .where(Certificate.project_dnr == project.dnr, waits(clock.today()))
        .order_by(Above.id, stands, Certificate.id)
    )


def _rows(query: Any) -> list[Doubt]:
    return [Doubt(certificate, event) for certificate, event in db.session.execute(query)]
