"""The sign-in list of a session on paper: one row per person with a code, room for a name written by hand.

The rule that matters most: whoever stands on the sheet stands on the paper, people with protected identity by alias.
"""

from pathlib import Path

from flask_babel import gettext as _

from courses import printing
from courses.activities import Session
from courses.attendance.marks import local_day
from courses.attendance.questions import on_sheet
from courses.row_codes import code_of
from courses.runs import leaders_of
from lms import clock, filters

EMPTY_ROWS = 4
_SOURCE = Path(__file__).parent / "paper.typ"


def sign_in_list(session: Session) -> bytes:
    """The PDF, A4, for whoever stands on the sheet now, with empty rows for those who were not expected."""
    people = on_sheet(session)
    rows = [
        [str(number), code_of(person.id), person.name, person.organisation.name if person.organisation else ""]
        for number, person in enumerate(people, 1)
    ]
    rows += [[str(number), "", "", ""] for number in range(len(people) + 1, len(people) + 1 + EMPTY_ROWS)]
    moment = clock.now()
    values = _words() | {
        "language": filters.spoken(),
        "title": f"{_('Sign-in list')}, {session.activity.title}, {filters.plain_day(local_day(session), 'sv')}",
        "whom": session.activity.title,
        "owner": session.activity.project.owner,
        "publicity": session.activity.project.plan.publicity.within(filters.spoken()),
        "facts": _facts(session),
        "rows": rows,
        "footer": _("Printed %(moment)s.", moment=filters.moment(moment, filters.spoken())),
    }
    return printing.printed(_SOURCE, values, moment)


def file_name(session: Session) -> str:
    """«narvarolista-2022-11-03-7.pdf»."""
    return f"narvarolista-{local_day(session)}-{session.id}.pdf"


def _words() -> dict[str, object]:
    return {
        "what": _("Sign-in list"),
        "emblem": _("EU flag"),
        "columns": [_("No."), _("Code"), _("Name"), _("Employer"), _("Signature"), _("Came"), _("Left")],
        "came_left": _("Write your name when you come. Write a time only if you came later or left earlier."),
        "page": _("Page"),
        "of": _("of"),
        "trainer": _("Signature of who led the session"),
    }


def _facts(session: Session) -> list[list[str]]:
    activity, language = session.activity, filters.spoken()
    many = len(activity.sessions)
    times = f"{filters.clock(session.starts_at)}–{filters.clock(session.ends_at)}"
    told = [
        [_("Project"), f"{activity.project.name}, dnr {activity.project.dnr}"],
        [_("Day and time"), f"{filters.day(local_day(session), language)}, {times}"],
        [_("Session"), _("%(number)s of %(all)s", number=session.number, all=many) if many > 1 else ""],
        [_("Place"), session.place or _("Digital")],
        [_("Led by"), ", ".join(person.name for person in leaders_of(activity))],
    ]
    return [each for each in told if each[1]]
