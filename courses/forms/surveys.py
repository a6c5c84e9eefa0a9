"""The form of a survey, made from its questions: every answer may be left out, and what was typed is kept."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, TextAreaField  # type: ignore[attr-defined]
from wtforms.validators import Optional

from courses.programmes import SCALE, Question, text

UNSURE: Final = "0"


class Asked(NamedTuple):
    """A question and its field on this form."""

    question: Question
    field: Any


def survey_form(questions: Sequence[Question], language: str) -> Any:
    """A form with one field per question; `asked` are the pairs in order."""

    class SurveyForm(FlaskForm):  # type: ignore[misc]
        """The questions of one survey."""

        @property
        def asked(self) -> list[Asked]:
            return [Asked(question, self[_name(question)]) for question in questions]

        def answers(self) -> dict[str, Any]:
            """What was answered, by question key: a step, None for do not know, or text; nothing for the rest."""
            return {asked.question.key: _value(asked) for asked in self.asked if asked.field.data}

        def show(self, wrong: Mapping[str, str]) -> None:
            """Put the messages of a refusal at their fields."""
            for asked in self.asked:
                if asked.question.key in wrong:
                    asked.field.errors = [wrong[asked.question.key]]

    for question in questions:
        setattr(SurveyForm, _name(question), _field(question, language))
    return SurveyForm()


def _name(question: Question) -> str:
    return f"q_{question.key}"


def _field(question: Question, language: str) -> Any:
    label = text(question.text, language)
    if question.kind == "scale":
        steps = [SelectChoice(str(step), str(step)) for step in SCALE]
        choices = [*steps, SelectChoice(UNSURE, _l("I do not know or do not want to answer"))]
        return RadioField(label, [Optional()], choices=choices)
    return TextAreaField(label, [Optional()], filters=[_one_kind_of_line])


def _one_kind_of_line(typed: str | None) -> str | None:
    """Browsers send every line break as two characters."""
    return typed.replace("\r\n", "\n") if typed else typed


def _value(asked: Asked) -> Any:
    if asked.question.kind == "text":
        return asked.field.data
    return None if asked.field.data == UNSURE else int(asked.field.data)
