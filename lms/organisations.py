"""Organisations: municipalities, authorities, associations and employers; hours belong to the employer of the day."""

from sqlalchemy import CheckConstraint, String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from lms.db import Base, db

KINDS = ("municipality", "authority", "association", "employer")


class Organisation(Base):
    """One employer or arranger; `name` is what people call it and is unique."""

    __tablename__ = "organisation"
    __table_args__ = (CheckConstraint(f"kind IN {KINDS}", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(20), default="municipality")


def organisation_named(name: str) -> Organisation | None:
    """The organisation with this name, whatever its capitals; «Håbo kommun» finds «Håbo»."""
    wanted = name.strip().removesuffix(" kommun")
    found = db.session.scalar(select(Organisation).where(Organisation.name.in_([name.strip(), wanted])))
    return found or db.session.scalar(
        select(Organisation).where(func.lower(Organisation.name).in_([name.strip().lower(), wanted.lower()]))
    )


def add_organisation(name: str, *, kind: str = "municipality") -> Organisation:
    """The organisation of that name, made when it is new."""
    found = organisation_named(name)
    if found is None:
        found = Organisation(name=name.strip().removesuffix(" kommun"), kind=kind)
        db.session.add(found)
        db.session.flush()
    return found
