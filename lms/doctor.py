"""What an installation needs, asked one thing at a time: each answer is one line, with what to do when something lacks.

Packages add to CHECKS what only they know, as they add to jobs.EACH_MINUTE.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from flask import current_app
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

import config
from lms import clock, jobs, kept, mail, notes, schema, triggers
from lms.db import db
from lms.files import StoredFile, path_of
from lms.mail import OutboxMail
from lms.rotation import cipher_columns
from lms.secrets import fingerprint, is_under, keys

State = Literal["ok", "warning", "fault"]
TOO_OLD = timedelta(days=7)
"""After how long without a backup somebody is warned."""
TYPEFACES = {"Libertinus Serif", "DejaVu Sans Mono", "Ubuntu derivative Latin"}
_SHORTEST_SECRET = 32
_MOST_NAMED = 3


@dataclass(frozen=True)
class Finding:
    """What one check found; `remedy` is what to do about a warning or a fault."""

    state: State
    about: str
    told: str
    remedy: str = ""

    def line(self) -> str:
        return f"{self.state:<8} {self.about}: {self.told}" + (f". {self.remedy}" if self.remedy else "")


Check = Callable[[], Finding]


def examine() -> Iterator[Finding]:
    """What every check finds, in order; one that fails is a fault of its own and stops no other."""
    yield settings()
    found = database()
    yield found
    for check in CHECKS if found.state != "fault" else ():
        try:
            yield check()
        except Exception as error:  # whatever it is, the other checks are still asked
            db.session.rollback()
            yield Finding("fault", _name(check), f"could not be asked ({type(error).__name__})")


def _name(check: Check) -> str:
    return check.__name__.replace("_", " ")


# --- what is asked ------------------------------------------------------------------------------------------


def settings() -> Finding:
    """Whether what the environment says is fit for people."""
    set_ = current_app.config["SETTINGS"]
    public = config.DEMO_KEY in (set_.key_encryption_key, set_.key_encryption_key_old)
    if not set_.demo and (public or set_.secret_key == config.DEMO_SECRET):
        name = "LMS_KEY_ENCRYPTION_KEY" if public else "LMS_SECRET_KEY"
        made = f"Make one of your own: {config.NEEDED[name]}"
        return Finding("fault", "settings", f"{name} is the demo's, which everybody can read", made)
    if set_.demo:
        return Finding("warning", "settings", "demo mode: anybody can sign in as anybody", "For people: unset LMS_DEMO")
    if len(set_.secret_key) < _SHORTEST_SECRET:
        made = f"Make a longer one: {config.NEEDED['LMS_SECRET_KEY']}"
        return Finding("warning", "settings", "LMS_SECRET_KEY is short enough to be guessed", made)
    if not set_.secure:
        remedy = "Set LMS_BASE_URL to the https address that people use"
        return Finding("warning", "settings", f"LMS_BASE_URL is {set_.base_url}, without https", remedy)
    return Finding("ok", "settings", f"complete; people come to {set_.base_url}")


def database() -> Finding:
    """Whether it answers and is of this version."""
    engine = db.engine.dialect.name
    try:
        with db.engine.connect() as connection:
            version = schema.version(connection)
            if engine == "sqlite" and (wrong := connection.scalar(text("PRAGMA quick_check(1)"))) != "ok":
                return Finding("fault", "database", f"the file is damaged ({wrong})", "Restore the last backup")
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", error)).splitlines()[0]
        return Finding("fault", "database", f"does not answer ({why})", "Start it, or set LMS_DATABASE_URL right")
    if version != schema.newest():
        told = f"is of version {version}, this is {schema.newest()}" if version else "is not prepared"
        return Finding("fault", "database", told, "Run: lms init")
    return Finding("ok", "database", f"{engine}, version {version}")


def append_only() -> Finding:
    """Whether every append-only table still refuses changes."""
    missing = triggers.missing(db.session.connection())
    if missing:
        told = f"{', '.join(missing)} would let rows be changed or removed"
        remedy = "Run lms ledger verify, find out who took the triggers away, and restore a backup"
        return Finding("fault", "append-only tables", told, remedy)
    return Finding("ok", "append-only tables", "refuse changes")


def encryption_key() -> Finding:
    """Whether LMS_KEY_ENCRYPTION_KEY reads every value of every kind."""
    under = dict.fromkeys(keys(), 0)
    unread: dict[str, int] = {}
    for column in cipher_columns():
        there = select(column).where(column.is_not(None), column != b"")  # empty: told lost when it was restored
        for cipher in db.session.scalars(there.execution_options(yield_per=500)):
            key = next((key for key in under if is_under(key, cipher)), None)
            if key is None:
                unread[str(column)] = unread.get(str(column), 0) + 1
            else:
                under[key] += 1
    about, told = "encryption key", f"LMS_KEY_ENCRYPTION_KEY (fingerprint {fingerprint(keys()[0])})"
    if unread:
        places = ", ".join(f"{count} of {place}" for place, count in unread.items())
        remedy = "Set the right key; the one before as LMS_KEY_ENCRYPTION_KEY_OLD, then run: lms keys rotate"
        return Finding("fault", about, f"{told} does not read {places}", remedy)
    if len(under) > 1:
        left = sum(list(under.values())[1:])
        remedy = "Run: lms keys rotate" if left else "Take LMS_KEY_ENCRYPTION_KEY_OLD away and restart"
        return Finding("warning", about, f"is being changed: {left} values are under the earlier key", remedy)
    return Finding("ok", about, f"{told} reads all {sum(under.values())} values")


def key_kept() -> Finding:
    """Whether somebody has confirmed that the key is kept elsewhere."""
    note = notes.read("key_kept")
    if kept.is_confirmed():
        told = f"confirmed on {note.at:%Y-%m-%d}" if note else "the demo's key, which everybody has"
        return Finding("ok", "key kept elsewhere", told)
    remedy = f"Whoever loses it loses {kept.LOST}. Keep it, and then run: lms keys confirm-kept"
    told = "confirmed for another key only" if note else "nobody has confirmed it"
    return Finding("warning", "key kept elsewhere", told, remedy)


def last_backup() -> Finding:
    """Whether there is a backup of the last days."""
    note = notes.read("backup")
    if note is None:
        return Finding("warning", "backup", "lms backup has never been run", "Run it every night: lms backup FILE")
    days = (clock.now() - note.at).days
    told = f"{note.value} of {note.at:%Y-%m-%d}"
    if clock.now() - note.at > TOO_OLD:
        return Finding("warning", "backup", f"{told} is {days} days old", "Run it every night: lms backup FILE")
    return Finding("ok", "backup", told)


def worker() -> Finding:
    """Whether the background work is done."""
    if not jobs.answers():
        return Finding("fault", "worker", "its queue does not answer", "Start it, or set LMS_JOBS_URL right")
    row = db.session.get(jobs.Heartbeat, 1)
    remedy = "Start one: lms work, or lms serve --with-worker"
    if row is None:
        return Finding("fault", "worker", "none has ever run", remedy)
    if not jobs.alive():
        return Finding("fault", "worker", f"none has run since {row.at:%Y-%m-%d %H:%M} UTC", remedy)
    return Finding("ok", "worker", "has run during the last three minutes")


def mail_transport() -> Finding:
    """Whether mail leaves: the server answers and nothing was given up."""
    set_ = current_app.config["SETTINGS"]
    if set_.demo and not set_.smtp_url:
        return Finding("ok", "mail", "shown at /demo/outbox and never sent")
    waiting = _mails(OutboxMail.sent_at.is_(None), OutboxMail.failed_at.is_(None))
    if not set_.smtp_url:
        return Finding("warning", "mail", f"{waiting} mails wait and none is sent", "Set LMS_SMTP_URL")
    try:
        with mail.connection() as server:
            server.noop()
    except OSError as error:  # what smtplib raises is one, too
        told = f"the server does not take mail ({type(error).__name__}); {waiting} wait"
        return Finding("fault", "mail", told, "Look at LMS_SMTP_URL and the server")
    failed = _mails(OutboxMail.failed_at.is_not(None))
    if failed:
        remedy = "The administrator sees and retries them in the browser"
        return Finding("warning", "mail", f"the server answers; {failed} mails were given up", remedy)
    return Finding("ok", "mail", f"the server answers; {waiting} wait")


def _mails(*conditions: object) -> int:
    return db.session.scalar(select(func.count()).select_from(OutboxMail).where(*conditions)) or 0  # type: ignore[arg-type]


def uploads() -> Finding:
    """Whether files can be written, and those that the database names are there in their size."""
    folder = current_app.config["SETTINGS"].files
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        told = f"{folder} cannot be written ({error.strerror})"
        return Finding("fault", "uploads", told, "Give the folder to the user that serves")
    named = db.session.execute(select(StoredFile.sha256, func.max(StoredFile.size)).group_by(StoredFile.sha256)).all()
    lacking = [digest for digest, size in named if not _is_there(digest, size)]
    if lacking:
        shown = ", ".join(digest[:12] for digest in lacking[:_MOST_NAMED])
        told = f"{len(lacking)} of {len(named)} files are gone or cut ({shown})"
        return Finding("fault", "uploads", told, f"Put them back into {folder} from a backup")
    return Finding("ok", "uploads", f"{folder} can be written, files in it: {len(named)}, none gone or cut")


def _is_there(digest: str, size: int) -> bool:
    try:
        return os.stat(path_of(digest)).st_size == size
    except OSError:
        return False


def typefaces() -> Finding:
    """Whether the typefaces of certificates and papers came along."""
    from lms import press  # noqa: PLC0415  brings Typst along

    missing = TYPEFACES - set(press.families())
    if missing:
        told = f"{', '.join(sorted(missing))} is missing: no certificate can be made"
        return Finding("fault", "typefaces", told, "Install Pärlband anew")
    return Finding("ok", "typefaces", "all are there")


CHECKS: list[Check] = [
    append_only, encryption_key, key_kept, last_backup, worker, mail_transport, uploads, typefaces
]  # fmt: skip
"""Asked in order once the database answers and is of this version."""
