"""Enrolment: a person in a run, from invitation to place, waiting list, or leaving; first in line moves up."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.runs import Run
from lms import clock
from lms.db import Base
from lms.people import Person

STATES = ("invited", "registered", "waiting", "declined", "withdrawn")


class Enrolment(Base):
    """One person in one run. `adaptations` (needs of aids) is for the eyes of that run's trainers only."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("run_id", "person_id"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_enrolment_run_state", "run_id", "state", "queued_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    walk_in: Mapped[bool] = mapped_column(default=False)
    adaptations: Mapped[str] = mapped_column(Text, default="")
    invited_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    queued_at: Mapped[datetime | None]
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)

    run: Mapped[Run] = relationship()
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
