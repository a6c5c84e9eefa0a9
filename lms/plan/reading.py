"""Reads a plan from a TOML file or from a stored document, and says everything that is wrong with it.

The rule that matters most: a plan is built only when nothing at all is wrong; a wrong file changes nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import cast

from lms.message import N_, Message
from lms.plan.checks import check
from lms.plan.model import (
    Cadence,
    Emblem,
    Goal,
    GoalKind,
    Measure,
    OfWhom,
    Organisation,
    OrganisationKind,
    Phase,
    Plan,
    Publicity,
    Rate,
    Rounding,
    Rules,
    ScbColumn,
    ScbField,
    StatisticsBy,
)
from lms.plan.problems import Findings, Path, PlanError, Problem, shown
from lms.plan.table import Table
from lms.plan.toml_lines import lines_of

LONGEST_FILE = 1_000_000
_POSITION = re.compile(r"at line (\d+)")
_TABLE = Message(N_("a table of this name"))
_MEASURES: dict[str, tuple[Measure, ...]] = {
    "certified": ("certified",),
    "survey": ("agree",),
    "horizontal": ("offered", "completed"),
    "instrument": ("used",),
}


def parse(text: str) -> tuple[Plan | None, list[Problem]]:
    """The plan in a TOML text, or None and all its problems in the order of the file."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if len(text) > LONGEST_FILE:
        return None, [Problem(1, "", Message(N_("a file of at most one million characters")), str(len(text)))]
    try:
        values = tomllib.loads(text)
        lines = lines_of(text)
    except tomllib.TOMLDecodeError as error:
        return None, [_syntax_problem(text, str(error))]
    except RecursionError:
        return None, [Problem(1, "", Message(N_("tables and lists that are not nested this deep")), "[[[…")]
    return parse_values(values, lines)


def read(text: str) -> Plan:
    """The plan in a TOML text; raises PlanError with all problems when there are any."""
    plan, problems = parse(text)
    if plan is None:
        raise PlanError(problems)
    return plan


def shipped(name: str) -> Plan:
    """A plan that comes with the product: "smail", "smot" or "siri"."""
    return read((files("lms") / "plans" / f"{name}.toml").read_text(encoding="utf-8"))


def parse_values(
    values: Mapping[str, object], lines: Mapping[Path, int]
) -> tuple[Plan | None, list[Problem]]:
    """The plan in values as TOML (or JSON, with dates as ISO text) holds them."""
    findings = Findings(lines)
    plan = _plan(Table(values, (), findings))
    check(plan, findings)
    return (None, findings.problems) if findings.problems else (plan, [])


def _syntax_problem(text: str, reason: str) -> Problem:
    found = _POSITION.search(reason)
    lines = text.split("\n")
    line = int(found[1]) if found else len(text.rstrip().split("\n"))
    if "overwrite" in reason or "twice" in reason or "mutate" in reason:
        expected = Message(N_("every key and table once"))
    else:
        expected = Message(N_("TOML: key = value, with texts in quotes and dates and numbers without"))
    return Problem(line, "", expected, shown(lines[line - 1].strip()) if line <= len(lines) else shown(""))


def _plan(top: Table) -> Plan:
    project = top.table("project", _TABLE) or Table({}, ("project",), Findings({}))
    money = top.table("money", _TABLE) or Table({}, ("money",), Findings({}))
    dnr_shape = Message(N_("a registration number such as 2021/00320, in quotes"))
    aim_shape = Message(N_("a specific objective such as 1.1, in quotes"))
    plan = Plan(
        dnr=project.matching("dnr", r"\d{4}/\d{5}", dnr_shape),
        title=project.text("title"),
        owner=project.text("owner"),
        region=project.text("region"),
        programme_area=project.number("programme_area", 1, 99),
        specific_objective=project.matching("specific_objective", r"\d{1,2}\.\d{1,2}", aim_shape),
        intervention_type=project.number("intervention_type", 1, 9999),
        eu_share=project.number("eu_share", 0, 100),
        starts=project.day("starts"),
        ends=project.day("ends"),
        planned_participants=project.number("planned_participants", 0, 1_000_000),
        budget=money.number("budget"),
        support=money.number("support"),
        other_funding=money.number("other_funding"),
        phases=tuple(_phase(table) for table in top.tables("phases")),
        organisations=tuple(_organisation(table) for table in top.tables("organisations")),
        goals=tuple(_goal(table) for table in top.tables("goals")),
        rules=_rules(top.table("rules", _TABLE) or Table({}, ("rules",), Findings({}))),
        publicity=_publicity(top.table("publicity", _TABLE) or Table({}, ("publicity",), Findings({}))),
        scb=tuple(_scb_column(table) for table in top.tables("scb")),
        rates=tuple(_rate(table) for table in top.tables("rates")),
    )
    for table in (project, money, top):
        table.done()
    return plan


