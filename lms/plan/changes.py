"""What differs between two plans, key by key, for people to read before it is applied.

The rule that matters most: parts of a list are compared by their own name, not by their place, so that a
new municipality at the top is one change and not eight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lms.plan.document import to_document
from lms.plan.model import Plan

Value = str | int | bool
_NAMED_BY = {
    "phases": ("key",),
    "goals": ("key",),
    "organisations": ("name",),
    "scb": ("heading",),
    "rates": ("organisation", "starts"),
}


@dataclass(frozen=True)
class Change:
    """One value that differs; None before when it is new, None after when it is gone. Dates are ISO text."""

    key: str
    before: Value | None
    after: Value | None


def difference(old: Plan | None, new: Plan) -> list[Change]:
    """Every value that differs, in the order of the new plan, then what is gone; empty when none does."""
    before = _flat(old) if old else {}
    after = _flat(new)
    keys = list(after) + [key for key in before if key not in after]
    changes = [Change(key, before.get(key), after.get(key)) for key in keys]
    return [change for change in changes if change.before != change.after] + _moved(old, new)


def _flat(plan: Plan) -> dict[str, Value]:
    leaves: dict[str, Value] = {}
    for key, value in to_document(plan).items():
        if isinstance(value, list):
            for each in value:
                _collect(f"{key}.{_name([each.get(part) for part in _NAMED_BY[key]])}", each, leaves)
        else:
            _collect(key, value, leaves)
    return leaves


def _collect(key: str, value: object, leaves: dict[str, Value]) -> None:
    if isinstance(value, dict):
        for name, each in value.items():
            _collect(f"{key}.{name}", each, leaves)
    elif isinstance(value, str | int):
        leaves[key] = value


def _moved(old: Plan | None, new: Plan) -> list[Change]:
    """The lists whose common parts stand in another order: the order of columns and of the screen."""
    if old is None:
        return []
    changes = []
    for key, parts in _NAMED_BY.items():
        before, after = (
            [_name([getattr(each, part) for part in parts]) for each in getattr(plan, key)] for plan in (old, new)
        )
        if [each for each in before if each in after] != [each for each in after if each in before]:
            changes.append(Change(key, ", ".join(before), ", ".join(after)))
    return changes


def _name(parts: Sequence[object]) -> str:
    """What a part of a list is called by: its own name, or what makes it the only one of its kind."""
    return " ".join(str(part) for part in parts if part is not None)
