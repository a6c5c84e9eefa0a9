"""Invitations: signed links that a mail carries, the answer kept until a code confirms who gave it, and calendar feeds.

A link shows the course to whoever holds it and answers for nobody: an answer counts when the invited person is
signed in, or has typed the code from her own mail.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import ForeignKey, String, Text, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses import enrolment as enrolments
from courses.activities import Activity, Session
from courses.enrolment import Enrolment
from lms import accounts, clock, jobs
from lms.db import Base, db
from lms.people import Person
from lms.refusals import Refused

if TYPE_CHECKING:
    from courses.runs import Run

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


def link(enrolment: Enrolment) -> str:
    """The whole address of the person's invitation, for a mail."""
    return f"{_base()}/invitation/{token(enrolment)}"


def token(enrolment: Enrolment) -> str:
    """What stands in the address: enrolment and person, signed."""
    return str(_signer("invitation").dumps([enrolment.id, enrolment.person_id]))


def invited_by(token: str) -> Enrolment:
    """The enrolment of a link. Raises Refused when the link is forged or of a person who is gone."""
    values = _loaded("invitation", token)
    if isinstance(values, list) and len(values) == 2 and all(isinstance(value, int) for value in values):
        enrolment = db.session.get(Enrolment, values[0])
        if enrolment is not None and enrolment.person_id == values[1]:
            return enrolment
    raise Refused(_("This link is not one of ours, or a part of it is missing."), "forged")


def closed(run: "Run") -> str:
    """Why a yes is no longer possible, in words for the invited person; empty while it is."""
    if run.cancelled_at is not None:
        return str(_("The run is cancelled."))
    if run.sessions and run.sessions[-1].ends_at <= clock.now():
        return str(_("The run has been held."))
    if run.register_by and clock.today() > run.register_by:
        return str(_("The last day to register was %(day)s. Talk to the trainer.", day=run.register_by))
    if clock.today() > run.project.ends:
        return str(_("The project %(name)s has ended.", name=run.project.name))
    return ""


def feed_link(person: Person) -> str:
    """The address a calendar program subscribes to; whoever has it sees when and where the person's courses are."""
    return f"{_base()}/calendar/{_signer('calendar').dumps(person.id)}.ics"


def feed_owner(token: str) -> Person | None:
    """Whose calendar the address is, or None when it is forged."""
    person_id = _loaded("calendar", token)
    return db.session.get(Person, person_id) if isinstance(person_id, int) else None


def sessions_of(person: Person) -> list[Session]:
    """The sessions a person takes part in or leads, from half a year back, cancelled ones left out."""
    from courses.runs import RunTrainer  # noqa: PLC0415  runs send invitations

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


def _signer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"parlband-{purpose}")


def _loaded(purpose: str, token: str) -> Any:
    try:
        return _signer(purpose).loads(token)
    except BadSignature:
        return None


def _base() -> str:
    return str(current_app.config["SETTINGS"].base_url).rstrip("/")


jobs.EACH_MINUTE.append(forget_old)
