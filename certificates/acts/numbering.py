"""Numbers of certificates: SMA-A-2026-0096 is the ninety-sixth user certificate of SMAIL that year.

The rule that matters most: the counter of a series is locked before anything is issued in it: who comes second waits.
"""

import unicodedata

from sqlalchemy import String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from certificates.statement import Statement
from lms.db import Base, db


class CertificateCounter(Base):
    """The last number given in a series such as SMA-A-2026; its row is locked while the next one is taken."""

    __tablename__ = "certificate_counter"

    series: Mapped[str] = mapped_column(String(30), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


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


def next_number(counter: CertificateCounter) -> str:
    """The next number of a series whose counter is locked: SMA-A-2026-0096."""
    counter.last += 1
    return f"{counter.series}-{counter.last:04d}"


def series_of(statement: Statement) -> str:
    """The series the statement is numbered in."""
    return series_name(statement.project.name, statement.level, statement.issued_on.year)


def series_name(project_name: str, level: str, year: int) -> str:
    """First three letters of the project, A (användare) or U (utbildare), year of issue: SMA-A-2026."""
    plain = unicodedata.normalize("NFKD", project_name).encode("ascii", "ignore").decode()
    letters = "".join(sign for sign in plain.upper() if sign.isalnum())[:3] or "PRO"
    return f"{letters}-{'U' if level == 'trainer' else 'A'}-{year}"
