"""People of a file become people of a project: who is new, who is known already, what changes, and what is wrong.

The rule that matters most: all or nothing, nobody twice, and no name, address or number of people whom others answer
for (people of other projects, people with roles, protected people) is changed by a file.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from lms import audit, clock
from lms.db import db
from lms.employment import employ
from lms.message import N_, Message, Translate, plain
from lms.organisations import Organisation, short_name
from lms.people import Person
from lms.people_file import PeopleFile, Row, RowProblem
from lms.projects import Participation, Project
from lms.refusals import Refused
from lms.secrets import encrypted, keyed_hash, keyed_hashes

Value = TypeVar("Value")
_AT_A_TIME = 1_000
_PLAIN = ("given_name", "family_name", "gender", "job_title")


@dataclass(frozen=True)
class Change:
    """A field that gets another value; of a personnummer only that it is added is told."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Match:
    """A row whose person is known: what changes, whether she joins, and why her details are kept when they are."""

    row: Row
    person_id: int
    changes: tuple[Change, ...]
    joins: bool
    kept: str = ""
    """Empty; `elsewhere` or `protected`: her details stay as they are; `address`: only her e-mail does."""


@dataclass(frozen=True)
class Preview:
    """What an import would do, in the order of the file; `problems` non-empty means that it will do nothing."""

    new: tuple[Row, ...]
    matched: tuple[Match, ...]
    problems: tuple[RowProblem, ...]
    notices: tuple[RowProblem, ...]

    @property
    def changed(self) -> tuple[Match, ...]:
        """The known people to whom something happens."""
        return tuple(match for match in self.matched if match.changes or match.joins)

    @property
    def unchanged(self) -> int:
        """How many people of the file are already in the project exactly so."""
        return len(self.matched) - len(self.changed)

    def summary(self, translate: Translate = plain) -> str:
        """One sentence with the numbers, for a terminal."""
        message = N_("%(new)s new, %(changed)s changed or joining, %(unchanged)s unchanged, %(problems)s problems")
        numbers = {"new": len(self.new), "changed": len(self.changed), "unchanged": self.unchanged}
        return translate(message, problems=len(self.problems), **numbers)

    @property
    def digest(self) -> str:
        """The same for the same doing: what was shown is compared with what is about to be done."""
        rows = [(row.line, row.given_name, row.family_name, row.email, row.organisation) for row in self.new]
        known = [
            (m.row.line, m.person_id, m.joins, m.kept, [(c.field, c.after) for c in m.changes]) for m in self.matched
        ]
        return hashlib.sha256(repr((rows, known, len(self.problems))).encode()).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """How many people an import made, changed, took into the project and left as they were."""

    added: int
    changed: int
    joined: int
    unchanged: int


@dataclass
class _Known:
    """What the database knows about the people of a file, fetched at once."""

    by_email: dict[str, Person] = field(default_factory=dict)
    by_hash: dict[str, Person] = field(default_factory=dict)
    here: dict[int, Participation] = field(default_factory=dict)
    elsewhere: set[int] = field(default_factory=set)
    organisations: dict[str, Organisation] = field(default_factory=dict)
    project_id: int = 0


# --- operations ---------------------------------------------------------------------------------------------


def import_people(
    project: Project, file: PeopleFile, *, by: Person | None, esf: bool = True, shown: str | None = None
) -> Outcome:
    """Make, change and join everybody of the file, or refuse it whole.

    `shown` is the digest of the preview that somebody agreed to; when the doing would be another, Refused `stale`.
    Without `esf` people only take part: their personnummer is used to find them and never stored.
    """
    known = _known(project, file.rows)
    plan = _preview(project, file, known, esf)
    if plan.problems:
        raise Refused(_("The file has problems, so nothing was changed."), "problems", problems=plan.problems)
    if shown is not None and shown != plan.digest:
        raise Refused(_("Somebody else has changed something since. Look at it once more."), "stale")
    added = [_add(row, known, esf) for row in plan.new]
    db.session.add_all(added)
    for match in plan.matched:
        _change(match, known, by)
    db.session.flush()
    joining = added + [_person(match.row, known) for match in plan.matched if match.joins]
    _join(project, joining, known, esf)
    if added or plan.changed:
        _record(project, added, plan, by)
    db.session.flush()
    return Outcome(len(added), sum(bool(m.changes) for m in plan.matched), len(joining), plan.unchanged)


