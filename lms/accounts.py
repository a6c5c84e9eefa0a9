"""Sign-in with e-mail and a six-digit code, and sessions that the server can end.

A code lives ten minutes and five tries; whether the address is known can be told neither from the answer nor the page.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, Select, String, bindparam, delete, func, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from lms import audit, clock, mail
from lms.db import Base, db
from lms.people import Person, find_person, normal_email
from lms.refusals import Refused
from lms.secrets import keyed_hash, keyed_hashes

CODE_LIVES = timedelta(minutes=10)
TRIES = 5
MOST_AN_HOUR = 20
"""Codes for one person, whoever asks from wherever: together with TRIES a hundred guesses an hour at a million."""
SESSION_LIVES = timedelta(hours=12)


class SignInCode(Base):
    """A code asked for; `person_id` is empty when nobody has the address, and nobody is told."""

    __tablename__ = "sign_in_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(String(43), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class SessionToken(Base):
    """A signed-in browser; the cookie holds the token, the server only its hash. Absolute end, no sliding."""

    __tablename__ = "session_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


# --- operations ---------------------------------------------------------------------------------------------


def ask_for_code(email: str, *, template: str = "code") -> str:
    """Make a code and mail it to whoever has the address; returns the handle the browser keeps.

    The work is the same for unknown addresses, so that the time it takes tells nothing. Whoever has been asked for
    too often within the hour gets no mail, and the answer is the same then too. `template` words the mail: what
    the code is for is settled by whoever keeps the handle.
    """
    person = find_person(email=email)
    if _asked_lately(person) >= MOST_AN_HOUR:
        person = None
    code = f"{secrets.randbelow(1_000_000):06}"
    handle = secrets.token_urlsafe(32)
    db.session.add(
        SignInCode(
            handle=handle,
            person_id=person.id if person else None,
            code_hash=keyed_hash(f"{handle}:{code}"),
            created_at=clock.now(),
            tries=0,
        )
    )
    stranger = Person(given_name="", family_name="", email=normal_email(email), language="sv", protected=False)
    letter = mail.enqueue(person or stranger, template, code=code, minutes=int(CODE_LIVES.total_seconds() // 60))
    if person is None and letter is not None:
        db.session.expunge(letter)
    return handle


def use_code(handle: str, code: str) -> Person:
    """The person the code was sent to. Raises Refused; the caller commits also then, since each try counts."""
    row = db.session.scalar(select(SignInCode).where(SignInCode.handle == handle).with_for_update())
    if row is None or row.used_at or clock.now() - row.created_at > CODE_LIVES:
        raise Refused(_("The code has run out. Ask for a new one."), "code_expired")
    if row.tries >= TRIES:
        raise Refused(_("Five tries are used up. Ask for a new code."), "too_many_tries")
    row.tries += 1
    digits = "".join(ch for ch in code if ch.isdigit())
    right = any(hmac.compare_digest(row.code_hash, each) for each in keyed_hashes(f"{handle}:{digits}"))
    if not right or row.person_id is None:
        raise Refused(_("That is not the code in the mail. Look for the newest mail."), "wrong_code")
    row.used_at = clock.now()
    person = db.session.get(Person, row.person_id)
    assert person is not None
    return person


def start_session(person: Person) -> str:
    """Sign the person in on one browser; returns the token that only that browser knows."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        SessionToken(
            token_hash=_hash(token),
            person_id=person.id,
            created_at=clock.now(),
            expires_at=clock.now() + SESSION_LIVES,
        )
    )
    audit.record("person.signed_in", person, by=person)
    return token


def end_session(token: str, *, by: Person) -> None:
    """Sign out on the server side: the cookie is worth nothing afterwards, wherever it was copied to."""
    row = db.session.scalar(select(SessionToken).where(SessionToken.token_hash == _hash(token)))
    if row is not None and row.ended_at is None:
        row.ended_at = clock.now()
        audit.record("person.signed_out", by, by=by)


def forget_old() -> None:
    """Remove codes and sessions that ended more than a day ago."""
    yesterday = clock.now() - timedelta(days=1)
    db.session.execute(delete(SignInCode).where(SignInCode.created_at < yesterday))
    db.session.execute(delete(SessionToken).where(SessionToken.expires_at < yesterday))


# --- questions ----------------------------------------------------------------------------------------------


def person_of(token: str) -> Person | None:
    """Who is signed in with the token now."""
    row = db.session.scalars(_with_token(), {"token": _hash(token)}).unique().one_or_none()
    if row is None or row.ended_at is not None or row.expires_at <= clock.now():
        return None
    row.person.sign_in_token = token
    return row.person


@cache
def _with_token() -> Select[SessionToken]:
    """Who it is and what she may, in one question: asked by every page, so put together once, after all tables."""
    return (
        select(SessionToken)
        .where(SessionToken.token_hash == bindparam("token"))
        .options(joinedload(SessionToken.person).joinedload(Person.roles))
    )


def _asked_lately(person: Person | None) -> int:
    """How many codes were made for the person within the last hour."""
    number = person.id if person else 0
    since = clock.now() - timedelta(hours=1)
    query = select(func.count()).where(SignInCode.person_id == number, SignInCode.created_at > since)
    return db.session.scalar(query) or 0


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
