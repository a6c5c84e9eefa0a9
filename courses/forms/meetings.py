"""Forms around the sheet: somebody new on it, and a meeting that is no course run."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, SelectField, StringField  # type: ignore[attr-defined]
from wtforms.validators import Email, InputRequired, Length, Optional, ValidationError

from lms import clock
from lms.forms import ClockField, DayField
from lms.organisations import Organisation
from lms.people import normal_email

MEETING_KINDS = {
    "network": _l("Network meeting"),
    "reference_group": _l("Reference group"),
    "steering_group": _l("Steering group meeting"),
    "coaching": _l("Coaching"),
    "horizontal": _l("Horizontal principles"),
    "lecture": _l("Lecture"),
    "conference": _l("Conference"),
}


class NewPersonForm(FlaskForm):  # type: ignore[misc]
    """Somebody who is in the room and not in the project yet."""

    given_name = StringField(_l("Given name"), [InputRequired(_l("Write the given name.")), Length(max=80)])
    family_name = StringField(_l("Family name"), [InputRequired(_l("Write the family name.")), Length(max=80)])
    email = StringField(
        _l("E-mail"),
        [Optional(), Email(_l("Write the whole address, like name@kommun.se.")), Length(max=254)],
        filters=[normal_email],
    )
    organisation = SelectField(_l("Employer"), coerce=int)

    @classmethod
    def of(cls, organisations: Sequence[Organisation]) -> Self:
        """The form with the employers of the project to choose from."""
        form = cls()
        form.organisation.choices = [SelectChoice(0, _l("Choose employer"))]
        form.organisation.choices += [SelectChoice(item.id, item.name) for item in organisations]
        return form

    def started_with(self, words: str) -> Self:
        """What was searched for is the beginning of somebody new."""
        if "@" in words:
            self.email.data = words.strip()
        else:
            self.given_name.data, _space, self.family_name.data = " ".join(words.split()).partition(" ")
        return self

    def validate_organisation(self, field: SelectField) -> None:
        """Hours belong to an employer."""
        if not field.data:
            raise ValidationError(str(_l("Choose the employer: hours are counted for it.")))


class MeetingForm(FlaskForm):  # type: ignore[misc]
    """A meeting: what, when, where."""

    kind = SelectField(
        _l("Kind of meeting"), choices=[SelectChoice(key, label) for key, label in MEETING_KINDS.items()]
    )
    title = StringField(_l("Title"), [InputRequired(_l("Write what the meeting is called.")), Length(max=160)])
    day = DayField(_l("Day"), [InputRequired(_l("Write the day as 2026-03-01."))])
    starts = ClockField(_l("Starts"), [InputRequired(_l("Write the time as 08.30."))])
    ends = ClockField(_l("Ends"), [InputRequired(_l("Write the time as 08.30."))])
    mode = RadioField(
        _l("How"),
        choices=[SelectChoice("physical", _l("On site")), SelectChoice("digital", _l("Digital"))],
        default="digital",
    )
    place = StringField(_l("Place"), [Length(max=200)], description=_l("When it is held on site"))
    link = StringField(
        _l("Link"), [Length(max=300)], description=_l("When it is digital: the whole address, beginning with https://")
    )

    @property
    def begins(self) -> datetime:
        """The start (UTC); only of a form that validated."""
        assert self.day.data
        assert self.starts.data is not None
        return clock.at(self.day.data, self.starts.data)

    @property
    def finishes(self) -> datetime:
        """The end (UTC), on the same day; only of a form that validated."""
        assert self.day.data
        assert self.ends.data is not None
        return clock.at(self.day.data, self.ends.data)
