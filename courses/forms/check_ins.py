"""Forms of the check-in: its windows, and the code that somebody types."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, StopValidation
from wtforms.widgets import TextInput

_MINUTES = _l("Write minutes as a number between 0 and 240.")


class MinutesField(IntegerField):
    """Whole minutes; what is no number is told in the same words as what is too many."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(str(_MINUTES)) from None

    def pre_validate(self, form: Any) -> None:
        """Say once what is wrong: what is no number is not too large as well."""
        if self.process_errors:
            raise StopValidation


class CheckInForm(FlaskForm):  # type: ignore[misc]
    """From when one can check in, and how late is still in time."""

    early_minutes = MinutesField(
        _l("Opens so many minutes before the start"),
        [InputRequired(_MINUTES), NumberRange(0, 240, _MINUTES)],
        default=30,
    )
    late_minutes = MinutesField(
        _l("Counts from the start until so many minutes after it"),
        [InputRequired(_MINUTES), NumberRange(0, 240, _MINUTES)],
        default=10,
        description=_l("Who comes later is counted from the minute of the check-in."),
    )


class RoomCodeForm(FlaskForm):  # type: ignore[misc]
    """The six signs on the screen in the room."""

    code = StringField(
        _l("The code on the screen"),
        [InputRequired(_l("Write the six signs on the screen.")), Length(max=20)],
        description=_l("Six signs, for example K7M 4P2. It changes every 15 seconds."),
    )
