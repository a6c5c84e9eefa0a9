"""How many the trainer counted in the room: kept in her own browser until she signs, and read where she types it."""

from flask import request
from flask import session as cookie
from flask_babel import gettext as _

from lms.filters import parse_number
from lms.refusals import Refused

MOST = 9999


def remember(session_id: int, number: int | None) -> None:
    """Keep the count of one session, the newest, in the cookie of the browser."""
    cookie["head_count"] = [session_id, number]


def remembered(session_id: int) -> int | None:
    """What was counted in this session, when this browser was told."""
    kept = cookie.get("head_count")
    return kept[1] if isinstance(kept, list) and kept[:1] == [session_id] else None


def typed(session_id: int) -> str:
    """What the field shows: what was just typed, else what was counted before."""
    known = remembered(session_id)
    return str(request.values.get("head_count", "" if known is None else known))


def read() -> int | None:
    """The count that was sent; None when the field was left empty or is not there. Raises Refused `head_count`."""
    text = request.form.get("head_count", "").strip()
    if not text:
        return None
    number = parse_number(text)
    if number is None or number > MOST:
        raise Refused(_("Write how many you count as a number, for example 16."), "head_count")
    return number
