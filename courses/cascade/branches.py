"""One branch of the string: the users of a trainer by name, a page at a time."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, exists, func, or_, select

from certificates.register import NOT_REPLACED, NOT_REVOKED, Certificate
from courses.cascade import papers
from lms import clock
from lms.db import db
from lms.people import Role
from lms.projects import Project

Only = Literal["", "doubted", "behind"]


@dataclass(frozen=True)
class Branch:
    """A page of the user certificates that stand in a trainer's branch, newest first.

    `doubted` and `behind` hold the ids of those on the page that are under review, or were earned on older material.
    """

    rows: tuple[Certificate, ...]
    doubted: frozenset[int] = frozenset()
    behind: frozenset[int] = frozenset()


def branch(project: Project, trainer_id: int, *, limit: int, offset: int = 0, only: Only = "") -> Branch:
    """The last paper of each line that the trainer began in the project; revoked ones too."""
    query = select(Certificate, papers.doubted(clock.today()), papers.behind()).order_by(Certificate.id.desc())
    found = db.session.execute(query.where(*_stands(project, trainer_id, only)).limit(limit).offset(offset)).all()
    return Branch(
        tuple(row for row, _doubted, _behind in found),
        frozenset(row.id for row, is_doubted, _behind in found if is_doubted),
        frozenset(row.id for row, _doubted, is_behind in found if is_behind),
    )


def branch_size(project: Project, trainer_id: int, *, only: Only = "") -> int:
    """How many certificates stand in that branch."""
    query = select(func.count()).select_from(Certificate).where(*_stands(project, trainer_id, only))
    return db.session.scalar(query) or 0


def _stands(project: Project, trainer_id: int, only: Only) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = [Certificate.id.in_(papers.issued_by(project, trainer_id)), NOT_REPLACED]
    if only:
        chosen.append(papers.doubted(clock.today()) if only == "doubted" else papers.behind() & NOT_REVOKED)
    return chosen


def certificate_of(project: Project, person_id: int) -> Certificate | None:
    """The newest trainer certificate of the person in the project."""
    query = select(Certificate).where(*_trainers(project), Certificate.holder_id == person_id)
    return db.session.scalar(query.order_by(Certificate.id.desc()).limit(1))


def is_trainer(project: Project, person_id: int) -> bool:
    """Whether the person has a place among the trainers of the string."""
    held = exists().where(*_trainers(project), Certificate.holder_id == person_id)
    role = exists().where(
        Role.project_id == project.id, Role.person_id == person_id, Role.name.in_(("trainer", "county_trainer"))
    )
    return bool(db.session.scalar(select(or_(held, role))))


def _trainers(project: Project) -> list[ColumnElement[bool]]:
    return [Certificate.project_dnr == project.dnr, Certificate.level == "trainer"]
