"""Forms of closing a month and of ticking it off as sent."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectChoice, SelectMultipleField, TextAreaField  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from lms.forms import DayField


class ClosingForm(FlaskForm):  # type: ignore[misc]
    """What the leader has seen (`seen`), what she closes the month in spite of, and why a closed one is corrected."""

    seen = HiddenField()
    accepted = SelectMultipleField(
        _l("Close in spite of this"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description=_l("Tick everything you have looked at and close the month with."),
    )
    reason = TextAreaField(_l("Why the month is corrected"), [Length(max=500)])

    @classmethod
    def about(cls, deviations: Mapping[str, str], **values: Any) -> "ClosingForm":
        """The form with a tick for each deviation: code → words."""
        form = cls(**values)
        form.accepted.choices = [SelectChoice(code, words) for code, words in deviations.items()]
        return form


class SentForm(FlaskForm):  # type: ignore[misc]
    """Which day a month was sent; `closing` is the version that was on the screen."""

    closing = HiddenField()
    day = DayField(_l("Day it was sent"), [InputRequired(_l("Write the day."))])
