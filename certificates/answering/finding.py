"""Finding a certificate of a project years later: by its number, its code, its holder's name or municipality.

The rule that matters most: a protected person is found by her alias, or by the number on the paper; never by a name
or a municipality, and not by what was printed before.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select

from certificates import register
from certificates.acts import revoking
from certificates.answering.standing import Word
from certificates.register import LEVELS, NOT_REPLACED, NOT_REVOKED, Certificate, not_expired
from certificates.statement import bare, normalise_code, tidy
from lms import clock
from lms.db import db, spellings
from lms.organisations import Organisation, short_name
from lms.people import Person
from lms.projects import Project

STATES: tuple[Word, ...] = ("valid", "review", "expired", "replaced", "revoked")
LONGEST = 80
MOST_WORDS = 6
"""No name is longer, and no database reads a search without end."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for: words as somebody typed them, a state of today, a level, a person; empty is everything."""

    typed: str = ""
    state: str = ""
    level: str = ""
    person_id: int | None = None


@dataclass(frozen=True)
class Found:
    """A certificate and what it is today."""

    certificate: Certificate
    state: Word


def readable(typed: str) -> str:
    """What somebody typed, as it is looked for and shown again: without signs that nobody sees, and not without end."""
    return tidy(typed[: 5 * LONGEST])[:LONGEST]


def count(project: Project, wanted: Wanted) -> int:
    """How many certificates of the project are meant."""
    return db.session.scalar(_meant(select(func.count(Certificate.id)), project, wanted)) or 0


def found(project: Project, wanted: Wanted, limit: int, offset: int = 0) -> list[Found]:
    """A part of them, newest first, with their holders and employers. Four questions, however many.

    Every row of the project is looked at for a name: some 60 ms for 5 000. Only the ids are sorted, not the statements.
    """
    newest = Certificate.id.desc()
    query = _meant(select(Certificate.id), project, wanted).order_by(newest).limit(limit).offset(offset)
    ids = db.session.scalars(query).all()
    rows = db.session.scalars(select(Certificate).where(Certificate.id.in_(ids)).order_by(newest)).all()
    return [Found(row, state) for row, state in zip(rows, _states(rows), strict=True)]


def _states(certificates: Sequence[Certificate]) -> list[Word]:
    today, reviewed = clock.today(), revoking.under_review(certificates)
    return [("review" if each.id in reviewed else register.state(each, today)) for each in certificates]


def _meant(query: Select[Any], project: Project, wanted: Wanted) -> Select[Any]:
    query = query.join(Certificate.holder).outerjoin(Person.organisation)
    query = query.where(Certificate.project_dnr == project.dnr)
    if wanted.state in STATES:
        query = query.where(_is(wanted.state))
    if wanted.level in LEVELS:
        query = query.where(Certificate.level == wanted.level)
    if wanted.person_id is not None:
        query = query.where(Certificate.holder_id == wanted.person_id)
    typed = readable(wanted.typed)
    return query.where(_matches(typed)) if typed else query


def _is(state: str) -> ColumnElement[bool]:
    """The rule of `register.state` and of what is under review, for today."""
    today = clock.today()
    stands, holds = and_(NOT_REVOKED, NOT_REPLACED), not_expired(today)
    conditions: dict[str, ColumnElement[bool]] = {
        "valid": and_(stands, holds, ~revoking.in_review(today)),
        "review": revoking.in_review(today),
        "expired": and_(stands, ~holds),
        "replaced": and_(NOT_REVOKED, ~NOT_REPLACED),
        "revoked": ~NOT_REVOKED,
    }
    return conditions[state]


def _matches(typed: str) -> ColumnElement[bool]:
    """The number or the code as a whole; or every word somewhere: name, municipality, a part of the number."""
    code = normalise_code(typed)
    words = short_name(typed).split()[:MOST_WORDS]
    return or_(
        Certificate.code == code if code else false(),
        _numbered(typed),
        and_(*(or_(_numbered(word), _named(word)) for word in words)),
    )


def _numbered(typed: str) -> ColumnElement[bool]:
    """It stands in the number, with or without hyphens; without a digit it is a name that is looked for."""
    sought = bare(typed).upper()
    if not any(sign.isdigit() for sign in sought):
        return false()
    return func.replace(Certificate.number, "-", "").contains(sought, autoescape=True)


def _named(word: str) -> ColumnElement[bool]:
    """It stands in the name of today, in the one that was printed, or in the employer's.

    A statement has one spelling, so a part of its text tells the name that was printed.
    """
    name = Person.given_name + " " + Person.family_name + " " + func.coalesce(Organisation.name, "")
    shown = case((Person.protected, Person.alias), else_=name)
    printed = [f'%"holder/_name":"%{_escaped(way)}%","issued/_on":%' for way in spellings(word)]
    return or_(
        *(shown.icontains(way, autoescape=True) for way in spellings(word)),
        and_(Person.protected.is_(False), or_(*(Certificate.statement.ilike(each, escape="/") for each in printed))),
    )


def _escaped(word: str) -> str:
    """A word as it stands in a text of JSON, for LIKE with «/» as escape."""
    told = json.dumps(word, ensure_ascii=False)[1:-1]
    return told.replace("/", "//").replace("%", "/%").replace("_", "/_")
