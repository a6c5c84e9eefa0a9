"""What a stranger is told about a certificate: the verdict of today and the chain behind it, in one query.

Nothing personal beyond what is printed: initials unless the holder chose the whole name, never a protected identity.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, func, literal, select

from certificates import register
from certificates.register import Certificate, CertificateEvent, CertificatePresentation, State
from certificates.statement import Statement, from_json, normalise_code
from lms.db import ALONE, db
from lms.people import Person


@dataclass(frozen=True)
class Link:
    """One certificate of the chain. `shown` is what may be read of the holder's name: name, initials or nothing.

    `then` is what it was on the day the next certificate below was issued, `now` what it is today; `since` is the
    first day on which it no longer holds.
    """

    statement: Statement
    shown: str
    now: State
    then: State
    since: date | None = None
    reason_code: str = ""
    public_text: str = ""


@dataclass(frozen=True)
class Verification:
    """The certificate asked for, and the ones above it, the first of all first."""

    subject: Link
    above: tuple[Link, ...]


def look_up(code: str, on: date) -> Verification | None:
    """What is known about a code as somebody typed it, judged on a day; None when no certificate has it."""
    wanted = normalise_code(code)
    rows = _line_of(wanted) if wanted else []
    if not rows:
        return None
    links, judged = [], on
    for row in rows:
        links.append(_link(row, on, judged))
        judged = row.issued_on
    return Verification(links[0], tuple(reversed(links[1:])))


def initials(name: str) -> str:
    """«Elin Maria Forsman» as E. F., with a space that does not break."""
    parts = name.split()
    chosen = [parts[0], parts[-1]] if len(parts) > 1 else parts
    return "\u00a0".join(f"{part[0].upper()}." for part in chosen)


def _line_of(code: str) -> Sequence[Row[Any]]:
    """The rows themselves, without a session: nothing is kept of them, and many ask."""
    with db.engine.connect().execution_options(**{ALONE: True}) as connection:
        return connection.execute(_LINE, {"code": code}).all()


def _line() -> Select[Any]:
    """The certificate of a code and everything above it, nearest first, with what happened to each and its holder."""
    certificate, event = Certificate.__table__.c, CertificateEvent.__table__.c
    shown, person = CertificatePresentation.__table__.c, Person.__table__.c
    line = (
        select(certificate.id, certificate.issuer_certificate_id, literal(0).label("depth"))
        .where(certificate.code == bindparam("code"))
        .cte("line", recursive=True)
    )
    line = line.union_all(
        select(certificate.id, certificate.issuer_certificate_id, line.c.depth + 1).join(
            line, certificate.id == line.c.issuer_certificate_id
        )
    )
    return (
        select(
            certificate.statement, certificate.issued_on, certificate.valid_until, person.protected,
            func.coalesce(shown.full_name, literal(False)).label("full_name"), event.on_day, event.reason_code,
            event.public_text,
        )
        .select_from(line)
        .join(Certificate.__table__, certificate.id == line.c.id)
        .join(Person.__table__, person.id == certificate.holder_id)
        .outerjoin(CertificatePresentation.__table__, shown.certificate_id == certificate.id)
        .outerjoin(
            CertificateEvent.__table__, and_(event.certificate_id == certificate.id, event.kind == "revoked")
        )
        .order_by(line.c.depth)
    )  # fmt: skip


_LINE = _line()  # Put together once: this page is asked by everybody who scans a code.


def _shown(name: str, protected: bool, full_name: bool) -> str:
    if protected:
        return ""
    return name if full_name else initials(name)


def _link(row: Row[Any], on: date, judged: date) -> Link:
    statement = from_json(row.statement)
    shown = _shown(statement.holder_name, row.protected, row.full_name)
    now, then = (register.judge(row.valid_until, row.on_day, day) for day in (on, judged))
    if now == "revoked":
        return Link(statement, shown, now, then, row.on_day, row.reason_code, row.public_text)
    since = register.day_after(row.valid_until) if now == "expired" else None
    return Link(statement, shown, now, then, since)
