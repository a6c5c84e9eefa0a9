"""Strict reading of content files: typed values out of tables, front matter out of Markdown.

The rule that matters most: every key is asked for once, and a key nobody asked for is an error, so that a
misspelt word in a file is found on the first day and not on the day of the certificate.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

Texts = Mapping[str, str]
"""A text per language: `sv` always, `en` where it has been written."""
Lists = Mapping[str, tuple[str, ...]]
"""A list of texts per language."""

LANGUAGES: Final = ("sv", "en")
_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_FRONT_MATTER = re.compile(r"\A\+\+\+[ \t]*\r?\n(?P<front>.*?)^\+\+\+[ \t]*\r?$(?P<body>.*)", re.S | re.M)


class ContentError(ValueError):
    """Content that cannot be used: in which file, at which key, and what was expected there."""

    def __init__(self, file: str, key: str, expected: str) -> None:
        super().__init__(f"{file}: {key}: expected {expected}")
        self.file, self.key, self.expected = file, key, expected


class Table:
    """One table being read: ask for each key, then call `done()`, which refuses what is left."""

    def __init__(self, values: object, file: str, path: str = "") -> None:
        self.file, self._path = file, path
        if not isinstance(values, dict):
            raise ContentError(file, path or "file", "a table")
        self._left: dict[str, Any] = dict(values)

    def wrong(self, key: str, expected: str) -> ContentError:
        """Return the error for a key of this table, to be raised by the caller."""
        return ContentError(self.file, self._at(key), expected)

    def done(self) -> None:
        """Refuse every key that nobody asked for."""
        if self._left:
            raise self.wrong(sorted(self._left)[0], "no such key")

    def string(self, key: str, *, optional: bool = False) -> str:
        """Return a text that is not empty; an optional one that is missing is ''."""
        value = self._left.pop(key, None)
        if optional and value in (None, ""):
            return ""
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "a text that is not empty")
        return value

    def name(self, key: str, *, optional: bool = False) -> str:
        """Return a key or slug: small letters a–z and digits, joined by - or _."""
        value = self.string(key, optional=optional)
        if value and not _NAME.fullmatch(value):
            raise self.wrong(key, "small letters a-z and digits joined by - or _")
        return value

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        """Return one of the allowed words; '' must be among them to be accepted."""
        value = self._left.pop(key, None)
        if not isinstance(value, str) or value not in allowed:
            raise self.wrong(key, f"one of {', '.join(map(repr, allowed))}")
        return value

    def choices(self, key: str, allowed: Sequence[str]) -> tuple[str, ...]:
        """Return a list of allowed words, each at most once; missing is empty."""
        value = self._left.pop(key, [])
        good = isinstance(value, list) and all(isinstance(each, str) and each in allowed for each in value)
        if not good or len(set(value)) != len(value):
            raise self.wrong(key, f"a list of {', '.join(map(repr, allowed))}, each at most once")
        return tuple(value)

    def integer(
        self, key: str, *, default: int | None = None, smallest: int = 0, largest: int = 100_000
    ) -> int:
        """Return a whole number within its bounds; missing is the default, when there is one."""
        value = self._left.pop(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not smallest <= value <= largest:
            raise self.wrong(key, f"a whole number from {smallest} to {largest}")
        return value

    def texts(self, key: str, *, optional: bool = False) -> dict[str, str]:
        """Return a text per language, Swedish always among them; an optional one that is missing is empty."""
        table = self._languages(key, optional=optional)
        if table is None:
            return {}
        found = {language: table.string(language, optional=language != "sv") for language in LANGUAGES}
        table.done()
        return {language: value for language, value in found.items() if value}

    def lists(self, key: str) -> dict[str, tuple[str, ...]]:
        """Return a list of texts per language, Swedish always among them, all of the same length."""
        table = self._languages(key, optional=False)
        assert table is not None
        found = {
            language: table.strings(language)
            for language in LANGUAGES
            if table.has(language) or language == "sv"
        }
        table.done()
        if len({len(value) for value in found.values()}) != 1:
            raise self.wrong(key, "as many entries in each language")
        return found

    def strings(self, key: str) -> tuple[str, ...]:
        """Return a list of at least one text."""
        value = self._left.pop(key, None)
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(each, str) and each for each in value)
        ):
            raise self.wrong(key, "a list of at least one text")
        return tuple(value)

    def has(self, key: str) -> bool:
        """Say whether the key is there and not yet asked for."""
        return key in self._left

    def table(self, key: str) -> "Table | None":
        """Return the table under a key, or None when it is missing."""
        value = self._left.pop(key, None)
        return None if value is None else Table(value, self.file, self._at(key))

    def tables(self, key: str) -> list["Table"]:
        """Return the tables of a list; missing is an empty list."""
        value = self._left.pop(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, "a list of tables")
        return [Table(each, self.file, f"{self._at(key)}[{index}]") for index, each in enumerate(value, 1)]

    def _languages(self, key: str, *, optional: bool) -> "Table | None":
        given = self._left.get(key)
        table = self.table(key)
        if optional and not given:
            return None
        if table is None:
            raise self.wrong(key, "a table with the text in sv and en")
        return table

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key


def split_front_matter(source: str, file: str) -> tuple[str, str]:
    """Return the TOML between the two `+++` lines and the Markdown after them; raises `ContentError`."""
    match = _FRONT_MATTER.match(source)
    if match is None:
        raise ContentError(file, "front matter", "TOML between two lines of +++ at the top of the file")
    return match["front"], match["body"].strip()
