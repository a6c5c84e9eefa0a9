"""What must agree between the values of a plan: dates within the period, money that adds up, keys used once.

The rule that matters most: only values right by themselves are compared, so one mistake is told once.
"""

from __future__ import annotations

from collections.abc import Sequence

from lms.message import N_, Message
from lms.plan.model import Plan
from lms.plan.problems import Findings, Path


def check(plan: Plan, findings: Findings) -> None:
    """Notes every disagreement between the values of `plan`."""
    _period(plan, findings)
    _money(plan, findings)
    _phases(plan, findings)
    _goals(plan, findings)
    _once("phases", "key", [phase.key for phase in plan.phases], findings)
    _once("goals", "key", [goal.key for goal in plan.goals], findings)
    _once("organisations", "name", [each.name.casefold() for each in plan.organisations], findings)
    _rates(plan, findings)
    _once("scb", "heading", [column.heading.casefold() for column in plan.scb], findings)


def _period(plan: Plan, findings: Findings) -> None:
    ends: Path = ("project", "ends")
    if findings.sound(("project",), ("project", "starts"), ends) and plan.ends < plan.starts:
        findings.add(ends, Message(N_("a day on or after %(day)s"), {"day": plan.starts}), plan.ends)
    retention: Path = ("rules", "retention")
    if findings.sound(("project",), ("rules",), ends, retention) and plan.rules.retention < plan.ends:
        expected = Message(N_("a day on or after %(day)s"), {"day": plan.ends})
        findings.add(retention, expected, plan.rules.retention)


def _money(plan: Plan, findings: Findings) -> None:
    paths: list[Path] = [("money", key) for key in ("budget", "support", "other_funding")]
    if findings.sound(("money",), *paths) and plan.support + plan.other_funding != plan.budget:
        values = {"sum": plan.support + plan.other_funding}
        expected = Message(N_("the sum of support and other_funding, %(sum)s"), values)
        findings.add(paths[0], expected, plan.budget)


def _phases(plan: Plan, findings: Findings) -> None:
    for index, phase in enumerate(plan.phases):
        starts: Path = ("phases", index, "starts")
        ends: Path = ("phases", index, "ends")
        if findings.sound(starts, ends) and phase.ends < phase.starts:
            findings.add(ends, Message(N_("a day on or after %(day)s"), {"day": phase.starts}), phase.ends)
        _within(plan, findings, starts, phase.starts)
        _within(plan, findings, ends, phase.ends)
        before: Path = ("phases", index - 1, "ends")
        if index and findings.sound(starts, before) and phase.starts <= plan.phases[index - 1].ends:
            values = {"day": plan.phases[index - 1].ends}
            expected = Message(N_("a day after the phase before it, which ends %(day)s"), values)
            findings.add(starts, expected, phase.starts)


def _goals(plan: Plan, findings: Findings) -> None:
    for index, goal in enumerate(plan.goals):
        _within(plan, findings, ("goals", index, "by"), goal.by)


def _rates(plan: Plan, findings: Findings) -> None:
    """A rate is of an organisation of the project or of all others, and one begins on a day."""
    names = {each.name.casefold() for each in plan.organisations}
    seen: set[tuple[str, object]] = set()
    for index, rate in enumerate(plan.rates):
        whose: Path = ("rates", index, "organisation")
        starts: Path = ("rates", index, "starts")
        name = (rate.organisation or "").casefold()
        if name and name not in names and findings.sound(whose):
            findings.add(whose, Message(N_("the name of an organisation of this file")), rate.organisation)
        if (name, rate.starts) in seen and findings.sound(whose, starts):
            expected = Message(N_("a day from which no other rate of the same organisation counts"))
            findings.add(starts, expected, rate.starts)
        seen.add((name, rate.starts))


def _within(plan: Plan, findings: Findings, path: Path, day: object) -> None:
    period: tuple[Path, ...] = (("project",), ("project", "starts"), ("project", "ends"))
    if findings.sound(path, *period) and not str(plan.starts) <= str(day) <= str(plan.ends):
        values = {"starts": plan.starts, "ends": plan.ends}
        findings.add(path, Message(N_("a day within the project, %(starts)s to %(ends)s"), values), day)


def _once(table: str, key: str, names: Sequence[str], findings: Findings) -> None:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name and name in seen:
            findings.add((table, index, key), Message(N_("a %(key)s that no other has"), {"key": key}), name)
        seen.add(name)
