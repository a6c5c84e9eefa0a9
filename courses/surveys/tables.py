"""The tables of surveys: who is asked and has answered stands in one, what was answered in another.

A response has no person and no time. When its survey closes it leaves the survey too, and is written anew in
random order among the others of its batch; published batches never change.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.programmes import Question
from courses.programmes import Survey as Plan
from courses.runs import Run
from lms.db import Base

AUDIENCES = ("participant", "trainer", "followup")
LEAST = 5


class Survey(Base):
    """The survey of one run to one audience; answers are taken from the day it opens to the day it closes."""

    __tablename__ = "survey"
    __table_args__ = (
        UniqueConstraint("run_id", "audience"),
        CheckConstraint(f"audience IN {AUDIENCES}", name="audience"),
        CheckConstraint("closes > opens", name="closes_after_opens"),
        Index("ix_survey_still_open", "closed_at", "closes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    audience: Mapped[str] = mapped_column(String(12))
    opens: Mapped[date]
    closes: Mapped[date]
    closed_at: Mapped[datetime | None]

    run: Mapped[Run] = relationship(lazy="joined", innerjoin=True)

    @property
    def plan(self) -> Plan:
        """What the material of the run asks this audience."""
        return self.run.programme.surveys[self.audience]

    @property
    def questions(self) -> tuple[Question, ...]:
        return self.plan.questions


class SurveyBatch(Base):
    """Closed surveys with the same questions counted together; published once it holds five answers, then full.

    `kind` is a hash of the question keys, `questions` their newest wording. No row says which runs are inside.
    """

    __tablename__ = "survey_batch"
    __table_args__ = (
        Index("ix_survey_batch_kind", "project_id", "programme_key", "audience"),
        Index(
            "uq_survey_batch_filling",
            "project_id",
            "programme_key",
            "audience",
            "kind",
            unique=True,
            sqlite_where=text("published_on IS NULL"),
            postgresql_where=text("published_on IS NULL"),
        ),
        CheckConstraint(f"published_on IS NULL OR answers >= {LEAST}", name="never_fewer"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    programme_key: Mapped[str] = mapped_column(String(60))
    audience: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(64))
    questions: Mapped[list[Any]]
    asked: Mapped[int] = mapped_column(default=0)
    answers: Mapped[int] = mapped_column(default=0)
    published_on: Mapped[date | None]


class Receipt(Base):
    """This person was asked, and has answered when `answered_on` is set (a day, no finer)."""

    __tablename__ = "survey_receipt"

    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    answered_on: Mapped[date | None]
    reminders: Mapped[int] = mapped_column(default=0)


class Response(Base):
    """What somebody answered, by question key. No person, no time; a random id and no row number.

    SQLite's hidden row number would keep the order of arrival, so the table has none (WITHOUT ROWID).
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
