"""Closed months: a snapshot that every file is made from for ever, and which months must be sent (again).

The rule that matters most: a snapshot is never changed. A correction makes the next version beside it, and every
later closed month must be sent again (SCB: a corrected month and all after it, in order).
"""

from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.db import Base, append_only, db
from lms.people import Person
from lms.projects import Project
from lms.secrets import ROW_GOES


class MonthClosing(Base):
    """A month of a project as it was closed; version 2 and later say why. `snapshot` is documented in snapshot.py.

    `head_entry_id` and `head_hash` are the end of the ledger's chain at that moment (courses/attendance/chain.py);
    `snapshot_hash` is the SHA-256 of the snapshot as canonical JSON; `figures` that of what the funder is told
    (figures.py), by which a later change is noticed without reading the snapshot. `changes_report` is false for a
    version that says the same to the funder as the one before: new signatures, nothing to send again.
    """

    __tablename__ = "month_closing"
    __table_args__ = (
        UniqueConstraint("project_id", "first", "version"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("version = 1 OR length(reason) > 2", name="reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    first: Mapped[date]
    version: Mapped[int]
    reason: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    head_entry_id: Mapped[int]
    head_hash: Mapped[str] = mapped_column(String(64))
    people: Mapped[int]
    minutes: Mapped[int]
    snapshot_hash: Mapped[str] = mapped_column(String(64))
    figures: Mapped[str] = mapped_column(String(64), default="")
    changes_report: Mapped[bool] = mapped_column(default=True)
    snapshot: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    project: Mapped[Project] = relationship()
    by: Mapped[Person] = relationship()


class ClosingNumber(Base):
    """The personnummer of a participant as it was when the month was closed, encrypted; key rotation rewrites it."""

    __tablename__ = "closing_number"

    closing_id: Mapped[int] = mapped_column(ForeignKey("month_closing.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    cipher: Mapped[bytes] = mapped_column(LargeBinary, info={ROW_GOES: True})


class MonthSending(Base):
    """Somebody has sent a closed month in the funder's own portal and ticks it off: which version, which day."""

    __tablename__ = "month_sending"
    __table_args__ = (Index("ix_month_sending_month", "project_id", "first"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    first: Mapped[date]
    closing_id: Mapped[int] = mapped_column(ForeignKey("month_closing.id"))
    day: Mapped[date]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    closing: Mapped[MonthClosing] = relationship()
    by: Mapped[Person] = relationship()


class BundleProgress(Base):
    """How far a download of all files has come; rows are forgotten after a day."""

    __tablename__ = "bundle_progress"

    token: Mapped[str] = mapped_column(String(40), primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made: Mapped[int] = mapped_column(default=0)
    total: Mapped[int]
    at: Mapped[datetime]
    failed: Mapped[bool] = mapped_column(default=False)


append_only(MonthClosing, MonthSending)


# --- questions ----------------------------------------------------------------------------------------------


def latest(project: Project, first: date) -> MonthClosing | None:
    """The newest version of a closed month, or None while it is open."""
    query = select(MonthClosing).where(MonthClosing.project_id == project.id, MonthClosing.first == first)
    return db.session.scalar(query.order_by(MonthClosing.version.desc()).limit(1))


def closings_of(project: Project) -> list[MonthClosing]:
    """Every version of every closed month, in order; snapshots stay in the database until they are read."""
    return history(project)[0]


def sendings_of(project: Project) -> list[MonthSending]:
    """What was ticked off as sent, in order."""
    return history(project)[1]


def history(project: Project) -> tuple[list[MonthClosing], list[MonthSending]]:
    """`closings_of` and `sendings_of` in one query."""
    closings: dict[int, MonthClosing] = {}
    sendings: list[MonthSending] = []
    for closing, sending in db.session.execute(_history_query(), {"project": project.id}):
        closings[closing.id] = closing
        sendings += [sending] if sending else []
    return list(closings.values()), sorted(sendings, key=lambda each: each.id)


@cache
def _history_query() -> Any:
    """Built once per process: the home of a leader asks it too, and building costs more than running."""
    return (
        select(MonthClosing, MonthSending)
        .outerjoin(MonthSending, MonthSending.closing_id == MonthClosing.id)
        .where(MonthClosing.project_id == bindparam("project"))
        .order_by(MonthClosing.first, MonthClosing.version)
    )
