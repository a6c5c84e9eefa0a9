"""The rule: what a person lacks before she can be certified, decided from plain facts and nothing else.

Minutes count from signed sheets only; minutes made up in another run of the programme count with one's own (domain:
full attendance by the programme's share, approved assignment, horizontal module done, survey offered).
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from lms.message import N_, Message

Assignment = Literal["nothing", "waiting", "returned", "approved"]
Horizontal = Literal["", "offered", "accepted", "completed"]
Survey = Literal["none", "offered", "not_offered"]
Issued = Literal["", "here", "elsewhere", "revoked"]
Fixer = Literal["trainer", "participant", "nobody", "leader"]
Kind = Literal["attendance", "review", "runs", ""]


@dataclass(frozen=True)
class SessionFact:
    """One session of the run for one person; minutes are whole minutes of signed sheets.

    `planned` is the length of the session, `attended` what she was there, `made_up` what she did in other runs.
    """

    id: int
    number: int
    day: date
    planned: int
    over: bool
    signed: bool
    attended: int = 0
    made_up: int = 0

    @property
    def counted(self) -> int:
        """Minutes that count: own and made up, never more than the session is long."""
        return min(self.planned, self.attended + self.made_up)

    def needed(self, share: int) -> int:
        """Minutes that the programme's share (percent) asks for, rounded up."""
        return -(-self.planned * share // 100)


@dataclass(frozen=True)
class Work:
    """The home assignment of one person: how far it is; when approved also by whom, and on which day."""

    state: Assignment = "nothing"
    submission_id: int | None = None
    minutes: int = 0
    by: str = ""
    day: date | None = None


@dataclass(frozen=True)
class Facts:
    """All the rule needs to know about one person in one run. `certificate` says what was issued already."""

    person_id: int
    name: str
    organisation: str
    protected: bool
    requires: frozenset[str]
    share: int
    sessions: tuple[SessionFact, ...]
    work: Work = Work()
    horizontal: Horizontal = ""
    horizontal_day: date | None = None
    survey: Survey = "none"
    certificate: Issued = ""
    certificate_id: int | None = None


@dataclass(frozen=True)
class Unmet:
    """One thing that is missing: a code, words, who can fix it, and which page (`kind` and `target`) does."""

    code: str
    message: Message
    fixer: Fixer
    kind: Kind = ""
    target: int | None = None


def unmet(facts: Facts) -> list[Unmet]:
    """Everything that is missing, in the order it is worth doing; empty when the person can be certified."""
    missing: list[Unmet] = []
    if "attendance" in facts.requires:
        missing += [found for session in facts.sessions if (found := _session(session, facts.share))]
    if "assignment" in facts.requires and (found := _assignment(facts)):
        missing.append(found)
    if "horizontal" in facts.requires and facts.horizontal != "completed":
        missing.append(_horizontal(facts))
    if facts.survey == "not_offered":
        words = Message(N_("The survey has not been sent yet. It is sent after the last session."))
        missing.append(Unmet("survey_not_offered", words, "nobody"))
    if facts.certificate == "revoked":
        words = Message(N_("The certificate from this run is revoked. A new one takes a new run."))
        missing.append(Unmet("revoked", words, "leader", "runs"))
    return missing


def is_certified(facts: Facts) -> bool:
    """Whether the person holds the certificate of this programme already."""
    return facts.certificate in ("here", "elsewhere")


def is_eligible(facts: Facts) -> bool:
    """Whether the person can be certified now."""
    return not is_certified(facts) and not unmet(facts)


def _session(session: SessionFact, share: int) -> Unmet | None:
    needed, number = session.needed(share), session.number
    if session.counted >= needed:
        return None
    if not session.over:
        words = Message(N_("Session %(number)s has not been held yet."), {"number": number})
        return Unmet("session_to_come", words, "nobody")
    if not session.signed:
        words = Message(N_("The sheet of session %(number)s is not signed."), {"number": number})
        return Unmet("sheet_unsigned", words, "trainer", "attendance", session.id)
    values = {"number": number, "minutes": session.counted, "needed": needed}
    words = Message(
        N_("Session %(number)s: %(minutes)s of %(needed)s minutes. The rest can be made up in another run."), values
    )
    return Unmet("minutes_missing", words, "participant", "runs")


def _assignment(facts: Facts) -> Unmet | None:
    if facts.work.state == "approved":
        return None
    if facts.work.state == "waiting":
        words = Message(N_("The home assignment waits for assessment."))
        return Unmet("assignment_waiting", words, "trainer", "review", facts.work.submission_id)
    if facts.work.state == "returned":
        words = Message(N_("The home assignment is to be completed and handed in again."))
        return Unmet("assignment_returned", words, "participant")
    return Unmet("assignment_missing", Message(N_("The home assignment is not handed in.")), "participant")


def _horizontal(facts: Facts) -> Unmet:
    if not facts.horizontal:
        words = Message(N_("The module on horizontal principles has not been offered."))
        return Unmet("horizontal_not_offered", words, "leader")
    words = Message(N_("The module on horizontal principles is not completed."))
    return Unmet("horizontal_missing", words, "participant")
