"""What a stranger is told about a certificate: the verdict of today and the chain behind it, in one query.

Nothing personal beyond what is printed: initials unless the holder chose the whole name, never a protected identity.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import Dialect, Engine, Select, and_, bindparam, func, literal, select
from sqlalchemy.exc import DBAPIError

from certificates import register
from certificates.acts.revoking import CertificateDecision
from certificates.register import Certificate, CertificateEvent, CertificatePresentation, State
from certificates.statement import Statement, from_json, normalise_code
from lms import clock
from lms.db import db
from lms.people import Person

Verdict = Literal["valid", "expired", "replaced", "revoked", "review"]
"""What a certificate is today. `review`: valid by itself, but the one above it was revoked, and nobody has decided yet
whether it stands (`CertificateDecision`)."""


@dataclass(frozen=True)
class Link:
    """One certificate of the chain. `shown` is what may be read of the holder's name: name, initials or nothing.

    `then` is what it was on the day the next certificate below was issued, `now` what it is today; `since` is the
    first day on which it no longer holds, or from which it has been under review. `kept` is the day on which it was
    decided that it stands although the one above was revoked.
    """

    statement: Statement
    shown: str
    now: Verdict
    then: State
    since: date | None = None
    kept: date | None = None
    reason_code: str = ""
    public_text: str = ""
    replaces: str = ""
    replaced_by: str = ""
    replaced_by_code: str = ""


@dataclass(frozen=True)
class Verification:
    """The certificate asked for, and the ones above it, the first of all first."""

    subject: Link
    above: tuple[Link, ...]


class Entry(NamedTuple):
    """What the register holds about one certificate of a line; `outcome` was decided about the one below it."""

    statement: str
    issued_on: date
    valid_until: date | None
    protected: bool
    full_name: bool
    revoked_on: date | None
    reason_code: str | None
    public_text: str | None
    replaced_on: date | None
    newer: str | None
    older: str | None
    outcome: str | None
    decided_at: datetime | None


Rows = tuple[tuple[Any, ...], ...]
"""A line as the driver reads it, nearest first: equal rows are equal entries."""


def rows(code: str, engine: Engine) -> Rows:
    """The certificate of a code and those above it, as they stand in the register now; one query, nothing for no code.

    It goes straight to the driver, since many ask: what SQLAlchemy does around a query takes three times as long as
    all the rest of an answer that is said again. Raises SQLAlchemy's `DBAPIError` all the same.
    """
    wanted = normalise_code(code)
    if wanted is None:
        return ()
    question = _question(engine.dialect)
    values = question.values | {"code": wanted}
    given = [values[name] for name in question.order] if question.order else values
    with _named(engine.dialect), closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(question.sql, given)
        found = tuple(map(tuple, cursor.fetchall()))
        connection.commit()  # after a rollback psycopg forgets the plan, which takes PostgreSQL ten times the answer
    return found


@contextmanager
def _named(dialect: Dialect) -> Iterator[None]:
    """Errors of the driver under the names of SQLAlchemy, which everybody knows who logs or tells them."""
    try:
        yield
    except dialect.loaded_dbapi.Error as error:
        named = DBAPIError.instance(None, None, error, dialect.loaded_dbapi.Error, dialect=dialect)
        assert isinstance(named, DBAPIError)
        raise named from error


def entries(code: str) -> tuple[Entry, ...]:
    """The certificate of a code and those above it, nearest first."""
    return typed(rows(code, db.engine), db.engine)


def typed(found: Rows, engine: Engine) -> tuple[Entry, ...]:
    """The entries of rows: days and moments as such."""
    readers = _question(engine.dialect).readers
    return tuple(
        Entry._make(value if read is None else read(value) for read, value in zip(readers, row, strict=True))
        for row in found
    )


def judged(line: tuple[Entry, ...], on: date) -> Verification | None:
    """What the entries of a line mean on a day."""
    days = (on, *(entry.issued_on for entry in line))
    links = [_link(line[at : at + 2], on, days[at]) for at in range(len(line))]
    return Verification(links[0], tuple(reversed(links[1:]))) if links else None


def initials(name: str) -> str:
    """«Elin Maria Forsman» as E. F., with a space that does not break."""
    parts = name.split()
    chosen = [parts[0], parts[-1]] if len(parts) > 1 else parts
    return "\u00a0".join(f"{part[0].upper()}." for part in chosen)


def _line() -> Select[Any]:
    """The columns of `Entry` for the certificate of a code and everything above it, nearest first."""
    certificate, person = Certificate.__table__.c, Person.__table__.c
    newer, older = Certificate.__table__.alias("newer"), Certificate.__table__.alias("older")
    revoked, replaced = (CertificateEvent.__table__.alias(kind) for kind in ("revoked", "replaced"))
    shown, decision = CertificatePresentation.__table__.c, CertificateDecision.__table__.c
    line = (
        select(certificate.id, certificate.issuer_certificate_id, literal(0).label("depth"), literal(0).label("below"))
        .where(certificate.code == bindparam("code"))
        .cte("line", recursive=True)
    )
    line = line.union_all(
        select(certificate.id, certificate.issuer_certificate_id, line.c.depth + 1, line.c.id).join(
            line, certificate.id == line.c.issuer_certificate_id
        )
    )
    return (
        select(
            certificate.statement, certificate.issued_on, certificate.valid_until, person.protected,
            func.coalesce(shown.full_name, literal(False)), revoked.c.on_day, revoked.c.reason_code,
            revoked.c.public_text, replaced.c.on_day, newer.c.statement, older.c.number, decision.outcome, decision.at,
        )
        .select_from(line)
        .join(Certificate.__table__, certificate.id == line.c.id)
        .join(Person.__table__, person.id == certificate.holder_id)
        .outerjoin(CertificatePresentation.__table__, shown.certificate_id == certificate.id)
        .outerjoin(revoked, and_(revoked.c.certificate_id == certificate.id, revoked.c.kind == "revoked"))
        .outerjoin(replaced, and_(replaced.c.certificate_id == certificate.id, replaced.c.kind == "replaced"))
        .outerjoin(newer, newer.c.replaces_id == certificate.id)
        .outerjoin(older, older.c.id == certificate.replaces_id)
        .outerjoin(
            CertificateDecision.__table__,
            and_(decision.event_id == revoked.c.id, decision.certificate_id == line.c.below),
        )
        .order_by(line.c.depth)
    )  # fmt: skip


class _Question(NamedTuple):
    """The query of `_line` for a driver: its text, the values by name, their order where they have none, and what
    makes our values of the driver's, column by column."""

    sql: str
    values: dict[str, Any]
    order: list[str] | None
    readers: Sequence[Callable[[Any], Any] | None]


