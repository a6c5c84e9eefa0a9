"""Who may do what with courses: one page, used by views, templates and tests alike.

Whether a trainer is certified enough to lead is a question of the day, not of permission: see courses/gate.py.
"""

from flask_babel import gettext as _
from sqlalchemy import select

from certificates.register import Certificate, project_of
from courses.activities import Activity, Session
from courses.assignments import Submission, SubmissionFile
from courses.attendance import AttendanceEntry, Objection, SignOff
from courses.enrolment import Enrolment
from courses.hours import countersigning, objecting
from courses.runs import Run, RunTrainer
from courses.surveys import Receipt, Survey
from lms.db import db
from lms.files import StoredFile
from lms.pending import PendingUpload
from lms.people import Person, has_role
from lms.permissions import YES, Answer, no, yes_if
from lms.projects import Project, is_in_one_of

SCHEDULERS = ("county_trainer", "trainer", "project_leader")


def is_trainer_of(person: Person, activity: Activity) -> bool:
    """Whether the person leads it: a trainer of the run, or who called the meeting."""
    if isinstance(activity, Run):
        return any(trainer.id == person.id for trainer in activity.trainers)
    return activity.created_by_id == person.id


def may_schedule(person: Person, project: Project) -> Answer:
    """Plan runs and meetings: county trainers, trainers and the project leader of the project."""
    return yes_if(
        has_role(person, *SCHEDULERS, project_id=project.id),
        _("Only trainers and the project leader of the project may schedule."),
    )


def may_see_run(person: Person, run: Run) -> Answer:
    """The run from the trainer's side."""
    return yes_if(
        is_trainer_of(person, run)
        or has_role(person, "county_trainer", "project_leader", project_id=run.project_id),
        _("Only those who lead the run may see this page."),
    )


def may_manage_run(person: Person, run: Run) -> Answer:
    """Change, invite, cancel: the run's trainers and the project leader."""
    return yes_if(
        is_trainer_of(person, run) or has_role(person, "project_leader", project_id=run.project_id),
        _("Only the trainers of the run and the project leader may change it."),
    )


def may_see_adaptations(person: Person, run: Run) -> Answer:
    """Needs of aids and adaptations: that run's trainers and nobody else."""
    return yes_if(is_trainer_of(person, run), _("Only the trainers of the run see needs of adaptation."))


def may_manage_enrolment(person: Person, enrolment: Enrolment) -> Answer:
    return may_manage_run(person, enrolment.run)


def may_take_attendance(person: Person, session: Session) -> Answer:
    """The sheet of a session: who leads it."""
    return yes_if(is_trainer_of(person, session.activity), _("Only those who lead the session may fill in its sheet."))


def may_sign_as_deputy(person: Person, session: Session) -> Answer:
    """Sign for an absent one: other trainers of the project, for a meeting its leader too; the gate is asked then."""
    activity = session.activity
    roles = ("trainer", "county_trainer") if isinstance(activity, Run) else SCHEDULERS
    return yes_if(
        not is_trainer_of(person, activity) and has_role(person, *roles, project_id=activity.project_id),
        _("Only another trainer of the project may sign in somebody's place."),
    )


def may_check_in(person: Person) -> Answer:
    """Check in or out with the code in the room: who is signed in; whoever is not on the sheet is told whom to ask."""
    return YES


def may_declare_hours(person: Person, project: Project) -> Answer:
    """Write down own hours without a sheet: whoever takes part in the project or has a role in it."""
    return yes_if(is_in_one_of(person, {project.id}), _("You do not take part in this project."))


def may_withdraw_hours(person: Person, entry: AttendanceEntry) -> Answer:
    """Take back what one has declared oneself."""
    return yes_if(
        entry.person_id == person.id and entry.session_id is None,
        _("Nobody takes back hours of somebody else."),
    )


def may_approve_hours(person: Person, project: Project) -> Answer:
    """See what waits: the project leader, and county trainers for trainers."""
    return yes_if(
        has_role(person, "project_leader", "county_trainer", project_id=project.id),
        _("Only the project leader and county trainers approve hours."),
    )


