"""The parts of a plan: money in whole SEK, shares in whole percent, dates in Europe/Stockholm.

The rule that matters most: every part is frozen, so that a plan once read can be replaced but not bent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

OrganisationKind = Literal["municipality", "authority", "association", "employer"]
GoalKind = Literal["certified", "survey", "horizontal", "instrument"]
Measure = Literal["certified", "agree", "offered", "completed", "used"]
OfWhom = Literal["trainers", "users", "participants", "employed_trainers", "certified_users"]
Rounding = Literal["none", "quarter", "hour"]
Emblem = Literal["eu", "none"]
StatisticsBy = Literal["organisation", "month"]
ScbField = Literal["personnummer", "start_date", "end_date", "hours", "month", "dnr"]


@dataclass(frozen=True)
class Text:
    """The same words in Swedish and, where somebody wrote them, in English."""

    sv: str
    en: str | None = None

    def within(self, language: str) -> str:
        """The words in `language` ("sv", "en"); Swedish where the other is missing."""
        return self.en if language == "en" and self.en else self.sv


@dataclass(frozen=True)
class Phase:
    """A named part of the period, both days included; the gaps between phases belong to none."""

    key: str
    title: Text
    starts: date
    ends: date


@dataclass(frozen=True)
class Organisation:
    """A taking part organisation; `staffing_share` in percent of one full-time post, None when not agreed."""

    name: str
    kind: OrganisationKind
    own_trainer: bool
    staffing_share: int | None


@dataclass(frozen=True)
class Goal:
    """What the project promised: at least `target` people, or at least `share` percent of `of_whom`.

    Exactly one of `target` and `share` is set. `level` is set for certified, `question` for survey and
    `programme` for horizontal.
    """

    key: str
    kind: GoalKind
    measure: Measure
    text: Text
    by: date
    target: int | None = None
    share: int | None = None
    of_whom: OfWhom | None = None
    level: str | None = None
    programme: str | None = None
    question: str | None = None


@dataclass(frozen=True)
class Cadence:
    """How often a group meets: every so many months or so many times a year, and how often while planning.

    Exactly one of `every_months` and `per_year` is set.
    """

    every_months: int | None = None
    per_year: int | None = None
    in_planning: int | None = None


@dataclass(frozen=True)
class Rules:
    """What the project settles by itself; minutes are always stored, `rounding` is for what is reported.

    `statistics` says what gender is told apart by first (organisation when nothing is said); see docs/statistics.md.
    """

    rounding: Rounding
    countersignature: bool
    minimum_share: int
    retention: date
    statistics: StatisticsBy | None = None
    network: Cadence | None = None
    reference_group: Cadence | None = None
    steering_group: Cadence | None = None


@dataclass(frozen=True)
class Publicity:
    """The emblem and the statement that stand on everything the public or participants see."""

    emblem: Emblem
    text: Text

    def within(self, language: str) -> str:
        """The statement in a language; nothing where the plan has no emblem."""
        return self.text.within(language) if self.emblem == "eu" else ""


@dataclass(frozen=True)
class ScbColumn:
    """One column of the monthly file to Statistics Sweden: a heading and either a field or a fixed value."""

    heading: str
    field: ScbField | None = None
    value: str | None = None


@dataclass(frozen=True)
class Rate:
    """What an hour of an employer's staff is worth from a day on, in SEK with öre; without organisation: of all others.

    `source` says who decided it; the product knows no rate of its own.
    """

    starts: date
    sek_per_hour: Decimal
    source: str
    organisation: str | None = None


@dataclass(frozen=True)
class Plan:
    """A project as it was granted; both days of the period included, lists in the order of the file."""

    dnr: str
    title: str
    owner: str
    region: str
    programme_area: int
    specific_objective: str
    intervention_type: int
    eu_share: int
    starts: date
    ends: date
    planned_participants: int
    budget: int
    support: int
    other_funding: int
    phases: tuple[Phase, ...]
    organisations: tuple[Organisation, ...]
    goals: tuple[Goal, ...]
    rules: Rules
    publicity: Publicity
    scb: tuple[ScbColumn, ...]
    rates: tuple[Rate, ...] = ()

    def phase(self, key: str) -> Phase:
        """The phase called `key`; KeyError when the plan has none."""
        for phase in self.phases:
            if phase.key == key:
                return phase
        raise KeyError(key)
