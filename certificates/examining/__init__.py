"""Examining what somebody holds: every check with its outcome and reason, the chain, what was signed, and one verdict.

The rule that matters most: what could not be checked is never called good, and what was not proven is never told as
signed. Nothing here asks a database or a network: keys, seals and lists of revocations are handed in.
"""

from dataclasses import dataclass
from datetime import datetime

from certificates.examining import foreign, page
from certificates.examining.facts import chain, facts
from certificates.examining.outcome import Examined, Line, Outcome, Verdict
from certificates.reading import Reading, UnreadableError
from certificates.standards import checking, integrity
from certificates.standards.checking import EXPIRED, REVOKED, Check, Lists, Trust
from certificates.standards.integrity import Document, ProofError
from lms.message import N_, Message

__all__ = ["Examined", "Line", "Trusted", "examine"]

_OTHERS = {
    "EndorsementCredential": N_("This is the county's word about a trainer. Give the trainer's certificate instead."),
    "BitstringStatusListCredential": N_("This is a list of revocations. Give the certificate instead."),
}
STATUS = ("endorsement-status", "status")
_VALUES, _DEPTH, _CONTEXTS = 5_000, 40, 60
_BY_TRAINER = ("shape", "endorsement", "endorsement-status", "chain", "signature", "dates", "status")
_BY_COUNTY = ("shape", "signature", "dates", "status")


@dataclass(frozen=True)
class Trusted:
    """Whom the examiner believes: the county with its keys, and the X.509 certificates (PEM) of its seals."""

    trust: Trust
    seals: tuple[str, ...] = ()


def examine(reading: Reading, trusted: Trusted, lists: Lists, at: datetime) -> Examined:
    """Check the credential of a file, and for a PDF its seal and its text, at a moment.

    Raises UnreadableError for something else that we sign: the word about a trainer, a list of revocations.
    """
    try:
        document = _harmless(integrity.read(reading.text))
    except ProofError as error:
        return Examined("refused", reading.kind, (Line("shape", "failed", Message(str(error))),), pages=reading.pages)
    kinds = document.get("type")
    for kind in kinds if isinstance(kinds, list) else ():
        if isinstance(kind, str) and kind in _OTHERS:
            raise UnreadableError("kind", _OTHERS[kind])
    if not foreign.claims(document, trusted.trust):
        return _foreign(document, reading)
    found = checking.check(document, trusted.trust, lists, at)
    lines = tuple(_lines(document, found.checks))
    proven = all(_outcome(lines, code) == "passed" for code in _codes(document) if code in ("endorsement", "signature"))
    told = facts(document)
    if reading.kind == "pdf":
        told = page.compared(told, reading.pages, document) if proven else told
        lines += (page.seal(reading.signatures, trusted.seals), page.line(told, proven=proven))
    steps = chain(document, {line.code: line.outcome for line in lines})
    issuer = steps[0].name if steps else ""
    return Examined(
        _verdict(lines), reading.kind, lines, proven, told, steps, document=document, issuer=issuer, pages=reading.pages
    )


def _harmless(document: Document) -> Document:
    """The document itself, unless checking it would be endless work: too deep, too large, or tied to itself."""
    waiting: list[tuple[object, int]] = [(document, 0)]
    contexts = 0
    for _number in range(_VALUES):
        if not waiting:
            return document
        each, depth = waiting.pop()
        if isinstance(each, dict):
            given = each.get("@context", ())
            contexts += len(given) if isinstance(given, list | dict) else 1 if given else 0
        if depth > _DEPTH or contexts > _CONTEXTS or (isinstance(each, str) and each.startswith("_:")):
            break
        inside = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        waiting += [(value, depth + 1) for value in inside]
    raise ProofError("size", N_("The credential is built in a way that no certificate is."))


def _foreign(document: Document, reading: Reading) -> Examined:
    """What can be said about somebody else's credential: whose it is, and whether it was changed."""
    issuer, lines = foreign.checked(document)
    proven = lines[-1].outcome == "passed"
    verdict: Verdict = "refused" if lines[-1].outcome == "failed" else "foreign"
    return Examined(verdict, reading.kind, lines, proven, facts(document), document=document, issuer=issuer)


def _codes(document: Document) -> tuple[str, ...]:
    issuer = document.get("issuer")
    return _BY_TRAINER if isinstance(issuer, dict) and "endorsement" in issuer else _BY_COUNTY


def _lines(document: Document, checks: list[Check]) -> list[Line]:
    """Every check that such a document has, in order: made, or not possible because an earlier one failed."""
    made = {check.code: check for check in checks}
    codes = [*_codes(document), *(code for code in made if code not in _codes(document))]
    lines = []
    for code in codes:
        if code in made:
            lines.append(_line(made[code]))
        elif code == "shape" and "shape" not in made:
            lines.append(Line(code, "passed"))
        else:
            lines.append(Line(code, "open", Message(N_("Not checked, since another check failed."))))
    return lines


def _line(check: Check) -> Line:
    """A list of revocations that says nothing is no proof of anything, neither good nor bad."""
    if check.passed:
        return Line(check.code, "passed")
    mute = check.code in STATUS and check.words != REVOKED
    return Line(check.code, "open" if mute else "failed", Message(check.words))


def _outcome(lines: tuple[Line, ...], code: str) -> Outcome:
    return next((line.outcome for line in lines if line.code == code), "open")


def _verdict(lines: tuple[Line, ...]) -> Verdict:
    """One word for all checks; what weighs most comes first."""
    failed = {line.code: line.words.message if line.words else "" for line in lines if line.outcome == "failed"}
    soft = {code for code, words in failed.items() if words in (REVOKED, EXPIRED)}
    if set(failed) - soft - {"seal", "page"}:
        return "refused"
    if "page" in failed or failed.get("seal") == page.CHANGED:
        return "differs"
    verdicts: tuple[tuple[bool, Verdict], ...] = (
        ("status" in failed, "revoked"),
        ("endorsement-status" in failed, "doubted"),
        (any(line.outcome == "open" and line.code != "seal" for line in lines), "unknown"),
        ("dates" in failed, "expired"),
        ("seal" in failed, "unsealed"),
    )
    return next((verdict for holds, verdict in verdicts if holds), "genuine")