def may_decide_hours(person: Person, entry: AttendanceEntry) -> Answer:
    """Approve or refuse hours without a sheet: the project leader, a county trainer for trainers; never one's own."""
    if entry.person_id == person.id:
        return no(_("Nobody decides on their own hours."))
    of_trainer = has_role(entry.person, "trainer", project_id=entry.project_id)
    return yes_if(
        entry.session_id is None
        and (
            has_role(person, "project_leader", project_id=entry.project_id)
            or (of_trainer and has_role(person, "county_trainer", project_id=entry.project_id))
        ),
        _("Only the project leader, and county trainers for trainers, decide on these hours."),
    )


def may_change_meeting(person: Person, meeting: Activity) -> Answer:
    """Cancel a meeting that is no course: who called it, and the project leader."""
    return yes_if(
        not isinstance(meeting, Run)
        and (is_trainer_of(person, meeting) or has_role(person, "project_leader", project_id=meeting.project_id)),
        _("Only who called the meeting and the project leader may change it."),
    )


def may_see_attendance(person: Person, session: Session) -> Answer:
    """Read a sheet: who leads it, the project leader who answers for it in an audit, and who signed it as a deputy."""
    return yes_if(
        is_trainer_of(person, session.activity)
        or has_role(person, "project_leader", project_id=session.activity.project_id)
        or _has_signed(person, session),
        _("Only those who lead the session and the project leader may see its sheet."),
    )


def _has_signed(person: Person, session: Session) -> bool:
    query = select(SignOff.id).where(SignOff.session_id == session.id, SignOff.by_id == person.id).limit(1)
    return db.session.scalar(query) is not None


def may_use_attendance_file(person: Person, upload: PendingUpload) -> Answer:
    """Look at a file and say yes to it: who uploaded it, as long as she leads the session."""
    session = db.session.get(Session, upload.options.get("session", 0)) if upload.kind == "attendance" else None
    return yes_if(
        session is not None and upload.person_id == person.id and may_take_attendance(person, session),
        _("Only who uploaded the file may use it."),
    )


def may_see_ledger(person: Person) -> Answer:
    """The end of the chain and its verification, numbers only: project leaders and administrators."""
    return yes_if(
        has_role(person, "project_leader", "administrator"),
        _("Only project leaders and administrators see the ledger's proof."),
    )


def may_review(person: Person, submission: Submission) -> Answer:
    """Assess a home assignment: the run's trainers, but nobody her own."""
    if submission.person_id == person.id:
        return no(_("Nobody assesses their own assignment."))
    return may_see_queue(person, submission.run)


def may_certify(person: Person, run: Run) -> Answer:
    """Certify: the run's trainers."""
    return yes_if(is_trainer_of(person, run), _("Only the trainers of the run may certify."))


def may_renew(person: Person, certificate: Certificate) -> Answer:
    """Renew a certificate: who certifies trainers, county trainers and the project leader; nobody her own."""
    project = project_of(certificate)
    if person.id == certificate.holder_id:
        return no(_("Nobody renews their own certificate. Another county trainer or the project leader does it."))
    return yes_if(
        project is not None and may_see_tree(person, project),
        _("Only county trainers and the project leader may renew a certificate."),
    )


def may_see_renewal(person: Person, certificate: Certificate) -> Answer:
    """What is missing for the renewal: the holder, and who may renew."""
    return YES if person.id == certificate.holder_id else may_renew(person, certificate)


def may_take_run(person: Person, run: Run) -> Answer:
    """The participant's side of a run: who has a place in it."""
    enrolled = db.session.query(Enrolment).filter_by(run_id=run.id, person_id=person.id).one_or_none()
    return yes_if(
        enrolled is not None and enrolled.state in ("registered", "waiting"), _("You are not registered in this run.")
    )


def may_read_run(person: Person, run: Run) -> Answer:
    """The lessons of a run, in the version that is taught: who has a place in it, and its trainers."""
    return YES if is_trainer_of(person, run) else may_take_run(person, run)


