"""The proof of the ledger: the chain recomputed, and everything outside it that says what the chain once was.

The rule that matters most: a chain can be rewritten as a whole by whoever owns the database. So each signature, closed
month and earlier proof, which carry hashes of their own, is held against it; what they cannot show: docs/ledger.md.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from courses.attendance import AttendanceEntry, Head, verify
from courses.proof import witnesses
from courses.proof.witnesses import DONE, Finding
from lms import audit, clock, jobs, triggers
from lms.audit import Audit
from lms.db import db, only_reading
from lms.people import Person

ASKED = "ledger.asked"
SMALL = 50_000
"""Entries that are verified while somebody waits for the page; more are left to the worker."""
SHOWN = 50


@dataclass(frozen=True)
class Proof:
    """What was found, when: how many entries, the end of the chain, and everything that does not agree."""

    at: datetime
    entries: int
    head: Head
    findings: tuple[Finding, ...]


# --- operations ---------------------------------------------------------------------------------------------


def prove(told: Callable[[int], object] = lambda _number: None) -> Proof:
    """Verify everything; `told` hears how many entries are done. Takes about 40 s for a million entries.

    Reads in a transaction of its own, beside which others write; what this session has not committed is given up.
    """
    with _reading_apart():
        held = witnesses.Witnesses(witnesses.heads())
        found = verify(told, held.look)
        findings = [Finding(fault.code, fault.entry_id, fault.person_id) for fault in found.faults]
        findings += held.disagreeing()
        for each in (witnesses.replacements, witnesses.sign_offs, witnesses.signatures, witnesses.closings):
            findings += each()
        findings += [Finding("trigger", witness=table) for table in triggers.missing(db.session.connection())]
        return Proof(clock.now(), found.entries, found.head, tuple(dict.fromkeys(findings)))


def keep(proof: Proof, *, by: Person | None) -> None:
    """Remember a proof in the audit log: the next one asks whether the chain still has this head."""
    shown = [[each.code, each.entry_id, each.person_id, each.witness] for each in proof.findings[:SHOWN]]
    told = {"entries": proof.entries, "entry": proof.head.entry_id, "hash": proof.head.hash}
    audit.record("ledger.verified", proof, by=by, details=told | {"faults": len(proof.findings), "findings": shown})


def ask(*, by: Person) -> None:
    """Leave the verification of a large ledger to the worker; asked twice is asked once."""
    if not waits():
        audit.record("ledger.asked", Head(), by=by)


def prove_when_asked() -> None:
    """The worker's part."""
    if waits():
        keep(prove(), by=None)


jobs.EACH_MINUTE.append(prove_when_asked)


# --- questions ----------------------------------------------------------------------------------------------


def last() -> Audit | None:
    """The newest proof, as the audit log has it."""
    return db.session.scalar(select(Audit).where(Audit.act == DONE).order_by(Audit.id.desc()).limit(1))


def waits() -> bool:
    """Whether somebody has asked for a proof that is not made yet."""
    newest = select(Audit.act).where(Audit.act.in_((ASKED, DONE))).order_by(Audit.id.desc()).limit(1)
    return db.session.scalar(newest) == ASKED


def count() -> int:
    """How many entries the ledger has."""
    return int(db.session.scalar(select(func.count()).select_from(AttendanceEntry)) or 0)


@contextmanager
def _reading_apart() -> Iterator[None]:
    db.session.rollback()
    with only_reading():
        try:
            yield
        finally:
            db.session.rollback()