def _add(row: Row, known: _Known, esf: bool) -> Person:
    person = Person(
        given_name=row.given_name,
        family_name=row.family_name,
        email=row.email,
        organisation=known.organisations[_key(row.organisation)],
        gender=row.gender,
        job_title=row.job_title or "",
        created_at=clock.now(),
        roles=[],
        protected=False,
        language="sv",
        theme="",
    )
    if esf and row.personnummer:
        _keep_personnummer(person, row.personnummer)
    return person


def _keep_personnummer(person: Person, digits: str) -> None:
    person.personnummer_hash, person.personnummer_cipher = keyed_hash(digits), encrypted(digits)


def _change(match: Match, known: _Known, by: Person | None) -> None:
    person = _person(match.row, known)
    for change in match.changes:
        if change.field == "personnummer":
            assert match.row.personnummer
            _keep_personnummer(person, match.row.personnummer)
        elif change.field == "organisation":
            employer = known.organisations[_key(match.row.organisation)]
            employ(person, employer, by=by)
            if person.id in known.here:
                known.here[person.id].organisation_id = employer.id
        elif change.field == "esf":
            known.here[person.id].esf = True
        else:
            setattr(person, change.field, change.after)


def _join(project: Project, people: Sequence[Person], known: _Known, esf: bool) -> None:
    since = max(clock.today(), project.starts)
    db.session.add_all(
        Participation(person=person, project_id=project.id, organisation_id=_employer(person), esf=esf, since=since)
        for person in people
    )


def _employer(person: Person) -> int | None:
    return person.organisation.id if person.organisation else None


def _record(project: Project, added: Sequence[Person], plan: Preview, by: Person | None) -> None:
    """One line for the import and one for each person; fields are named, values are not."""
    counts = {"added": len(added), "changed": len(plan.changed), "unchanged": plan.unchanged}
    audit.record("people.imported", project, by=by, details=counts)
    for person in added:
        audit.record("person.added", person, by=by, details={"project": project.dnr})
    for match in plan.changed:
        person = db.session.get_one(Person, match.person_id)
        details = {"project": project.dnr, "fields": [change.field for change in match.changes], "joins": match.joins}
        audit.record("person.imported", person, by=by, details=details)


# --- questions ----------------------------------------------------------------------------------------------


def preview(project: Project, file: PeopleFile, *, esf: bool = True) -> Preview:
    """What `import_people` would do; changes nothing. Problems of the file itself come along."""
    return _preview(project, file, _known(project, file.rows), esf)


def _preview(project: Project, file: PeopleFile, known: _Known, esf: bool) -> Preview:
    new: list[Row] = []
    matched: list[Match] = []
    problems = list(file.problems)
    if clock.today() > project.ends:
        problems.append(RowProblem(0, "", "project_ended", Message(N_("The project has ended."))))
    first: dict[int, int] = {}
    for row in file.rows:
        found = _problem(row, known, first, project, esf)
        person = _person_or_none(row, known)
        if found is not None:
            problems.append(found)
        elif person is None:
            new.append(row)
        else:
            matched.append(_match(row, person, known, esf))
    problems.sort(key=lambda problem: problem.line)
    return Preview(tuple(new), tuple(matched), tuple(problems), file.notices)


def _problem(row: Row, known: _Known, first: dict[int, int], project: Project, esf: bool) -> RowProblem | None:
    """What stands in the way of the row, if anything; `first` remembers which row named a known person."""
    if _key(row.organisation) not in known.organisations:
        members = ", ".join(sorted(member.organisation.name for member in project.members)) or "–"
        message = N_("%(name)s does not take part in the project. These do: %(known)s.")
        return _wrong(row, "unknown_organisation", message, name=row.organisation, known=members)
    by_email, by_number = _by_email(row, known), _by_number(row, known)
    if by_email and by_number and by_email is not by_number:
        return _wrong(row, "two_people", N_("The e-mail belongs to one person and the personnummer to another."))
    person = by_number or by_email
    if person is not None:
        return _problem_with(person, row, first, is_same_number=by_number is not None)
    if not esf and not row.email:
        return _wrong(row, "no_email", N_("The row needs an e-mail address: the personnummer is not stored."))
    return None


