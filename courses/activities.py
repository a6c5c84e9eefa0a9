"""Activities: anything with sessions and attendance; a course run is one kind, a network meeting another.

Here stand the tables that runs (courses/runs.py) and meetings (courses/meetings.py) share, and the ledger builds on.
"""

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, case
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms import clock
from lms.db import Base
from lms.organisations import Organisation
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused

KINDS = (
    "course",
    "network",
    "reference_group",
    "steering_group",
    "coaching",
    "horizontal",
    "lecture",
    "conference",
)
MODES = ("physical", "digital")


class Activity(Base):
    """A thing people meet for, in a project. `revision` grows with every change and is what a form was read at.

    `sequence` grows when times or places change: calendars follow it (RFC 5545 §3.8.7.4).
    """

    __tablename__ = "activity"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(
            "kind <> 'course' OR (material_id IS NOT NULL AND capacity > 0)", name="run_complete"
        ),
        Index("ix_activity_project_kind", "project_id", "kind"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    __mapper_args__ = {  # noqa: RUF012  every kind but a course is a plain activity
        "polymorphic_on": case((kind == "course", "course"), else_="meeting"),
        "polymorphic_identity": "meeting",
    }
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    title: Mapped[str] = mapped_column(String(160))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    cancelled_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=1)
    sequence: Mapped[int] = mapped_column(default=0)

    project: Mapped[Project] = relationship(lazy="joined", innerjoin=True)
    organisation: Mapped[Organisation | None] = relationship(lazy="joined")
    created_by: Mapped[Person] = relationship()
    sessions: Mapped[list["Session"]] = relationship(
        back_populates="activity", order_by="Session.starts_at", lazy="selectin", cascade="all, delete-orphan"
    )


class Session(Base):
    """One dated meeting, in UTC; `number` is its place in the programme, `minutes` its teaching time."""

    __tablename__ = "session"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint(f"mode IN {MODES}", name="mode"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), index=True)
    number: Mapped[int] = mapped_column(default=1)
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    mode: Mapped[str] = mapped_column(String(10), default="physical")
    place: Mapped[str] = mapped_column(String(200), default="")
    link: Mapped[str] = mapped_column(String(300), default="")

    activity: Mapped[Activity] = relationship(back_populates="sessions", lazy="joined", innerjoin=True)

    @property
    def minutes(self) -> int:
        """Whole minutes between start and end."""
        return int((self.ends_at - self.starts_at).total_seconds() // 60)


class Expected(Base):
    """A person called to a meeting that is no course run: the rows of its sheet (a run has enrolments instead)."""

    __tablename__ = "expected"

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)


def check_link(link: str, **values: object) -> None:
    """Refuse what is no link to a meeting: not a whole address, or with a space in it; `values` go along."""
    link = link.strip()
    if not link.startswith(("https://", "http://")):
        raise Refused(_("Write the whole link, beginning with https://."), "link", **values)
    if any(character.isspace() or not character.isprintable() for character in link):
        raise Refused(_("Write the link without spaces."), "link", **values)
