"""The rule of renewal: leading so many runs, or attending so many network meetings, since the certificate was issued.

Everything done from the day of issue until today counts, also in the days of grace: whoever was late by a meeting can
still attend it. What was done before a renewal counts for that one only, since the next period begins with its issue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from courses.programmes import Renewal
from lms.message import N_, Message

SOON = timedelta(days=90)
"""How long before its last valid day a certificate can be renewed, and its holder is reminded."""

Phase = Literal["endless", "early", "open", "grace", "over"]


@dataclass(frozen=True)
class Done:
    """One thing that renews: a run that was led (its last day), or a network meeting that was attended."""

    kind: Literal["run", "meeting"]
    title: str
    day: date
    by: tuple[str, ...] = ()


def phase(valid_until: date | None, today: date, grace_days: int) -> Phase:
    """Where a certificate is in its period: `open` in the last ninety days, then `grace`, then `over`."""
    if valid_until is None:
        return "endless"
    if today <= valid_until:
        return "open" if today >= valid_until - SOON else "early"
    return "grace" if today <= valid_until + timedelta(days=grace_days) else "over"


def is_met(rule: Renewal, done: Sequence[Done]) -> bool:
    """Whether one of the ways that the rule offers has been gone to its end."""
    return any(wanted and have >= wanted for wanted, have in _ways(rule, done))


def enough(rule: Renewal, done: Sequence[Done]) -> tuple[Done, ...]:
    """Of a rule that is met: as much as it asks for and no more, the latest first chosen; runs before meetings."""
    for kind, (wanted, have) in zip(("run", "meeting"), _ways(rule, done), strict=True):
        if wanted and have >= wanted:
            return tuple([each for each in done if each.kind == kind][-wanted:])
    return ()


def missing(rule: Renewal, done: Sequence[Done]) -> list[Message]:
    """What is left on each way, and one of them is enough; empty when the rule is met."""
    if is_met(rule, done):
        return []
    (runs, led), (meetings, attended) = _ways(rule, done)
    found = []
    if runs:
        values = {"count": runs - led, "wanted": runs}
        found.append(Message(N_("Lead course runs: %(count)s left of %(wanted)s, with every sheet signed."), values))
    if meetings:
        values = {"count": meetings - attended, "wanted": meetings}
        found.append(Message(N_("Attend network meetings: %(count)s left of %(wanted)s."), values))
    return found


def _ways(rule: Renewal, done: Sequence[Done]) -> tuple[tuple[int, int], tuple[int, int]]:
    """(wanted, have) for runs and for meetings."""
    kinds = [each.kind for each in done]
    return (rule.runs_led, kinds.count("run")), (rule.network_meetings, kinds.count("meeting"))
