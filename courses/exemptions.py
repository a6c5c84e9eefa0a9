"""Exemptions: the project leader lets somebody lead without a valid certificate, with a reason and a last day."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.db import Base, append_only
from lms.people import Person


class Exemption(Base):
    """A documented exemption for one person, level and project, from a day through a day."""

    __tablename__ = "exemption"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    level: Mapped[str] = mapped_column(String(10))
    starts: Mapped[date]
    ends: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]

    person: Mapped[Person] = relationship(foreign_keys=person_id)
    by: Mapped[Person] = relationship(foreign_keys=by_id)


append_only(Exemption)
