"""Background work with huey: the outbox is sent, old codes are forgotten, packages add what they need each minute.

The queue only wakes the worker; what is to be done stands as rows in the database, so a lost job is found next minute.
"""

import logging
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from lms import accounts, clock, employment, heap, mail
from lms.db import Base, db, without_values
from lms.refusals import Refused

# huey imports every driver that it finds: the one of PostgreSQL is 6 MiB that a server on SQLite has no use for.
_hidden = "psycopg" not in sys.modules
if _hidden:
    sys.modules["psycopg"] = None  # type: ignore[assignment]
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab, storage  # noqa: E402

if _hidden:
    del sys.modules["psycopg"]

log = logging.getLogger(__name__)
EACH_MINUTE: list[Callable[[], object]] = []
EXTENSION = "parlband_jobs"


class Heartbeat(Base):
    """When a worker last ran; read by /healthz."""

    __tablename__ = "heartbeat"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]


def connect(app: Flask) -> None:
    """Give the application its queue and tasks; a committed mail wakes the worker at once."""
    queue = app.extensions[EXTENSION] = _queue(app.config["SETTINGS"].jobs_url)

    @queue.periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
    def each_minute() -> None:
        with app.app_context():
            run_due(app)

    @queue.task()  # type: ignore[untyped-decorator]
    def send_mail() -> None:
        with app.app_context():
            mail.send_waiting()

    if app.config["SETTINGS"].smtp_url:
        mail.on_committed(app, send_mail)


def _queue(url: str) -> Huey:
    if url.startswith("sqlite:///"):
        return SqliteHuey("parlband", filename=url.removeprefix("sqlite:///"), results=False)
    if url.startswith("postgresql"):
        return _on_postgres(url.replace("postgresql+psycopg", "postgresql"))
    if urlsplit(url).scheme in ("redis", "rediss"):
        return RedisHuey("parlband", url=url, results=False)
    raise ValueError("LMS_JOBS_URL starts with sqlite:///, postgresql:// or redis://")


def _on_postgres(dsn: str) -> Huey:
    """A queue beside the tables, with the driver that huey was not shown above."""
    import psycopg  # noqa: PLC0415  here only is it certain to be needed

    storage.psycopg = psycopg
    try:
        return PostgresHuey("parlband", dsn=dsn, results=False)
    except psycopg.OperationalError as error:
        message = f"the queue in the database does not answer: {str(error).splitlines()[0]}"
        raise Refused(message, "queue") from error


def consumer(app: Flask) -> Any:
    """What takes jobs from the queue and starts the minute's work; huey gives it no type."""
    return app.extensions[EXTENSION].create_consumer(workers=1, periodic=True, initial_delay=0.2, max_delay=2.0)


def run_due(app: Flask) -> None:
    """Everything that is due now; each part by itself, so that one that fails stops no other."""
    sending = [_send] if app.config["SETTINGS"].smtp_url else []
    for act in (beat, accounts.forget_old, employment.follow, *EACH_MINUTE, *sending):
        try:
            act()
            db.session.commit()
        except DBAPIError as error:
            db.session.rollback()
            log.error("background work %s failed: %s", act.__name__, without_values(error))
        except Exception:
            db.session.rollback()
            log.exception("background work %s failed", act.__name__)
    heap.give_back()


def _send() -> None:
    mail.send_waiting()


def beat() -> None:
    """Say that the worker lives."""
    row = db.session.get(Heartbeat, 1) or Heartbeat(id=1)
    row.at = clock.now()
    db.session.add(row)


def alive() -> bool:
    """Whether a worker ran during the last three minutes."""
    row = db.session.get(Heartbeat, 1)
    return row is not None and clock.now() - row.at < timedelta(minutes=3)


def answers() -> bool:
    """Whether the queue of LMS_JOBS_URL can be asked."""
    try:
        current_app.extensions[EXTENSION].pending_count()
    except Exception:
        log.exception("the queue does not answer")
        return False
    return True
