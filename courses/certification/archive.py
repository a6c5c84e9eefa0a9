"""The certificates of a run as one ZIP, streamed while the PDF files are made: one file in memory at a time.

The rule that matters most: nobody gets more than the papers that she may open one by one.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from sqlalchemy import select

from certificates import register
from certificates.files import making
from certificates.policy import seen_by
from certificates.register import Certificate
from courses.certification.facts import facts
from courses.certification.rule import is_certified
from courses.esf import bundle
from courses.esf.files import File
from courses.runs import Run
from lms import clock
from lms.db import db
from lms.people import Person


def of(run: Run, person: Person) -> list[Certificate]:
    """The papers of everybody who is certified in the run, as they stand today, that the person may open."""
    ids = [each.certificate_id for each in facts(run).values() if is_certified(each)]
    rows = db.session.scalars(select(Certificate).where(Certificate.id.in_(ids)).order_by(Certificate.id)).all()
    today = clock.today()
    return seen_by(person, [each for each in rows if register.state(each, today) != "revoked"])


def zipped(certificates: Sequence[Certificate]) -> Iterator[bytes]:
    """The archive as it is made, without the database: `<number>-<name>.pdf`, sealed, and a list of contents.

    The name of somebody who was protected later stands in no name of a file. Refused as `making.stored`.
    """
    stamp = making.stamp()
    made = [
        File(_name(certificate), partial(making.sealed_pdf, stored, stamp))
        for certificate, stored in zip(certificates, making.stored(certificates), strict=True)
    ]
    return bundle.zipped(made, len(made) + 1, max(each.issued_at for each in certificates))


def name(run: Run) -> str:
    """What the archive is called."""
    from certificates.standards.document import slug  # noqa: PLC0415  few requests need it

    return f"certifikat-{slug(run.title) or run.id}.zip"


def _name(certificate: Certificate) -> str:
    statement = register.statement_of(certificate)
    hidden = register.tells_protected_name(certificate)
    return making.name(statement, "pdf", holder="" if hidden else statement.holder_name)
