"""Surveys open by themselves after the last session and remind twice those who have not answered.

What matters most: everybody who is to be asked is asked once, however many workers look at the same minute.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from flask import current_app
from sqlalchemy import Row, Select, select, union_all

from courses.activities import Activity, Session
from courses.enrolment import Enrolment
from courses.materials import Material, programme_of
from courses.programmes import text as worded
from courses.runs import Run, RunTrainer
from courses.surveys.tables import AUDIENCES, Receipt, Survey
from lms import audit, clock, filters, mail
from lms.db import db
from lms.people import Person

OPEN_FOR: Final = timedelta(days=14)
FOLLOW_UP: Final = timedelta(weeks=8)
FOLLOW_UP_AT_LEAST: Final = timedelta(weeks=2)
REMINDERS: Final = (timedelta(days=5), timedelta(days=10))


def open_due(today: date) -> int:
    """Open what is due on the day and ask everybody who is to be asked, once each; returns how many were asked.

    A walk-in who is added while the survey is open is asked then.
    """
    for run_id, material_id in _ended_without_survey():
        _plan_surveys(run_id, material_id, today)
    return _ask(today)


def _ended_without_survey() -> Sequence[Row[int, int | None]]:
    sessions = select(Session.id).where(Session.activity_id == Run.id)
    return db.session.execute(
        select(Run.id, Run.material_id)
        .where(
            Run.cancelled_at.is_(None),
            ~select(Survey.id).where(Survey.run_id == Run.id).exists(),
            sessions.exists(),
            ~sessions.where(Session.ends_at > clock.now()).exists(),
        )
        .order_by(Run.id)
    ).all()


def _plan_surveys(run_id: int, material_id: int | None, today: date) -> None:
    """One survey of the run to each audience of its programme; two workers at once make them once."""
    material = db.session.get(Material, material_id)
    if material is None or not programme_of(material).surveys:
        return
    db.session.execute(select(Activity.id).where(Activity.id == run_id).with_for_update())
    if db.session.scalar(select(Survey.id).where(Survey.run_id == run_id).limit(1)):
        return
    run = db.session.get_one(Run, run_id)
    last = max(clock.local(session.ends_at).date() for session in run.sessions)
    for audience in AUDIENCES:
        if audience in programme_of(material).surveys:
            opens = max(today, opening_day(audience, last, run.project.ends))
            survey = Survey(run_id=run_id, audience=audience, opens=opens, closes=opens + OPEN_FOR)
            db.session.add(survey)
            db.session.flush()
            audit.record("survey.planned", survey, by=None, details={"opens": opens.isoformat()})


def opening_day(audience: str, last_session: date, project_ends: date) -> date:
    """The day of the last session; the follow-up eight weeks later, or in time to close with the project.

    A follow-up never opens sooner than two weeks after the last session: it asks about daily work.
    """
    if audience != "followup":
        return last_session
    return max(last_session + FOLLOW_UP_AT_LEAST, min(last_session + FOLLOW_UP, project_ends - OPEN_FOR))


def _unasked(today: date) -> Select[int, int]:
    """Pairs of survey and person: open now, of its audience, and without a receipt."""
    still_open = (Survey.closed_at.is_(None), Survey.closes >= today, Survey.opens <= today)
    participants = (
        select(Survey.id.label("survey_id"), Enrolment.person_id.label("person_id"))
        .join(Enrolment, Enrolment.run_id == Survey.run_id)
        .where(*still_open, Survey.audience != "trainer", Enrolment.state == "registered")
    )
    trainers = (
        select(Survey.id, RunTrainer.person_id)
        .join(RunTrainer, RunTrainer.run_id == Survey.run_id)
        .where(*still_open, Survey.audience == "trainer")
    )
    both = union_all(participants, trainers)
    pair = both.subquery()
    receipt = select(Receipt.survey_id).where(
        Receipt.survey_id == pair.c.survey_id, Receipt.person_id == pair.c.person_id
    )
    return select(pair.c.survey_id, pair.c.person_id).where(~receipt.exists()).order_by(*pair.c)


def _ask(today: date) -> int:
    found = db.session.execute(_unasked(today)).all()
    if not found:
        return 0
    ids = {survey_id for survey_id, _person_id in found}
    db.session.execute(select(Survey.id).where(Survey.id.in_(ids)).order_by(Survey.id).with_for_update())
    found = [pair for pair in db.session.execute(_unasked(today)).all() if pair[0] in ids]
    surveys, people = _load(Survey, ids), _load(Person, {person_id for _survey_id, person_id in found})
    for survey_id, person_id in found:
        db.session.add(Receipt(survey_id=survey_id, person_id=person_id, reminders=0))
        _mail(surveys[survey_id], people[person_id], "survey")
    db.session.flush()
    return len(found)


def remind_due(today: date) -> int:
    """Remind, five and ten days after opening, those who have no answer on their receipt; returns how many."""
    first, second = (today - days for days in REMINDERS)
    late = (Receipt.reminders == 0) | ((Survey.opens <= second) & (Receipt.reminders == 1))
    due = db.session.scalars(
        select(Receipt)
        .join(Survey, Survey.id == Receipt.survey_id)
        .where(Survey.closed_at.is_(None), Survey.closes >= today, Survey.opens <= first)
        .where(Receipt.answered_on.is_(None), late)
        .order_by(Receipt.survey_id, Receipt.person_id)
        .with_for_update(of=Receipt, skip_locked=True)
    ).all()
    if not due:
        return 0
    surveys, people = _load(Survey, {r.survey_id for r in due}), _load(Person, {r.person_id for r in due})
    for receipt in due:
        survey = surveys[receipt.survey_id]
        receipt.reminders = 2 if survey.opens <= second else 1
        _mail(survey, people[receipt.person_id], "survey_reminder", receipt.reminders)
    db.session.flush()
    return len(due)


def _load(model: type[Any], ids: set[int]) -> dict[int, Any]:
    return {row.id: row for row in db.session.scalars(select(model).where(model.id.in_(ids))).unique()}


def _mail(survey: Survey, person: Person, template: str, number: int = 0) -> None:
    mail.enqueue(
        person,
        template,
        key=f"{template}:{survey.id}:{person.id}:{number}",
        survey=survey,
        title=worded(survey.plan.title, person.language),
        closes=filters.day(survey.closes, person.language),
        url=f"{current_app.config['SETTINGS'].base_url}/surveys/{survey.id}",
    )
