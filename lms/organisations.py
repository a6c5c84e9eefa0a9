"""Organisations: municipalities, authorities, associations and employers; hours belong to the employer of the day."""

from collections.abc import Iterable, Mapping

from sqlalchemy import CheckConstraint, String, func, or_, select
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


def organisations_named(names: Iterable[str]) -> dict[str, Organisation]:
    """The organisations of those names that there are, in one question, whatever the capitals (but Å, Ä and Ö are
    as written on SQLite); «Håbo kommun» finds «Håbo»."""
    wanted = {name: (name.strip(), short_name(name)) for name in names}
    spelled = {each for spellings in wanted.values() for each in spellings}
    lowered = func.lower(Organisation.name).in_([each.lower() for each in spelled])
    rows = db.session.scalars(select(Organisation).where(or_(Organisation.name.in_(spelled), lowered))).all()
    exact, alike = {row.name: row for row in rows}, {row.name.lower(): row for row in rows}
    found = {
        name: next(filter(None, [*map(exact.get, spellings), *(alike.get(each.lower()) for each in spellings)]), None)
        for name, spellings in wanted.items()
    }
    return {name: row for name, row in found.items() if row is not None}


def organisation_named(name: str) -> Organisation | None:
    """The organisation with this name, as `organisations_named` finds it."""
    return organisations_named([name]).get(name)


def add_organisations(kinds: Mapping[str, str]) -> dict[str, Organisation]:
    """The organisations of those names, made of that kind where they are new."""
    found = organisations_named(kinds)
    made: dict[str, Organisation] = {}
    for name, kind in kinds.items():
        if name not in found:
            short = short_name(name)
            found[name] = made.setdefault(short.lower(), Organisation(name=short, kind=kind))
    db.session.add_all(made.values())
    db.session.flush()
    return found


def add_organisation(name: str, *, kind: str = "municipality") -> Organisation:
    """The organisation of that name, made when it is new."""
    return add_organisations({name: kind})[name]
