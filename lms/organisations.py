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


_ENDS_IN_S = ("fors", "ås", "näs", "grums")


def short_name(name: str) -> str:
    """What people call it: «Tierps kommun» is Tierp, «Håbo kommun» Håbo, «Borås kommun» Borås; others as they are."""
    stripped = " ".join(name.split())
    short = stripped.removesuffix(" kommun").removesuffix(" Kommun")
    is_genitive = short != stripped and short.endswith("s") and not short.casefold().endswith(_ENDS_IN_S)
    return short[:-1] if is_genitive else short


def organisation_named(name: str) -> Organisation | None:
    """The organisation with this name, whatever its capitals; «Håbo kommun» finds «Håbo»."""
    wanted = list({name.strip(), short_name(name)})
    found = db.session.scalar(select(Organisation).where(Organisation.name.in_(wanted)))
    return found or db.session.scalar(
        select(Organisation).where(func.lower(Organisation.name).in_([each.lower() for each in wanted]))
    )


def add_organisation(name: str, *, kind: str = "municipality") -> Organisation:
    """The organisation of that name, made when it is new."""
    found = organisation_named(name)
    if found is None:
        found = Organisation(name=short_name(name), kind=kind)
        db.session.add(found)
        db.session.flush()
    return found
