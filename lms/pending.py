"""Uploads that wait for a yes: kept encrypted between the page that shows what will happen and the one that does it.

The rule that matters most: only who uploaded it can use it, and an hour later it is gone.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, delete
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms import clock, jobs
from lms.db import Base, db
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused
from lms.secrets import ROW_GOES, decrypted, encrypted

KINDS = ("people", "plan", "attendance")
LIVES = timedelta(hours=1)
MOST_BYTES = 8 * 1024 * 1024


class PendingUpload(Base):
    """A file on its way in, and what was chosen with it; the bytes stand encrypted (they may hold personnummer)."""

    __tablename__ = "pending_upload"
    __table_args__ = (CheckConstraint(f"kind IN {KINDS}", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    cipher: Mapped[bytes] = mapped_column(LargeBinary, info={ROW_GOES: True})
    options: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)

    project: Mapped[Project] = relationship()


# --- operations ---------------------------------------------------------------------------------------------


def keep(kind: str, project: Project, name: str, data: bytes, *, by: Person, **options: Any) -> PendingUpload:
    """Keep a file for an hour; an earlier one of the same kind, project and person makes room. At most 8 MB."""
    if not data:
        raise Refused(_("The file is empty."), "file_empty")
    if len(data) > MOST_BYTES:
        raise Refused(_("The file is larger than 8 MB."), "file_too_large")
    db.session.execute(
        delete(PendingUpload).where(
            PendingUpload.person_id == by.id,
            PendingUpload.project_id == project.id,
            PendingUpload.kind == kind,
        )
    )
    upload = PendingUpload(
        kind=kind,
        person_id=by.id,
        project_id=project.id,
        name=name[:120],
        cipher=encrypted(data.decode("latin-1")),
        options=options,
        created_at=clock.now(),
    )
    db.session.add(upload)
    db.session.flush()
    return upload


def forget(upload: PendingUpload) -> None:
    """The file has been used, or is not wanted."""
    db.session.delete(upload)


def forget_old() -> None:
    """Remove what nobody said yes to within the hour."""
    db.session.execute(delete(PendingUpload).where(PendingUpload.created_at < clock.now() - LIVES))


jobs.EACH_MINUTE.append(forget_old)


# --- questions ----------------------------------------------------------------------------------------------


def contents(upload: PendingUpload) -> bytes:
    """The file as it was uploaded. Refused when its hour is over."""
    if clock.now() - upload.created_at > LIVES:
        raise Refused(_("The file was uploaded more than an hour ago. Upload it once more."), "upload_expired")
    return decrypted(upload.cipher).encode("latin-1")


def fingerprint(*parts: object) -> str:
    """The same for the same things: what was shown is compared with what is about to be done."""
    return sha256(repr(parts).encode()).hexdigest()
