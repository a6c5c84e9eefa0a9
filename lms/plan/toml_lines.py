"""Finds the line of every key in a TOML text, which the standard reader does not tell.

The rule that matters most: the text has already been accepted by `tomllib`, so this only has to follow it.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right

from lms.plan.problems import Path

_ENDS_BARE_VALUE = ",]}\n#"


def lines_of(text: str) -> dict[Path, int]:
    """The line (from 1) where each table, key and array element begins; array elements count from 0.

    `text` must be valid TOML with "\\n" as its line ends.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.starts = [0] + [index + 1 for index, char in enumerate(text) if char == "\n"]
        self.lines: dict[Path, int] = {(): 1}
        self.last: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        while self._blank():
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _note(self, path: Path) -> None:
        self.lines.setdefault(path, bisect_right(self.starts, self.at))

    def _blank(self) -> bool:
        """Passes white space, line ends and comments; False at the end of the text."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text[self.at] in " \t\r\n":
                self.at += 1
            else:
                return True
        return False

    def _header(self) -> Path:
        is_array = self.text.startswith("[[", self.at)
        begins = self.at
        self.at += 2 if is_array else 1
        keys = self._keys()
        ends = self.at + (2 if is_array else 1)
        self.at = begins
        path: Path = ()
        for number, key in enumerate(keys, 1):
            path = (*path, key)
            self._note(path)
            if is_array and number == len(keys):
                self.last[path] = self.last.get(path, -1) + 1
            if path in self.last:
                path = (*path, self.last[path])
                self._note(path)
        self.at = ends
        return path

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._blank()
            keys.append(self._key())
            self._blank()
            if self.text[self.at] != ".":
                return keys
            self.at += 1

    def _key(self) -> str:
        begins = self.at
        if self.text[self.at] in "\"'":
            self._string()
            return str(tomllib.loads(f"key = {self.text[begins : self.at]}")["key"])
        while self.text[self.at].isalnum() or self.text[self.at] in "_-":
            self.at += 1
        return self.text[begins : self.at]

    def _pair(self, table: Path) -> None:
        begins = self.at
        keys = self._keys()
        value_at = self.at + 1
        self.at = begins
        path = table
        for key in keys:
            path = (*path, key)
            self._note(path)
        self.at = value_at
        self._value(path)

    def _value(self, path: Path) -> None:
        self._blank()
        char = self.text[self.at]
        if char in "\"'":
            self._string()
        elif char == "[":
            self._array(path)
        elif char == "{":
            self._inline_table(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in _ENDS_BARE_VALUE:
                self.at += 1

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self._blank() and self.text[self.at] != "]":
            self._note((*path, index))
            self._value((*path, index))
            index += 1
            self._blank()
            if self.text[self.at] == ",":
                self.at += 1
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while self._blank() and self.text[self.at] != "}":
            self._pair(path)
            self._blank()
            if self.text[self.at] == ",":
                self.at += 1
        self.at += 1

    def _string(self) -> None:
        quote = self.text[self.at]
        mark = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(mark)
        while not self.text.startswith(mark, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += len(mark)
        while len(mark) == 3 and self.text.startswith(quote, self.at):  # the text may end in quotes
            self.at += 1
