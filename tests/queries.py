"""How many questions a page asks the database: pages are counted at two sizes and must ask as many at both."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import has_request_context
from sqlalchemy import event

from lms.db import db


@contextmanager
def count_queries() -> Iterator[list[str]]:
    """Gathers every statement that runs inside: `with count_queries() as queries: …; len(queries)`.

    As soon as a request runs inside, only what requests ask counts, not what the test reads again for itself.
    """
    statements: list[str] = []
    beside: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        (statements if has_request_context() else beside).append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
        statements.extend([] if statements else beside)


@contextmanager
def connections() -> Iterator[list[object]]:
    """The connections to the register that are taken in the block: what goes to the driver is no event of its own."""
    used: list[object] = []

    def note(*taken: object) -> None:
        used.append(taken)

    event.listen(db.engine, "checkout", note)
    try:
        yield used
    finally:
        event.remove(db.engine, "checkout", note)
