"""The ledger lines behind the sums of a month: what an auditor follows from a total to a signed sheet."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func

from courses.activities import Activity
from courses.attendance import AttendanceEntry
from courses.esf import ledger
from courses.esf.days import last_day
from courses.esf.ledger import PERSON, is_counted, is_esf, shown
from lms.db import db
from lms.organisations import Organisation
from lms.people import alphabetical
from lms.projects import Project


@dataclass(frozen=True)
class Post:
    """One counted line of the ledger for the list of entries behind the sums."""

    entry_id: int
    person_id: int
    name: str
    organisation: str
    day: date
    kind: str
    activity: str
    session_id: int | None
    minutes: int


def posts(project: Project, first: date) -> list[Post]:
    """The lines behind the sums of a month, by organisation, name and day. One query."""
    columns = (
        AttendanceEntry.id,
        AttendanceEntry.person_id,
        func.coalesce(Organisation.name, ""),
        AttendanceEntry.day,
        AttendanceEntry.kind,
        Activity.title,
        AttendanceEntry.session_id,
        AttendanceEntry.minutes,
    )
    query = (
        ledger.lines(project.id, first, last_day(first), *columns, *PERSON)
        .join(Activity, Activity.id == AttendanceEntry.activity_id)
        .outerjoin(Organisation, Organisation.id == AttendanceEntry.organisation_id)
        .where(is_counted, is_esf, AttendanceEntry.minutes > 0)
    )
    found = [
        Post(number, person_id, shown(*person), where, day, kind, title, session_id, minutes)
        for number, person_id, where, day, kind, title, session_id, minutes, *person in db.session.execute(query)
    ]
    return sorted(found, key=_by_name_and_day)


def _by_name_and_day(post: Post) -> tuple[str, str, int, date, int]:
    return alphabetical(post.organisation), alphabetical(post.name), post.person_id, post.day, post.entry_id
