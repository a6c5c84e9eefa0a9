"""Signed links: what a mail or a calendar program carries in place of a sign-in, and nobody can make up.

Whoever holds a link sees what it shows; it acts for nobody (courses/invitations.py).
"""

from datetime import date
from typing import TYPE_CHECKING, Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from lms.people import Person

if TYPE_CHECKING:
    from courses.enrolment import Enrolment


def invitation(enrolment: "Enrolment") -> str:
    """The whole address of the person's invitation, for a mail."""
    return f"{_base()}/invitation/{invitation_token(enrolment)}"


def invitation_token(enrolment: "Enrolment") -> str:
    """What stands in the address: enrolment and person, signed."""
    return str(_signer("invitation").dumps([enrolment.id, enrolment.person_id]))


def read_invitation(token: str) -> tuple[int, int] | None:
    """The ids of enrolment and person in a token, or None when it is forged."""
    values = _loaded("invitation", token)
    if isinstance(values, list) and len(values) == 2 and all(isinstance(value, int) for value in values):
        return values[0], values[1]
    return None


def calendar(person: Person) -> str:
    """The address a calendar program subscribes to; whoever has it sees when and where the person's courses are."""
    return f"{_base()}/calendar/{_signer('calendar').dumps(person.id)}.ics"


def read_calendar(token: str) -> int | None:
    """The id of the person whose calendar the address is, or None when it is forged."""
    person_id = _loaded("calendar", token)
    return person_id if isinstance(person_id, int) else None


def hours(person: Person, first: date) -> str:
    """The whole address where a person confirms her hours of the month that begins on `first`, for a mail."""
    return f"{_base()}/hours/mail/{hours_token(person, first)}"


def hours_token(person: Person, first: date) -> str:
    """What stands in the address: person and month, signed."""
    return str(_signer("hours").dumps([person.id, first.isoformat()]))


def read_hours(token: str) -> tuple[int, date] | None:
    """The id of the person and the first day of the month in a token, or None when it is forged."""
    values = _loaded("hours", token)
    if isinstance(values, list) and len(values) == 2 and isinstance(values[0], int) and isinstance(values[1], str):
        return values[0], date.fromisoformat(values[1])
    return None


def _signer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"parlband-{purpose}")


def _loaded(purpose: str, token: str) -> Any:
    try:
        return _signer(purpose).loads(token)
    except BadSignature:
        return None


def _base() -> str:
    return str(current_app.config["SETTINGS"].base_url).rstrip("/")
