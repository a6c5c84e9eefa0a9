"""What came of an examination: lines, one verdict, and the same for programs.

The rule that matters most: what could not be checked is `open`, which is neither good nor bad.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from certificates.examining.facts import Fact, Step
from certificates.standards.integrity import Document
from lms.message import Message

Outcome = Literal["passed", "failed", "open"]
Verdict = Literal["genuine", "expired", "doubted", "unsealed", "unknown", "foreign", "revoked", "differs", "refused"]


@dataclass(frozen=True)
class Line:
    """One check: its code, what came of it (`open`: it could not be made) and why."""

    code: str
    outcome: Outcome
    words: Message | None = None


@dataclass(frozen=True)
class Examined:
    """What is known about a file or a paper. `facts` are proven as signed only when `proven` says so.

    `document` is the credential as read, None for paper or when it cannot be read; `pages` the text of a PDF.
    """

    verdict: Verdict
    kind: str
    lines: tuple[Line, ...]
    proven: bool = False
    facts: tuple[Fact, ...] = ()
    chain: tuple[Step, ...] = ()
    document: Document | None = field(default=None, repr=False)
    issuer: str = ""
    pages: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it is genuine and valid, with nothing left open that matters."""
        return self.verdict == "genuine"


def plain(examined: Examined) -> dict[str, Any]:
    """The outcome as JSON has it, stable for programs (docs/verification.md)."""
    return {
        "verdict": examined.verdict,
        "valid": examined.good,
        "kind": examined.kind,
        "issuer": examined.issuer,
        "checks": [
            {"code": each.code, "outcome": each.outcome, "reason": each.words.render() if each.words else ""}
            for each in examined.lines
        ],
        "proven": examined.proven,
        "facts": {each.code: each.plain() for each in examined.facts},
        "not_on_page": [each.code for each in examined.facts if each.found is False],
        "chain": [each.plain() for each in examined.chain],
    }
