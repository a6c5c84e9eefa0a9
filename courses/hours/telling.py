"""A correction of hours that somebody had confirmed is told to her at once: the new time needs her signature."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import aliased

from courses import links
from courses.attendance import AttendanceEntry, Objection, SignedEntry
from lms import mail
from lms.db import db

_before = aliased(AttendanceEntry, name="before")


def tell_corrected(entries: Sequence[AttendanceEntry]) -> None:
    """Mail those who had confirmed what these entries replace, or objected to it: what it was, is, and why."""
    query = (
        select(AttendanceEntry, _before.minutes)
        .join(_before, _before.id == AttendanceEntry.replaces_id)
        .outerjoin(SignedEntry, (SignedEntry.entry_id == _before.id) & (SignedEntry.kind == "participant"))
        .outerjoin(Objection, Objection.entry_id == _before.id)
        .where(AttendanceEntry.id.in_([entry.id for entry in entries]))
        .where(SignedEntry.entry_id.is_not(None) | Objection.id.is_not(None))
    )
    for entry, before in db.session.execute(query).all():
        link = links.hours(entry.person, entry.day.replace(day=1))
        key = f"corrected:{entry.id}"
        mail.enqueue(entry.person, "hours_corrected", key=key, entry=entry, before=before, link=link)
