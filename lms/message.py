"""A message for people that pure code can return: an English msgid and values, translated when shown.

The rule that matters most: nothing here needs a request or an application; the view passes `gettext` in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

N_ = str
"""Marks a msgid for extraction and leaves it as it is."""

Translate = Callable[..., str]
"""The shape of `flask_babel.gettext`: a msgid and named values in, a sentence out."""


def plain(message: str, **values: object) -> str:
    """The English sentence itself, for logs and tests; formats as `gettext` does (`%%` beside values)."""
    return message % values if values else message


@dataclass(frozen=True)
class Message:
    """An English msgid and the values it names; a value may be a message in its turn."""

    message: str
    values: Mapping[str, object] = field(default_factory=dict)

    def render(self, translate: Translate = plain) -> str:
        """The sentence as `translate` (usually `gettext`) words it."""
        values = {
            name: value.render(translate) if isinstance(value, Message) else value
            for name, value in self.values.items()
        }
        return translate(self.message, **values)
