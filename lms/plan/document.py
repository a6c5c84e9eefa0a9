"""A plan as a JSON-able document and back, in the shape of the plan file with dates as ISO text.

The rule that matters most: what was stored is read as strictly as a file, so an old document cannot slip in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal

from lms.plan.model import Plan
from lms.plan.problems import PlanError
from lms.plan.reading import parse_values

Document = dict[str, object]
_MONEY = ("budget", "support", "other_funding")
_OUTSIDE = ("phases", "organisations", "goals", "rules", "publicity", "scb", "rates")


def to_document(plan: Plan) -> Document:
    """The plan in the shape of its file, for a JSON column; what is None is left out."""
    everything = _plain(plan)
    if not isinstance(everything, dict):  # pragma: no cover - a plan is a dataclass
        raise TypeError(type(plan))
    document: Document = {"project": {}, "money": {key: everything.pop(key) for key in _MONEY}}
    for key in _OUTSIDE:
        document[key] = everything.pop(key)
    return document | {"project": everything}


def from_document(document: Mapping[str, object]) -> Plan:
    """The plan that `to_document` made the document of; raises PlanError when it is not one."""
    plan, problems = parse_values(document, {})
    if plan is None:
        raise PlanError(problems)
    return plan


def _plain(value: object) -> object:
    if is_dataclass(value):
        pairs = ((field.name, _plain(getattr(value, field.name))) for field in fields(value))
        return {name: each for name, each in pairs if each is not None}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
