"""Forms about runs. A refusal of an operation is put at the field that it names, so that people see where to act."""

from collections.abc import Sequence
from datetime import time

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (  # type: ignore[attr-defined]
    Field,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput

from courses.enrolment import LONGEST_NEED
from courses.programmes import Programme
from courses.runs import Run, Slot
from courses.timetable import slot_of
from lms import clock
from lms.forms import ClockField, DayField
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused

FIRST_CLOCK = 8 * 60 + 30


class CountField(IntegerField):
    """A whole number; says what to write when it is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(str(_l("Write a whole number, such as 16."))) from None


class DayOfSession(InputRequired):
    """A day is needed; says of which session, so that two lines of a summary are not the same."""

    def __call__(self, form: BaseForm, field: Field) -> None:
        number = int(field.name.split("-")[1]) + 1
        InputRequired(_("Write the day of session %(number)s.", number=number))(form, field)


class SessionForm(Form):
    """One session: when and where."""

    day = DayField(_l("Day"), [DayOfSession()])
    starts = ClockField(_l("Start"), [InputRequired(_l("Write when the session starts."))])
    ends = ClockField(_l("End"), [InputRequired(_l("Write when the session ends."))])
    mode = SelectField(
        _l("Form"), choices=[SelectChoice("physical", _l("On site")), SelectChoice("digital", _l("Online"))]
    )
    place = StringField(_l("Place"), [Optional(), Length(max=200, message=_l("Write at most 200 characters."))])
    link = StringField(_l("Link"), [Optional(), Length(max=300, message=_l("Write at most 300 characters."))])

    def slot(self) -> Slot:
        """When and where, as typed."""
        day, starts, ends = self.day.data, self.starts.data, self.ends.data
        assert day is not None
        assert starts is not None
        assert ends is not None
        where = {"place": self.place.data or "", "link": self.link.data or ""}
        return Slot(clock.at(day, starts), clock.at(day, ends), self.mode.data or "physical", **where)


class RunForm(FlaskForm):  # type: ignore[misc]
    """A run, new or changed; `revision` is what the page was read at."""

    revision = HiddenField()
    title = StringField(_l("Name"), [Optional(), Length(max=160, message=_l("Write at most 160 characters."))])
    organisation = SelectField(_l("Organiser"), coerce=int)
    sessions = FieldList(FormField(SessionForm), max_entries=20)
    capacity = CountField(_l("Places"), [InputRequired(_l("Write how many places there are."))])
    register_by = DayField(_l("Last day to register"), [Optional()])
    trainers = SelectMultipleField(_l("Trainers"), coerce=int, option_widget=CheckboxInput())

    def offer(self, project: Project, leaders: Sequence[Person]) -> None:
        """Fill in what there is to choose from."""
        members = sorted(project.members, key=lambda member: member.organisation.name)
        self.organisation.choices = [
            SelectChoice(0, _("Choose who arranges it")),
            *(SelectChoice(member.organisation_id, member.organisation.name) for member in members),
        ]
        self.trainers.choices = [SelectChoice(person.id, person.name) for person in leaders]

    def validate_organisation(self, field: SelectField) -> None:
        """A county trainer's employer is rarely in the project: nobody is chosen for her."""
        if not field.data:
            raise ValidationError(_("Choose who arranges the run."))

    def prefill(self, programme: Programme, person: Person) -> None:
        """A new run: as many sessions as the programme has, with its minutes, led by who plans it."""
        for plan in programme.sessions:
            ends = FIRST_CLOCK + plan.minutes
            self.sessions.append_entry({
                "starts": _clock(FIRST_CLOCK), "ends": _clock(min(ends, 23 * 60 + 59)), "mode": plan.mode
            })  # fmt: skip
        self.capacity.data = 16
        self.organisation.data = person.organisation_id
        self.trainers.data = [person.id]

    def show(self, run: Run) -> None:
        """An existing run as it is stored."""
        self.revision.data = str(run.revision)
        self.title.data, self.organisation.data = run.title, run.organisation_id
        self.capacity.data, self.register_by.data = run.capacity, run.register_by
        self.trainers.data = [trainer.id for trainer in run.trainers]
        for session in run.sessions:
            slot = slot_of(session)
            self.sessions.append_entry({
                "day": clock.local(slot.starts).date(),
                "starts": clock.local(slot.starts).time(),
                "ends": clock.local(slot.ends).time(),
                "mode": slot.mode, "place": slot.place, "link": slot.link,
            })  # fmt: skip

    def slots(self) -> list[Slot]:
        """The sessions as typed; only of a form that validated."""
        return [entry.form.slot() for entry in self.sessions]

    def tell(self, refusal: Refused) -> None:
        """Show the words of a refusal at the field it names; without one above the form."""
        name = str(refusal.values.get("field", ""))
        parts = {field.name: field for entry in self.sessions for field in entry.form}
        if name in parts:
            parts[name].errors = [str(refusal)]
            self.sessions.errors = [entry.errors for entry in self.sessions]
        elif name in self._fields:
            self._fields[name].errors = [str(refusal)]
        else:
            self.form_errors = [str(refusal)]


class InvitationForm(FlaskForm):  # type: ignore[misc]
    """The invited person's answer; which button was pressed says yes or no."""

    adaptations = TextAreaField(
        _l("Do you need aids or adaptations?"),
        [Optional(), Length(max=LONGEST_NEED, message=_l("Write at most 2000 characters."))],
        description=_l(
            "For example a hearing loop, step-free access, sign language, breaks or food. "
            "Only the trainers of this course read it."
        ),
    )


class CancelForm(FlaskForm):  # type: ignore[misc]
    """Why a run is called off, in words that go into the mail."""

    reason = TextAreaField(
        _l("Words to those concerned"), [Optional(), Length(max=1000, message=_l("Write at most 1000 characters."))]
    )


def _clock(minutes: int) -> time:
    return time(*divmod(minutes, 60))
