"""The tree itself, grown from plain rows: who hangs under whom, how far each branch reaches, and what wears out.

Three queries, however many people. Reach counts people, not papers: somebody certified twice is one.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import select

from courses.cascade import papers
from courses.cascade.papers import Paper, Standing
from lms.db import db
from lms.people import Person, Role
from lms.projects import Project

SOON = timedelta(days=183)
"""A certificate that ends within half a year is about to expire."""
YEAR = timedelta(days=365)
"""So far ahead the list of certificates that end looks."""

TrainerState = Literal["valid", "expiring", "expired", "revoked", "missing", "gone"]


@dataclass(frozen=True)
class Wanted:
    """A part of the tree: the users of a municipality ("" for all) who were certified in a year (0 for all)."""

    place: str = ""
    year: int = 0

    def holds(self, place: str, first: date) -> bool:
        """Whether somebody from there, first certified on that day, is wanted."""
        return self.place in ("", place) and self.year in (0, first.year)


EVERYTHING = Wanted()


class Known(NamedTuple):
    """Somebody by the name that is shown; a protected person has no place here."""

    id: int
    name: str
    place: str


@dataclass(frozen=True)
class Trainer:
    """A trainer with her reach. `gone`: certified users, but no longer a trainer of the project (orphan branch).

    `doubted` and `behind` count users: whose certificate is under review, and who learned from older material than the
    published one. `is_behind` says that of herself.
    """

    person_id: int
    name: str
    place: str
    state: TrainerState
    until: date | None
    reach: int
    doubted: int = 0
    behind: int = 0
    is_behind: bool = False

    @property
    def is_active(self) -> bool:
        """Whether her users have somebody to ask: she holds the role, and nothing was taken back or has run out."""
        return self.state in ("valid", "expiring", "missing")

    @property
    def is_certified(self) -> bool:
        """Whether she was certified, and it was not taken back: such a trainer counts in sums."""
        return self.state not in ("missing", "revoked")

    @property
    def marks(self) -> dict[int, str]:
        """Number of a user's pearl → how it differs: first those under review, then those with nobody to ask."""
        alone = range(0 if self.is_active else self.reach)
        return dict.fromkeys(alone, "bad") | dict.fromkeys(range(self.doubted), "warn")


@dataclass(frozen=True)
class CountyTrainer:
    """A county trainer and the trainers she certified; id 0 holds those whom nobody has certified yet."""

    person_id: int
    name: str
    trainers: tuple[Trainer, ...]

    @property
    def reach(self) -> int:
        """People certified in this branch: trainers whose certificate was not revoked, and their users."""
        return sum(trainer.reach + trainer.is_certified for trainer in self.trainers)


@dataclass(frozen=True)
class Place:
    """A municipality ("" for people without an employer): users by the year each was first certified in."""

    name: str
    years: Mapping[int, int]

    @property
    def users(self) -> int:
        return sum(self.years.values())


@dataclass(frozen=True)
class Month:
    """What ends in a month (its first day): the trainers, soonest first, and the number of users."""

    first: date
    trainers: tuple[Trainer, ...]
    users: int


@dataclass(frozen=True)
class Tree:
    """The whole string or the wanted part of it. `places` has the municipality with most users first.

    `all_places` and `years` are what one can ask for, also when only a part is shown.
    """

    counties: tuple[CountyTrainer, ...] = ()
    users: int = 0
    places: tuple[Place, ...] = ()
    months: tuple[Month, ...] = ()
    all_places: tuple[str, ...] = ()
    years: tuple[int, ...] = ()

    @property
    def trainers(self) -> tuple[Trainer, ...]:
        return tuple(trainer for county in self.counties for trainer in county.trainers)

    def part(self, limit: int, offset: int = 0) -> list[tuple[CountyTrainer, tuple[Trainer, ...]]]:
        """So many trainers in order, under their county trainers; who has none stands on the page of her neighbour."""
        parts, passed = [], 0
        for county in self.counties:
            begin, end = max(0, offset - passed), max(0, offset + limit - passed)
            shown = county.trainers[begin:end]
            if shown or (not county.trainers and offset <= passed < offset + limit):
                parts.append((county, shown))
            passed += len(county.trainers)
        return parts


@dataclass
class _Branch:
    """Holder id → the paper that counts for her, of the users of one trainer."""

    users: dict[int, Paper] = field(default_factory=dict)


def tree(project: Project, on: date, wanted: Wanted = EVERYTHING) -> Tree:
    """The string as it is on a day, or the wanted part of it."""
    found = papers.of(project, on)
    roles = _role_holders(project, on)
    issuers = {paper.issued_by_id for paper in found if paper.replaces_id is None}
    trainers = {paper.holder_id for paper in found if paper.level == "trainer"}
    return grow(found, roles, _people({*roles, *issuers, *trainers}), on, wanted)