def may_hand_in(person: Person, run: Run) -> Answer:
    """Work with the home assignment: who has a place, not who waits for one."""
    place = select(Enrolment.id).where(
        Enrolment.run_id == run.id, Enrolment.person_id == person.id, Enrolment.state == "registered"
    )
    return yes_if(db.session.scalar(place), _("You need a place in this run to hand in its assignment."))


def may_see_queue(person: Person, run: Run) -> Answer:
    """The assignments of a run: its trainers."""
    return yes_if(is_trainer_of(person, run), _("Only the trainers of the run assess assignments."))


def may_download(person: Person, file: StoredFile) -> Answer:
    """A file of an assignment: who sent it, and the trainers of the run once it is handed in."""
    led = (
        select(Submission.id)
        .join(SubmissionFile, SubmissionFile.submission_id == Submission.id)
        .join(RunTrainer, RunTrainer.run_id == Submission.run_id)
        .where(SubmissionFile.file_id == file.id, RunTrainer.person_id == person.id)
        .limit(1)
    )
    return yes_if(
        file.uploaded_by_id == person.id or db.session.scalar(led),
        _("Only who sent the file and the trainers of the run may open it."),
    )


STUDY = {"smail-chefer": ("manager",), "styrgrupp": ("steering_group",)}
"""Self-study programmes written for one role; those who lead and teach may read them all."""


def may_study(person: Person, key: str) -> Answer:
    """A programme to read on one's own: managers and the steering group have theirs, the others are for everybody."""
    roles = STUDY.get(key, ())
    return yes_if(
        not roles or has_role(person, *roles, "project_leader", "county_trainer", "trainer"),
        _("This programme is written for another role than yours."),
    )


def may_answer_survey(person: Person, survey: Survey) -> Answer:
    """Answer: who was asked."""
    return yes_if(db.session.get(Receipt, (survey.id, person.id)), _("This survey was not sent to you."))


def may_see_results(person: Person, project: Project) -> Answer:
    """Survey results, in batches: who evaluates, leads or teaches."""
    return yes_if(
        has_role(person, "project_leader", "evaluator", "county_trainer", "trainer", project_id=project.id),
        _("Only the evaluator, the project leader and trainers see survey results."),
    )


def may_see_goals(person: Person, project: Project) -> Answer:
    """The goals board: project leader and steering group."""
    return yes_if(
        has_role(person, "project_leader", "steering_group", project_id=project.id),
        _("Only the project leader and the steering group see the goals board."),
    )


def may_see_branch(person: Person, project: Project) -> Answer:
    """The users of one trainer: who sees the whole string, and each trainer her own (the view shows her no other)."""
    return yes_if(
        may_see_tree(person, project) or has_role(person, "trainer", project_id=project.id),
        _("Only trainers, county trainers and the project leader see who has been reached."),
    )


def may_see_tree(person: Person, project: Project) -> Answer:
    """The cascade with names: project leader and county trainers; others see their own part of it elsewhere."""
    return yes_if(
        has_role(person, "project_leader", "county_trainer", project_id=project.id),
        _("Only the project leader and county trainers see the whole string."),
    )


def may_see_statistics(person: Person, project: Project) -> Answer:
    """People and hours by gender and organisation, nobody in particular: who leads, pays, steers or evaluates."""
    return yes_if(
        has_role(person, "project_leader", "economist", "steering_group", "evaluator", project_id=project.id),
        _("Only the project leader, the economist, the steering group and the evaluator see the statistics."),
    )


def may_object(person: Person, entry: AttendanceEntry) -> Answer:
    """Say that a recorded time is wrong: the person it is about."""
    return yes_if(entry.person_id == person.id, _("Only the person concerned may say that a time is wrong."))


def may_answer_objection(person: Person, objection: Objection) -> Answer:
    """Answer somebody who means another time: her trainers."""
    asked = objecting.answerers(objection.entry)
    return yes_if(
        any(each.id == person.id for each in asked), _("Only those who lead the session may answer this.")
    )


def may_countersign(person: Person) -> Answer:
    """Sign the hours of one's staff: managers in projects whose rules ask for it."""
    return yes_if(countersigning.projects_of(person), _("No project asks you to sign the hours of your staff."))
