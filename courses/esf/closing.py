"""Closing a month: only when it is over, signed and in its turn, and what is missing has been seen and accepted.

The rule that matters most: nobody appends to the ledger while a month is closed, so a snapshot and the end of the
chain that it names belong together; of two leaders at once one closes and the other is told to look again.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from courses import attendance
from courses.esf import figures, snapshot
from courses.esf.changes import Change, changes
from courses.esf.closings import ClosingNumber, MonthClosing, latest
from courses.esf.days import last_day
from courses.esf.figures import Member, Tallies
from courses.esf.freezing import freeze
from courses.esf.months import earlier_open
from courses.esf.sheets import Sheet, sheets
from courses.esf.snapshot import Snapshot
from lms import audit, clock, filters
from lms.db import db
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused, Stale


@dataclass(frozen=True)
class Left:
    """What stands between a month and its closing; people are ESF participants.

    `unsigned` and `earlier` block, and so does a month that is not over. The rest (`deviations`) is accepted by hand.
    """

    is_over: bool
    earlier: tuple[date, ...]
    unsigned: tuple[Sheet, ...]
    tallies: Tallies

    @property
    def unconfirmed(self) -> int:
        """People who have not confirmed all their hours."""
        return self.tallies.everybody.people - self.tallies.everybody.confirmed

    @property
    def deviations(self) -> dict[str, int]:
        """Code → people, for what the leader must have seen and accepted."""
        counted = {
            "unconfirmed": self.unconfirmed,
            "objections": self.tallies.everybody.objecting,
            "numbers": self.tallies.without_number,
            "placeholders": self.tallies.without_placeholder,
        }
        return {code: count for code, count in counted.items() if count}

    @property
    def is_ready(self) -> bool:
        """Whether nothing blocks the closing."""
        return self.is_over and not self.earlier and not self.unsigned


def left(project: Project, first: date) -> Left:
    """What is missing before the month can be closed. A constant number of queries."""
    held, earlier = sheets(project, first, last_day(first)), earlier_open(project, first)
    return left_of(first, held, figures.tallies(project, first), earlier)


def left_of(first: date, held: Iterable[Sheet], tallies: Tallies, earlier: Iterable[date]) -> Left:
    """The same when sheets, hours and open months before it are known."""
    unsigned = tuple(sheet for sheet in held if not sheet.is_signed)
    return Left(last_day(first) < clock.today(), tuple(earlier), unsigned, tallies)


def members_of(project: Project, first: date) -> list[Member]:
    """The ESF participants to report, by id. Two queries."""
    return figures.members(project, first, figures.parts(project, first))


def seen(project: Project, first: date, missing: Left) -> str:
    """A mark of what a review page shows: whoever closes sends it back, and closes exactly that."""
    before = latest(project, first)
    shown = (figures.now(project, first), before.version if before else 0, sorted(missing.deviations.items()))
    return hashlib.sha256(repr(shown).encode()).hexdigest()


def close(
    project: Project, first: date, *, by: Person, seen_mark: str | None = None, accepted: Collection[str] = (),
    reason: str = "",
) -> MonthClosing:  # fmt: skip
    """Keep the month as it is now; a month that was closed before gets its next version, for a reason.

    `seen_mark` is `seen` of what was on the screen, `accepted` the codes of `Left.deviations` that were ticked.
    Raises Refused: `not_over`, `nothing`, `earlier_open`, `not_ready`, `not_accepted` (values: codes), `reason`,
    `nothing_changed`; Stale `changed` when something is otherwise than on the screen.
    """
    attendance.hold()
    missing = left(project, first)
    if seen_mark is not None and seen_mark != seen(project, first, missing):
        told = _("Something changed while you looked at it. Look at the month again before you close it.")
        raise Stale(told, "changed")
    _check_ready(missing)
    if lacking := set(missing.deviations) - set(accepted):
        raise Refused(_("Tick what you close the month in spite of."), "not_accepted", codes=sorted(lacking))
    before = latest(project, first)
    found = list(changes(before)) if before else []
    if before:
        _check_correction(found, reason)
    kept = freeze(
        project, first, version=before.version + 1 if before else 1, reason=reason.strip() if before else "",
        closed_at=clock.now(), closed_by=by.name,
    )  # fmt: skip
    return _keep(project, kept, by=by, changes_report=not before or any(each.is_reported for each in found))


def _check_ready(missing: Left) -> None:
    if not missing.is_over:
        raise Refused(_("The month is not over. It can be closed from the first of the next one."), "not_over")
    if missing.earlier:
        name = filters.month(missing.earlier[0].year, missing.earlier[0].month, filters.spoken())
        raise Refused(_("Months are closed in order. Close %(month)s first.", month=name), "earlier_open")
    if missing.unsigned:
        raise Refused(_("Every sheet of the month must be signed, and hours without a sheet decided."), "not_ready")
    if not missing.tallies.members:
        raise Refused(_("There is nothing to report this month: no hours, no start and no end."), "nothing")


def _check_correction(found: Collection[Change], reason: str) -> None:
    if not found:
        raise Refused(_("Nothing has changed since the month was closed."), "nothing_changed")
    if not 3 <= len(reason.strip()) <= 500:
        raise Refused(_("Write why the month is corrected, in a few words."), "reason")


def _keep(project: Project, kept: Snapshot, *, by: Person, changes_report: bool) -> MonthClosing:
    data, mark = snapshot.kept(kept)
    made = MonthClosing(
        project_id=project.id, first=kept.first, version=kept.version, reason=kept.reason, by_id=by.id,
        at=kept.closed_at, head_entry_id=kept.head_entry_id, head_hash=kept.head_hash, people=len(kept.participants),
        minutes=kept.minutes, snapshot_hash=mark, snapshot=data, changes_report=changes_report,
        figures=figures.now(project, kept.first),
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:
        raise Stale(_("Somebody closed the month at the same moment."), "changed") from None
    db.session.add_all(_numbers(made, [each.person_id for each in kept.participants if each.has_number]))
    db.session.flush()
    told = {"month": f"{made.first:%Y-%m}", "version": made.version, "people": made.people, "minutes": made.minutes}
    told["reason"] = made.reason
    audit.record("month.corrected" if made.version > 1 else "month.closed", project, by=by, details=told)
    return made


def _numbers(made: MonthClosing, ids: list[int]) -> Iterator[ClosingNumber]:
    """The numbers as they are now, under their cipher."""
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        rows = db.session.execute(select(Person.id, Person.personnummer_cipher).where(Person.id.in_(some)))
        for number, cipher in rows:
            if cipher is not None:
                yield ClosingNumber(closing_id=made.id, person_id=number, cipher=cipher)
