"""Codes of the check-in: six signs that follow from a secret, the session and fifteen seconds of the server's clock.

The rule that matters most: no code is stored and no clock but the server's counts. The code before the one on the
screen is still good, and whoever presented a good one has a ticket: her time is kept while she signs in.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from lms import clock
from lms.secrets import keyed_hash

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 signs that nobody takes for one another when they are read from the back of a room: no 0, O, 1 or I."""
LENGTH = 6
STEP = 15
"""Seconds that a code stands on the screen; it is good for as long again."""
TICKET_LIVES = timedelta(minutes=15)


@dataclass(frozen=True)
class Ticket:
    """Somebody was in the room: which session, the second of the server's clock, how, and on which device (hash)."""

    session_id: int
    at: datetime
    way: str
    device: str


def code_at(secret: str, session_id: int, moment: datetime, *, before: int = 0) -> str:
    """The code that stands on the screen at the moment, or that stood there `before` steps earlier."""
    step = int(moment.timestamp()) // STEP - before
    digest = hmac.new(secret.encode(), f"{session_id}:{step}".encode(), sha256).digest()
    number = int.from_bytes(digest[:4])
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(LENGTH))


def seconds_left(moment: datetime) -> float:
    """Until the next code: more than 0, at most STEP."""
    return STEP - moment.timestamp() % STEP


def is_good(secret: str, session_id: int, typed: str, moment: datetime) -> bool:
    """Whether this is the code on the screen, or the one before it."""
    words = plain(typed)
    now, earlier = (code_at(secret, session_id, moment, before=steps) for steps in (0, 1))
    return hmac.compare_digest(words, now) | hmac.compare_digest(words, earlier)


def plain(typed: str) -> str:
    """A code as people type it, without spaces and hyphens, in capitals; anything else gives nothing."""
    words = "".join(typed.split()).replace("-", "").upper()
    return words if len(words) == LENGTH and words.isascii() else ""


def spaced(code: str) -> str:
    """«K7M 4P2», as it is shown and read aloud."""
    return f"{code[:3]} {code[3:]}"


def device_hash(cookie: str) -> str:
    """What is kept of a device: the random number of its cookie, hashed so that nobody else finds it again."""
    return keyed_hash(f"device:{cookie}")


def write_ticket(ticket: Ticket) -> str:
    """The ticket as it travels through the sign-in, signed; worth nothing on another device."""
    values = [ticket.session_id, int(ticket.at.timestamp()), ticket.way, ticket.device[:16]]
    return str(_signer().dumps(values))


def read_ticket(text: str, session_id: int, device: str) -> Ticket | None:
    """The ticket for this session and device, or None when it is forged, somebody else's or older than 15 minutes."""
    try:
        number, at, way, start = _signer().loads(text)
    except (BadSignature, ValueError, TypeError):
        return None
    made = datetime.fromtimestamp(at, clock.STOCKHOLM)
    fresh = clock.now() - made <= TICKET_LIVES
    mine = number == session_id and hmac.compare_digest(start, device[:16])
    return Ticket(session_id, made, way, device) if fresh and mine else None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="parlband-check-in")
