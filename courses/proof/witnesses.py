"""What stands outside the chain and knows what it once was, and where the two do not agree.

The rule that matters most: everything is read as columns, a few hundred rows at a time; what cannot be read is a
finding, never a failure.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from courses.attendance import AttendanceEntry, HoursSignature, SignedEntry, SignOff, hash_of
from courses.attendance.chain import rows_where
from courses.esf import snapshot
from courses.esf.closings import MonthClosing
from lms.audit import Audit
from lms.db import db

DONE = "ledger.verified"
"""The act of the audit log that remembers a proof."""
_AT_A_TIME = 200
_ACTS = 1_000


@dataclass(frozen=True)
class Finding:
    """Something that does not agree: a code, the entry it is about and its person, and which row says so.

    `witness` is the sign-off, signature, closed month, earlier proof or table that the ledger disagrees with.
    """

    code: str
    entry_id: int | None = None
    person_id: int | None = None
    witness: str = ""


def heads() -> dict[int, list[tuple[str, str]]]:
    """entry id → hashes that it had, and who says so: closed months, earlier proofs, the newest acts of the log.

    Each hash is over everything before it, so the newest ones know as much as all of them.
    """
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    closed = select(MonthClosing.id, MonthClosing.head_entry_id, MonthClosing.head_hash)
    for number, entry_id, digest in db.session.execute(closed):
        found[entry_id].append((digest, f"month_closing {number}"))
    logged = select(Audit.id, Audit.details).order_by(Audit.id.desc())
    acts = logged.where(Audit.act.in_(("attendance.recorded", "attendance.corrected"))).limit(_ACTS)
    for number, told in db.session.execute(acts):
        if "hash" in told:
            found[int(told["entry"])].append((str(told["hash"]), f"audit {number}"))
    for number, told in db.session.execute(logged.where(Audit.act == DONE)):
        if not told.get("faults"):  # what a proof with faults saw is nothing to go by
            found[int(told["entry"])].append((str(told["hash"]), f"audit {number}"))
    found.pop(0, None)  # an empty ledger says nothing
    return found


@dataclass
class Witnesses:
    """Holds what others say about the chain against it while it goes by."""

    heads: dict[int, list[tuple[str, str]]]
    found: list[Finding] = field(default_factory=list)
    met: set[int] = field(default_factory=set)

    def look(self, row: Mapping[str, Any]) -> None:
        for digest, witness in self.heads.get(row["id"], ()):
            self.met.add(row["id"])
            if row["hash"] != digest:
                self.found.append(Finding("rewritten", row["id"], row["person_id"], witness))

    def disagreeing(self) -> list[Finding]:
        gone = sorted(set(self.heads) - self.met)
        return self.found + [
            Finding("cut_off", number, None, witness) for number in gone for _digest, witness in self.heads[number]
        ]


def replacements() -> Iterable[Finding]:
    """A correction comes after what it replaces, and is about the same person and session."""
    earlier = aliased(AttendanceEntry)
    same_session = AttendanceEntry.session_id.is_not_distinct_from(earlier.session_id)
    wrong = (
        select(AttendanceEntry.id, AttendanceEntry.person_id)
        .outerjoin(earlier, earlier.id == AttendanceEntry.replaces_id)
        .where(
            AttendanceEntry.replaces_id.is_not(None),
            or_(
                earlier.id.is_(None),
                earlier.id >= AttendanceEntry.id,
                earlier.person_id != AttendanceEntry.person_id,
                earlier.activity_id != AttendanceEntry.activity_id,
                ~same_session,
            ),
        )
    )
    return [Finding("replaces", *row) for row in db.session.execute(wrong.limit(1_000))]


def sign_offs() -> Iterable[Finding]:
    """Each sheet says what was signed, and nothing stands in a signed sheet that its newest signature is not over."""
    ids = db.session.scalars(select(SignOff.session_id).distinct().order_by(SignOff.session_id)).all()
    for begin in range(0, len(ids), _AT_A_TIME):
        some = ids[begin : begin + _AT_A_TIME]
        by_session: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in rows_where(AttendanceEntry.session_id.in_(some)):
            by_session[row["session_id"]].append(row)
        newest: dict[int, Any] = {}
        query = select(SignOff.id, SignOff.session_id, SignOff.roster, SignOff.entries_hash).order_by(SignOff.id)
        for sign_off in db.session.execute(query.where(SignOff.session_id.in_(some))):
            newest[sign_off.session_id] = sign_off
            yield from _sheet(sign_off, {row["id"]: row for row in by_session[sign_off.session_id]})
        for session_id, sign_off in newest.items():
            yield from _unsigned(sign_off, by_session[session_id])


def _sheet(sign_off: Any, rows: Mapping[int, Mapping[str, Any]]) -> Iterable[Finding]:
    witness = f"sign_off {sign_off.id}"
    names = [line["entry"] for line in sign_off.roster]
    gone = [line for line in sign_off.roster if line["entry"] not in rows]
    yield from (Finding("gone", line["entry"], line["person"], witness) for line in gone)
    if not gone and _digest(rows[number] for number in names) != sign_off.entries_hash:
        differing = [
            line
            for line in sign_off.roster
            if (line["person"], line["minutes"]) != tuple(rows[line["entry"]][key] for key in ("person_id", "minutes"))
        ]
        yield from (Finding("signed_otherwise", line["entry"], line["person"], witness) for line in differing)
        if not differing:
            yield Finding("signed_otherwise", min(names, default=None), None, witness)


def _unsigned(sign_off: Any, rows: Iterable[Mapping[str, Any]]) -> Iterable[Finding]:
    """Somebody who was moved to another group is on no roster here."""
    rows = list(rows)
    replaced = {row["replaces_id"] for row in rows}
    covered = {line["entry"] for line in sign_off.roster}
    for row in rows:
        if row["id"] not in replaced and row["id"] not in covered and row["absence"] != "moved":
            yield Finding("unsigned", row["id"], row["person_id"], f"sign_off {sign_off.id}")


def signatures() -> Iterable[Finding]:
    """Participants and managers signed exactly these entries, as they were."""
    last_id = 0
    while True:
        columns = select(HoursSignature.id, HoursSignature.person_id, HoursSignature.entries_hash)
        query = columns.where(HoursSignature.id > last_id).order_by(HoursSignature.id).limit(_AT_A_TIME)
        some = db.session.execute(query).all()
        if not some:
            return
        covered: dict[int, list[int]] = defaultdict(list)
        under = select(SignedEntry.signature_id, SignedEntry.entry_id)
        for number, entry_id in db.session.execute(under.where(SignedEntry.signature_id.in_([s.id for s in some]))):
            covered[number].append(entry_id)
        rows = {
            row["id"]: row
            for row in rows_where(AttendanceEntry.id.in_([one for many in covered.values() for one in many]))
        }
        for signature in some:
            yield from _signature(signature, covered[signature.id], rows)
        last_id = some[-1].id


def _signature(
    signature: Any, names: list[int], rows: Mapping[int, Mapping[str, Any]]
) -> Iterable[Finding]:
    witness = f"hours_signature {signature.id}"
    gone = [number for number in names if number not in rows]
    yield from (Finding("gone", number, signature.person_id, witness) for number in gone)
    if not gone and _digest(rows[number] for number in names) != signature.entries_hash:
        yield Finding("signed_otherwise", min(names, default=None), signature.person_id, witness)


def _digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """`hash_of` over rows; nothing that could be signed when a column holds what it cannot."""
    try:
        return hash_of(cast(AttendanceEntry, SimpleNamespace(**row)) for row in rows)
    except (AttributeError, TypeError):
        return ""


def closings() -> Iterable[Finding]:
    """Each closed month is as it was closed, and the entries behind its sums have the hashes they had then."""
    columns = select(MonthClosing.id, MonthClosing.snapshot, MonthClosing.snapshot_hash)
    for number in db.session.scalars(select(MonthClosing.id).order_by(MonthClosing.id)).all():
        yield from _closing(db.session.execute(columns.where(MonthClosing.id == number)).one())


def _closing(closing: Any) -> Iterable[Finding]:
    witness = f"month_closing {closing.id}"
    try:
        frozen = snapshot.unpacked(closing.snapshot)
    except Exception:  # whatever somebody has put there, it is not what was closed
        yield Finding("snapshot", None, None, witness)
        return
    if snapshot.digest(frozen) != closing.snapshot_hash:
        yield Finding("snapshot", None, None, witness)
    for begin in range(0, len(frozen.lines), _AT_A_TIME):
        some = frozen.lines[begin : begin + _AT_A_TIME]
        query = select(AttendanceEntry.id, AttendanceEntry.hash)
        now = dict(db.session.execute(query.where(AttendanceEntry.id.in_([line.entry_id for line in some]))).all())
        for line in some:
            if line.entry_id not in now:
                yield Finding("gone", line.entry_id, line.person_id, witness)
            elif now[line.entry_id] != line.entry_hash:
                yield Finding("rewritten", line.entry_id, line.person_id, witness)
