"""The form of own hours that have no sheet."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Self

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectChoice, SelectField, StringField, TextAreaField  # type: ignore[attr-defined]
from wtforms.validators import InputRequired
from wtforms.widgets import TextInput

from courses.activities import Activity
from courses.forms.meetings import MEETING_KINDS
from lms import filters
from lms.forms import DayField

KINDS = {"preparation": _l("Trainer's preparation"), **MEETING_KINDS}


class CountField(Field):
    """A whole number of at most four digits; nothing is none. `data` is an int."""

    widget = TextInput()
    data: int | None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return str(self.data) if self.data else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else 0
        if text and not self.data and text.strip("0"):
            raise ValueError(str(_l("Write a whole number.")))


class OwnHoursForm(FlaskForm):  # type: ignore[misc]
    """What, when, how long; `seen` is an entry of the same day that this one shall replace."""

    activity = SelectField(_l("For which activity"), coerce=int, validate_choice=False)
    kind = SelectField(_l("What kind of work"), validate_choice=False)
    day = DayField(_l("Day"), [InputRequired(_l("Write the day as 2026-03-01."))])
    hours = CountField(_l("Hours"))
    minutes = CountField(_l("Minutes"))
    note = TextAreaField(_l("What you did"))
    nonce = StringField()
    seen = HiddenField()

    @classmethod
    def of(cls, choices: Sequence[tuple[Activity, bool]]) -> Self:
        """The form with the activities of the person; preparation is for those who lead one."""
        form = cls()
        form.activity.choices = [SelectChoice(activity.id, _described(activity)) for activity, _leads in choices]
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


def _described(activity: Activity) -> str:
    """Its title and the day it began: meetings of one kind often have the same title."""
    if not activity.sessions:
        return activity.title
    return f"{activity.title}, {filters.plain_day(activity.sessions[0].starts_at, filters.spoken())}"
