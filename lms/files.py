"""Uploaded files: kept by their content outside the web root, told by content, handed out as downloads only."""

import os
import tempfile
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from flask import Response, current_app
from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lms import clock, filetypes
from lms.db import Base, append_only, db
from lms.people import Person
from lms.refusals import Refused


class StoredFile(Base):
    """What was uploaded, by whom and when; the bytes lie under their SHA-256."""

    __tablename__ = "stored_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    uploaded_at: Mapped[datetime]


append_only(StoredFile)


def store(data: bytes, filename: str, *, by: Person) -> StoredFile:
    """Keep an upload. Refused when it is empty, above 20 MB, or by content not PDF, DOCX, ODT or an image."""
    if not data:
        raise Refused(_("The file is empty."), "file_empty")
    if len(data) > filetypes.MAX_BYTES:
        raise Refused(_("The file is larger than 20 MB."), "file_too_large")
    kind = filetypes.recognise(data)
    if kind is None:
        raise Refused(_("Choose a PDF, Word (DOCX), ODT or image file."), "file_type")
    digest = sha256(data).hexdigest()
    write(path_of(digest), data)
    row = StoredFile(
        sha256=digest,
        name=filetypes.safe_name(filename),
        media_type=kind.media_type,
        size=len(data),
        uploaded_by_id=by.id,
        uploaded_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    return row


def download(file: StoredFile) -> Response:
    """The file as an attachment that no browser runs or shows in our name."""
    response = Response(path_of(file.sha256).read_bytes(), mimetype=file.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=file.name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def path_of(digest: str) -> Path:
    """Where the bytes with that SHA-256 lie."""
    root: Path = current_app.config["SETTINGS"].files
    return root / digest[:2] / digest


def write(path: Path, data: bytes) -> None:
    """Whole or not at all: a temporary file, flushed to disk, then renamed."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
