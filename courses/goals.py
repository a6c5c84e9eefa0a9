"""The goals board: what the project promised, how far it has come, and whether that follows the plan today.

A figure never stands without its denominator, and what has not been measured says so instead of showing nought.
Surveys count through published batches only; nobody is named here, the steering group sees nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, func, or_, select

from certificates.register import NOT_REPLACED, NOT_REVOKED, Certificate, not_expired
from courses import surveys
from courses.horizontal import STEPS, HorizontalStep
from lms import clock
from lms.db import db
from lms.organisations import Organisation
from lms.people import Person, Role, alphabetical
from lms.plan.model import Goal, OfWhom, Phase, Plan
from lms.projects import Participation, Project, ProjectOrganisation

Code = Literal["reached", "on_track", "behind", "late", "coming", "not_measured"]
SMALLEST_GROUP = 5


@dataclass(frozen=True)
class Reached:
    """How many of how many; `needed` of them make the goal. For a goal in people `base` is `needed`."""

    count: int
    base: int
    needed: int


@dataclass(frozen=True)
class GoalState:
    """One goal today. `reached` is None when nothing is measured; `expected` is what the plan says for today."""

    goal: Goal
    code: Code
    reached: Reached | None
    expected: int
    starts: date

    @property
    def is_behind(self) -> bool:
        return self.code in ("behind", "late")

    @property
    def missing(self) -> int:
        """How many are left to the goal."""
        return max(0, self.reached.needed - self.reached.count) if self.reached else 0

    @property
    def percent(self) -> int:
        """Whole percent of the base, rounded down."""
        return self.reached.count * 100 // self.reached.base if self.reached and self.reached.base else 0

    @property
    def tenth(self) -> float:
        """The part of the first pearl that is not full, when ten pearls stand for the base."""
        return round(self.percent % 10 / 10, 1)


# --- the decision -------------------------------------------------------------------------------------------


def code_of(reached: Reached | None, expected: int, *, starts: date, by: date, today: date) -> Code:
    """Where a goal stands, in one word; `late` is a goal missed on its day."""
    if reached is None or reached.base == 0:
        return "not_measured"
    if reached.count >= reached.needed:
        return "reached"
    if today > by:
        return "late"
    if today < starts and reached.count == 0:
        return "coming"
    return "on_track" if reached.count >= expected else "behind"


def expected_by(today: date, needed: int, *, starts: date, by: date) -> int:
    """What a steady pace from `starts` to `by`, both days included, would have given by today; rounded down."""
    whole = max((by - starts).days + 1, 1)
    gone = min(max((today - starts).days + 1, 0), whole)
    return needed * gone // whole


def start_of(goal: Goal, plan: Plan) -> date:
    """The day work towards the goal begins: with the phase its last day lies in, else the phase before it."""
    begun = [phase for phase in plan.phases if phase.starts <= goal.by]
    return begun[-1].starts if begun else plan.starts


def needed_of(goal: Goal, base: int) -> int:
    """How many people make the goal: its number, or its share of the base rounded up."""
    return goal.target if goal.target is not None else -(-base * (goal.share or 0) // 100)


# --- questions ----------------------------------------------------------------------------------------------


def board(project: Project) -> list[GoalState]:
    """Every goal of the plan, in its order. The number of queries follows the goals, never the people."""
    return [_state(project, goal) for goal in project.plan.goals]


def _state(project: Project, goal: Goal) -> GoalState:
    reached, starts, today = _reached(project, goal), start_of(goal, project.plan), clock.today()
    needed = reached.needed if reached else goal.target or 0
    expected = expected_by(today, needed, starts=starts, by=goal.by)
    code = code_of(reached, expected, starts=starts, by=goal.by, today=today)
    return GoalState(goal, code, reached, expected, starts)


def _reached(project: Project, goal: Goal) -> Reached | None:
    if goal.kind == "survey":
        share = surveys.share(project, goal.question or "")
        return Reached(share[0], share[1], needed_of(goal, share[1])) if share else None
    if goal.kind == "certified":
        return _counted(goal, project, certified(project, goal.level or ""))
    if goal.kind == "horizontal":
        return _counted(goal, project, _took_step(project, goal))
    return None  # The follow-up instrument belongs to the municipalities and is not part of this installation.


def _counted(goal: Goal, project: Project, who: Select[int]) -> Reached:
    """How many of `who` there are, among those the goal speaks of."""
    if goal.target is not None:
        return Reached(_number(who), goal.target, goal.target)
    base = _of_whom(project, goal.of_whom or "participants")
    total = _number(base)
    return Reached(_number(base.intersect(who)), total, needed_of(goal, total))


def _number(who: Select[int] | CompoundSelect[int]) -> int:
    return db.session.scalar(select(func.count()).select_from(who.subquery())) or 0


def certified(project: Project, level: str) -> Select[int]:
    """Ids of those who hold a certificate of the level from this project that is valid today."""
    return select(Certificate.holder_id).where(*valid_today(project), Certificate.level == level).distinct()


def valid_today(project: Project) -> Sequence[ColumnElement[bool]]:
    """Certificates of the project that have neither been revoked nor replaced nor run out."""
    return *not_revoked(project), NOT_REPLACED, not_expired(clock.today())


def not_revoked(project: Project) -> Sequence[ColumnElement[bool]]:
    """Certificates of the project that nobody has revoked."""
    return Certificate.project_dnr == project.dnr, NOT_REVOKED


def _took_step(project: Project, goal: Goal) -> Select[int]:
    """Who has taken the step of the goal; who has gone further has been offered it too."""
    steps = STEPS[STEPS.index(goal.measure) :] if goal.measure in STEPS else STEPS[-1:]
    return (
        select(HorizontalStep.person_id)
        .where(HorizontalStep.project_id == project.id, HorizontalStep.step.in_(steps))
        .distinct()
    )


def _of_whom(project: Project, whom: OfWhom) -> Select[int]:
    """The people a goal speaks of: ids without doubles."""
    trainers = select(Role.person_id).where(
        Role.project_id == project.id,
        Role.name == "trainer",
        or_(Role.until.is_(None), Role.until >= clock.today()),
    )
    participants = select(Participation.person_id).where(Participation.project_id == project.id, Participation.esf)
    if whom in ("trainers", "employed_trainers"):
        return trainers.distinct()
    if whom == "certified_users":
        return certified(project, "user")
    if whom == "users":
        return participants.where(Participation.person_id.not_in(trainers)).distinct()
    return participants.distinct()


@dataclass(frozen=True)
class Participants:
    """ESF participants so far beside the plan figure of the grant, which is not the sum of the goals."""

    actual: int
    planned: int


def participants(project: Project) -> Participants:
    """People whose hours go to the funder, and how many the grant was given for."""
    return Participants(_number(_of_whom(project, "participants")), project.plan.planned_participants)


@dataclass(frozen=True)
class PhaseState:
    """A phase with its place in time: past, now or coming."""

    phase: Phase
    when: Literal["past", "now", "coming"]


def phases(project: Project) -> list[PhaseState]:
    """The phases in order; between two of them none is now."""
    today = clock.today()
    return [
        PhaseState(phase, "past" if phase.ends < today else "now" if phase.starts <= today else "coming")
        for phase in project.plan.phases
    ]


@dataclass(frozen=True)
class PlaceState:
    """Certified people of one organisation, by the employer they joined the project from."""

    name: str
    trainers: int
    users: int


def places(project: Project) -> list[PlaceState]:
    """Certified trainers and users per organisation of the project. One query."""
    counted = {
        level: func.count(Certificate.holder_id.distinct()).filter(Certificate.level == level)
        for level in ("trainer", "user")
    }
    query = (
        select(Organisation.name, counted["trainer"], counted["user"])
        .join(ProjectOrganisation, ProjectOrganisation.organisation_id == Organisation.id)
        .outerjoin(
            Participation,
            and_(Participation.organisation_id == Organisation.id, Participation.project_id == project.id),
        )
        .outerjoin(Certificate, and_(Certificate.holder_id == Participation.person_id, *valid_today(project)))
        .where(ProjectOrganisation.project_id == project.id)
        .group_by(Organisation.name)
    )
    found = (PlaceState(*row) for row in db.session.execute(query))
    return sorted(found, key=lambda place: alphabetical(place.name))


def genders(project: Project) -> dict[str, dict[str, int]]:
    """level → gender → certified people; a level where any group has one to four people is left out."""
    query = (
        select(Certificate.level, Person.gender, func.count(Person.id.distinct()))
        .join(Person, Person.id == Certificate.holder_id)
        .where(*valid_today(project))
        .group_by(Certificate.level, Person.gender)
    )
    found: dict[str, dict[str, int]] = {}
    for level, gender, people in db.session.execute(query):
        found.setdefault(level, {})[gender] = people
    return {level: groups for level, groups in found.items() if min(groups.values()) >= SMALLEST_GROUP}
