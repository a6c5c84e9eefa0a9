"""The form that moves somebody from a sheet to another group."""

from collections.abc import Sequence
from typing import Self

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, SelectField  # type: ignore[attr-defined]
from wtforms.validators import InputRequired

from courses.activities import Activity, Session
from courses.attendance import local_day
from courses.attendance.moving import same_day
from lms import filters
from lms.people import Person


class MoveForm(FlaskForm):  # type: ignore[misc]
    """Who is moved, and where to."""

    person = SelectField(_l("Who"), coerce=int)
    group = RadioField(
        _l("To which group"), [InputRequired(_l("Choose the group."))], coerce=int, validate_choice=False
    )

    @classmethod
    def of(cls, session: Session, people: Sequence[Person], groups: Sequence[Activity]) -> Self:
        """The form for this sheet and the groups that somebody on it may belong to."""
        form = cls()
        form.person.choices = [SelectChoice(0, _l("Choose who is moved"))]
        form.person.choices += [SelectChoice(person.id, person.name) for person in people]
        form.group.choices = [SelectChoice(group.id, described(session, group)) for group in groups]
        return form


def described(session: Session, group: Activity) -> str:
    """A group as a trainer tells it from the others: its name, when it meets next, where, and who leads it."""
    there = same_day(session, group)
    coming = there or min(
        (each for each in group.sessions if local_day(each) >= local_day(session)), key=lambda each: each.starts_at
    )
    when = (
        _("the same day at %(clock)s", clock=filters.clock(coming.starts_at))
        if there
        else filters.moment(coming.starts_at, filters.spoken())
    )
    leaders = ", ".join(leader.name for leader in getattr(group, "trainers", ()) or [group.created_by])
    return ", ".join(part for part in (group.title, when, coming.place or str(_("Digital")), leaders) if part)