def _phase(table: Table) -> Phase:
    phase = Phase(table.key("key"), table.words("title"), table.day("starts"), table.day("ends"))
    table.done()
    return phase


def _organisation(table: Table) -> Organisation:
    organisation = Organisation(
        name=table.text("name"),
        kind=cast(OrganisationKind, table.choice("kind", OrganisationKind)),
        own_trainer=table.truth("own_trainer"),
        staffing_share=table.number_or_none("staffing_share", 1, 10_000),
    )
    table.done()
    return organisation


def _goal(table: Table) -> Goal:
    kind = cast(GoalKind, table.choice("kind", GoalKind))
    goal = Goal(
        key=table.key("key"),
        kind=kind,
        measure=_measure(table, kind),
        text=table.words("text"),
        by=table.day("by"),
        target=table.number_or_none("target", 1, 1_000_000),
        share=table.number_or_none("share", 1, 100),
        of_whom=cast(OfWhom, table.choice("of_whom", OfWhom)) if table.has("of_whom") else None,
        level=table.key("level") if kind == "certified" else None,
        programme=table.key("programme") if kind == "horizontal" else None,
        question=table.key("question") if kind == "survey" else None,
    )
    sound = table.findings.sound(table.at("target"), table.at("share"))
    if sound and (goal.target is None) == (goal.share is None):
        expected = Message(N_("either target (a number) or share (percent)"))
        table.findings.add(table.path, expected, dict(table.values))
    if goal.share is not None and goal.of_whom is None:
        table.wrong("of_whom", Message(N_("of_whom beside share: the group that the percent are counted of")))
    table.done()
    return goal


def _measure(table: Table, kind: GoalKind) -> Measure:
    allowed = _MEASURES[kind]
    given = table.text_or_none("measure")
    if given is None and len(allowed) == 1:
        return allowed[0]
    if given not in allowed and table.findings.sound(table.at("kind"), table.at("measure")):
        table.wrong("measure", Message(N_("one of %(choices)s"), {"choices": ", ".join(allowed)}))
    return cast(Measure, given or allowed[0])


def _rules(table: Table) -> Rules:
    rules = Rules(
        rounding=cast(Rounding, table.choice("rounding", Rounding)),
        countersignature=table.truth("countersignature"),
        minimum_share=table.number("minimum_share", 1, 100),
        retention=table.day("retention"),
        statistics=cast(StatisticsBy, table.choice("statistics", StatisticsBy)) if table.has("statistics") else None,
        network=_cadence(table, "network"),
        reference_group=_cadence(table, "reference_group"),
        steering_group=_cadence(table, "steering_group"),
    )
    table.done()
    return rules


def _cadence(rules: Table, key: str) -> Cadence | None:
    table = rules.table_or_none(key, Message(N_("a table with every_months or per_year")))
    if table is None:
        return None
    cadence = Cadence(
        every_months=table.number_or_none("every_months", 1, 24),
        per_year=table.number_or_none("per_year", 1, 366),
        in_planning=table.number_or_none("in_planning", 0, 100),
    )
    sound = table.findings.sound(table.at("every_months"), table.at("per_year"))
    if sound and (cadence.every_months is None) == (cadence.per_year is None):
        table.findings.add(table.path, Message(N_("either every_months or per_year")), dict(table.values))
    table.done()
    return cadence


def _publicity(table: Table) -> Publicity:
    publicity = Publicity(cast(Emblem, table.choice("emblem", Emblem)), table.words("text"))
    table.done()
    return publicity


def _scb_column(table: Table) -> ScbColumn:
    field = cast(ScbField, table.choice("field", ScbField)) if table.has("field") else None
    column = ScbColumn(table.text("heading"), field, table.text_or_none("value"))
    if table.has("field") == table.has("value"):
        expected = Message(N_("either field or value (the same text on every row)"))
        table.findings.add(table.path, expected, dict(table.values))
    table.done()
    return column


def _rate(table: Table) -> Rate:
    rate = Rate(
        starts=table.day("starts"),
        sek_per_hour=table.money("sek_per_hour"),
        source=table.text("source"),
        organisation=table.text_or_none("organisation"),
    )
    table.done()
    return rate
