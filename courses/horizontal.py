"""Horizontal principles: offered, accepted, completed, each with its day; the goals count offered and completed."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.db import Base, append_only

STEPS = ("offered", "accepted", "completed")


class HorizontalStep(Base):
    """One step of one person in one project; each is taken once and keeps its day."""

    __tablename__ = "horizontal_step"
    __table_args__ = (
        UniqueConstraint("project_id", "person_id", "step"),
        CheckConstraint(f"step IN {STEPS}", name="step"),
        Index("ix_horizontal_step_project_step", "project_id", "step"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    step: Mapped[str] = mapped_column(String(10))
    day: Mapped[date]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]


append_only(HorizontalStep)
