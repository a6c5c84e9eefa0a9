"""What a stranger is told about a certificate: the verdict of today and the chain behind it, in two queries.

Nothing personal beyond what is printed: initials unless the holder chose the whole name, never a protected identity.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import lazyload

from certificates import register
from certificates.register import Certificate, CertificateEvent, CertificatePresentation, State
from certificates.statement import Statement, from_json, normalise_code
from lms.db import db
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
    rows = _line(wanted) if wanted else []
    if not rows:
        return None
    events = _events([certificate.id for certificate, _protected, _name in rows])
    links = []
    judged = on
    for certificate, protected, full_name in rows:
        links.append(_link(certificate, _shown(certificate, protected, full_name), events, on, judged))
        judged = certificate.issued_on
    return Verification(links[0], tuple(reversed(links[1:])))


def initials(name: str) -> str:
    """«Elin Maria Forsman» as E. F., with a space that does not break."""
    parts = name.split()
    chosen = [parts[0], parts[-1]] if len(parts) > 1 else parts
    return "\u00a0".join(f"{part[0].upper()}." for part in chosen)


def _line(code: str) -> list[tuple[Certificate, bool, bool]]:
    """The certificate and everything above it, nearest first, with protection and choice of each holder."""
    depth = db.literal(0).label("depth")
    up = select(Certificate.id, Certificate.issuer_certificate_id, depth).where(Certificate.code == code)
    line = up.cte("line", recursive=True)
    line = line.union_all(
        select(Certificate.id, Certificate.issuer_certificate_id, line.c.depth + 1).join(
            line, Certificate.id == line.c.issuer_certificate_id
        )
    )
    query = (
        select(Certificate, Person.protected, db.func.coalesce(CertificatePresentation.full_name, False))
        .join(line, Certificate.id == line.c.id)
        .join(Person, Person.id == Certificate.holder_id)
        .outerjoin(CertificatePresentation, CertificatePresentation.certificate_id == Certificate.id)
        .options(lazyload(Certificate.holder), lazyload(Certificate.events))
        .order_by(line.c.depth)
    )
    return [(row[0], bool(row[1]), bool(row[2])) for row in db.session.execute(query)]


def _events(ids: list[int]) -> dict[int, CertificateEvent]:
    query = select(CertificateEvent).where(CertificateEvent.certificate_id.in_(ids))
    return {event.certificate_id: event for event in db.session.scalars(query)}


def _shown(certificate: Certificate, protected: bool, full_name: bool) -> str:
    if protected:
        return ""
    name = from_json(certificate.statement).holder_name
    return name if full_name else initials(name)


def _link(
    certificate: Certificate, shown: str, events: dict[int, CertificateEvent], on: date, judged: date
) -> Link:
    event = events.get(certificate.id)
    now, then = (register.judge(certificate.valid_until, event.on if event else None, day) for day in (on, judged))
    statement = from_json(certificate.statement)
    if now == "revoked" and event is not None:
        return Link(statement, shown, now, then, event.on, event.reason_code, event.public_text)
    since = register.day_after(certificate.valid_until) if now == "expired" else None
    return Link(statement, shown, now, then, since)
