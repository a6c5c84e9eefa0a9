"""Who employs somebody, day by day: hours belong to the employer of their day, also when she has moved on since.

Nothing is kept for people who never changed: their employer is `Person.organisation_id`. The first change writes
down where they came from.
"""

from collections.abc import Collection, Mapping
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, UniqueConstraint, exists, select, update
from sqlalchemy.orm import Mapped, aliased, mapped_column

from lms import audit, clock
from lms.db import Base, db
from lms.organisations import Organisation
from lms.people import Person
from lms.projects import Participation, Project, member_ids
from lms.refusals import Refused

ALWAYS = date(1900, 1, 1)


class Employment(Base):
    """From this day on, until a later one, the person is employed there; None is nowhere."""

    __tablename__ = "employment"
    __table_args__ = (UniqueConstraint("person_id", "since"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    since: Mapped[date]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)


# --- operations ---------------------------------------------------------------------------------------------


def employ(person: Person, organisation: Organisation | None, *, since: date | None = None, by: Person | None) -> None:
    """From this day (today) on the person works there; a change on the same day replaces that day's.

    What is written in the ledger already stays with the employer it was written for.
    """
    day, number = since or clock.today(), organisation.id if organisation else None
    rows = _rows([person.id])
    if not rows:
        if person.organisation_id == number:
            return
        db.session.add(Employment(person_id=person.id, since=ALWAYS, organisation_id=person.organisation_id))
    same = next((row for row in rows if row.since == day), None)
    if same is not None:
        same.organisation_id = number
    else:
        db.session.add(Employment(person_id=person.id, since=day, organisation_id=number))
    db.session.flush()
    _settle(person, employers_on([person], clock.today())[person.id])
    audit.record("person.employed", person, by=by, details={"organisation": number, "since": day.isoformat()})


def follow() -> None:
    """Let changes whose day has come be what people's pages show; background work, twice is once."""
    later = aliased(Employment)
    newest = ~exists().where(
        later.person_id == Employment.person_id, later.since > Employment.since, later.since <= clock.today()
    )
    query = (
        select(Person, Employment.organisation_id)
        .join(Employment, Employment.person_id == Person.id)
        .where(Employment.since <= clock.today(), newest)
        .where(Person.organisation_id.is_distinct_from(Employment.organisation_id))
    )
    for person, number in db.session.execute(query).unique().all():
        _settle(person, number)


def change_employer(person: Person, project: Project, organisation_id: int, since: date, *, by: Person) -> None:
    """From this day on the person works for another organisation of the project; a day to come is waited for.

    Raises Refused: `organisation`, `outside_project`, `same` when she works there then already.
    """
    if organisation_id not in member_ids(project.id):
        raise Refused(_("Choose an organisation of the project."), "organisation")
    if not project.starts <= since <= project.ends:
        told = _("The day must lie in the project, %(starts)s to %(ends)s.", starts=project.starts, ends=project.ends)
        raise Refused(told, "outside_project")
    db.session.refresh(person, ["organisation_id"], with_for_update={"key_share": True})
    if employers_on([person], since)[person.id] == organisation_id:
        raise Refused(_("The person works there on that day already."), "same")
    employ(person, db.session.get_one(Organisation, organisation_id), since=since, by=by)


def _settle(person: Person, number: int | None) -> None:
    """What the person's pages and lists show from now on."""
    before = person.organisation_id
    if before == number:
        return
    person.organisation_id = number
    mine = (Participation.person_id == person.id, Participation.organisation_id.is_not_distinct_from(before))
    db.session.execute(update(Participation).where(*mine).values(organisation_id=number))
    db.session.flush()
    db.session.expire(person, ["organisation"])


# --- questions ----------------------------------------------------------------------------------------------


def employers_on(people: Collection[Person], day: date) -> dict[int, int | None]:
    """person id → the organisation that employed her on the day; one question however many people."""
    return on_the_day({person.id: person.organisation_id for person in people}, day)


def on_the_day(today: Mapping[int, int | None], day: date) -> dict[int, int | None]:
    """`employers_on` of people of whom only the employer today is known, by person id."""
    found = dict(today)
    for row in _rows(found) if found else []:
        if row.since <= day:
            found[row.person_id] = row.organisation_id
    return found


def history(person: Person) -> list[tuple[date | None, Organisation | None]]:
    """Every employer with its first day, the newest first; the first one of all has none."""
    rows = _rows([person.id])
    if not rows:
        return [(None, person.organisation)]
    named = select(Organisation).where(Organisation.id.in_([row.organisation_id for row in rows]))
    known: dict[int | None, Organisation] = {each.id: each for each in db.session.scalars(named)}
    return [(None if row.since == ALWAYS else row.since, known.get(row.organisation_id)) for row in reversed(rows)]


def _rows(ids: Collection[int]) -> list[Employment]:
    """The changes of these people, oldest first."""
    query = select(Employment).where(Employment.person_id.in_(list(ids))).order_by(Employment.since)
    return list(db.session.scalars(query))
