"""What a scanner reads from the QR code of a paper: the address with the code, and the signed digits behind `#`.

The rule that matters most: the digits are the county's word about the paper. Another number behind a code than the
digits name is a code that was moved from one paper to another.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from certificates.examining.facts import Fact
from certificates.examining.outcome import Examined, Line, Verdict
from certificates.standards import checking, paper
from certificates.standards.checking import EXPIRED, REVOKED, Trust
from certificates.standards.integrity import Document
from certificates.standards.paper import Paper, PaperError
from certificates.statement import normalise_code
from lms import clock
from lms.message import N_, Message

_ADDRESS = re.compile(r"(?:https?://)?[^\s/?#]+(?:/[^\s?#]*)?/v/([^\s/?#]+)/?(?:\?[^\s#]*)?(?:#(\S*))?", re.IGNORECASE)
LONGEST = 3_000


@dataclass(frozen=True)
class Scanned:
    """The code of the page, and the digits as they were read; empty when there were none."""

    code: str
    digits: str


def scanned(text: str) -> Scanned | None:
    """The parts of an address as a scanner gives it; None for any other text."""
    found = _ADDRESS.fullmatch(text.strip()) if len(text) <= LONGEST else None
    code = normalise_code(found[1]) if found else None
    return Scanned(code, found[2] or "") if found and code else None


def read(digits: str, trust: Trust) -> Paper:
    """What the digits say. Raises PaperError."""
    return paper.read(digits, {paper.key_id(key): key for key in trust.keys.values()})


def examine(digits: str, trust: Trust, listed: Callable[[str], Document | None], at: datetime) -> Examined:
    """Check the digits of a paper at a moment. `listed` gives the list of revocations of a name, when it is at hand."""
    try:
        said = read(digits, trust)
    except PaperError:
        return Examined("refused", "paper", (Line("paper", "failed", Message(_refusal(digits, trust))),))
    lines = (Line("paper", "passed"), _dates(said, at), _status(said, trust, listed(said.status_list), at))
    return Examined(_verdict(lines), "paper", lines, proven=True, facts=_facts(said))


def _refusal(digits: str, trust: Trust) -> str:
    try:
        known = paper.signer(digits) in {paper.key_id(key) for key in trust.keys.values()}
    except PaperError:
        return N_("The digits are not whole: scan the code again.")
    if known:
        return N_("The signature does not fit: something was changed.")
    return N_("The digits are signed by a key that is not, or no longer, the county's.")


def _dates(said: Paper, at: datetime) -> Line:
    day = clock.local(at).date()
    if said.issued_on > day:
        return Line("dates", "failed", Message(N_("It is not valid yet, unless the clock here is slow.")))
    expired = said.valid_until is not None and said.valid_until < day
    return Line("dates", "failed", Message(EXPIRED)) if expired else Line("dates", "passed")


def _status(said: Paper, trust: Trust, listed: Document | None, at: datetime) -> Line:
    if listed is None:
        return Line("status", "open", Message(N_("The list of revocations is not at hand.")))
    address, issuer = str(listed.get("id")), str(listed.get("issuer"))
    place: Document = {
        "type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListCredential": address,
        "statusListIndex": str(said.status_index),
    }  # fmt: skip
    found = checking.standing(place, issuer, trust, {address: listed}.get, at)
    if found.passed:
        return Line("status", "passed")
    return Line("status", "failed" if found.words == REVOKED else "open", Message(found.words))


def _verdict(lines: tuple[Line, ...]) -> Verdict:
    outcomes = {line.code: line.outcome for line in lines}
    if outcomes["status"] == "failed":
        return "revoked"
    if any(line.outcome == "failed" and (not line.words or line.words.message != EXPIRED) for line in lines):
        return "refused"
    if outcomes["status"] == "open":
        return "unknown"
    return "expired" if outcomes["dates"] == "failed" else "genuine"


def _facts(said: Paper) -> tuple[Fact, ...]:
    values = (
        ("name", said.name), ("number", said.number), ("programme", said.programme), ("level", said.level),
        ("issued", said.issued_on), ("until", said.valid_until),
    )  # fmt: skip
    return tuple(Fact(code, value) for code, value in values if value)
