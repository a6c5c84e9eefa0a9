"""Invitations: whose a link is, the answer kept until a code confirms who gave it, and calendar feeds.

A link shows the course to whoever holds it and answers for nobody: an answer counts when the invited person is
signed in, or has typed the code from her own mail.
"""

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String, Text, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses import enrolment as enrolments
from courses import links
from courses.activities import Activity, Session
from courses.enrolment import Enrolment
from courses.runs import RunTrainer
from lms import accounts, clock, jobs
from lms.db import Base, db
from lms.people import Person
from lms.refusals import Refused

FEED_REACHES_BACK = timedelta(days=180)
UNCONFIRMED_LIVES = timedelta(days=1)


class UnconfirmedAnswer(Base):
    """An answer given through a link by somebody not signed in; the handle is that of the code in the mail."""

    __tablename__ = "unconfirmed_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(String(43), unique=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)
    comes: Mapped[bool]
    adaptations: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(index=True)

    enrolment: Mapped[Enrolment] = relationship()


# --- operations ---------------------------------------------------------------------------------------------


def keep_answer(enrolment: Enrolment, *, comes: bool, adaptations: str) -> str:
    """Keep an answer and mail a code to the invited person; returns the handle that the browser keeps."""
    forget_old()
    handle = accounts.ask_for_code(enrolment.person.email or "")
    db.session.add(
        UnconfirmedAnswer(
            handle=handle,
            enrolment_id=enrolment.id,
            comes=comes,
            adaptations=adaptations[: enrolments.LONGEST_NEED],
            created_at=clock.now(),
        )
    )
    return handle


def confirm_code(handle: str, code: str) -> UnconfirmedAnswer:
    """The answer that the code confirms. Raises Refused; the caller commits also then, since each try counts."""
    kept = db.session.scalar(select(UnconfirmedAnswer).where(UnconfirmedAnswer.handle == handle))
    person = accounts.use_code(handle, code)
    if kept is None or kept.enrolment.person_id != person.id:
        raise Refused(_("The answer has run out. Open the invitation and answer again."), "answer_expired")
    return kept


def settle(kept: UnconfirmedAnswer) -> Enrolment:
    """Let a confirmed answer count, as the person's own act. Raises Refused as `enrolment.answer` does."""
    enrolment = kept.enrolment
    adaptations = kept.adaptations if kept.comes else None
    db.session.delete(kept)
    return enrolments.answer(enrolment, comes=kept.comes, adaptations=adaptations, by=enrolment.person)


def forget_old() -> None:
    """Remove answers that nobody confirmed within a day."""
    yesterday = clock.now() - UNCONFIRMED_LIVES
    db.session.execute(delete(UnconfirmedAnswer).where(UnconfirmedAnswer.created_at < yesterday))


# --- questions ----------------------------------------------------------------------------------------------


def invited_by(token: str) -> Enrolment:
    """The enrolment of a link. Raises Refused when the link is forged or of a person who is gone."""
    enrolment_id, person_id = links.read_invitation(token) or (0, 0)
    enrolment = db.session.get(Enrolment, enrolment_id)
    if enrolment is not None and enrolment.person_id == person_id:
        return enrolment
    raise Refused(_("This link is not one of ours, or a part of it is missing."), "forged")


def feed_owner(token: str) -> Person | None:
    """Whose calendar the address is, or None when it is forged."""
    return db.session.get(Person, links.read_calendar(token) or 0)


def sessions_of(person: Person) -> list[Session]:
    """The sessions a person takes part in or leads, from half a year back, cancelled ones left out."""
    attends = select(Enrolment.run_id).where(
        Enrolment.person_id == person.id, Enrolment.state == "registered"
    )
    leads = select(RunTrainer.run_id).where(RunTrainer.person_id == person.id)
    called = (Activity.kind != "course") & (Activity.created_by_id == person.id)
    query = (
        select(Session)
        .join(Activity, Activity.id == Session.activity_id)
        .where(
            Activity.cancelled_at.is_(None),
            or_(Activity.id.in_(attends), Activity.id.in_(leads), called),
            Session.ends_at > clock.now() - FEED_REACHES_BACK,
        )
        .order_by(Session.starts_at, Session.id)
    )
    return list(db.session.scalars(query).unique())


jobs.EACH_MINUTE.append(forget_old)
