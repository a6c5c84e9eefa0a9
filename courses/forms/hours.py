"""Forms about hours: what a participant means instead, and what a trainer answers."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from courses.attendance import AttendanceEntry, minutes_within, moments
from lms import filters
from lms.forms import ClockField


class MinutesField(StringField):
    """Minutes as people write them; `minutes` is a whole number, or None when the field is empty."""

    minutes: int | None = None

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        self.minutes = None
        text = (self.data or "").strip()
        if text:
            if not (text.isascii() and text.isdigit() and len(text) < 5):
                raise ValueError(str(_("Write whole minutes, for example 195.")))
            self.minutes = int(text)


class ObjectionForm(FlaskForm):  # type: ignore[misc]
    """The time one means, as clocks or minutes, and why."""

    came = ClockField(_l("You came at"), description=_l("Leave it empty if you were there from the beginning."))
    left = ClockField(_l("You left at"), description=_l("Leave it empty if you stayed until the end."))
    minutes = MinutesField(_l("Minutes you mean"))
    comment = TextAreaField(
        _l("What happened?"),
        [InputRequired(_l("Write what happened, in a few words.")), Length(max=400)],
        description=_l("Your trainer reads it."),
    )

    def meant(self, entry: AttendanceEntry) -> tuple[int, str] | None:
        """Minutes and comment (the clocks go before it), or None when a field says what is missing."""
        comment = self.comment.data or ""
        if entry.session is None or not (self.came.data or self.left.data):
            return self._in_minutes(comment)
        both = moments(entry.session, self.came.data, self.left.data)
        if both is None or both[0] is None or both[1] is None:
            begun = filters.clock(self.came.data or entry.session.starts_at)
            self.left.errors = [str(_("Left must be after came, at %(came)s.", came=begun))]
            return None
        clocks = f"{filters.clock(both[0])}–{filters.clock(both[1])}"
        return minutes_within(entry.session, both[0], both[1]), f"{clocks}. {comment}"

    def _in_minutes(self, comment: str) -> tuple[int, str] | None:
        if self.minutes.minutes is None:
            self.minutes.errors = [str(_("Write the minutes you mean, or when you came and left."))]
            return None
        return self.minutes.minutes, comment


class AnswerForm(FlaskForm):  # type: ignore[misc]
    """Why the time stays as it is or, where there is no sheet, what it is now."""

    minutes = MinutesField(_l("Right minutes"))
    comment = TextAreaField(
        _l("Your answer"),
        [InputRequired(_l("Write why, in a few words: the participant reads it.")), Length(max=500)],
        description=_l("The participant reads it."),
    )
