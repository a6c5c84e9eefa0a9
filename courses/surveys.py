"""Surveys: a receipt says who answered, a response says what; nothing in the product ties the two together.

Results are shown in disjoint batches of at least five answers from closed surveys, so that no two views of them
can be subtracted down to a person (S1: a survey after every occasion; house rule on anonymity).
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.runs import Run
from lms.db import Base

AUDIENCES = ("participant", "trainer", "followup")
LEAST = 5


class Survey(Base):
    """The survey of one run to one audience, open from a day to a day."""

    __tablename__ = "survey"
    __table_args__ = (
        UniqueConstraint("run_id", "audience"),
        CheckConstraint(f"audience IN {AUDIENCES}", name="audience"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    audience: Mapped[str] = mapped_column(String(12))
    opens: Mapped[date]
    closes: Mapped[date] = mapped_column(index=True)
    closed_at: Mapped[datetime | None]
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("survey_batch.id"), index=True)

    run: Mapped[Run] = relationship(lazy="joined", innerjoin=True)


class SurveyBatch(Base):
    """Closed surveys of one kind counted together; published once it holds at least five answers, then full."""

    __tablename__ = "survey_batch"
    __table_args__ = (Index("ix_survey_batch_kind", "project_id", "programme_key", "audience"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    programme_key: Mapped[str] = mapped_column(String(60))
    audience: Mapped[str] = mapped_column(String(12))
    answers: Mapped[int] = mapped_column(default=0)
    published_at: Mapped[datetime | None]


class Receipt(Base):
    """This person was asked, and has answered when `answered_on` is set (a day, no finer)."""

    __tablename__ = "survey_receipt"

    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    answered_on: Mapped[date | None]
    reminded_on: Mapped[date | None]


class Response(Base):
    """What somebody answered. No person, no time; a random id and no row number (SQLite WITHOUT ROWID).

    While the survey is open it hangs on the survey; on closing it is written anew, in random order, into a batch.
    """

    __tablename__ = "survey_response"
    __table_args__ = (
        CheckConstraint("(survey_id IS NULL) <> (batch_id IS NULL)", name="survey_or_batch"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    survey_id: Mapped[int | None] = mapped_column(ForeignKey("survey.id"), index=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("survey_batch.id"), index=True)
    answers: Mapped[dict[str, Any]]
