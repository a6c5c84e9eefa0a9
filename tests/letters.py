"""The outbox as tests read it."""

from sqlalchemy import select

from lms.db import db
from lms.mail import OutboxMail


def recent(limit: int = 100) -> list[OutboxMail]:
    """The newest mails, newest first."""
    return list(db.session.scalars(select(OutboxMail).order_by(OutboxMail.id.desc()).limit(limit)))
