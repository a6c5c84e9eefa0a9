"""The plan of a project as data: what was granted, agreed and promised, before anything has happened.

The rule that matters most: a plan is pure; it is read, compared and moved in time here, and stored elsewhere.
"""

from lms.plan.changes import Change, difference
from lms.plan.document import from_document, to_document
from lms.plan.model import (
    Cadence,
    Goal,
    Organisation,
    Phase,
    Plan,
    Publicity,
    Rate,
    Rules,
    ScbColumn,
    Text,
)
from lms.plan.moving import months_to, point, shift
from lms.plan.problems import PlanError, Problem
from lms.plan.reading import parse, read, shipped

__all__ = [
    "Cadence",
    "Change",
    "Goal",
    "Organisation",
    "Phase",
    "Plan",
    "PlanError",
    "Problem",
    "Publicity",
    "Rate",
    "Rules",
    "ScbColumn",
    "Text",
    "difference",
    "from_document",
    "months_to",
    "parse",
    "point",
    "read",
    "shift",
    "shipped",
    "to_document",
]
