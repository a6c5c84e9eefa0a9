"""Who employs somebody, day by day: hours belong to the employer of their day, also when she has moved on since.

Nothing is kept for people who never changed: their employer is `Person.organisation_id`. The first change writes
down where they came from.
"""

from collections.abc import Collection
from datetime import date

from sqlalchemy import ForeignKey, UniqueConstraint, exists, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from lms import audit, clock
from lms.db import Base, db
from lms.organisations import Organisation
from lms.people import Person

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
    person.organisation_id = employers_on([person], clock.today())[person.id]
    db.session.flush()
    db.session.expire(person, ["organisation"])
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
        person.organisation_id = number
        db.session.flush()
        db.session.expire(person, ["organisation"])


# --- questions ----------------------------------------------------------------------------------------------


def employers_on(people: Collection[Person], day: date) -> dict[int, int | None]:
    """person id → the organisation that employed her on the day; one question however many people."""
    found = {person.id: person.organisation_id for person in people}
    for row in _rows(found):
        if row.since <= day:
            found[row.person_id] = row.organisation_id
    return found


def _rows(ids: Collection[int]) -> list[Employment]:
    """The changes of these people, oldest first."""
    query = select(Employment).where(Employment.person_id.in_(list(ids))).order_by(Employment.since)
    return list(db.session.scalars(query))
