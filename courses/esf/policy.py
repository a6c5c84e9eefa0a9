"""Who may open a closed month and its files."""

from flask_babel import gettext as _

from courses.esf.closings import MonthClosing
from lms.people import Person
from lms.permissions import Answer, yes_if
from lms.policy import may_lead_project
from lms.projects import participation_of


def may_lead_month(person: Person, closing: MonthClosing) -> Answer:
    """All files of a closed month: the project leader."""
    return may_lead_project(person, closing.project)


def may_open_month(person: Person, closing: MonthClosing) -> Answer:
    """Somebody's hours in a closed month: the project leader, and who takes part (the view shows her only her own)."""
    return yes_if(
        may_lead_month(person, closing) or participation_of(person.id, closing.project_id),
        _("Only the project leader and the participants of the project may open its months."),
    )


def may_see_hours(person: Person, closing: MonthClosing, whose: int) -> Answer:
    """The certificate of hours of one person: the project leader, and the person herself."""
    return yes_if(
        person.id == whose or may_lead_month(person, closing),
        _("Only the project leader and the holder may open this certificate."),
    )
