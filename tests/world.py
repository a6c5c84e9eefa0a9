"""A small whole world for tests that cross everything with everybody: one of each thing, one person of each role."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import select

from certificates.acts import issuing
from certificates.proof import credentials
from certificates.register import Certificate
from certificates.statement import ProjectRef
from courses import attendance, links, materials
from courses.activities import Activity
from courses.assignments import Submission, SubmissionFile
from courses.attendance import Mark, Objection
from courses.enrolment import Enrolment
from courses.esf.closings import MonthClosing
from courses.hours.declaring import Declaration, declare
from courses.runs import Run
from courses.surveys import Receipt, Survey
from lms import clock, files, jobs, pending
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.projects import Project, participation_of
from tests.certificates.examples import example
from tests.courses.snapshots import keep, make_month
from tests.factories import make_enrolment, make_participant, make_person, make_project, make_role, make_run

ROLES = (
    "anonymous",
    "outsider",
    "participant",
    "other_trainer",
    "trainer",
    "county_trainer",
    "manager",
    "economist",
    "evaluator",
    "steering_group",
    "other_leader",
    "leader",
    "administrator",
)

PDF = (
    b"%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\nxref\n0 1\n0000000000 65535 f \n"
    b"trailer\n<</Root 1 0 R/Size 1>>\nstartxref\n45\n%%EOF\n"
)


@dataclass
class World:
    """The people by role, and the id or key of each thing by the name it has in addresses."""

    people: dict[str, Person | None]
    values: dict[str, object]


def make_world() -> World:
    """One project with a run, a meeting, a submission, a certificate, surveys; and another project beside it."""
    project, other = make_project(), make_project(like="smot")
    people = _people(project, other)
    participant, trainer = people["participant"], people["trainer"]
    assert participant is not None
    assert trainer is not None
    run = make_run(project, trainer, first_day=clock.today() - timedelta(days=14))
    make_run(project, people["other_trainer"], organisation="Tierp", first_day=clock.today() + timedelta(days=60))
    enrolment = make_enrolment(run, participant)
    values = _things(project, run, enrolment, participant, trainer)
    leader = people["leader"]
    assert leader is not None
    materials.publish_all()
    jobs.beat()
    about = {"session": run.sessions[0].id, "utc": False, "nonce": "world-0001"}
    values["waiting_id"] = pending.keep("attendance", project, "a.csv", b"Namn;Kom", by=trainer, **about).id
    values["upload_id"] = pending.keep("plan", project, "plan.toml", b"dnr = 1", by=leader).id
    db.session.commit()
    return World(people, values)


def _people(project: Project, other: Project) -> dict[str, Person | None]:
    return {
        "anonymous": None,
        "outsider": make_person("Olle Utanför"),
        "participant": make_participant(project, "Pia Deltagare"),
        "other_trainer": make_role("trainer", project, person=make_participant(project, "Ove Annan")),
        "trainer": make_role("trainer", project, person=make_participant(project, "Tina Utbildare")),
        "county_trainer": make_role("county_trainer", project),
        "manager": make_role("manager", project),
        "economist": make_role("economist", project),
        "evaluator": make_role("evaluator", project),
        "steering_group": make_role("steering_group", project),
        "other_leader": make_role("project_leader", other),
        "leader": make_role("project_leader", project),
        "administrator": make_role("administrator"),
    }


def _things(
    project: Project, run: Run, enrolment: Enrolment, participant: Person, trainer: Person
) -> dict[str, object]:
    """One of each thing that stands in an address, all belonging to this project and run."""
    meeting = Activity(
        kind="network", project=project, title="Nätverk", created_by=trainer, revision=1, sequence=0, sessions=[]
    )
    submission = Submission(run=run, person=participant, version=1, text="Så gick det.", minutes=240, at=clock.now())
    survey = Survey(run=run, audience="participant", opens=clock.today(), closes=clock.today() + timedelta(days=9))
    letter = OutboxMail(
        recipient="a@b.example", subject="Hej", text="Hej", html="Hej", created_at=clock.now(), not_before=clock.now()
    )
    db.session.add_all([meeting, submission, survey, letter])
    db.session.flush()
    handed = files.store(PDF, "a.pdf", by=participant)
    db.session.add(SubmissionFile(submission_id=submission.id, file_id=handed.id))
    db.session.add(Receipt(survey_id=survey.id, person_id=participant.id))
    certificate = issuing.issue(
        example(project=ProjectRef("SMAIL", project.dnr)),
        holder=participant,
        ground="world",
        issuer_certificate=None,
        by=trainer,
    )
    role = next(role for role in trainer.roles if role.name == "trainer")
    part = participation_of(participant.id, project.id)
    assert part is not None
    (entry,) = attendance.record(run.sessions[1], [Mark(participant.id, "whole")], by=trainer, nonce="world-01").entries
    objection = Objection(entry_id=entry.id, person_id=participant.id, minutes=9, comment="Gick", at=clock.now())
    db.session.add(objection)
    db.session.flush()
    prepared = Declaration(run, "preparation", clock.today(), 60, "Förberedde passet")
    return {
        "declared_id": declare(prepared, nonce="world-02", by=trainer).id,
        "closing_id": _closed_month(project, participant, trainer).id,
        "part": "all",
        "entry_id": entry.id,
        "objection_id": objection.id,
        "hours_token": links.hours_token(participant, entry.day.replace(day=1)),
        "project_id": project.id,
        "run_id": run.id,
        "session_id": run.sessions[0].id,
        "enrolment_id": enrolment.id,
        "submission_id": submission.id,
        "file_id": handed.id,
        "survey_id": survey.id,
        "certificate_id": certificate.id,
        "person_id": participant.id,
        "participation_id": part.id,
        "mail_id": letter.id,
        "meeting_id": meeting.id,
        "role_id": role.id,
        "trainer": trainer.id,
        "code": certificate.code,
        **_published(certificate),
        "token": links.invitation_token(enrolment),
        "feed_token": links.calendar(participant).rsplit("/", 1)[1].removesuffix(".ics"),
        "number": 1,
        "name": "2022-09",
        "programme": "smail-anvandare",
        "audience": "participant",
        "kind": "csv",
        "extension": "json",
    }


def _published(certificate: Certificate) -> dict[str, object]:
    """Where anybody fetches what was signed."""
    held = credentials.newest(certificate)
    achievement = db.session.scalar(select(credentials.Achievement.slug))
    assert held is not None
    named = db.session.get_one(credentials.StatusList, held.list_id).name
    return {"address": held.token, "status_list": named, "achieved": achievement}


def _closed_month(project: Project, participant: Person, leader: Person) -> MonthClosing:
    """September, closed, with hours of the participant and a sheet of the first session."""
    month = make_month(1, 1, first=date(2022, 9, 1), closed_at=clock.now())
    (person,), (line,), (sheet,) = month.participants, month.lines, month.sheets
    hers = replace(
        month,
        participants=(replace(person, person_id=participant.id),),
        lines=(replace(line, person_id=participant.id),),
        sheets=(replace(sheet, session_id=1),),
    )
    return keep(project, hers, by=leader)
