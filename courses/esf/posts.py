"""The ledger lines behind the sums of a month: what an auditor follows from a total to a signed sheet."""

from dataclasses import dataclass
from datetime import date

from courses.esf.freezing import freeze
from courses.esf.snapshot import Signed
from lms import clock
from lms.people import alphabetical
from lms.projects import Project


@dataclass(frozen=True)
class Post:
    """One counted line of the ledger for the list of entries behind the sums, with who signed and who confirmed it."""

    entry_id: int
    person_id: int
    name: str
    organisation: str
    day: date
    kind: str
    activity: str
    session_id: int | None
    minutes: int
    trainer: Signed | None
    participant: Signed | None


def posts(project: Project, first: date) -> list[Post]:
    """The lines behind the sums of a month, by organisation, name and day: those a closing would keep now."""
    found = freeze(project, first, closed_at=clock.now(), closed_by="")
    names = {each.person_id: each.name for each in found.participants}
    made = [
        Post(
            line.entry_id, line.person_id, names[line.person_id], line.employer, line.day, line.kind, line.activity,
            line.session_id, line.minutes, line.trainer, line.participant,
        )
        for line in found.lines
    ]  # fmt: skip
    return sorted(made, key=_by_name_and_day)


def _by_name_and_day(post: Post) -> tuple[str, str, int, date, int]:
    return alphabetical(post.organisation), alphabetical(post.name), post.person_id, post.day, post.entry_id
