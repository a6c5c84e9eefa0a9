"""Forms of the platform, and the fields that read days and clocks as people write them."""

from datetime import date, time
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, SelectChoice, SelectField, StringField, TextAreaField  # type: ignore[attr-defined]
from wtforms.validators import Email, InputRequired, Length
from wtforms.widgets import TextInput

from lms import filters
from lms.people import normal_email


class DayField(Field):
    """A day typed as 2022-11-03, 20221103 or 3 november 2022; `data` is a date."""

    widget = TextInput()
    data: date | None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if self.data else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        if valuelist and valuelist[0].strip():
            self.data = filters.parse_day(valuelist[0].strip())
            if self.data is None:
                raise ValueError(str(_l("Write the day as 2026-03-01.")))


class ClockField(Field):
    """A time of day typed as 855, 0855, 08.55 or 08:55; `data` is a time."""

    widget = TextInput()
    data: time | None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data:%H.%M}" if self.data else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        if valuelist and valuelist[0].strip():
            self.data = filters.parse_clock(valuelist[0].strip())
            if self.data is None:
                raise ValueError(str(_l("Write the time as 08.30.")))


class EmailForm(FlaskForm):  # type: ignore[misc]
    """Where to send the sign-in code."""

    email = StringField(
        _l("Your work e-mail"),
        [
            InputRequired(_l("Write your e-mail address.")),
            Email(_l("Write the whole address, like name@kommun.se.")),
            Length(max=254),
        ],
        filters=[normal_email],
    )


class CodeForm(FlaskForm):  # type: ignore[misc]
    """The six digits of the mail."""

    code = StringField(
        _l("Code in the mail"), [InputRequired(_l("Write the six digits from the mail.")), Length(max=20)]
    )


class SettingsForm(FlaskForm):  # type: ignore[misc]
    """What a person decides about her own screen."""

    language = SelectField(_l("Language"), choices=[SelectChoice("sv", "Svenska"), SelectChoice("en", "English")])
    theme = SelectField(
        _l("Appearance"),
        choices=[
            SelectChoice("", _l("Like the device")),
            SelectChoice("light", _l("Light")),
            SelectChoice("dark", _l("Dark")),
        ],
    )


class ReportForm(FlaskForm):  # type: ignore[misc]
    """A report of something that is hard to use (DOS-lagen)."""

    message = TextAreaField(
        _l("What is hard to use, and on which page?"),
        [InputRequired(_l("Write what does not work for you.")), Length(max=4000)],
    )
    contact = StringField(_l("How we reach you, if you want an answer"), [Length(max=254)])
