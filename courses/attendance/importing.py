"""Attendance out of a file: who is who, what the file means for each, and all of it written at once or nothing.

The rule that matters most: people are known by their code or e-mail, by name only when one person on the sheet has it
and is not protected; everybody else, and every answer that already stands, is shown and decided by somebody.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import gettext as _

from courses.activities import Session
from courses.attendance.ledger import AttendanceEntry
from courses.attendance.marks import Mark, is_about, presence_of, said_by, says_again
from courses.attendance.merging import Present, present, together
from courses.attendance.own_columns import mark_of
from courses.attendance.questions import answers, latest, on_sheet
from courses.attendance.recording import Recorded, record
from courses.attendance.report_file import Attendee, Report
from courses.attendance.signing import locked
from courses.attendance.walk_ins import add_to_sheet, candidates
from courses.row_codes import person_of
from courses.runs import leaders_of
from lms.pending import fingerprint
from lms.people import Person
from lms.refusals import Refused, Stale

NOBODY = "none"
"""What is chosen for somebody in the file who does not belong to the session."""


@dataclass
class Line:
    """Somebody in the file: who she is, and why we think so (code, email, name, chosen, leads, nobody, outside,
    or nothing yet).

    `choices` are people she may be, for the page; `meant` what the file says of her, `error` why it says nothing.
    """

    number: int
    attendee: Attendee
    person: Person | None = None
    how: str = ""
    choices: list[Person] = field(default_factory=list)
    present: Present | None = None
    error: str = ""

    @property
    def open(self) -> bool:
        """Whether somebody decides who it is."""
        return self.how in ("", "name", "chosen", "nobody")


@dataclass
class Answer:
    """What the file means for a person: a mark, what stands, and whether it is new, the same or a conflict.

    `joins`: she is not on the sheet yet.
    """

    person: Person
    mark: Mark
    stands: AttendanceEntry | None
    verdict: str
    joins: bool
    lines: list[int]


@dataclass
class Preview:
    """What a file would do. `shown` is the same as long as the sheet is."""

    lines: list[Line]
    answers: list[Answer]
    unanswered: list[Person]
    latest: dict[int, AttendanceEntry]
    shown: str

    def count(self, verdict: str) -> int:
        return sum(answer.verdict == verdict for answer in self.answers)

    @property
    def undecided(self) -> list[Line]:
        return [line for line in self.lines if not line.how]

    @property
    def errors(self) -> list[Line]:
        return [line for line in self.lines if line.error and line.person is not None]


# --- operations ---------------------------------------------------------------------------------------------


def import_answers(
    session: Session,
    report: Report,
    choices: Mapping[int, str],
    *,
    replace: set[int],
    rest_absent: bool,
    shown: str,
    by: Person,
    nonce: str,
) -> Recorded:
    """Write what the file says, all or nothing: new answers, and those of `replace` (person ids) that differ.

    `choices`: line number → person id or NOBODY; `rest_absent`: whoever is on the sheet, has no answer and is not in
    the file was absent. Raises Refused: `problems`, `undecided`, `row`, Stale `stale`, and what `record` refuses.
    """
    if report.problems:
        raise Refused(_("The file has problems, so nothing was changed."), "problems")
    locked(session)
    found = preview(session, report, choices)
    if shown != found.shown:
        raise Stale(_("Somebody else has changed something since. Look at it once more."), "stale")
    if found.undecided:
        raise Refused(_("Say who everybody in the file is, or that they do not belong here."), "undecided")
    if found.errors:
        raise Refused(_("Some rows of the file cannot be right."), "row")
    taken = [each for each in found.answers if each.verdict == "new" or each.person.id in replace]
    for answer in taken:
        if answer.joins:
            add_to_sheet(session, answer.person, by=by)
    marks = [each.mark for each in taken]
    marks += [Mark(person.id, "absent", _id(found.latest.get(person.id))) for person in found.unanswered if rest_absent]
    done = record(session, marks, by=by, nonce=nonce, method="import")
    if done.conflicts:
        raise Stale(_("Somebody else has changed something since. Look at it once more."), "stale")
    return done


# --- questions ----------------------------------------------------------------------------------------------


def preview(session: Session, report: Report, choices: Mapping[int, str]) -> Preview:
    """What the file would do with these choices; people who lead the session are left out by themselves."""
    people = on_sheet(session)
    known = _Known(session, people)
    lines = [known.line(number, attendee) for number, attendee in enumerate(report.attendees)]
    for line in lines:
        known.choose(line, choices.get(line.number, ""))
        line.present = _present(session, [line])
        if not line.how and not line.present and line.attendee.typed is None:
            line.how = "outside"  # Nobody needs to say who was not there anyway.
    now = answers(session, people)
    newest = latest(session)  # Somebody who was moved away and is back has an entry that answers for nobody.
    found = _answers(session, lines, now, newest)
    for answer in found:
        answer.joins = answer.person.id not in known.people
    in_file = {line.person.id for line in lines if line.person is not None}
    left_out = [person for person in people if person.id not in in_file and person.id not in now]
    shown = fingerprint(sorted(p.id for p in people), sorted(entry.id for entry in now.values()), str(report.attendees))
    return Preview(lines, found, left_out, newest, shown)


class _Known:
    """Who an attendee may be: the people on the sheet, and who leads the session."""

    def __init__(self, session: Session, people: Sequence[Person]) -> None:
        self.session = session
        self.people = {person.id: person for person in people}
        self.leaders = leaders_of(session.activity)
        self.by_email = {person.email: person for person in people if person.email}
        names: dict[str, list[Person]] = defaultdict(list)
        for person in people:
            if not person.protected:
                names[_spelled(person.name)].append(person)
        self.by_name = {name: same[0] for name, same in names.items() if len(same) == 1}

    def line(self, number: int, attendee: Attendee) -> Line:
        line = Line(number, attendee)
        coded = person_of((attendee.typed or {}).get("code", ""))
        if coded in self.people:
            line.person, line.how = self.people[coded], "code"
        elif attendee.email in self.by_email:
            line.person, line.how = self.by_email[attendee.email], "email"
        elif named := next((self.by_name[n] for n in _names(attendee.name) if n in self.by_name), None):
            line.person, line.how = named, "name"
        elif any(self._is(leader, attendee) for leader in self.leaders):
            line.how = "leads"
        if line.open:
            self._offer(line)
        return line

    def _is(self, leader: Person, attendee: Attendee) -> bool:
        if attendee.email and leader.email:
            return attendee.email == leader.email
        return not leader.protected and _spelled(leader.name) in _names(attendee.name)

    def _offer(self, line: Line) -> None:
        """The likely ones first, then, for somebody whom nothing tells, the whole sheet."""
        words = [line.attendee.email, *[name for name in _names(line.attendee.name) if len(name) > 3]]
        likely = [person for each in words if each for person in candidates(self.session, each)]
        everybody = [line.person, *likely] if line.person else [*likely, *self.people.values()]
        line.choices = list({person.id: person for person in everybody}.values())

    def choose(self, line: Line, chosen: str) -> None:
        """What somebody decided; a number that was not offered is nobody's."""
        if not line.open or not chosen:
            return
        if chosen == NOBODY:
            line.person, line.how = None, "nobody"
            return
        person = next((each for each in line.choices if str(each.id) == chosen), None)
        if person is not None:
            line.person, line.how = person, "chosen"


