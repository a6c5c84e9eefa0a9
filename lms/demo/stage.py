"""Everything the acts of the story share: the project, its people by address, chance with a seed, and the agenda."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select

from lms import clock
from lms.db import db
from lms.demo.agenda import Agenda
from lms.demo.names import Crowd, Someone
from lms.organisations import Organisation, organisation_named
from lms.people import Person
from lms.plan import Plan
from lms.projects import Project

SEED = 20210320  # The number of the grant, so that the same people come again.


@dataclass
class Stage:
    """The world while its story is told. `cast` is everybody drawn so far, `people` those who exist, by address.

    `told_at` is the moment at which somebody has it told, before the clock is moved.
    """

    plan: Plan
    agenda: Agenda
    told_at: datetime = field(default_factory=clock.now)
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311  a story, not a secret
    people: dict[str, Person] = field(default_factory=dict)
    trainers: dict[str, list[str]] = field(default_factory=dict)
    users: dict[str, list[Someone]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.crowd = Crowd(self.chance)

    @property
    def today(self) -> date:
        return self.agenda.today

    @property
    def project(self) -> Project:
        return db.session.scalars(select(Project).where(Project.dnr == self.plan.dnr)).one()

    def person(self, email: str) -> Person:
        """Who has the address; KeyError before the person has come into the story."""
        return self.people[email]

    def remember(self, emails: list[str]) -> None:
        """Learn to know people that an import has made."""
        for first in range(0, len(emails), 500):
            some = emails[first : first + 500]
            for person in db.session.scalars(select(Person).where(Person.email.in_(some))).unique():
                self.people[person.email or ""] = person

    def organisation(self, name: str) -> Organisation:
        found = organisation_named(name)
        assert found is not None, name
        return found


def as_list(people: list[Someone]) -> bytes:
    """People as a municipality exports them: CSV with semicolons and a byte order mark."""
    genders = {"woman": "Kvinna", "man": "Man", "other": "Annat", "unknown": "Okänt"}
    lines = ["Förnamn;Efternamn;E-post;Personnummer;Kommun;Kön;Befattning"]
    for each in people:
        number = f"{each.personnummer[:8]}-{each.personnummer[8:]}" if each.personnummer else ""
        cells = (
            each.given_name, each.family_name, each.email, number, each.organisation, genders[each.gender],
            each.job_title,
        )  # fmt: skip
        lines.append(";".join(cells))
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()