def grow(
    found: Sequence[Paper],
    roles: Mapping[int, Collection[str]],
    people: Mapping[int, Known],
    on: date,
    wanted: Wanted = EVERYTHING,
) -> Tree:
    """The tree of these papers. `roles`: person id → roles of a trainer that count; `people`: who is named in it."""
    lines = papers.standing(found)
    own = _own(lines)
    standing = [each for each in lines if each.paper.level == "user" and not each.paper.revoked]
    branches: dict[int, _Branch] = defaultdict(_Branch)
    for paper, first in standing:
        if wanted.holds(paper.place, first.issued_on):
            branches[first.issued_by_id].users[paper.holder_id] = paper
    threads: dict[int, list[Trainer]] = defaultdict(list)
    for person_id in {*own, *branches, *(who for who, names in roles.items() if "trainer" in names)}:
        held, names = own.get(person_id), roles.get(person_id, ())
        if person_id not in branches and ("county_trainer" in names or not _is_wanted(held, people[person_id], wanted)):
            continue
        above = held.first.issued_by_id if held else person_id if "county_trainer" in names else 0
        threads[above].append(_trainer(people[person_id], held, bool(names), branches[person_id].users, on))
    for person_id, names in roles.items():
        if "county_trainer" in names and wanted == EVERYTHING:
            threads.setdefault(person_id, [])
    counties = [_county(person_id, people, trainers) for person_id, trainers in threads.items()]
    places = _places(standing)
    return Tree(
        counties=tuple(sorted(counties, key=lambda each: (not each.person_id, each.name))),
        users=len({holder for branch in branches.values() for holder in branch.users}),
        places=_narrowed(places, wanted),
        months=_months([each for county in counties for each in county.trainers], branches.values(), on),
        all_places=tuple(sorted({place.name for place in places} | {people[trainer].place for trainer in own})),
        years=tuple(sorted({first.issued_on.year for _paper, first in lines})),
    )


def _own(lines: Sequence[Standing]) -> dict[int, Standing]:
    """Person id → her trainer certificate: the newest that is not revoked, otherwise the newest."""
    own: dict[int, Standing] = {}
    for each in lines:
        before = own.get(each.paper.holder_id)
        if each.paper.level == "trainer" and (before is None or before.paper.revoked or not each.paper.revoked):
            own[each.paper.holder_id] = each
    return own


def _is_wanted(held: Standing | None, person: Known, wanted: Wanted) -> bool:
    """Whether a trainer without a wanted user belongs there by herself."""
    if held is None:
        return not wanted.year and wanted.place in ("", person.place)
    return wanted.holds(person.place, held.first.issued_on)


def _county(person_id: int, people: Mapping[int, Known], trainers: list[Trainer]) -> CountyTrainer:
    ordered = tuple(sorted(trainers, key=lambda each: (each.place, each.name)))
    return CountyTrainer(person_id, people[person_id].name if person_id else "", ordered)


def _trainer(person: Known, held: Standing | None, active: bool, users: Mapping[int, Paper], on: date) -> Trainer:
    paper = held.paper if held else None
    return Trainer(
        person_id=person.id,
        name=person.name,
        place=person.place,
        state=_state(paper, active, on),
        until=paper.valid_until if paper else None,
        reach=len(users),
        doubted=sum(user.doubted for user in users.values()),
        behind=sum(user.behind for user in users.values()),
        is_behind=paper is not None and paper.behind,
    )


def _state(paper: Paper | None, active: bool, on: date) -> TrainerState:
    if paper is not None and paper.revoked:
        return "revoked"
    if not active:
        return "gone"
    if paper is None:
        return "missing"
    if paper.valid_until is None or paper.valid_until > on + SOON:
        return "valid"
    return "expiring" if paper.valid_until >= on else "expired"


def _places(standing: Sequence[Standing]) -> list[Place]:
    """Everybody once, in the year of her first certificate."""
    holders: dict[int, tuple[str, int]] = {}
    for paper, first in standing:
        year = min(first.issued_on.year, holders.get(paper.holder_id, (paper.place, first.issued_on.year))[1])
        holders[paper.holder_id] = (paper.place, year)
    counted: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for place, year in holders.values():
        counted[place][year] += 1
    places = [Place(name, dict(years)) for name, years in counted.items()]
    return sorted(places, key=lambda each: (-each.users, each.name))


def _narrowed(places: Sequence[Place], wanted: Wanted) -> tuple[Place, ...]:
    """The wanted places with the wanted year."""
    chosen = [place for place in places if wanted.place in ("", place.name)]
    if not wanted.year:
        return tuple(chosen)
    chosen = [place for place in chosen if wanted.year in place.years]
    return tuple(Place(each.name, {wanted.year: each.years[wanted.year]}) for each in chosen)


def _months(trainers: Sequence[Trainer], branches: Collection[_Branch], on: date) -> tuple[Month, ...]:
    """What ends within a year, month by month."""
    ending: dict[date, list[Trainer]] = defaultdict(list)
    users: dict[date, set[int]] = defaultdict(set)
    for trainer in sorted(trainers, key=lambda each: (each.until or date.max, each.name)):
        if trainer.state in ("valid", "expiring") and trainer.until is not None and trainer.until <= on + YEAR:
            ending[trainer.until.replace(day=1)].append(trainer)
    for branch in branches:
        for holder, paper in branch.users.items():
            if paper.valid_until is not None and on <= paper.valid_until <= on + YEAR:
                users[paper.valid_until.replace(day=1)].add(holder)
    return tuple(Month(first, tuple(ending[first]), len(users[first])) for first in sorted({*ending, *users}))


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


def _people(ids: set[int]) -> dict[int, Known]:
    people = db.session.scalars(select(Person).where(Person.id.in_(ids)))
    return {each.id: Known(each.id, each.name, _place(each)) for each in people}


def _place(person: Person) -> str:
    return person.organisation.name if person.organisation and not person.protected else ""
