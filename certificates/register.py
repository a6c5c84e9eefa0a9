"""The register: every certificate ever issued, append-only; a certificate is a stored statement, never re-derived.

A certificate stays readable and verifiable after every course row is gone: what it says stands in `statement`.
Exactly one is issued per ground, also when two people press at once: the counter of the series is locked first,
and the unique ground is the last word.
"""

import unicodedata
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal

from flask_babel import gettext as _
from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    exists,
    or_,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certificates import pdf
from certificates.statement import Statement, digest, from_json, new_code, normalise_code, to_json
from lms import audit, clock, mail
from lms.db import Base, append_only, db
from lms.people import Person
from lms.refusals import Refused

LEVELS = ("trainer", "user")
REASONS = ("mistake", "grounds", "conduct", "holder")
"""Why a certificate may be revoked, in the general terms that are public: see `certificates.words.reason`."""

DRAFT = "DRAFT"
"""The number of a statement that is not issued yet."""

State = Literal["valid", "expired", "revoked"]


class Certificate(Base):
    """One certificate. `ground` says what it was earned by and is unique: nobody gets two for the same thing."""

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint(f"level IN {LEVELS}", name="level"),
        Index("ix_certificate_project_level", "project_dnr", "level", "issued_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(30), unique=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    project_dnr: Mapped[str] = mapped_column(String(40))
    holder_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    level: Mapped[str] = mapped_column(String(10))
    programme_key: Mapped[str] = mapped_column(String(60))
    issued_at: Mapped[datetime]
    issued_on: Mapped[date]
    valid_until: Mapped[date | None]
    statement: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    issuer_certificate_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"), index=True)
    issued_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    ground: Mapped[str] = mapped_column(String(120), unique=True)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"), unique=True)

    holder: Mapped[Person] = relationship(foreign_keys=holder_id, lazy="joined")
    issuer_certificate: Mapped["Certificate | None"] = relationship(
        remote_side="Certificate.id", foreign_keys=issuer_certificate_id
    )
    events: Mapped[list["CertificateEvent"]] = relationship(
        order_by="CertificateEvent.id", lazy="selectin", viewonly=True
    )


class CertificateEvent(Base):
    """What happened to a certificate after it was issued: revoked, with a public reason in general terms."""

    __tablename__ = "certificate_event"
    __table_args__ = (
        CheckConstraint("kind IN ('revoked')", name="kind"),
        UniqueConstraint("certificate_id", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    on: Mapped[date] = mapped_column("on_day")
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    reason_code: Mapped[str] = mapped_column(String(40))
    public_text: Mapped[str] = mapped_column(String(300), default="")
    note: Mapped[str] = mapped_column(Text, default="")


class CertificatePresentation(Base):
    """What the holder wants strangers to read at /v/<code>: initials (without a row), or the whole name."""

    __tablename__ = "certificate_presentation"

    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), primary_key=True)
    full_name: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime]


