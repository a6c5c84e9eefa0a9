"""What else a revocation touches: answered by the packages that know, since certificates know nothing of courses.

The rule that matters most: these are shown before anybody revokes; nothing here changes anything.
"""

from collections.abc import Callable
from dataclasses import dataclass

from certificates.register import Certificate


@dataclass(frozen=True)
class Consequence:
    """One thing that is touched, in a few words, with the page where something can be done about it."""

    title: str
    text: str = ""
    url: str = ""
    label: str = ""


ASKED: list[Callable[[Certificate], list[Consequence]]] = []
"""Packages append what they know when they are imported."""


def of(certificate: Certificate) -> list[Consequence]:
    """Everything that is touched beside the certificates issued under this one."""
    return [found for ask in ASKED for found in ask(certificate)]
