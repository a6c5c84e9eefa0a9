"""Examining with what this installation knows: its keys, its lists of revocations, and the word of its register.

The rule that matters most: the register's word stands beside the proof of the file and makes nothing good of it.
"""

from dataclasses import dataclass, replace

from sqlalchemy import select

from certificates.answering import standing
from certificates.answering.standing import Standing
from certificates.examining import Examined, Trusted, examine, pinned
from certificates.examining import scanned as papers
from certificates.examining.outcome import Line, Verdict
from certificates.examining.scanned import Scanned, scanned
from certificates.proof import credentials, keys
from certificates.proof.credentials import StatusList
from certificates.reading import read
from certificates.standards import integrity
from certificates.standards.integrity import Document
from lms import clock
from lms.db import db
from lms.message import N_, Message

__all__ = ["Judgement", "Scanned", "file", "paper", "scanned", "trust_file"]


@dataclass(frozen=True)
class Judgement:
    """What the proof says, and what the register says (None: it is not ours, or nothing is proven).

    `verdict` is the one to show: the worse of both.
    """

    told: Examined
    register: Standing | None

    @property
    def verdict(self) -> str:
        """The verdict of the proof, or what happened in the register since the file was made."""
        proof, word = self.told.verdict, self.register.word if self.register else ""
        if proof == "doubted" and word == "valid" and self.register and self.register.kept_on:
            return "kept"
        since = {"revoked": "revoked", "replaced": "replaced", "review": "doubted"}
        return since.get(word, proof) if proof in ("genuine", "expired", "unsealed", "unknown", "doubted") else proof


def file(data: bytes) -> Judgement:
    """What a file proves, and what the register says about it. Raises UnreadableError."""
    told = examine(read(data), Trusted(keys.trust(), keys.seals()), _list_at, clock.now())
    ours = told.proven and told.document is not None and told.verdict != "foreign"
    known = standing.of_credential(str(told.document["id"])) if ours and told.document else None
    return Judgement(told, known)


def paper(found: Scanned) -> Judgement:
    """What the digits of a paper prove, and whether they belong to the code before them."""
    trust = keys.trust()
    told = papers.examine(found.digits, trust, _list_named, clock.now())
    if not told.proven:
        return Judgement(told, None)
    said = papers.read(found.digits, trust)
    known = standing.of_paper(found.code, said.number, said.digest)
    if known is None:
        moved = Message(N_("The code belongs to another certificate, or to none: it was moved from another paper."))
        return Judgement(_with(told, Line("code", "failed", moved), "refused"), None)
    return Judgement(_with(told, Line("code", "passed"), told.verdict), known)


def _with(told: Examined, line: Line, verdict: Verdict) -> Examined:
    return replace(told, lines=(*told.lines, line), verdict=verdict)


def _list_at(address: str) -> Document | None:
    """One of our own lists; nobody else's is fetched."""
    here = credentials.list_address("")
    return _list_named(address.removeprefix(here)) if address.startswith(here) else None


def _list_named(name: str) -> Document | None:
    text = credentials.list_with_name(name)
    return integrity.read(text) if text else None


def trust_file() -> str:
    """What somebody needs to check our certificates without us, until the lists of revocations are too old."""
    texts = db.session.scalars(select(StatusList.text).order_by(StatusList.id)).all()
    return pinned.written(keys.did_document(), texts, keys.seals(), clock.now())
