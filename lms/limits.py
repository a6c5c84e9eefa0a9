"""How often one address may try: sign-in, codes and verification codes are counted with Flask-Limiter."""

import math
import time

from flask import Response, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.storage import MemoryStorage

EACH = 30.0


class SweptMemory(MemoryStorage):
    """Counts in memory; what has run out is swept by a request twice a minute, not by a new thread at every hit."""

    STORAGE_SCHEME = ["swept"]  # noqa: RUF012  the attribute of the library
    _swept = 0.0

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count once more; answers with how many there are."""
        now = time.time()
        if now - self._swept > EACH:
            self._swept = now
            for old in [each for each, end in list(self.expirations.items()) if end <= now]:
                self.clear(old)
        with self.locks[key]:
            if self.expirations.get(key, 0.0) <= now:
                self.storage[key] = 0
                self.expirations[key] = now + expiry
            self.storage[key] += amount
            return self.storage[key]


class AtTheViews(Limiter):
    """Counts at the views that have a limit; the library would look for one before every request as well."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


limiter = AtTheViews(get_remote_address)


def address_and_whom() -> str:
    """Who asks for whom: the address, and the e-mail that was typed or the link that was mailed."""
    whom = request.form.get("email") or (request.view_args or {}).get("token", "")
    return f"{get_remote_address()} {whom.strip().lower()[:254]}"


def was_wrong(response: Response) -> bool:
    """Whether what was typed did not hold; what was right counts towards no limit of guesses."""
    return response.status_code == 422


def seconds_left() -> int:
    """Seconds until the limit that this request has met lets its address try again."""
    met = limiter.current_limit
    return max(math.ceil(met.reset_at - time.time()), 1) if met else 60


SIGN_IN = "60 per minute; 600 per hour"  # a whole town hall has one address, and everybody got the same mail at nine
FOR_ONE = "10 per hour"  # of one person: twenty codes are mailed to her in all, and no address uses them up alone
CODE = "20 per minute; 100 per hour"  # of wrong codes: those who have a mail type it right
VERIFY = "60 per minute"  # of codes with 80 bits: one window is enough, and each costs every visitor
FILES = "20 per minute; 200 per hour"  # of files that are checked: each is half a second of work
ROOM = "120 per minute"  # wrong codes of the check-in: a room full of people has one address
SIGN_IN_HERE = "5 per minute; 20 per hour"  # of one device that has scanned the code in the room
ROOM_MAILS = "600 per hour"  # sign-in mails of one room: a device is whatever a browser says it is
REPORT = "5 per minute; 30 per hour"
