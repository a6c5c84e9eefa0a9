"""Making the bundle: what is signed, what is told about it, and how to serve it, one file after the other.

Nothing is kept in memory of what is written: of each certificate only its address is known beforehand.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from certificates.acts.revoking import CertificateDecision
from certificates.bundle import folder
from certificates.bundle.folder import Folder
from certificates.bundle.pages import Pages
from certificates.proof import credentials, keys, status_lists
from certificates.proof.credentials import Achievement, Credential, StatusList
from certificates.register import Certificate, CertificateEvent, CertificatePresentation
from lms import clock
from lms.db import ALONE, db, reading
from lms.people import Person
from lms.refusals import Refused

YEARS = 20
Say = Callable[[int, int], None]


@dataclass(frozen=True)
class Made:
    """What was made: where, how much, and the day until which its lists of revocations are believed.

    `undecided` certificates are under review in it for ever.
    """

    goal: Path
    sums: Path
    certificates: int
    files: int
    bytes: int
    until: date
    undecided: int


def make(goal: Path, *, years: int = YEARS, replace: bool = False, say: Say = lambda _done, _of: None) -> Made:
    """Write the bundle; `say` hears how many certificates are done, of how many. Nothing is changed in the database.

    Refused: see `folder.being_made`; `changed` when somebody changed the register meanwhile; `no_keys`; `lost_key`
    when the secret part of a trainer's key is gone, so that her list cannot be signed for so long.
    """
    made, until = clock.now(), clock.now() + timedelta(days=round(365.25 * years))
    reading(True)  # nobody who writes has to wait for it
    before = _mark()
    with folder.being_made(goal, replace=replace) as into:
        _signed(into, until - made)
        total = db.session.scalar(select(func.count()).select_from(Certificate)) or 0
        with Pages(made, until).open() as pages:
            for path, content in pages.fixed(total):
                into.write(path, content)
            for number, code in enumerate(_codes(), 1):
                into.write(f"v/{code}/index.html", pages.certificate(code))
                say(number, total)
        into.write(folder.MARK, _about(made, until, total))
        if _mark() != before:
            raise Refused("somebody changed the register meanwhile. Stop the server, or run it again", "changed")
    goal = goal.resolve()
    last = clock.local(until).date()
    return Made(goal, folder.sums_of(goal), total, into.files, into.bytes, last, pages.undecided)


def _signed(into: Folder, fresh: timedelta) -> None:
    """Keys, credentials, lists and achievements, as they are served; the lists signed anew for so long."""
    document = json.dumps(keys.did_document(), separators=(",", ":"))
    for path in (".well-known/did.json", "did.json"):
        into.write(path, document)
    for token in _values(select(Credential.token).order_by(Credential.id)):
        text = credentials.served(token)
        if text is not None:  # not the name of somebody who was protected later
            into.write(f"credentials/{token}", text)
    for listed in list(db.session.scalars(select(StatusList).order_by(StatusList.id))):
        signed = status_lists.signed(listed, fresh)
        if signed is None:
            raise Refused(f"the key of the status list {listed.name} is lost. See: lms doctor", "lost_key")
        into.write(f"status/{listed.name}", signed)
    for slug in _values(select(Achievement.slug).order_by(Achievement.slug)):
        into.write(f"achievements/{slug}.json", json.dumps(credentials.achievement_with(slug), ensure_ascii=False))


def _codes() -> Sequence[str]:
    return _values(select(Certificate.code).order_by(Certificate.id))


def _values(query: Any) -> Sequence[str]:
    """The short values of one column; what they lead to is read one at a time."""
    return list(db.session.scalars(query))


def _mark() -> tuple[object, ...]:
    """Changes whenever anything does that the bundle tells about; read beside the session, as others have left it."""
    newest = [select(func.max(table.id)) for table in (Certificate, CertificateEvent, CertificateDecision, Credential)]
    shown = select(func.count(), func.max(CertificatePresentation.changed_at)).select_from(CertificatePresentation)
    hidden = select(func.count()).select_from(Person).where(Person.protected)
    with db.engine.connect().execution_options(**{ALONE: True}) as connection:
        return tuple(tuple(connection.execute(each).one()) for each in (*newest, shown, hidden))


def _about(made: datetime, until: datetime, total: int) -> str:
    about = {
        "format": folder.FORMAT,
        "version": 1,
        "made_at": made.isoformat(timespec="seconds"),
        "lists_until": until.isoformat(timespec="seconds"),
        "base_url": credentials.base_url(),
        "issuer": keys.county_did(),
        "certificates": total,
    }
    return json.dumps(about, indent=1) + "\n"
