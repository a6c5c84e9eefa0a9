"""Home assignments: a draft that is never lost, submissions of which every version stays, and reviews of each."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.runs import Run
from lms.db import Base, append_only
from lms.files import StoredFile
from lms.people import Person


class AssignmentDraft(Base):
    """What the participant is writing; `revision` tells two browsers apart."""

    __tablename__ = "assignment_draft"
    __table_args__ = (UniqueConstraint("run_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    text: Mapped[str] = mapped_column(Text, default="")
    minutes: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]

    files: Mapped[list["DraftFile"]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class DraftFile(Base):
    """A file that hangs on a draft until it is submitted."""

    __tablename__ = "draft_file"

    draft_id: Mapped[int] = mapped_column(ForeignKey("assignment_draft.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), primary_key=True)

    file: Mapped[StoredFile] = relationship(lazy="joined")


class Submission(Base):
    """A version handed in: text, files, and the minutes the participant declares (up to the programme's cap)."""

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("run_id", "person_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int]
    at: Mapped[datetime]

    run: Mapped[Run] = relationship()
    person: Mapped[Person] = relationship()
    files: Mapped[list["SubmissionFile"]] = relationship(lazy="selectin", viewonly=True)
    review: Mapped["Review | None"] = relationship(lazy="joined", viewonly=True)


class SubmissionFile(Base):
    """A file of a submission; files of earlier versions may come along."""

    __tablename__ = "submission_file"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), primary_key=True)

    file: Mapped[StoredFile] = relationship(lazy="joined")


class Review(Base):
    """What a trainer decided about one submission: approved, or returned with feedback. One per submission."""

    __tablename__ = "review"
    __table_args__ = (CheckConstraint("outcome IN ('approved', 'returned')", name="outcome"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), unique=True)
    outcome: Mapped[str] = mapped_column(String(10))
    feedback: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]

    by: Mapped[Person] = relationship()


append_only(Submission, SubmissionFile, Review)
