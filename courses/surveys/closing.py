"""Closing: the answers of a survey leave it and join a batch; a batch with five answers is published and full.

What matters most: every answer of the batch is written anew, in random order and in one transaction, so that
neither the order in the table nor PostgreSQL's transaction number points at a receipt or a run.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from random import SystemRandom
from typing import Any

from sqlalchemy import delete, func, insert, select

from courses.activities import Activity
from courses.programmes import Question
from courses.surveys.tables import LEAST, Receipt, Response, Survey, SurveyBatch
from lms import audit, clock
from lms.db import db
from lms.projects import Project


def close_due(today: date) -> int:
    """Close what took answers until yesterday or earlier and hand its answers to a batch; returns how many.

    The row of the project is locked meanwhile, so that two workers fill one batch and close each survey once.
    """
    due = db.session.execute(
        select(Survey.id, Activity.project_id)
        .join(Activity, Activity.id == Survey.run_id)
        .where(Survey.closed_at.is_(None), Survey.closes < today)
        .order_by(Activity.project_id, Survey.id)
    ).all()
    closed = 0
    for survey_id, project_id in due:
        db.session.execute(select(Project.id).where(Project.id == project_id).with_for_update())
        survey = db.session.scalar(
            select(Survey)
            .where(Survey.id == survey_id, Survey.closed_at.is_(None))
            .with_for_update(of=Survey)
            .execution_options(populate_existing=True)
        )
        if survey is not None:
            _close(survey, today)
            closed += 1
    return closed


def _close(survey: Survey, today: date) -> None:
    batch = _filling_batch(survey)
    inside = (Response.survey_id == survey.id) | (Response.batch_id == batch.id)
    contents = list(db.session.scalars(select(Response.answers).where(inside)))
    db.session.execute(delete(Response).where(inside).execution_options(synchronize_session=False))
    _write_in_random_order(batch.id, contents)
    batch.asked += db.session.scalar(select(func.count()).where(Receipt.survey_id == survey.id)) or 0
    batch.answers = len(contents)
    batch.published_on = today if len(contents) >= LEAST else None
    survey.closed_at = clock.now()
    audit.record("survey.closed", survey, by=None)
    db.session.flush()


def _filling_batch(survey: Survey) -> SurveyBatch:
    """The batch that still fills for this project, programme, audience and set of questions."""
    questions = survey.questions
    same = {
        "project_id": survey.run.project_id,
        "programme_key": survey.run.material.key,
        "audience": survey.audience,
        "kind": kind_of(questions),
    }
    batch = db.session.scalar(select(SurveyBatch).filter_by(**same, published_on=None))
    if batch is None:
        batch = SurveyBatch(**same, asked=0, answers=0)
        db.session.add(batch)
    batch.questions = [asdict(question) for question in questions]
    db.session.flush()
    return batch


def kind_of(questions: Sequence[Question]) -> str:
    """Questions with the same keys, kinds and goals are the same questions, however they are worded."""
    keys = sorted((question.key, question.kind, question.goal) for question in questions)
    return hashlib.sha256(json.dumps(keys).encode()).hexdigest()


def _write_in_random_order(batch_id: int, contents: list[dict[str, Any]]) -> None:
    SystemRandom().shuffle(contents)
    if contents:
        db.session.execute(
            insert(Response),
            [
                {"id": secrets.token_hex(16), "survey_id": None, "batch_id": batch_id, "answers": answers}
                for answers in contents
            ],
        )
