"""What may be read of surveys: counts of receipts at any time, contents of published batches only.

What matters most: nothing here returns an answer by itself or two answers of the same person side by side, and
nothing can be asked for per run, gender or employer.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from courses.activities import Activity
from courses.content_values import Texts
from courses.materials import Material
from courses.programmes import SCALE
from courses.runs import Run
from courses.surveys.tables import LEAST, Receipt, Response, Survey, SurveyBatch
from lms import clock
from lms.db import db
from lms.people import Person
from lms.projects import Project

AGREES = (4, 5)


@dataclass(frozen=True)
class ScaleResult:
    """How many chose each step 1–5, and how many did not know or did not answer."""

    key: str
    text: Texts
    low: Texts
    high: Texts
    goal: str
    counts: tuple[int, ...]
    unsure: int

    @property
    def answered(self) -> int:
        return sum(self.counts)

    @property
    def agree(self) -> int:
        """How many chose 4 or 5."""
        return sum(self.counts[step - 1] for step in AGREES)


@dataclass(frozen=True)
class TextResult:
    """What was written, in an order of its own for each question: two texts side by side are two people's."""

    key: str
    text: Texts
    texts: tuple[str, ...]


@dataclass(frozen=True)
class BatchResults:
    """A published batch: its place among those of its kind (from 1), its month, and each question by itself."""

    number: int
    published_on: date
    asked: int
    answered: int
    scales: tuple[ScaleResult, ...]
    texts: tuple[TextResult, ...]


@dataclass(frozen=True)
class Kind:
    """A programme's survey to one audience: what is published, what waits to become five, what is open now."""

    programme_key: str
    audience: str
    batches: int
    answered: int
    asked: int
    waiting: int
    open_answered: int
    open_asked: int


def results(
    project: Project, programme_key: str, audience: str, *, skip: int = 0, most: int | None = None
) -> list[BatchResults]:
    """The published batches of one kind, newest first, each by itself; two queries however many there are."""
    whole = published(project, programme_key, audience)
    batches = db.session.scalars(
        _published(project)
        .filter_by(programme_key=programme_key, audience=audience)
        .order_by(SurveyBatch.published_on.desc(), SurveyBatch.id.desc())
        .offset(skip)
        .limit(most)
    ).all()
    found: dict[int, list[tuple[str, dict[str, Any]]]] = {batch.id: [] for batch in batches}
    rows = select(Response.batch_id, Response.id, Response.answers).where(Response.batch_id.in_(found))
    for batch_id, response_id, answers in db.session.execute(rows):
        if batch_id is not None:
            found[batch_id].append((response_id, answers))
    return [_batch(batch, whole - skip - place, found[batch.id]) for place, batch in enumerate(batches)]


def published(project: Project, programme_key: str, audience: str) -> int:
    """How many batches of the kind are published."""
    batches = _published(project).filter_by(programme_key=programme_key, audience=audience)
    return db.session.scalar(select(func.count()).select_from(batches.subquery())) or 0


def share(project: Project, question_goal: str) -> tuple[int, int] | None:
    """For the goals board: how many answered 4 or 5, of how many who answered the questions with this goal.

    Over all published batches of the project; who does not know counts in neither. None: nothing is published.
    """
    batches: dict[str, list[int]] = {}
    for batch in db.session.scalars(_published(project)):
        for question in batch.questions:
            if question["goal"] == question_goal:
                batches.setdefault(question["key"], []).append(batch.id)
    counts = [_step_counts(key, ids) for key, ids in batches.items()]
    agree = sum(each.get(step, 0) for each in counts for step in AGREES)
    answered = sum(sum(each.values()) for each in counts)
    return (agree, answered) if answered else None


def waiting(person: Person) -> list[Survey]:
    """The surveys the person can answer today, the one that closes first at the top."""
    today = clock.today()
    return list(
        db.session.scalars(
            select(Survey)
            .join(Receipt, Receipt.survey_id == Survey.id)
            .where(Receipt.person_id == person.id, Receipt.answered_on.is_(None))
            .where(Survey.closed_at.is_(None), Survey.opens <= today, Survey.closes >= today)
            .order_by(Survey.closes, Survey.id)
        ).unique()
    )


def progress(run: Run) -> dict[str, tuple[int, int]]:
    """Per audience of the run how many have answered, of how many asked; counts only, at any time."""
    rows = db.session.execute(
        select(Survey.audience, func.count(Receipt.answered_on), func.count(Receipt.person_id))
        .join(Receipt, Receipt.survey_id == Survey.id)
        .where(Survey.run_id == run.id)
        .group_by(Survey.audience)
    )
    return {audience: (answered, asked) for audience, answered, asked in rows}


