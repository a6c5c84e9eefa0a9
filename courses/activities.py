"""Activities: anything with sessions and attendance; a course run is one kind, a network meeting another.

Runs have their own page (courses/runs.py); meetings of every other kind are called and cancelled here. A meeting may
be entered afterwards: what counts is that it lies in the project.
"""

from collections.abc import Iterable
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, case, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms import audit, clock
from lms.db import Base, db
from lms.organisations import Organisation
from lms.people import Person, holders
from lms.projects import Project, check_open
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
MEETINGS = KINDS[1:]
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


# --- operations ---------------------------------------------------------------------------------------------


def call_meeting(
    project: Project,
    kind: str,
    *,
    title: str,
    starts: datetime,
    ends: datetime,
    mode: str = "physical",
    place: str = "",
    link: str = "",
    organisation: Organisation | None = None,
    people: Iterable[Person] | None = None,
    by: Person,
) -> Activity:
    """A meeting of the project with one session; `people` stand on its sheet (default: `usual_group`).

    Times are aware. Raises Refused: `kind`, `title`, `ends_before_start`, `too_long` (over 16 hours), `place`,
    `link`, and what `check_open` refuses.
    """
    if kind not in MEETINGS:
        raise Refused(_("Choose what kind of meeting it is."), "kind")
    _check_meeting(project, title, starts, ends)
    _check_where(mode, place, link)
    meeting = Activity(
        kind=kind,
        project_id=project.id,
        organisation=organisation,
        title=title.strip(),
        created_by=by,
        created_at=clock.now(),
        sessions=[
            Session(number=1, starts_at=starts, ends_at=ends, mode=mode, place=place.strip(), link=link.strip())
        ],
    )
    db.session.add(meeting)
    db.session.flush()
    called = usual_group(project, kind, before=meeting) if people is None else people
    db.session.add_all(
        Expected(activity_id=meeting.id, person_id=person_id) for person_id in sorted({person.id for person in called})
    )
    db.session.flush()
    audit.record("meeting.called", meeting, by=by, details={"kind": kind, "starts": starts.isoformat()})
    return meeting


def cancel_meeting(meeting: Activity, *, by: Person) -> None:
    """Cancel a meeting that nobody attended; cancelling twice is fine. Raises Refused: `kind`, `recorded`."""
    from courses.attendance.questions import minutes_in  # noqa: PLC0415  the ledger stands on activities

    if meeting.kind not in MEETINGS:
        raise Refused(_("Choose what kind of meeting it is."), "kind")
    if minutes_in(meeting):
        raise Refused(_("Attendance is recorded: the meeting took place and stays."), "recorded")
    if meeting.cancelled_at is None:
        meeting.cancelled_at = clock.now()
        meeting.revision += 1
        meeting.sequence += 1
        audit.record("meeting.cancelled", meeting, by=by)


def _check_meeting(project: Project, title: str, starts: datetime, ends: datetime) -> None:
    if not title.strip():
        raise Refused(_("Write what the meeting is called."), "title")
    if ends <= starts:
        raise Refused(_("The end must be after the start."), "ends_before_start")
    if (ends - starts).total_seconds() > 16 * 3600:
        raise Refused(_("A meeting is at most 16 hours long."), "too_long")
    check_open(project, clock.local(starts).date())


def _check_where(mode: str, place: str, link: str) -> None:
    """People must be able to find it: a place, or a link that is one."""
    if mode == "physical" and not place.strip():
        raise Refused(_("Write where it is held."), "place")
    if (mode == "digital" or link.strip()) and not link.strip().startswith(("https://", "http://")):
        raise Refused(_("Write the whole link, beginning with https://."), "link")
    if any(character.isspace() or not character.isprintable() for character in link.strip()):
        raise Refused(_("Write the link without spaces."), "link")


# --- questions ----------------------------------------------------------------------------------------------


def usual_group(project: Project, kind: str, *, before: Activity | None = None) -> list[Person]:
    """Who a meeting of this kind is for: trainers (network), the steering group, else the last meeting's people."""
    if kind == "network":
        both = [*holders("trainer", project_id=project.id), *holders("county_trainer", project_id=project.id)]
        return list({person.id: person for person in both}.values())
    if kind == "steering_group":
        return holders("steering_group", project_id=project.id)
    if kind in ("coaching", "horizontal", "lecture", "conference"):
        return []
    last = select(func.max(Activity.id)).where(
        Activity.project_id == project.id,
        Activity.kind == kind,
        Activity.cancelled_at.is_(None),
        Activity.id != (before.id if before else 0),
    )
    called = select(Expected.person_id).where(Expected.activity_id == last.scalar_subquery())
    return list(db.session.scalars(select(Person).where(Person.id.in_(called))).unique())


def meetings(project: Project, *, page: int = 1, per_page: int = 20) -> tuple[list[Activity], int]:
    """One page of the project's meetings that are no courses, newest first, and how many pages there are."""
    mine = (Activity.project_id == project.id, Activity.kind.in_(MEETINGS))
    total = db.session.scalar(select(func.count()).select_from(Activity).where(*mine)) or 0
    rows = db.session.scalars(
        select(Activity)
        .join(Session, Session.activity_id == Activity.id)
        .where(*mine)
        .order_by(Session.starts_at.desc(), Activity.id.desc())
        .offset((page - 1) * per_page)
        .limit(per_page)
    )
    return list(rows.unique()), max(1, -(-total // per_page))
