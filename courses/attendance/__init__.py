"""Attendance: minutes per person, session and day in an append-only ledger, and the sheets signed off over it.

The rule that matters most: nothing is ever changed in place. A correction replaces exactly one entry and keeps it;
every tablet says which entry it saw of each person, so that nothing is lost and nothing doubled.
"""

from courses.attendance.chain import Head, append, head, hold, verify
from courses.attendance.check_ins import CheckIn, CheckInRules
from courses.attendance.ledger import ABSENCES, KINDS, METHODS, STANDS, AttendanceEntry, SignOff
from courses.attendance.marks import PARTS, Mark, local_day, minutes_within, moments, state_of
from courses.attendance.questions import (
    SheetState,
    entries_of,
    histories,
    history,
    is_signed,
    latest,
    minutes_in,
    on_sheet,
    sheets_of,
    signed,
    unsigned,
)
from courses.attendance.recording import Conflict, Recorded, correct, record, record_assignment
from courses.attendance.signatures import HoursApproval, HoursSignature, Objection, ObjectionAnswer, SignedEntry
from courses.attendance.signing import hash_of, may_sign, sign_off
from courses.attendance.walk_ins import add_new, add_to_sheet, candidates

__all__ = [
    "ABSENCES", "KINDS", "METHODS", "PARTS", "STANDS", "AttendanceEntry", "CheckIn", "CheckInRules", "Conflict", "Head",
    "HoursApproval", "HoursSignature", "Mark", "Objection", "ObjectionAnswer", "Recorded", "SheetState", "SignOff",
    "SignedEntry",
    "add_new", "add_to_sheet", "append", "candidates", "correct", "entries_of", "hash_of", "head", "histories",
    "history", "hold", "is_signed", "latest", "local_day", "may_sign", "minutes_in", "minutes_within", "moments",
    "on_sheet", "record", "record_assignment", "sheets_of", "sign_off", "signed", "state_of", "unsigned", "verify",
]  # fmt: skip