@lru_cache(maxsize=4)
def _question(dialect: Dialect) -> _Question:
    query = _line()
    compiled = query.compile(dialect=dialect)
    types = [column.type.dialect_impl(dialect) for column in query.selected_columns]
    readers = [kind.result_processor(dialect, None) for kind in types]
    return _Question(str(compiled), dict(compiled.params), compiled.positiontup, readers)


def _link(entry_and_above: tuple[Entry, ...], on: date, judged_on: date) -> Link:
    entry, *above = entry_and_above
    statement = from_json(entry.statement)
    now, since = _verdict(entry, above[0] if above else None, on)
    newer = from_json(entry.newer) if entry.newer else None
    return Link(
        statement,
        _shown(statement.holder_name, entry),
        now,
        register.judge(entry.valid_until, entry.revoked_on, judged_on, replaced_on=entry.replaced_on),
        since,
        kept=_kept_on(above[0]) if above else None,
        reason_code=entry.reason_code or "" if now == "revoked" else "",
        public_text=entry.public_text or "" if now == "revoked" else "",
        replaces=entry.older or "",
        replaced_by=newer.number if newer else "",
        replaced_by_code=newer.code if newer and _may_lead_on(entry, statement, newer) else "",
    )


def _verdict(entry: Entry, above: Entry | None, on: date) -> tuple[Verdict, date | None]:
    """What it is on a day, and since when it is not simply valid."""
    state = register.judge(entry.valid_until, entry.revoked_on, on, replaced_on=entry.replaced_on)
    if state != "valid":
        days = {"revoked": entry.revoked_on, "replaced": entry.replaced_on}
        return state, days.get(state) or register.day_after(entry.valid_until)
    if above and above.revoked_on and above.revoked_on <= on and _kept_on(above) is None:
        return "review", above.revoked_on
    return "valid", None


def _kept_on(above: Entry) -> date | None:
    """The day on which it was decided that the certificate below this revoked one stands."""
    return clock.local(above.decided_at).date() if above.outcome == "keep" and above.decided_at else None


def _shown(name: str, entry: Entry) -> str:
    if entry.protected:
        return ""
    return name if entry.full_name else initials(name)


def _may_lead_on(entry: Entry, statement: Statement, newer: Statement) -> bool:
    """From a renewed certificate to the new one; but nobody is led from an old name to a new one."""
    return not entry.protected and newer.holder_name == statement.holder_name
