"""The form of own hours that have no sheet."""

from collections.abc import Sequence
from datetime import date
from typing import Self

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (  # type: ignore[attr-defined]
    HiddenField,
    IntegerField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, NumberRange, Optional

from courses.activities import Activity
from courses.forms.meetings import MEETING_KINDS
from lms.forms import DayField

KINDS = {"preparation": _l("Trainer's preparation"), **MEETING_KINDS}


class OwnHoursForm(FlaskForm):  # type: ignore[misc]
    """What, when, how long; `seen` is an entry of the same day that this one shall replace."""

    activity = SelectField(_l("For which activity"), coerce=int, validate_choice=False)
    kind = SelectField(_l("What kind of work"), validate_choice=False)
    day = DayField(_l("Day"), [InputRequired(_l("Write the day as 2026-03-01."))])
    hours = IntegerField(
        _l("Hours"), [Optional(), NumberRange(0, 16, message=_l("Write a time from 1 minute to 16 hours."))]
    )
    minutes = IntegerField(
        _l("Minutes"), [Optional(), NumberRange(0, 959, message=_l("Write a time from 1 minute to 16 hours."))]
    )
    note = TextAreaField(_l("What you did"))
    nonce = StringField()
    seen = HiddenField()

    @classmethod
    def of(cls, choices: Sequence[tuple[Activity, bool]]) -> Self:
        """The form with the activities of the person; preparation is for those who lead one."""
        form = cls()
        form.activity.choices = [SelectChoice(activity.id, activity.title) for activity, _leads in choices]
        leads = any(leads for _activity, leads in choices)
        form.kind.choices = [SelectChoice(key, label) for key, label in KINDS.items() if leads or key != "preparation"]
        return form

    @property
    def total(self) -> int:
        """Minutes altogether."""
        return (self.hours.data or 0) * 60 + (self.minutes.data or 0)

    @property
    def on(self) -> date:
        """The day; only of a form that validated."""
        assert self.day.data
        return self.day.data