def _problem_with(person: Person, row: Row, first: dict[int, int], *, is_same_number: bool) -> RowProblem | None:
    earlier = first.setdefault(person.id, row.line)
    if earlier != row.line:
        return _wrong(row, "duplicate", N_("The same person is already on row %(first)s."), first=earlier)
    if row.personnummer and person.personnummer_hash and not is_same_number:
        message = N_("The person with this e-mail has another personnummer. Check which of them is right.")
        return _wrong(row, "other_personnummer", message)
    return None


def _wrong(row: Row, code: str, message: str, **values: object) -> RowProblem:
    return RowProblem(row.line, "", code, Message(message, values))


def _match(row: Row, person: Person, known: _Known, esf: bool) -> Match:
    here = known.here.get(person.id)
    kept = _why_kept(row, person, known)
    changes = list(_esf_changes(row, person, here, esf))
    if kept in ("", "address"):
        details = _changes(row, person, here, known)
        changes = [*(change for change in details if not kept or change.field != "email"), *changes]
    return Match(row, person.id, tuple(changes), here is None, kept)


def _why_kept(row: Row, person: Person, known: _Known) -> str:
    """What of a person a file may not change, as `Match.kept` has it.

    Were a file to change the address of somebody with a role, whoever wrote the file could sign in as her.
    """
    if person.protected:
        return "protected"
    if person.id in known.elsewhere or any(role.project_id != known.project_id for role in person.roles):
        return "elsewhere"
    return "address" if person.roles and row.email and row.email != person.email else ""


def _esf_changes(row: Row, person: Person, here: Participation | None, esf: bool) -> Iterator[Change]:
    if esf and row.personnummer and not person.personnummer_hash:
        yield Change("personnummer", "", "")
    if esf and here is not None and not here.esf:
        yield Change("esf", "", "")


def _changes(row: Row, person: Person, here: Participation | None, known: _Known) -> Iterator[Change]:
    """An empty cell and an unstated gender say nothing, so they take nothing away."""
    for name in _PLAIN:
        before, after = str(getattr(person, name) or ""), str(getattr(row, name) or "")
        if after not in ("", "unknown", before):
            yield Change(name, before, after)
    if row.email and row.email != person.email:
        yield Change("email", person.email or "", row.email)
    employer = known.organisations[_key(row.organisation)]
    moved_here = here is not None and here.organisation_id != employer.id
    if person.organisation_id != employer.id or moved_here:
        yield Change("organisation", person.organisation.name if person.organisation else "", employer.name)


def _person(row: Row, known: _Known) -> Person:
    person = _person_or_none(row, known)
    assert person is not None
    return person


def _person_or_none(row: Row, known: _Known) -> Person | None:
    return _by_number(row, known) or _by_email(row, known)


def _by_email(row: Row, known: _Known) -> Person | None:
    return known.by_email.get(row.email) if row.email else None


def _by_number(row: Row, known: _Known) -> Person | None:
    hashes = keyed_hashes(row.personnummer) if row.personnummer else ()
    return next((known.by_hash[each] for each in hashes if each in known.by_hash), None)


def _key(organisation: str) -> str:
    return short_name(organisation).casefold()


def _known(project: Project, rows: Sequence[Row]) -> _Known:
    """Everything a preview asks the database, in a few queries for each thousand rows."""
    members = {_key(member.organisation.name): member.organisation for member in project.members}
    known = _Known(organisations=members, project_id=project.id)
    for person in _people(Person.email, [row.email for row in rows if row.email]):
        known.by_email[person.email or ""] = person
    numbers = [each for row in rows if row.personnummer for each in keyed_hashes(row.personnummer)]
    for person in _people(Person.personnummer_hash, numbers):
        known.by_hash[person.personnummer_hash or ""] = person
    ids = {person.id for person in (*known.by_email.values(), *known.by_hash.values())}
    for some in _portions(sorted(ids)):
        for participation in db.session.scalars(select(Participation).where(Participation.person_id.in_(some))):
            if participation.project_id == project.id:
                known.here[participation.person_id] = participation
            else:
                known.elsewhere.add(participation.person_id)
    return known


def _people(column: InstrumentedAttribute[str | None], values: Sequence[str]) -> Iterator[Person]:
    for some in _portions(values):
        yield from db.session.scalars(select(Person).where(column.in_(some)).options(selectinload(Person.roles)))


def _portions(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    for begin in range(0, len(values), _AT_A_TIME):
        yield values[begin : begin + _AT_A_TIME]