def overview(project: Project) -> list[Kind]:
    """Every programme and audience of the project that has asked anybody; two queries."""
    kinds: dict[tuple[str, str], dict[str, int]] = {}
    for batch in db.session.execute(_batch_sums(project)):
        kind = kinds.setdefault((batch.programme_key, batch.audience), _nothing())
        if batch.published:
            kind.update(batches=batch.batches, answered=batch.answers, asked=batch.asked)
        else:
            kind["waiting"] = batch.answers
    for still in db.session.execute(_open_sums(project)):
        kind = kinds.setdefault((still.key, still.audience), _nothing())
        kind.update(open_answered=still.answered, open_asked=still.asked)
    return [Kind(key, audience, **numbers) for (key, audience), numbers in sorted(kinds.items())]


def _published(project: Project) -> Any:
    """Select published batches; the only door to contents."""
    return select(SurveyBatch).where(
        SurveyBatch.project_id == project.id, SurveyBatch.published_on.is_not(None), SurveyBatch.answers >= LEAST
    )


def _nothing() -> dict[str, int]:
    return dict.fromkeys(("batches", "answered", "asked", "waiting", "open_answered", "open_asked"), 0)


def _batch_sums(project: Project) -> Any:
    is_published = SurveyBatch.published_on.is_not(None)
    return (
        select(
            SurveyBatch.programme_key,
            SurveyBatch.audience,
            is_published.label("published"),
            func.count().label("batches"),
            func.sum(SurveyBatch.answers).label("answers"),
            func.sum(SurveyBatch.asked).label("asked"),
        )
        .where(SurveyBatch.project_id == project.id)
        .group_by(SurveyBatch.programme_key, SurveyBatch.audience, is_published)
    )


def _open_sums(project: Project) -> Any:
    return (
        select(
            Material.key,
            Survey.audience,
            func.count(Receipt.answered_on).label("answered"),
            func.count(Receipt.person_id).label("asked"),
        )
        .select_from(Survey)
        .join(Activity, Activity.id == Survey.run_id)
        .join(Material, Material.id == Run.material_id)
        .join(Receipt, Receipt.survey_id == Survey.id)
        .where(Activity.project_id == project.id, Survey.closed_at.is_(None))
        .group_by(Material.key, Survey.audience)
    )


def _step_counts(key: str, batch_ids: list[int]) -> dict[int, int]:
    """How many chose each step of the question with this key, in one query."""
    step = Response.answers[key].as_integer()
    rows = select(step, func.count()).where(Response.batch_id.in_(batch_ids)).group_by(step)
    return {chosen: count for chosen, count in db.session.execute(rows) if chosen in SCALE}


def _batch(batch: SurveyBatch, number: int, responses: Sequence[tuple[str, dict[str, Any]]]) -> BatchResults:
    assert batch.published_on is not None
    assert len(responses) >= LEAST
    return BatchResults(
        number=number,
        published_on=batch.published_on.replace(day=1),
        asked=batch.asked,
        answered=batch.answers,
        scales=tuple(_scale(q, responses) for q in batch.questions if q["kind"] == "scale"),
        texts=tuple(_texts(q, responses) for q in batch.questions if q["kind"] == "text"),
    )


def _scale(question: dict[str, Any], responses: Iterable[tuple[str, dict[str, Any]]]) -> ScaleResult:
    chosen = [answers.get(question["key"]) for _response_id, answers in responses]
    counts = tuple(chosen.count(step) for step in SCALE)
    return ScaleResult(
        key=question["key"],
        text=question["text"],
        low=question["low"],
        high=question["high"],
        goal=question["goal"],
        counts=counts,
        unsure=len(chosen) - sum(counts),
    )


def _texts(question: dict[str, Any], responses: Iterable[tuple[str, dict[str, Any]]]) -> TextResult:
    key = question["key"]
    written = [(_order(response_id, key), answers[key]) for response_id, answers in responses if answers.get(key)]
    return TextResult(key=key, text=question["text"], texts=tuple(text for _order, text in sorted(written)))


def _order(response_id: str, key: str) -> str:
    """A stable place in an order that differs from question to question."""
    return hashlib.sha256(f"{response_id}:{key}".encode()).hexdigest()
