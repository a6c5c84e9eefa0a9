"""A sheet to correct, with what a participant means instead already in her row; nothing is written by looking at it."""

import re
from datetime import timedelta

from courses.attendance import Objection
from courses.sheet import Sheet
from lms import filters
from lms.db import db

CLOCKS = re.compile(r"(\d\d\.\d\d)–(\d\d\.\d\d)\. ")
"""How the form of an objection writes the times before the comment (courses/forms/hours.py)."""


def prefilled(sheet: Sheet, objection_id: int) -> Sheet:
    """The sheet with what the objection means, when it is about an entry that stands on it; else as it was."""
    objection = db.session.get(Objection, objection_id)
    row = next((row for row in sheet.rows if objection is not None and row.seen == objection.entry_id), None)
    if objection is None or row is None:
        return sheet
    session, clocks = sheet.session, CLOCKS.match(objection.comment)
    if objection.minutes in (0, session.minutes):
        row.state = "whole" if objection.minutes else "absent"
    else:
        row.state = "part"
        until = session.starts_at + timedelta(minutes=objection.minutes)
        row.came, row.left = clocks.groups() if clocks else (filters.clock(session.starts_at), filters.clock(until))
    sheet.reason = objection.comment
    return sheet
