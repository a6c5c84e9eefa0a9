"""Self check-in: a code that lives for seconds on the screen in the room, and the server's clock.

The rule that matters most: nobody is refused silently. What is doubtful (one device for several people) is written
down as it is and shown to the trainer, who confirms the head count.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.activities import Session
from lms.db import Base, append_only
from lms.people import Person

ACTS = ("in", "out")
WAYS = ("qr", "code")


class CheckInRules(Base):
    """How a session is opened for check-in; made when the display is opened for the first time.

    `early_minutes` before the start it opens; who comes within `late_minutes` after the start was there from the
    start, later arrivals count from their own minute; it closes when the session ends.
    """

    __tablename__ = "check_in_rules"
    __table_args__ = (
        CheckConstraint("early_minutes BETWEEN 0 AND 240", name="early"),
        CheckConstraint("late_minutes BETWEEN 0 AND 240", name="late"),
    )

    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64))
    early_minutes: Mapped[int] = mapped_column(default=30)
    late_minutes: Mapped[int] = mapped_column(default=10)


class CheckIn(Base):
    """Somebody checked in or out by herself: when, on which device (a random number kept in its cookie), and how."""

    __tablename__ = "check_in"
    __table_args__ = (
        CheckConstraint(f"act IN {ACTS}", name="act"),
        CheckConstraint(f"way IN {WAYS}", name="way"),
        Index("ix_check_in_session_device", "session_id", "device"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    act: Mapped[str] = mapped_column(String(3))
    way: Mapped[str] = mapped_column(String(4))
    device: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("attendance_entry.id"))

    session: Mapped[Session] = relationship()
    person: Mapped[Person] = relationship()


append_only(CheckIn)
