"""Signatures of hours: participants certify their own, managers countersign; who disagrees says what she means.

The rule that matters most: a signature is over exactly the entries it names (hash). An entry that is replaced loses
it, and the new one needs its own. Nobody signs hours for somebody else.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.attendance.ledger import AttendanceEntry
from lms.db import Base, append_only
from lms.people import Person

KINDS = ("participant", "manager")
WAYS = ("signed_in", "code", "handed_in")
"""How the signer was known: signed in, by a one-time code sent to her, or by handing in the assignment herself."""


class HoursSignature(Base):
    """`by` certifies hours of `person` in a project: the entries of SignedEntry, over which `entries_hash` is made."""

    __tablename__ = "hours_signature"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"way IN {WAYS}", name="way"),
        CheckConstraint("(kind = 'participant') = (by_id = person_id)", name="own_hours"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(12))
    way: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    entries_hash: Mapped[str] = mapped_column(String(64))
    minutes: Mapped[int]

    by: Mapped[Person] = relationship(foreign_keys=by_id)
    person: Mapped[Person] = relationship(foreign_keys=person_id)


class SignedEntry(Base):
    """An entry under a signature; once per kind of signer."""

    __tablename__ = "signed_entry"

    entry_id: Mapped[int] = mapped_column(ForeignKey("attendance_entry.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    signature_id: Mapped[int] = mapped_column(ForeignKey("hours_signature.id"), index=True)

    signature: Mapped[HoursSignature] = relationship()


class Objection(Base):
    """A participant says that an entry about her is wrong: the minutes she means, and why. Once per entry."""

    __tablename__ = "objection"
    __table_args__ = (CheckConstraint("minutes >= 0 AND minutes <= 1440", name="minutes"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("attendance_entry.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    minutes: Mapped[int]
    comment: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]

    entry: Mapped[AttendanceEntry] = relationship()
    person: Mapped[Person] = relationship()


class ObjectionAnswer(Base):
    """A trainer keeps the entry as it is and says why; a correction of the entry answers an objection by itself."""

    __tablename__ = "objection_answer"

    objection_id: Mapped[int] = mapped_column(ForeignKey("objection.id"), primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    comment: Mapped[str] = mapped_column(Text)

    by: Mapped[Person] = relationship()


class HoursApproval(Base):
    """Somebody answers for hours without a sheet (preparation, long participation): they count from now on."""

    __tablename__ = "hours_approval"

    entry_id: Mapped[int] = mapped_column(ForeignKey("attendance_entry.id"), primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    by: Mapped[Person] = relationship()


append_only(HoursSignature, SignedEntry, Objection, ObjectionAnswer, HoursApproval)
