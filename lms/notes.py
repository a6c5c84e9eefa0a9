"""What the operators have seen to, as the installation remembers it: one note per thing, and the latest counts."""

from datetime import datetime
from typing import Literal

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from lms import clock
from lms.db import Base, db

Key = Literal["backup", "key_kept", "restored"]


class InstallationNote(Base):
    """`backup`: the file's name; `key_kept`: the fingerprint of the key; `restored`: the file's name."""

    __tablename__ = "installation_note"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


def write(key: Key, value: str) -> None:
    """Remember what was done, now, instead of the time before."""
    db.session.merge(InstallationNote(key=key, value=value[:200], at=clock.now()))


def read(key: Key) -> InstallationNote | None:
    """What was done last, or None when it never was."""
    return db.session.get(InstallationNote, key)
