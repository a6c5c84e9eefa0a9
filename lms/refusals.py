"""Refused: what an operation raises when it may not happen; a message for people and a code for tests and programs."""

from typing import Any


class Refused(Exception):  # noqa: N818  a refusal is an answer, not an error
    """`message` is translated text for the person who asked, `code` a stable word, `values` what the page shows."""

    def __init__(self, message: object, code: str, **values: Any) -> None:
        super().__init__(str(message))
        self.message = message
        self.code = code
        self.values = values


class Stale(Refused):
    """Somebody else changed the same thing first; `values` carries both versions so that nothing typed is lost."""
