"""People: one record per human being, and the roles each holds in a project or an organisation.

A personnummer is never stored in clear: a keyed hash finds it again, a cipher keeps it (see lms/secrets.py).
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from flask_login import UserMixin
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    SQLColumnExpression,
    String,
    UniqueConstraint,
    case,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from lms import audit, clock
from lms.db import Base, db
from lms.organisations import Organisation

_LAST_LETTERS = str.maketrans("åäö", "{|}")
GENDERS = ("woman", "man", "other", "unknown")
ROLES = (
    "administrator",
    "project_leader",
    "economist",
    "county_trainer",
    "trainer",
    "manager",
    "evaluator",
    "steering_group",
)


class Person(Base, UserMixin):  # type: ignore[misc]
    """A human being; may have no account (no e-mail), may hold several roles.

    `protected` people appear as their alias wherever the viewer has no own permission to see more.
    """

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint(f"gender IN {GENDERS}", name="gender"),
        CheckConstraint("protected = false OR alias IS NOT NULL", name="alias_when_protected"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    given_name: Mapped[str] = mapped_column(String(80))
    family_name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    personnummer_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    personnummer_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    gender: Mapped[str] = mapped_column(String(10), default="unknown")
    protected: Mapped[bool] = mapped_column(default=False)
    alias: Mapped[str | None] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(2), default="sv")
    theme: Mapped[str] = mapped_column(String(5), default="")
    job_title: Mapped[str] = mapped_column(String(120), default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    organisation: Mapped[Organisation | None] = relationship(lazy="joined")
    roles: Mapped[list["Role"]] = relationship(back_populates="person", foreign_keys="Role.person_id")

    @property
    def name(self) -> str:
        """How the person is shown in any list: the alias when the identity is protected."""
        return shown_name(self.given_name, self.family_name, self.protected, self.alias)

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def initials(self) -> str:
        return "".join(part[0] for part in self.name.split()[:2]).upper()

    def get_id(self) -> str:
        """Flask-Login keeps the server-side token, not the number of the person (see lms/accounts.py)."""
        return str(getattr(self, "sign_in_token", ""))


class Role(Base):
    """A role of a person, in a project or in an organisation, until a day when it has one."""

    __tablename__ = "role"
    __table_args__ = (
        CheckConstraint(f"name IN {ROLES}", name="name"),
        UniqueConstraint("person_id", "name", "project_id", "organisation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(20))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    until: Mapped[date | None]

    person: Mapped[Person] = relationship(back_populates="roles")
    organisation: Mapped[Organisation | None] = relationship(lazy="joined")


# --- operations ---------------------------------------------------------------------------------------------


def add_person(  # every field of a person is named
    given_name: str,
    family_name: str,
    *,
    email: str | None = None,
    organisation: Organisation | None = None,
    gender: str = "unknown",
    job_title: str = "",
    by: Person | None,
) -> Person:
    """A new person. The caller has looked for the same one first (`find_person`)."""
    person = Person(
        given_name=given_name.strip(),
        family_name=family_name.strip(),
        email=normal_email(email),
        organisation=organisation,
        gender=gender,
        job_title=job_title,
        created_at=clock.now(),
        roles=[],
        protected=False,
        language="sv",
        theme="",
    )
    db.session.add(person)
    db.session.flush()
    audit.record("person.added", person, by=by)
    return person


def rename(person: Person, given_name: str, family_name: str, *, by: Person) -> None:
    """The person's name from now on; what was printed on the old one stays. The log says that, not the names."""
    given, family = " ".join(given_name.split()), " ".join(family_name.split())
    if (given, family) != (person.given_name, person.family_name):
        person.given_name, person.family_name = given, family
        audit.record("person.renamed", person, by=by)


def give_role(
    person: Person,
    name: str,
    *,
    project_id: int | None = None,
    organisation_id: int | None = None,
    until: date | None = None,
    by: Person | None,
) -> Role:
    """Give a role in a project or organisation; giving it again only moves its last day."""
    for role in person.roles:
        if (role.name, role.project_id, role.organisation_id) == (name, project_id, organisation_id):
            role.until = until
            break
    else:
        role = Role(name=name, project_id=project_id, organisation_id=organisation_id, until=until)
        person.roles.append(role)
    db.session.flush()
    audit.record("role.given", person, by=by, details={"role": name, "until": until and until.isoformat()})
    return role


def take_role(role: Role, *, by: Person) -> None:
    """End a role now; what the person did with it stays."""
    person, name = role.person, role.name
    person.roles.remove(role)
    db.session.delete(role)
    audit.record("role.taken", person, by=by, details={"role": name})


# --- questions ----------------------------------------------------------------------------------------------


def normal_email(email: str | None) -> str | None:
    """Addresses are compared without regard to capitals or spaces around them."""
    return email.strip().lower() if email and email.strip() else None


def find_person(*, email: str | None) -> Person | None:
    """The person with this address, or None."""
    address = normal_email(email)
    return db.session.scalar(select(Person).where(Person.email == address)) if address else None


def roles_of(person: Person, *names: str, on: date | None = None) -> list[Role]:
    """The person's roles of these names (all without names) that count on the day."""
    day = on or clock.today()
    return [
        role
        for role in person.roles
        if (not names or role.name in names) and (role.until is None or role.until >= day)
    ]


def has_role(person: Person, *names: str, project_id: int | None = None) -> bool:
    """Whether the person holds one of the roles, in this project when one is named."""
    return any(project_id is None or role.project_id in (None, project_id) for role in roles_of(person, *names))


def managed_organisations(person: Person) -> set[int]:
    """The organisations whose staff the person is manager of."""
    return {role.organisation_id for role in roles_of(person, "manager") if role.organisation_id}


def managed_staff(person: Person) -> set[tuple[int, int]]:
    """Project and organisation of whose staff in that project the person is manager."""
    return {(role.project_id, role.organisation_id) for role in roles_of(person, "manager")
            if role.project_id and role.organisation_id}  # fmt: skip


def holders(name: str, *, project_id: int | None = None) -> list[Person]:
    """Everybody with a role (in a project when one is named), by family name; protected people by their alias."""
    query = (
        select(Person)
        .join(Role, Role.person_id == Person.id)
        .where(Role.name == name)
        .order_by(*shown_order())
        .options(selectinload(Person.roles))
    )
    if project_id is not None:
        query = query.where(Role.project_id == project_id)
    return [p for p in db.session.scalars(query).unique() if roles_of(p, name)]


def shown_name(given: str, family: str, protected: bool, alias: str | None) -> str:
    """How somebody is shown in any list, out of the columns of `name_columns`: a protected person by her alias."""
    full = f"{given} {family}".strip()
    return alias or full if protected else full


def name_columns(person: Any = Person) -> tuple[Any, ...]:
    """The columns that `shown_name` takes, of Person or an alias of it: for questions that load no people."""
    return person.given_name, person.family_name, person.protected, person.alias


def shown_order() -> tuple[SQLColumnExpression[Any], ...]:
    """What to order people by: names, and the alias of the protected, so that no place in a list tells a name."""
    family = case((Person.protected, Person.alias), else_=Person.family_name)
    return family, case((Person.protected, ""), else_=Person.given_name), Person.id


def alphabetical(name: str) -> str:
    """Sorts as a Swedish list does: å, ä and ö last, in this order."""
    return name.casefold().translate(_LAST_LETTERS)


def names(people: Iterable[Person]) -> str:
    """Names after each other, as lists on screen show them."""
    return ", ".join(person.name for person in people)
