"""Hours as they are reported: exact minutes, and what the rule of the project leaves of them.

The rule that matters most: the minutes of a person, employer and month are rounded down once, and nothing before.
"""

from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement

from lms.plan.model import Rounding

_STEP: dict[Rounding, int] = {"none": 1, "quarter": 15, "hour": 60}
_Minutes = TypeVar("_Minutes", int, ColumnElement[int])


@dataclass(frozen=True)
class Sum:
    """People, their exact minutes, and the minutes that are reported after rounding."""

    people: int = 0
    minutes: int = 0
    reported: int = 0

    @property
    def lost(self) -> int:
        """Minutes that rounding takes away."""
        return self.minutes - self.reported


def rounded(minutes: _Minutes, rule: Rounding) -> _Minutes:
    """What is reported of these minutes, a number or a column of the database: down to the rule's step."""
    return minutes - minutes % _STEP[rule]