def _answers(
    session: Session,
    lines: Sequence[Line],
    now: Mapping[int, AttendanceEntry],
    newest: Mapping[int, AttendanceEntry],
) -> list[Answer]:
    """One answer per person; several lines of the same person are put together."""
    grouped: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        if line.person is not None:
            grouped[line.person.id].append(line)
    found = [_answer(session, hers, now.get(n), _id(newest.get(n))) for n, hers in grouped.items()]
    return [answer for answer in found if answer is not None]


def _id(entry: AttendanceEntry | None) -> int | None:
    return entry.id if entry else None


def _answer(session: Session, lines: list[Line], stands: AttendanceEntry | None, seen: int | None) -> Answer | None:
    person = lines[0].person
    if person is None:
        return None
    if lines[0].attendee.typed is not None:
        if len(lines) > 1:
            lines[-1].error = str(_("The same person stands in the file twice."))
        mark, lines[0].error = mark_of(session, lines[0].attendee.typed, person.id, seen)
    else:
        mark = _mark(session, lines, person.id, seen)
    if mark is None:
        return None
    same = stands is not None and (said_by(stands) == presence_of(mark, session) or says_again(mark, stands))
    verdict = "same" if same else ("conflict" if stands else "new")
    return Answer(person, mark, stands, verdict, False, [line.number for line in lines])


def _mark(session: Session, lines: list[Line], person_id: int, seen: int | None) -> Mark | None:
    found = _present(session, lines)
    if found is None:
        return None
    came = found.came if is_about(session, found.came) else session.starts_at  # a meeting left open for days
    left = found.left if is_about(session, found.left) else session.ends_at
    return Mark(person_id, "part", seen, _second(came), _second(left), minutes=found.minutes)


def _present(session: Session, lines: Sequence[Line]) -> Present | None:
    """When somebody was there, out of every line that is about her; None when it was not during the session."""
    summed = [line.attendee for line in lines if line.attendee.at_most is not None]
    if summed and len(summed) == len(lines):
        each = [_bounded(session, attendee) for attendee in summed]
        there = [one for one in each if one is not None]
        return together(there) if there else None
    intervals = [interval for line in lines for interval in line.attendee.intervals]
    return present(intervals, session.starts_at, session.ends_at)


def _bounded(session: Session, attendee: Attendee) -> Present | None:
    found = present(attendee.intervals, session.starts_at, session.ends_at)
    minutes = min(found.minutes, attendee.at_most or 0) if found else 0
    return Present(found.came, found.left, minutes) if found and minutes else None


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _names(name: str) -> list[str]:
    """A name as it may be spelled: whole, without what stands in brackets, and what stands there (Zoom's own name)."""
    outside, _bracket, inside = name.partition("(")
    family, _comma, given = outside.partition(",")
    turned = f"{given} {family}" if given.strip() else ""
    return [found for each in (name, outside, inside.rstrip(") "), turned) if (found := _spelled(each))]


def _spelled(name: str) -> str:
    return " ".join(name.casefold().split())
