"""Forms about one person in a project: her employer by day, her last day, and what stands in for her number."""

from collections.abc import Iterable
from typing import Self

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, StringField  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length

from lms.forms import DayField
from lms.organisations import Organisation


class EmployerForm(FlaskForm):  # type: ignore[misc]
    """Where the person works from a day on."""

    organisation = SelectField(_l("New employer"), coerce=int, validate_choice=False)
    since = DayField(_l("From which day"), [InputRequired(_l("Write the day as 2026-03-01."))])

    @classmethod
    def of(cls, organisations: Iterable[Organisation]) -> Self:
        """The form with the employers to choose from."""
        form = cls()
        form.organisation.choices = [SelectChoice(0, _l("Choose employer"))]
        form.organisation.choices += [SelectChoice(each.id, each.name) for each in organisations]
        return form


class LastDayForm(FlaskForm):  # type: ignore[misc]
    """When somebody leaves the project."""

    until = DayField(_l("Last day"), [InputRequired(_l("Write the day as 2026-03-01."))])


class PlaceholderForm(FlaskForm):  # type: ignore[misc]
    """What SCB's file gets instead of the number."""

    placeholder = StringField(_l("Placeholder"), [Length(max=20, message=_l("The placeholder has at most 20 signs."))])
