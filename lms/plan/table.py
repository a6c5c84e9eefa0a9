"""Takes one table of a plan file apart, key by key, and notes what is missing, wrong or unknown.

The rule that matters most: a wrong value never stops the reading; a stand-in is returned, the finding kept,
and whoever reads must look at the findings before using what was built.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import TypeVar, get_args

from lms.message import N_, Message
from lms.plan.model import Text
from lms.plan.problems import Findings, Path

LONGEST_TEXT = 500
MOST_MONEY = 1_000_000_000_000
_KEY = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
Choice = TypeVar("Choice", bound=str)


class Table:
    """The values of one table at `path`; every method reads one key and returns a value of the right type."""

    def __init__(self, values: Mapping[str, object], path: Path, findings: Findings) -> None:
        self.values = values
        self.path = path
        self.findings = findings
        self._known: set[str] = set()

    def has(self, key: str) -> bool:
        """Whether the key stands in the table."""
        return key in self.values

    def at(self, key: str) -> Path:
        """The whole path of a key of this table."""
        return (*self.path, key)

    def wrong(self, key: str, expected: Message) -> None:
        """Notes that what stands at `key` is not what was expected, or that nothing does."""
        got = (self.values[key],) if key in self.values else ()
        self.findings.add(self.at(key), expected, *got)

    def text(self, key: str) -> str:
        """A line of text without control characters, at most 500 characters."""
        value = self._get(key)
        if isinstance(value, str):
            value = value.strip()
            if value.isprintable() and 0 < len(value) <= LONGEST_TEXT:
                return value
        values = {"most": LONGEST_TEXT}
        self.wrong(key, Message(N_("a text in quotes, 1 to %(most)s characters on one line"), values))
        return ""

    def text_or_none(self, key: str) -> str | None:
        """As `text`, but the key may be left out."""
        return self.text(key) if self._wanted(key) else None

    def key(self, key: str) -> str:
        """A key others refer to: small letters, digits, hyphens and underscores."""
        value = self._get(key)
        if isinstance(value, str) and _KEY.fullmatch(value) and len(value) <= LONGEST_TEXT:
            return value
        self.wrong(key, Message(N_("a key of small letters a–z, digits, - and _, in quotes")))
        return ""

    def matching(self, key: str, pattern: str, expected: Message) -> str:
        """A text that matches the whole pattern."""
        value = self._get(key)
        if isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII):
            return value
        self.wrong(key, expected)
        return ""

    def number(self, key: str, least: int = 0, most: int = MOST_MONEY) -> int:
        """A whole number between the two, both included."""
        value = self._get(key)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        values = {"least": least, "most": most}
        self.wrong(key, Message(N_("a whole number from %(least)s to %(most)s, without quotes"), values))
        return 0

    def number_or_none(self, key: str, least: int = 0, most: int = MOST_MONEY) -> int | None:
        """As `number`, but the key may be left out."""
        return self.number(key, least, most) if self._wanted(key) else None

    def money(self, key: str) -> Decimal:
        """An amount in SEK above 0 with at most two decimals; as a number, or (in a stored document) as text."""
        value = self._get(key)
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            written = str(value)
            if re.fullmatch(r"\d{1,7}(\.\d{1,2})?", written, re.ASCII) and Decimal(written) > 0:
                return Decimal(written)
        self.wrong(key, Message(N_("an amount in SEK above 0 with at most two decimals, such as 412.50")))
        return Decimal(0)

    def truth(self, key: str) -> bool:
        """true or false."""
        value = self._get(key)
        if isinstance(value, bool):
            return value
        self.wrong(key, Message(N_("true or false, without quotes")))
        return False

    def day(self, key: str) -> date:
        """A date, written bare or (as in a stored document) as ISO text."""
        value = self._get(key)
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            with suppress(ValueError):
                value = date.fromisoformat(value)
        if isinstance(value, date) and not isinstance(value, datetime) and 1990 <= value.year <= 2200:
            return value
        self.wrong(key, Message(N_("a date such as 2022-01-31")))
        return date.min

    def choice(self, key: str, kind: object) -> str:
        """One of the words of the Literal type `kind`; the caller narrows the type."""
        choices = get_args(kind)
        value = self._get(key)
        if isinstance(value, str) and value in choices:
            return value
        self.wrong(key, Message(N_("one of %(choices)s"), {"choices": ", ".join(choices)}))
        return str(choices[0])

    def words(self, key: str) -> Text:
        """A table with `sv` and perhaps `en`."""
        table = self.table(key, Message(N_("a text per language: sv, and en if there is one")))
        if table is None:
            return Text("")
        words = Text(table.text("sv"), table.text_or_none("en"))
        table.done()
        return words

    def table(self, key: str, expected: Message) -> Table | None:
        """The table at `key`, or None (and a finding) when there is none."""
        value = self._get(key)
        if isinstance(value, dict):
            return Table(value, self.at(key), self.findings)
        self.wrong(key, expected)
        return None

    def table_or_none(self, key: str, expected: Message) -> Table | None:
        """As `table`, but the key may be left out."""
        return self.table(key, expected) if self._wanted(key) else None

    def tables(self, key: str) -> list[Table]:
        """The tables of an array of tables; none when the key is left out."""
        if not self._wanted(key):
            return []
        value = self._get(key)
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            return [Table(each, (*self.at(key), index), self.findings) for index, each in enumerate(value)]
        self.wrong(key, Message(N_("tables that each begin with [[%(key)s]]"), {"key": key}))
        return []

    def done(self) -> None:
        """Notes every key that nobody asked for, with the likeliest right spelling."""
        for key in self.values:
            if key not in self._known:
                near = get_close_matches(key, self._known, n=1)
                self.findings.add(self.at(key), _unknown(near, self._known), self.values[key])

    def _get(self, key: str) -> object:
        self._known.add(key)
        return self.values.get(key)

    def _wanted(self, key: str) -> bool:
        self._known.add(key)
        return self.values.get(key) is not None


def _unknown(near: list[str], known: set[str]) -> Message:
    if near:
        return Message(N_("no key of this name; perhaps %(near)s is meant"), {"near": near[0]})
    return Message(N_("no key of this name, only %(known)s"), {"known": ", ".join(sorted(known)) or "—"})
