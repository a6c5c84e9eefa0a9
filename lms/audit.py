"""The audit log: who did and who saw what, append-only, without secrets or personal numbers."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms import clock
from lms.db import Base, append_only, db, reading

if TYPE_CHECKING:
    from lms.people import Person


class Audit(Base):
    """One act: `act` is subject.verb, `subject` table and id, `details` what changed in plain words and numbers."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject_kind", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    act: Mapped[str] = mapped_column(String(60), index=True)
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None]
    details: Mapped[dict[str, Any]]


append_only(Audit)


def record(act: str, subject: Any, *, by: "Person | None", details: dict[str, Any] | None = None) -> None:
    """Write that `by` (None: the system itself) did `act` to `subject`, in the same transaction as the act."""
    db.session.add(_row(act, subject, by, details))


def seen(act: str, subject: Any, *, by: "Person", details: dict[str, Any] | None = None) -> None:
    """Write that `by` looked at something sensitive; its own short transaction, since reading requests do not write."""
    row = _row(act, subject, by, details)
    reading(only=False)
    with Session(db.engine) as session:
        session.add(row)
        session.commit()
    reading(only=True)


def _row(act: str, subject: Any, by: "Person | None", details: dict[str, Any] | None) -> Audit:
    return Audit(
        at=clock.now(),
        person_id=by.id if by else None,
        act=act,
        subject_kind=getattr(subject, "__tablename__", type(subject).__name__.lower()),
        subject_id=getattr(subject, "id", None),
        details=details or {},
    )
