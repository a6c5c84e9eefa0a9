"""Runs: a programme scheduled for a group, with its trainers, sessions, places and last day to register."""

from datetime import date

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.activities import Activity
from courses.materials import Material, programme_of
from courses.programmes import Programme
from lms.db import Base
from lms.people import Person


class Run(Activity):
    """An activity of kind course; its material says what is taught and what it takes to be certified."""

    __mapper_args__ = {"polymorphic_identity": "course", "polymorphic_load": "inline"}  # noqa: RUF012

    material_id: Mapped[int | None] = mapped_column(ForeignKey("material.id"), index=True)
    capacity: Mapped[int | None]
    register_by: Mapped[date | None]

    material: Mapped[Material] = relationship(lazy="joined")
    trainers: Mapped[list[Person]] = relationship(secondary="run_trainer", lazy="selectin", viewonly=True)

    @property
    def programme(self) -> Programme:
        return programme_of(self.material)


class RunTrainer(Base):
    """A trainer of a run."""

    __tablename__ = "run_trainer"

    run_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
