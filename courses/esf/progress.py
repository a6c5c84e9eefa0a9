"""How far a download of many files has come: a row that the stream writes and the page asks for.

The rule that matters most: it is only told, never needed. A row that cannot be written stops no download.
"""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, delete, insert, update
from sqlalchemy.exc import SQLAlchemyError

from courses.esf.closings import BundleProgress
from lms import clock
from lms.db import db, reading

log = logging.getLogger(__name__)
_TOKEN = re.compile(r"[a-z0-9]{20,40}", re.ASCII)
_STEPS = 50


class Progress:
    """The row of one download, written in transactions of its own: streams outlive the request's."""

    def __init__(self, engine: Engine, token: str, total: int) -> None:
        self._engine, self._token, self._total = engine, token, total

    def tell(self, made: int) -> None:
        """So many files are made; written about fifty times."""
        if made == self._total or made % max(self._total // _STEPS, 1) == 0:
            self._write(made=made)

    def fail(self) -> None:
        """The stream is broken off."""
        self._write(failed=True)

    def _write(self, **values: Any) -> None:
        if self._token:
            _run(self._engine, update(BundleProgress).where(BundleProgress.token == self._token).values(**values))


def begin(token: str, total: int, *, by_id: int) -> Progress:
    """The row of a download that begins; without a token of 20 to 40 small letters and digits nothing is kept.

    A token that is taken belongs to another download, of which nothing is told here either.
    """
    engine = db.engine
    row = {"token": token, "by_id": by_id, "made": 0, "total": total, "at": clock.now(), "failed": False}
    if not _TOKEN.fullmatch(token) or not _run(engine, insert(BundleProgress).values(row)):
        token = ""
    reading(only=True)
    return Progress(engine, token, total)


def followed(chunks: Iterator[bytes], progress: Progress, last: Callable[[], object]) -> Iterator[bytes]:
    """The same chunks; when they break off, or nobody takes them any more, the row says so. `last` happens always."""
    try:
        yield from chunks
    except BaseException:
        progress.fail()
        raise
    finally:
        last()


def forget_old() -> None:
    """Forget downloads of yesterday."""
    db.session.execute(delete(BundleProgress).where(BundleProgress.at < clock.now() - timedelta(days=1)))


def _run(engine: Engine, statement: Any) -> bool:
    reading(only=False)
    try:
        with engine.begin() as connection:
            connection.execute(statement)
    except SQLAlchemyError as error:
        log.warning("the progress of a download was not written: %s", type(error).__name__)
        return False
    return True
