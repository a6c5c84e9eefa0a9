"""The tables of the ledger: append-only entries, and sign-offs over them; the database itself keeps them single."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, Text, exists, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.activities import Activity, Session
from lms.db import Base, append_only
from lms.organisations import Organisation
from lms.people import Person

KINDS = (
    "session",
    "assignment",
    "network",
    "reference_group",
    "steering_group",
    "coaching",
    "horizontal",
    "lecture",
    "conference",
    "preparation",
)
ABSENCES = ("ill", "other_duty", "unknown", "moved")
"""Why somebody was not there; `moved`: she belongs to another group, and this sheet shows her no more."""
METHODS = ("sheet", "self", "import", "offline", "paper", "review")


class AttendanceEntry(Base):
    """Minutes of one person on one local day, for the employer of that day.

    `id` is the place in the chain, growing by one; `hash` covers every column and `previous_hash`, the hash of
    the entry before (see chain.py, the only writer). First entries of a person in a session are unique; later ones
    replace exactly one earlier entry (`replaces_id`). `session_id` is empty for home assignments and participation
    without sessions.
    """

    __tablename__ = "attendance_entry"
    __table_args__ = (
        CheckConstraint("minutes >= 0 AND minutes <= 1440", name="minutes"),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"method IN {METHODS}", name="method"),
        CheckConstraint(f"absence IS NULL OR absence IN {ABSENCES}", name="absence"),
        Index(
            "uq_attendance_entry_first_in_session",
            "session_id",
            "person_id",
            unique=True,
            sqlite_where=text("replaces_id IS NULL AND session_id IS NOT NULL"),
            postgresql_where=text("replaces_id IS NULL AND session_id IS NOT NULL"),
        ),
        Index(
            "uq_attendance_entry_first_without_session",
            "activity_id",
            "person_id",
            "kind",
            "day",
            unique=True,
            sqlite_where=text("replaces_id IS NULL AND session_id IS NULL"),
            postgresql_where=text("replaces_id IS NULL AND session_id IS NULL"),
        ),
        Index("ix_attendance_entry_month", "project_id", "day"),
        Index(  # Of a million lines these few are asked for by each leader's home.
            "ix_attendance_entry_without_session",
            "project_id",
            "person_id",
            "day",
            sqlite_where=text("session_id IS NULL"),
            postgresql_where=text("session_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), index=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    day: Mapped[date]
    minutes: Mapped[int]
    came_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    absence: Mapped[str | None] = mapped_column(String(12))
    method: Mapped[str] = mapped_column(String(10))
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    nonce: Mapped[str] = mapped_column(String(60), unique=True)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("attendance_entry.id"), unique=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)

    person: Mapped[Person] = relationship(foreign_keys=person_id)
    recorded_by: Mapped[Person] = relationship(foreign_keys=recorded_by_id)
    organisation: Mapped[Organisation | None] = relationship()
    activity: Mapped[Activity] = relationship()
    session: Mapped[Session | None] = relationship()


class SignOff(Base):
    """A trainer certifies the sheet of a session: over exactly which entries (hash), and who stood on it (roster).

    `deputy_reason` says why somebody else than the run's own trainers signed; `head_count` is how many the trainer
    counted in the room, where people checked in by themselves.
    """

    __tablename__ = "sign_off"
    __table_args__ = (
        Index(
            "uq_sign_off_first",
            "session_id",
            unique=True,
            sqlite_where=text("replaces_id IS NULL"),
            postgresql_where=text("replaces_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]
    entries_hash: Mapped[str] = mapped_column(String(64))
    people: Mapped[int]
    minutes: Mapped[int]
    roster: Mapped[list[Any]]
    deputy_reason: Mapped[str] = mapped_column(Text, default="")
    head_count: Mapped[int | None]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("sign_off.id"), unique=True)

    by: Mapped[Person] = relationship()


append_only(AttendanceEntry, SignOff)

_later = AttendanceEntry.__table__.alias("later")
STANDS: ColumnElement[bool] = ~exists().where(_later.c.replaces_id == AttendanceEntry.__table__.c.id)
"""Of each chain of corrections the one line that counts: nothing has replaced it."""
