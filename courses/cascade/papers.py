"""What the string is counted from: every certificate of a project as a plain row, in one query.

The rule that matters most: people are counted, not papers. A renewed certificate and one with a new name hang where the
first of their line hung, with whoever certified the person then.
"""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, false, func, literal, select

from certificates.acts.revoking import in_review
from certificates.register import NOT_REVOKED, Certificate
from courses import materials
from lms.db import rows
from lms.organisations import Organisation
from lms.people import Person
from lms.projects import Project


class Paper(NamedTuple):
    """One certificate. `place` is the holder's employer today, `doubted`: a link above is revoked and nothing decided.

    `behind`: it was earned on another version of the material than the one that is published now.
    """

    id: int
    replaces_id: int | None
    holder_id: int
    level: str
    issued_by_id: int
    issued_on: date
    valid_until: date | None
    place: str
    revoked: bool
    doubted: bool
    behind: bool


class Standing(NamedTuple):
    """The newest paper of a line, with who began the line and when."""

    paper: Paper
    first: Paper


def of(project: Project, on: date) -> Sequence[Paper]:
    """Every certificate of the project, oldest first, as it is on a day."""
    query = (
        select(
            Certificate.id, Certificate.replaces_id, Certificate.holder_id, Certificate.level,
            Certificate.issued_by_id, Certificate.issued_on, Certificate.valid_until,
            func.coalesce(Organisation.name, ""), ~NOT_REVOKED, doubted(on), behind(),
        )
        .join(Person, Person.id == Certificate.holder_id)
        .outerjoin(Organisation, Organisation.id == Person.organisation_id)
        .where(Certificate.project_dnr == project.dnr)
        .order_by(Certificate.id)
    )  # fmt: skip
    return list(map(Paper._make, rows(query, {})))


def standing(papers: Sequence[Paper]) -> list[Standing]:
    """The last paper of each line, oldest line last issued first."""
    by_id = {paper.id: paper for paper in papers}
    replaced = {paper.replaces_id for paper in papers}
    found = []
    for paper in papers:
        if paper.id not in replaced:
            first = paper
            while first.replaces_id in by_id:
                first = by_id[first.replaces_id]
            found.append(Standing(paper, first))
    return found


def issued_by(project: Project, person_id: int) -> Select[Any]:
    """Ids of the user certificates whose line the person began."""
    line = (
        select(Certificate.id)
        .where(
            Certificate.project_dnr == project.dnr,
            Certificate.level == "user",
            Certificate.issued_by_id == person_id,
            Certificate.replaces_id.is_(None),
        )
        .cte("line", recursive=True)
    )
    return select(line.union_all(select(Certificate.id).join(line, Certificate.replaces_id == line.c.id)).c.id)


def doubted(on: date) -> ColumnElement[bool]:
    """It stands, but the certificate it was issued under is revoked and nobody has decided about this one yet."""
    return in_review(on)


def behind() -> ColumnElement[bool]:
    """It was earned on another version of its programme than the newest.

    A statement has one spelling, so a part of its text tells the version.
    """
    newest = materials.latest_of_each()
    if not newest:
        return false()
    said = {each.key: f'"material_version":{json.dumps(each.version, ensure_ascii=False)}' for each in newest}
    return case(
        *(
            (Certificate.programme_key == key, ~Certificate.statement.contains(part, autoescape=True))
            for key, part in said.items()
        ),
        else_=literal(False),
    )

