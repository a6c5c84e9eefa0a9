"""The string of the project: county trainers, the trainers they certified, the users these reached.

Counted from the register in a constant number of queries, however many people: users are sums per trainer, and their
names come a page at a time. Reach counts people, not papers: somebody certified twice is one.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import aliased, lazyload

from certificates import register
from certificates.register import NOT_REVOKED, Certificate
from lms.db import db
from lms.organisations import Organisation
from lms.people import Person, Role
from lms.projects import Project

SOON = timedelta(days=183)
"""A certificate that ends within half a year is about to expire."""

TrainerState = Literal["valid", "expiring", "expired", "revoked", "missing", "gone"]


@dataclass(frozen=True)
class Trainer:
    """A trainer with her reach. `gone`: certified users, but no longer a trainer of the project (orphan branch)."""

    person_id: int
    name: str
    place: str
    state: TrainerState
    until: date | None
    reach: int

    @property
    def is_active(self) -> bool:
        """Whether her users have somebody to ask: she holds the role, and nothing was taken back or has run out."""
        return self.state in ("valid", "expiring", "missing")


@dataclass(frozen=True)
class CountyTrainer:
    """A county trainer and the trainers she certified; id 0 holds those whom nobody has certified yet."""

    person_id: int
    name: str
    trainers: tuple[Trainer, ...]

    @property
    def reach(self) -> int:
        """People certified in this branch: trainers that hold a certificate, and their users."""
        return sum(trainer.reach + (trainer.state != "missing") for trainer in self.trainers)


@dataclass(frozen=True)
class Tree:
    """The whole string. `users` counts certified users, `places` users per municipality of the user, most first."""

    counties: tuple[CountyTrainer, ...]
    users: int
    places: tuple[tuple[str, int], ...]

    @property
    def trainers(self) -> tuple[Trainer, ...]:
        return tuple(trainer for county in self.counties for trainer in county.trainers)


def tree(project: Project, on: date) -> Tree:
    """The string as it is on a day."""
    roles = _role_holders(project, on)
    reach = _reach(project)
    held = _trainer_certificates(project)
    people = _people({*roles, *reach, *(each.holder_id for each in held), *(each.issued_by_id for each in held)})
    newest = {each.holder_id: each for each in held}
    branches: dict[int, list[Trainer]] = defaultdict(list)
    for person_id in {*newest, *(who for who in reach), *(who for who, names in roles.items() if "trainer" in names)}:
        if "county_trainer" in roles.get(person_id, set()) and person_id not in reach:
            continue
        found = newest.get(person_id)
        active = bool(roles.get(person_id, set()) & {"trainer", "county_trainer"})
        trainer = _trainer(people[person_id], found, active, reach.get(person_id, 0), on)
        branches[found.issued_by_id if found else 0].append(trainer)
    for person_id, names in roles.items():
        if "county_trainer" in names:
            branches.setdefault(person_id, [])
    counties = [_county(people.get(county), county, trainers) for county, trainers in branches.items()]
    users, places = _places(project)
    return Tree(tuple(sorted(counties, key=lambda each: (not each.person_id, each.name))), users, places)


def _county(person: Person | None, person_id: int, trainers: list[Trainer]) -> CountyTrainer:
    ordered = tuple(sorted(trainers, key=lambda each: (each.place, each.name)))
    return CountyTrainer(person_id, person.name if person else "", ordered)


def _trainer(person: Person, held: Certificate | None, active: bool, reach: int, on: date) -> Trainer:
    until = held.valid_until if held else None
    state: TrainerState = "missing"
    if held is not None:
        known = register.state(held, on)
        now: TrainerState = "missing" if known == "replaced" else known
        soon = now == "valid" and until is not None and until <= on + SOON
        state = "expiring" if soon else now
    if not active and held is not None and state != "revoked":
        state = "gone"
    return Trainer(person.id, person.name, person.organisation.name if person.organisation else "", state, until, reach)


def branch(project: Project, trainer_id: int, *, limit: int, offset: int = 0) -> tuple[int, list[Certificate]]:
    """How many user certificates the trainer has issued in the project, and a page of them, newest first."""
    chosen = [*_of(project, "user"), Certificate.issued_by_id == trainer_id]
    total = db.session.scalar(select(func.count()).select_from(Certificate).where(*chosen)) or 0
    query = select(Certificate).where(*chosen).order_by(Certificate.id.desc()).limit(limit).offset(offset)
    return total, list(db.session.scalars(query))


def certificate_of(project: Project, person_id: int) -> Certificate | None:
    """The newest trainer certificate of the person in the project."""
    query = select(Certificate).where(*_of(project, "trainer"), Certificate.holder_id == person_id)
    return db.session.scalar(query.order_by(Certificate.id.desc()).limit(1))


def is_trainer(project: Project, person_id: int) -> bool:
    """Whether the person has a place among the trainers of the string."""
    held = exists().where(*_of(project, "trainer"), Certificate.holder_id == person_id)
    role = exists().where(
        Role.project_id == project.id, Role.person_id == person_id, Role.name.in_(("trainer", "county_trainer"))
    )
    return bool(db.session.scalar(select(held | role)))


def _of(project: Project, level: str) -> list[ColumnElement[bool]]:
    return [Certificate.project_dnr == project.dnr, Certificate.level == level]


def _reach(project: Project) -> dict[int, int]:
    """Person id of who certified → number of people with a user certificate that is not revoked."""
    query = (
        select(Certificate.issued_by_id, func.count(func.distinct(Certificate.holder_id)))
        .where(*_of(project, "user"), NOT_REVOKED)
        .group_by(Certificate.issued_by_id)
    )
    return {person_id: count for person_id, count in db.session.execute(query)}  # noqa: C416  rows are not pairs to the type checker


def _places(project: Project) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Users of the project, and how many in each municipality."""
    holder = aliased(Person)
    count = func.count(func.distinct(Certificate.holder_id))
    query = (
        select(func.coalesce(Organisation.name, ""), count)
        .select_from(Certificate)
        .join(holder, holder.id == Certificate.holder_id)
        .outerjoin(Organisation, Organisation.id == holder.organisation_id)
        .where(*_of(project, "user"), NOT_REVOKED)
        .group_by(Organisation.name)
        .order_by(count.desc(), Organisation.name)
    )
    rows = tuple((str(name), int(people)) for name, people in db.session.execute(query))
    return sum(people for _name, people in rows), rows


def _trainer_certificates(project: Project) -> list[Certificate]:
    """Oldest first, so that the newest of a person is the last."""
    query = select(Certificate).where(*_of(project, "trainer")).options(lazyload(Certificate.holder))
    return list(db.session.scalars(query.order_by(Certificate.id)))


def _role_holders(project: Project, on: date) -> dict[int, set[str]]:
    """Person id → roles of a trainer that count on the day."""
    query = select(Role.person_id, Role.name).where(
        Role.project_id == project.id,
        Role.name.in_(("trainer", "county_trainer")),
        (Role.until.is_(None)) | (Role.until >= on),
    )
    found: dict[int, set[str]] = defaultdict(set)
    for person_id, name in db.session.execute(query):
        found[person_id].add(name)
    return dict(found)


def _people(ids: set[int]) -> dict[int, Person]:
    query = select(Person).where(Person.id.in_(ids))
    return {person.id: person for person in db.session.scalars(query)}