class CertificateCounter(Base):
    """The last number given in a series such as SMA-A-2026; its row is locked while the next one is taken."""

    __tablename__ = "certificate_counter"

    series: Mapped[str] = mapped_column(String(30), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


append_only(Certificate, CertificateEvent)


# --- operations ---------------------------------------------------------------------------------------------


def issue(
    draft: Statement, *, holder: Person, ground: str, issuer_certificate: Certificate | None, by: Person
) -> Certificate:
    """Issue `draft` to `holder`; number and code of the draft are placeholders and replaced here.

    A ground that has its certificate already gives that one back and changes nothing. Refused when a name holds
    letters that no typeface of the certificate can show (`glyphs`).
    """
    found = with_ground(ground)
    if found is not None:
        return found
    _check_glyphs(draft)
    lock_series(series_of(draft))
    return with_ground(ground) or _write(draft, holder, ground, issuer_certificate, by)


def _write(
    draft: Statement, holder: Person, ground: str, issuer_certificate: Certificate | None, by: Person
) -> Certificate:
    statement = replace(draft, number=next_number(series_of(draft)), code=new_code())
    certificate = Certificate(
        number=statement.number,
        code=statement.code,
        project_dnr=statement.project.dnr,
        holder_id=holder.id,
        level=statement.level,
        programme_key=statement.programme.key,
        issued_at=clock.now(),
        issued_on=statement.issued_on,
        valid_until=statement.valid_until,
        statement=to_json(statement),
        digest=digest(statement),
        issuer_certificate_id=issuer_certificate.id if issuer_certificate else None,
        issued_by_id=by.id,
        ground=ground,
    )
    try:
        with db.session.begin_nested():
            db.session.add(certificate)
    except IntegrityError:
        found = with_ground(ground)
        if found is None:
            raise
        return found
    audit.record("certificate.issued", certificate, by=by, details={"number": statement.number, "ground": ground})
    return certificate


def lock_series(series: str) -> CertificateCounter:
    """The counter row of the series, locked until the transaction ends: who comes second waits here."""
    query = select(CertificateCounter).where(CertificateCounter.series == series).with_for_update()
    counter = db.session.scalar(query.execution_options(populate_existing=True))
    if counter is not None:
        return counter
    try:
        with db.session.begin_nested():
            db.session.add(CertificateCounter(series=series, last=0))
    except IntegrityError:
        pass  # Somebody else began the series in this moment.
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def next_number(series: str) -> str:
    """The next number of a series whose counter is locked: SMA-A-2026-0096."""
    counter = db.session.get_one(CertificateCounter, series)
    counter.last += 1
    db.session.flush()
    return f"{series}-{counter.last:04d}"


def revoke(certificate: Certificate, *, reason_code: str, public_text: str = "", note: str = "", by: Person) -> None:
    """Revoke from today on, once, and tell the holder. The reason code is public, the note is not.

    Certificates issued under it stay as they are.

    Refused: an unknown reason (`reason`), or a certificate that is revoked already (`revoked`).
    """
    if reason_code not in REASONS:
        raise Refused(_("Choose a reason."), "reason")
    db.session.execute(select(Certificate.id).where(Certificate.id == certificate.id).with_for_update())
    if db.session.scalar(select(CertificateEvent.id).where(CertificateEvent.certificate_id == certificate.id)):
        raise Refused(_("The certificate is revoked already."), "revoked")
    event = CertificateEvent(
        certificate_id=certificate.id,
        kind="revoked",
        at=clock.now(),
        on=clock.today(),
        by_id=by.id,
        reason_code=reason_code,
        public_text=public_text.strip(),
        note=note.strip(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(event)
    except IntegrityError as error:
        raise Refused(_("The certificate is revoked already."), "revoked") from error
    db.session.expire(certificate, ["events"])
    mail.enqueue(certificate.holder, "revoked", key=f"revoked:{certificate.id}", certificate=certificate)
    audit.record("certificate.revoked", certificate, by=by, details={"reason": reason_code})


def present(certificate: Certificate, *, full_name: bool, by: Person) -> None:
    """The holder's choice of what strangers read: initials or the whole name. Refused for protected identities."""
    if certificate.holder.protected and full_name:
        raise Refused(_("A protected identity is never shown by name."), "protected")
    row = db.session.get(CertificatePresentation, certificate.id)
    if row is None:
        row = CertificatePresentation(certificate_id=certificate.id)
        db.session.add(row)
    row.full_name, row.changed_at = full_name, clock.now()
    audit.record("certificate.presented", certificate, by=by, details={"full_name": full_name})


def _check_glyphs(draft: Statement) -> None:
    missing = pdf.missing_glyphs(to_json(draft))
    if missing:
        raise Refused(
            _(
                "The certificate of %(name)s cannot show the letters %(letters)s. Correct the spelling first.",
                name=draft.holder_name,
                letters=" ".join(sorted(missing)),
            ),
            "glyphs",
        )


# --- questions ----------------------------------------------------------------------------------------------


def series_of(statement: Statement) -> str:
    """The series the statement is numbered in."""
    return series_name(statement.project.name, statement.level, statement.issued_on.year)


def series_name(project_name: str, level: str, year: int) -> str:
    """First three letters of the project, A (användare) or U (utbildare), year of issue: SMA-A-2026."""
    plain = unicodedata.normalize("NFKD", project_name).encode("ascii", "ignore").decode()
    letters = "".join(sign for sign in plain.upper() if sign.isalnum())[:3] or "PRO"
    return f"{letters}-{'U' if level == 'trainer' else 'A'}-{year}"


def statement_of(certificate: Certificate) -> Statement:
    """What the certificate says, from its stored text."""
    return from_json(certificate.statement)


def tells_protected_name(certificate: Certificate) -> bool:
    """Whether it was issued on the name of somebody who has been protected since: the paper says more than we may."""
    holder = certificate.holder
    return holder.protected and statement_of(certificate).holder_name != holder.name


def shown_holder(certificate: Certificate, viewer: Person) -> str:
    """The holder's name on a page: as printed, but the alias for others when the identity was protected since."""
    hidden = tells_protected_name(certificate) and viewer.id != certificate.holder_id
    return certificate.holder.name if hidden else statement_of(certificate).holder_name


def with_ground(ground: str) -> Certificate | None:
    return db.session.scalar(select(Certificate).where(Certificate.ground == ground))


def find(code: str) -> Certificate | None:
    """The certificate of a code as somebody typed it, or None."""
    wanted = normalise_code(code)
    return db.session.scalar(select(Certificate).where(Certificate.code == wanted)) if wanted else None


def revocation(certificate: Certificate) -> CertificateEvent | None:
    """When and why it was revoked, or None."""
    return next((event for event in certificate.events if event.kind == "revoked"), None)


def state(certificate: Certificate, on: date) -> State:
    """What the certificate is on a day: revoked from the day of revocation, expired from the day after its last."""
    revoked = revocation(certificate)
    return judge(certificate.valid_until, revoked.on if revoked else None, on)


def judge(valid_until: date | None, revoked_on: date | None, on: date) -> State:
    """The rule of `state` on plain days."""
    if revoked_on is not None and revoked_on <= on:
        return "revoked"
    return "expired" if valid_until is not None and valid_until < on else "valid"


NOT_REVOKED: ColumnElement[bool] = ~exists().where(
    CertificateEvent.__table__.c.certificate_id == Certificate.__table__.c.id,
    CertificateEvent.__table__.c.kind == "revoked",
)
"""The rule of `state` for questions about today: nobody revokes a certificate for a day to come."""


def not_expired(on: date | BindParameter[date]) -> ColumnElement[bool]:
    """The rule of `state` for questions about many: the last valid day has not gone by."""
    return or_(Certificate.valid_until.is_(None), Certificate.valid_until >= on)


def day_after(last: date | None) -> date | None:
    """The first day on which a certificate with this last valid day no longer holds."""
    return last + timedelta(days=1) if last else None


def of(person: Person) -> list[Certificate]:
    """Every certificate of the person, newest first."""
    query = select(Certificate).where(Certificate.holder_id == person.id).order_by(Certificate.id.desc())
    return list(db.session.scalars(query))


def chain(certificate: Certificate) -> list[Certificate]:
    """The certificates behind this one, the first of all first and this one last; one query, however long."""
    upwards = (
        select(Certificate.id, Certificate.issuer_certificate_id)
        .where(Certificate.id == certificate.id)
        .cte("upwards", recursive=True)
    )
    upwards = upwards.union(
        select(Certificate.id, Certificate.issuer_certificate_id).join(
            upwards, Certificate.id == upwards.c.issuer_certificate_id
        )
    )
    query = select(Certificate).join(upwards, Certificate.id == upwards.c.id)
    links = {link.id: link for link in db.session.scalars(query)}
    line = [certificate]
    while (above := line[-1].issuer_certificate_id) is not None:
        line.append(links[above])
    return line[::-1]


def issued_under(certificate: Certificate) -> int:
    """How many certificates were issued on the strength of this one."""
    query = select(db.func.count()).select_from(Certificate)
    return db.session.scalar(query.where(Certificate.issuer_certificate_id == certificate.id)) or 0


def under(certificate: Certificate, limit: int, offset: int = 0) -> list[Certificate]:
    """Certificates issued on the strength of this one, newest first, a page at a time."""
    query = select(Certificate).where(Certificate.issuer_certificate_id == certificate.id)
    return list(db.session.scalars(query.order_by(Certificate.id.desc()).limit(limit).offset(offset)))
