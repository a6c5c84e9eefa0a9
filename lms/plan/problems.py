"""What is wrong with a plan file: line, key, what was expected and what stood there.

The rule that matters most: all problems are told at once, each worded so that the line can be mended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lms.message import N_, Message, Translate, plain

Path = tuple[str | int, ...]
LONGEST_ECHO = 60


@dataclass(frozen=True)
class Problem:
    """One thing to mend. `line` counts from 1 (0 = no line known); `got` is None when nothing stood there."""

    line: int
    key: str
    expected: Message
    got: str | None

    def message(self) -> Message:
        """The whole sentence, for a list of problems."""
        values = {"line": self.line, "key": self.key or "TOML", "expected": self.expected, "got": self.got}
        if self.got is None:
            return Message(N_("Line %(line)s, %(key)s: is missing. Expected: %(expected)s."), values)
        return Message(N_("Line %(line)s, %(key)s: %(expected)s was expected, not %(got)s."), values)

    def sentence(self, translate: Translate = plain) -> str:
        """The whole sentence as `translate` words it."""
        return self.message().render(translate)


class PlanError(ValueError):
    """A plan that cannot be used; `problems` holds everything that is wrong, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.sentence() for problem in problems))
        self.problems = tuple(problems)


def shown(value: object) -> str:
    """The value as its author would recognise it, short enough for a sentence."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        text = f"”{value}”"
    elif isinstance(value, dict):
        text = "{" + ", ".join(str(key) for key in value) + "}"
    elif isinstance(value, list):
        text = "[" + ", ".join(shown(each) for each in value[:5]) + (", …]" if len(value) > 5 else "]")
    else:
        text = str(value)
    return text if len(text) <= LONGEST_ECHO else text[: LONGEST_ECHO - 1] + "…"


def dotted(path: Path) -> str:
    """The path as people say it: ("goals", 1, "share") is `goals[2].share`."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


class Findings:
    """Collects the problems of one file and knows on which line each key stands."""

    def __init__(self, lines: Mapping[Path, int]) -> None:
        self._lines = lines
        self._wrong: set[Path] = set()
        self._problems: list[Problem] = []

    def add(self, path: Path, expected: Message, *got: object) -> None:
        """Notes that `path` is wrong; without `got` it is missing."""
        self._wrong.add(path)
        echo = shown(got[0]) if got else None
        self._problems.append(Problem(self._line(path), dotted(path), expected, echo))

    def sound(self, *paths: Path) -> bool:
        """True when nothing is wrong with any of the paths, so that their values may be compared."""
        return self._wrong.isdisjoint(paths)

    @property
    def problems(self) -> list[Problem]:
        """Everything found, in the order of the file."""
        return sorted(self._problems, key=lambda problem: problem.line)

    def _line(self, path: Path) -> int:
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 0)
