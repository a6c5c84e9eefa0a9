"""Lessons read: what a person has ticked off in a material, and where she was (the first lesson not ticked)."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.db import Base


class LessonTick(Base):
    """A lesson of a material that a person has ticked off; unticking removes the row."""

    __tablename__ = "lesson_tick"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("material.id"), primary_key=True, index=True)
    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    at: Mapped[datetime]
