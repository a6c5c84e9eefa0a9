"""What holders would rather be called: the latest wish for another name on each certificate, until somebody answers.

The rule that matters most: the name is kept as long as the wish waits and not a moment longer; who answered, when and
how stays. Whoever asks or answers has locked the certificate's row first.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, and_, func, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certificates.register import Certificate
from lms import clock, jobs
from lms.db import Base, db
from lms.people import Person
from lms.projects import Project

Outcome = Literal["renamed", "kept", "closed"]
LONGEST = 160


class CertificateWish(Base):
    """`wanted` until it is answered: `renamed`, `kept` (the name stays), or `closed` by what else happened."""

    __tablename__ = "certificate_wish"
    __table_args__ = (
        CheckConstraint("outcome IN ('renamed', 'kept', 'closed')", name="outcome"),
        CheckConstraint("(wanted IS NULL) = (outcome IS NOT NULL)", name="forgotten"),
    )

    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), primary_key=True)
    wanted: Mapped[str | None] = mapped_column(String(LONGEST))
    asked_at: Mapped[datetime]
    outcome: Mapped[str | None] = mapped_column(String(10))
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)

    certificate: Mapped[Certificate] = relationship(lazy="joined")
    answered_by: Mapped[Person | None] = relationship(foreign_keys=answered_by_id)


# --- operations ---------------------------------------------------------------------------------------------


def write(certificate: Certificate, wanted: str) -> CertificateWish:
    """The wish of a certificate, in the place of an older one."""
    wish = of(certificate) or CertificateWish(certificate_id=certificate.id)
    wish.wanted, wish.asked_at = wanted, clock.now()
    wish.outcome = wish.answered_at = wish.answered_by_id = None
    db.session.add(wish)
    db.session.flush()
    return wish


def answer(certificates: Sequence[Certificate], outcome: Outcome, *, by: Person | None) -> None:
    """What waits for these certificates is answered, and the names are forgotten."""
    told = {"wanted": None, "outcome": outcome, "answered_at": clock.now(), "answered_by_id": by.id if by else None}
    ids = [certificate.id for certificate in certificates]
    query = update(CertificateWish).where(CertificateWish.certificate_id.in_(ids), CertificateWish.wanted.is_not(None))
    db.session.execute(query.values(told))


def follow(before: Certificate, after: Certificate, *, by: Person) -> None:
    """A wish that waits when its certificate is replaced waits for the one that takes its place (a renewal)."""
    wish = of(before)
    if wish is None or wish.wanted is None:
        return
    db.session.add(CertificateWish(certificate_id=after.id, wanted=wish.wanted, asked_at=wish.asked_at))
    db.session.flush()
    answer([before], "closed", by=by)


def forget_of_protected() -> None:
    """Somebody whose identity is protected since she asked is called by her alias: the name is forgotten."""
    hers = select(Certificate.id).join(Person, Person.id == Certificate.holder_id).where(Person.protected)
    query = update(CertificateWish).where(CertificateWish.wanted.is_not(None), CertificateWish.certificate_id.in_(hers))
    told = {"wanted": None, "outcome": "closed", "answered_at": clock.now()}
    db.session.execute(query.values(told), execution_options={"synchronize_session": False})


# --- questions ----------------------------------------------------------------------------------------------


def of(certificate: Certificate) -> CertificateWish | None:
    """The latest wish as the database has it now, answered or not."""
    return db.session.get(CertificateWish, certificate.id, populate_existing=True)


def waiting(certificate: Certificate) -> CertificateWish | None:
    """The wish that waits for an answer; nobody with a protected identity has one."""
    wish = of(certificate)
    return wish if wish and wish.wanted is not None and not certificate.holder.protected else None


def waits() -> ColumnElement[bool]:
    """Whether `CertificateWish` waits, joined to `Certificate` and `Person` by `is_about()` and `is_hers()`."""
    return and_(CertificateWish.wanted.is_not(None), Person.protected.is_(False))


def is_about() -> ColumnElement[bool]:
    return CertificateWish.certificate_id == Certificate.id


def is_hers() -> ColumnElement[bool]:
    return Person.id == Certificate.holder_id


def count(project: Project, viewer: Person) -> int:
    """How many wishes wait in the project for this viewer's answer: nobody answers her own."""
    query = select(func.count()).select_from(CertificateWish).join(Certificate, is_about()).join(Person, is_hers())
    return db.session.scalar(query.where(*_in(project, viewer))) or 0


def waiting_in(project: Project, viewer: Person, limit: int, offset: int = 0) -> list[CertificateWish]:
    """Those wishes, who has waited longest first."""
    query = select(CertificateWish).join(Certificate, is_about()).join(Person, is_hers())
    query = query.where(*_in(project, viewer)).order_by(CertificateWish.asked_at, CertificateWish.certificate_id)
    return list(db.session.scalars(query.limit(limit).offset(offset)))


def _in(project: Project, viewer: Person) -> tuple[ColumnElement[bool], ...]:
    return waits(), Certificate.project_dnr == project.dnr, Certificate.holder_id != viewer.id


jobs.EACH_MINUTE.append(forget_of_protected)
