"""Home assignments: a draft that is never lost, submissions of which every version stays, and reviews of each."""

from datetime import datetime
from hashlib import sha256

from flask_babel import gettext as _
from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.programmes import AssignmentPlan
from courses.runs import Run
from lms import audit, clock, files, mail
from lms.db import Base, append_only, db
from lms.files import StoredFile
from lms.people import Person
from lms.projects import check_open
from lms.refusals import Refused, Stale

LONGEST = 40_000
MOST_FILES = 10


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


# --- operations ---------------------------------------------------------------------------------------------


def save_draft(run: Run, person: Person, text: str, minutes: int, revision: int, *, by: Person) -> AssignmentDraft:
    """Keep what the participant is writing. `revision` is the one her page showed (0: there was no draft).

    Raises Stale with `theirs` (the draft as it is now) when another window saved something else meanwhile.
    """
    draft = _writable_draft(run, person)
    text = one_kind_of_lines(text)
    if len(text) > LONGEST:
        raise Refused(_("The text may be 40 000 characters at most. Send a longer one as a file."), "too_long")
    if (draft.text, draft.minutes) == (text, minutes):
        return draft
    if draft.revision != revision:
        raise Stale(_("You have saved something else in another window."), "draft_stale", theirs=draft)
    draft.text, draft.minutes, draft.changed_at = text, minutes, clock.now()
    draft.revision += 1
    db.session.flush()
    return draft


def add_file(run: Run, person: Person, data: bytes, filename: str, *, by: Person) -> StoredFile:
    """Hang a file on the draft; the same content once more changes nothing. Refused as `lms.files.store` says."""
    draft = _writable_draft(run, person)
    digest = sha256(data).hexdigest()
    for each in draft.files:
        if each.file.sha256 == digest:
            return each.file
    if len(draft.files) >= MOST_FILES:
        raise Refused(_("There may be ten files at most."), "too_many_files")
    stored = files.store(data, filename, by=by)
    draft.files.append(DraftFile(file_id=stored.id, file=stored))
    draft.changed_at = clock.now()
    db.session.flush()
    return stored


def remove_file(run: Run, person: Person, file_id: int, *, by: Person) -> None:
    """Take a file off the draft; versions that were handed in keep it."""
    draft = locked_draft(run, person)
    _check_may_write(run, person)
    for each in list(draft.files) if draft else []:
        if draft and each.file_id == file_id:
            draft.files.remove(each)
            draft.changed_at = clock.now()
    db.session.flush()


def submit(run: Run, person: Person, *, by: Person) -> Submission:
    """Hand in the draft as the next version. It needs text or a file, and minutes from 1 to the programme's cap.

    Handing in the same content again while it waits gives the version that waits. Trainers get a mail.
    """
    draft = locked_draft(run, person)
    plan = _check_may_write(run, person)
    check_open(run.project, clock.today())
    if draft is None or not (draft.text.strip() or draft.files):
        raise Refused(_("Write your answer or choose a file."), "nothing_to_submit")
    if not 1 <= draft.minutes <= plan.minutes:
        raise Refused(_("Write how many minutes you worked, 1 to %(most)s.", most=plan.minutes), "minutes")
    last = latest(run, person)
    if last is not None and last.review is None and _content(last) == _content(draft):
        return last
    made = _hand_in(draft, run, person, last.version + 1 if last else 1)
    audit.record("submission.made", made, by=by, details={"run": run.id, "version": made.version})
    for trainer in run.trainers:
        mail.enqueue(trainer, "submitted", submission=made, run=run)
    return made


def _hand_in(draft: AssignmentDraft, run: Run, person: Person, version: int) -> Submission:
    made = Submission(
        run=run, person=person, version=version, text=draft.text, minutes=draft.minutes, at=clock.now(), review=None
    )
    db.session.add(made)
    db.session.flush()
    db.session.add_all(SubmissionFile(submission_id=made.id, file_id=each.file_id) for each in draft.files)
    db.session.flush()
    db.session.refresh(made)
    return made


def _writable_draft(run: Run, person: Person) -> AssignmentDraft:
    """The locked draft, made when there is none; asked after the lock, so that an approval meanwhile is seen."""
    draft = locked_draft(run, person)
    _check_may_write(run, person)
    return draft or _new_draft(run, person)


def _check_may_write(run: Run, person: Person) -> AssignmentPlan:
    plan = run.programme.assignment
    if plan is None:
        raise Refused(_("This programme has no home assignment."), "no_assignment")
    if run.cancelled_at is not None:
        raise Refused(_("The run is cancelled."), "run_cancelled")
    if is_approved(run, person):
        raise Refused(_("Your assignment is approved: there is nothing more to hand in."), "approved")
    return plan


def _new_draft(run: Run, person: Person) -> AssignmentDraft:
    """An empty draft of revision 0; two windows that begin at the same moment get the same one."""
    try:
        with db.session.begin_nested():
            draft = AssignmentDraft(
                run_id=run.id, person_id=person.id, text="", minutes=0, revision=0, changed_at=clock.now(), files=[]
            )
            db.session.add(draft)
        return draft
    except IntegrityError:
        made = locked_draft(run, person)
        assert made is not None
        return made


def locked_draft(run: Run, person: Person) -> AssignmentDraft | None:
    """The draft, for this transaction alone: saving, handing in and reviewing happen one after the other."""
    return db.session.scalar(
        select(AssignmentDraft)
        .where(AssignmentDraft.run_id == run.id, AssignmentDraft.person_id == person.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _content(of: AssignmentDraft | Submission) -> tuple[str, int, set[int]]:
    return of.text, of.minutes, {each.file_id for each in of.files}


def one_kind_of_lines(text: str) -> str:
    """Text as browsers send it, with plain line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


# --- questions ----------------------------------------------------------------------------------------------


def draft_of(run: Run, person: Person) -> AssignmentDraft | None:
    """What the participant is writing, or None before she began."""
    return db.session.scalar(
        select(AssignmentDraft).where(AssignmentDraft.run_id == run.id, AssignmentDraft.person_id == person.id)
    )


def versions(run: Run, person: Person) -> list[Submission]:
    """Everything the person has handed in, newest first, with reviews and files."""
    return list(
        db.session.scalars(
            select(Submission)
            .where(Submission.run_id == run.id, Submission.person_id == person.id)
            .order_by(Submission.version.desc())
        )
    )


def latest(run: Run, person: Person) -> Submission | None:
    """The newest version, or None."""
    return db.session.scalar(
        select(Submission)
        .where(Submission.run_id == run.id, Submission.person_id == person.id)
        .order_by(Submission.version.desc())
        .limit(1)
    )


def is_approved(run: Run, person: Person) -> bool:
    """Whether one version is approved; it is then the last one."""
    return person.id in approved_ids(run, [person.id])


def approved_ids(run: Run, people: list[int] | None = None) -> set[int]:
    """Ids of those whose assignment in the run is approved."""
    query = (
        select(Submission.person_id)
        .join(Review, Review.submission_id == Submission.id)
        .where(Submission.run_id == run.id, Review.outcome == "approved")
    )
    return set(db.session.scalars(query if people is None else query.where(Submission.person_id.in_(people))))
