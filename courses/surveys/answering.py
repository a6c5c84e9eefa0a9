"""Answering: each answer is taken once, checked against the questions of the material, and kept without a name.

What matters most: the receipt and the response are written together and can never be read together.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import insert, select, update

from courses.programmes import SCALE, Question
from courses.surveys.tables import Receipt, Response, Survey
from lms import clock
from lms.db import db
from lms.people import Person
from lms.refusals import Refused

LONGEST_TEXT: Final = 2000


def answer(survey: Survey, person: Person, answers: Mapping[str, Any], *, by: Person) -> None:
    """Take the person's answers, once; the audit log tells nothing of it.

    `answers` by question key: 1–5 or None (do not know) for a scale, text of at most 2,000 characters. Raises
    Refused: not_yours, not_open, closed, not_asked, answered, or what `checked` raises.
    """
    if by.id != person.id:
        raise Refused(_("Only the person who was asked can answer."), "not_yours")
    _hold_open(survey)
    clean = checked(survey.questions, answers)
    _write_receipt(survey, person)
    db.session.execute(
        insert(Response).values(id=secrets.token_hex(16), survey_id=survey.id, batch_id=None, answers=clean)
    )


def _hold_open(survey: Survey) -> None:
    """Refuse unless the survey is open; it cannot be closed before this transaction ends."""
    statement = select(Survey.opens, Survey.closes, Survey.closed_at).where(Survey.id == survey.id)
    opens, closes, closed_at = db.session.execute(statement.with_for_update(read=True)).one()
    if clock.today() < opens:
        raise Refused(_("The survey has not opened yet."), "not_open")
    if closed_at or clock.today() > closes:
        raise Refused(_("The survey is closed. Thank you for wanting to answer."), "closed")


def _write_receipt(survey: Survey, person: Person) -> None:
    """Set the day of the receipt when it has none: of two answers at the same time one gets through."""
    mine = (Receipt.survey_id == survey.id, Receipt.person_id == person.id)
    written = db.session.execute(
        update(Receipt).where(*mine, Receipt.answered_on.is_(None)).values(answered_on=clock.today())
    )
    if written.rowcount == 1:  # type: ignore[attr-defined]
        return
    if db.session.scalar(select(Receipt.survey_id).where(*mine)) is None:
        raise Refused(_("This survey was not sent to you."), "not_asked")
    raise Refused(_("You have already answered. Your first answers count."), "answered")


def checked(questions: Sequence[Question], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers in the order of the questions, None where there is none.

    Raises Refused: empty (nothing at all), or wrong with `fields`, a message for each question key.
    """
    known = {question.key: question for question in questions}
    wrong = {key: message for key, value in answers.items() if (message := _wrong(known.get(key), value)) is not None}
    if wrong:
        raise Refused(_("Some answers cannot be read."), "wrong", fields=wrong)
    given = {key: value.strip() or None if isinstance(value, str) else value for key, value in answers.items()}
    if not any(known[key].kind == "scale" or value for key, value in given.items()):
        raise Refused(_("Answer at least one question."), "empty")
    return {key: given.get(key) for key in known}


def _wrong(question: Question | None, value: Any) -> str | None:
    if question is None:
        return str(_("This question is not part of the survey."))
    if question.kind == "scale":
        fits = value is None or (isinstance(value, int) and not isinstance(value, bool) and value in SCALE)
        return None if fits else str(_("Choose one of the answers."))
    if value is not None and not isinstance(value, str):
        return str(_("Write your answer as text."))
    return str(_("Write at most 2,000 characters.")) if value and len(value.strip()) > LONGEST_TEXT else None
