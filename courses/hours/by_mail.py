"""Confirming from a mail: the link shows the hours, and a code sent to the person's own address says that it is she.

The code confirms hours and nothing else: whoever typed it is not signed in.
"""

from collections.abc import Collection
from datetime import date

from flask_babel import gettext as _

from courses import links
from courses.attendance import HoursSignature
from courses.hours.confirming import confirm
from lms import accounts
from lms.db import db
from lms.people import Person
from lms.refusals import Refused


class Forged(Refused):
    """The link is not one of ours."""


def addressee(token: str) -> tuple[Person, date]:
    """Whose hours of which month the link is about. Raises Forged."""
    found = links.read_hours(token)
    person = db.session.get(Person, found[0]) if found else None
    if found is None or person is None:
        raise Forged(_("This link is not one of ours, or a part of it is missing."), "forged")
    return person, found[1]


def ask_for_code(person: Person) -> str:
    """Mail her a code that confirms hours; returns the handle that the browser keeps."""
    return accounts.ask_for_code(person.email or "", template="hours_code")


def confirm_with_code(
    person: Person, entry_ids: Collection[int], seen_hash: str, *, handle: str, code: str
) -> list[HoursSignature]:
    """Confirm as the person whom the code was sent to. Raises Refused as `use_code` and `confirm` do.

    The caller commits also then, since each try counts; a code is used up by the try that was right.
    """
    known = accounts.use_code(handle, code)
    return confirm(person, entry_ids, seen_hash, "code", by=known)
