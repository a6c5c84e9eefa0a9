"""Certification: every reason why not, every certificate exactly once, and the gate before the one who certifies."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from certificates import register
from certificates.acts import revoking
from certificates.register import Certificate
from courses import certification, exemptions
from courses.certification import Facts, SessionFact, Work, certify, facts, is_eligible, unmet
from courses.certification.wording import months_later
from courses.runs import Run
from lms import clock
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person, has_role
from lms.projects import Project
from lms.refusals import Refused
from tests.courses import earning
from tests.courses.test_gate import certify as give_certificate
from tests.factories import make_enrolment, make_participant, make_person, make_project, make_role, make_run
from tests.queries import count_queries

DAY = date(2022, 10, 12)
PAST = DAY - timedelta(days=21)


def session(**values: object) -> SessionFact:
    given: dict[str, object] = {
        "id": 5, "number": 1, "day": PAST, "planned": 240, "over": True, "signed": True, "attended": 240
    }  # fmt: skip
    return SessionFact(**{**given, **values})  # type: ignore[arg-type]


DONE = Facts(
    person_id=1,
    name="Elin Forsman",
    organisation="Håbo",
    protected=False,
    requires=frozenset({"attendance", "assignment", "horizontal"}),
    share=100,
    sessions=(session(),),
    work=Work("approved", 7, 240, "Eva Dahlgren", PAST),
    horizontal="completed",
    horizontal_day=PAST,
    survey="offered",
)


def test_who_has_done_everything_is_eligible() -> None:
    assert unmet(DONE) == []
    assert is_eligible(DONE)


@pytest.mark.parametrize(
    ("facts", "code", "fixer", "target"),
    [
        (replace(DONE, sessions=(session(attended=239),)), "minutes_missing", "participant", None),
        (replace(DONE, sessions=(session(attended=0, signed=False),)), "sheet_unsigned", "trainer", 5),
        (replace(DONE, sessions=(session(attended=0, signed=False, over=False),)), "session_to_come", "nobody", None),
        (replace(DONE, work=Work()), "assignment_missing", "participant", None),
        (replace(DONE, work=Work("waiting", 7)), "assignment_waiting", "trainer", 7),
        (replace(DONE, work=Work("returned", 7)), "assignment_returned", "participant", None),
        (replace(DONE, horizontal=""), "horizontal_not_offered", "leader", None),
        (replace(DONE, horizontal="offered"), "horizontal_missing", "participant", None),
        (replace(DONE, horizontal="accepted"), "horizontal_missing", "participant", None),
        (replace(DONE, survey="not_offered"), "survey_not_offered", "nobody", None),
        (replace(DONE, certificate="revoked"), "revoked", "leader", None),
    ],
)
def test_every_reason_names_what_is_missing_and_who_can_fix_it(
    facts: Facts, code: str, fixer: str, target: int | None
) -> None:
    assert [(each.code, each.fixer, each.target) for each in unmet(facts)] == [(code, fixer, target)]
    assert unmet(facts)[0].message.render()
    assert not is_eligible(facts)


def test_made_up_minutes_and_the_share_of_the_programme_count() -> None:
    assert not unmet(replace(DONE, sessions=(session(attended=100, made_up=140),)))
    assert not unmet(replace(DONE, sessions=(session(attended=0, made_up=240, signed=False),)))
    assert not unmet(replace(DONE, share=80, sessions=(session(attended=192),)))
    assert unmet(replace(DONE, share=80, sessions=(session(attended=191),)))
    assert session(attended=200, made_up=200).counted == 240


def test_what_the_programme_does_not_require_is_not_missed() -> None:
    nothing = replace(DONE, requires=frozenset(), sessions=(session(attended=0),), work=Work(), horizontal="")
    assert unmet(replace(nothing, survey="none")) == []


def test_who_is_certified_is_not_eligible_again() -> None:
    assert not is_eligible(replace(DONE, certificate="here"))
    assert not is_eligible(replace(DONE, certificate="elsewhere"))


def test_validity_ends_on_the_same_day_of_a_later_month() -> None:
    assert months_later(date(2022, 12, 5), 24) == date(2024, 12, 5)
    assert months_later(date(2022, 8, 31), 6) == date(2023, 2, 28)
    assert months_later(date(2022, 12, 31), 1) == date(2023, 1, 31)


def scene(*, people: int = 2, programme: str = "smail-anvandare") -> tuple[Project, Run, Person, list[Person]]:
    """A run that is over and signed, led by a certified trainer, in which everybody has earned a certificate."""
    project = make_project()
    trainer = make_role("county_trainer" if programme == "smail-utbildare" else "trainer", project)
    give_certificate(trainer, project)
    run = make_run(project, trainer, first_day=PAST, programme=programme)
    earned = [earning.earn(run, make_participant(project), by=trainer) for _each in range(people)]
    earning.sign_all(run, by=trainer)
    return project, run, trainer, earned


def test_each_gets_one_certificate_that_says_all_of_it(app: Flask) -> None:
    _project, run, trainer, people = scene()
    made = certify(run, people, by=trainer)
    assert [certificate.number for certificate in made] == ["SMA-A-2022-0001", "SMA-A-2022-0002"]
    told = register.statement_of(made[0])
    assert told.holder_name == people[0].full_name
    assert (told.minutes, told.level, told.valid_until) == (720, "user", None)
    assert [(part.kind, part.minutes, part.by) for part in told.parts if part.kind != "horizontal"] == [
        ("session", 240, (trainer.name,)),
        ("session", 240, (trainer.name,)),
        ("assignment", 240, (trainer.name,)),
    ]
    assert (told.first_day, told.last_day) == (PAST, DAY)
    assert told.trainers[0].name == trainer.name
    (own,) = register.of(trainer)
    assert (told.certified_by.certificate_number, told.certified_by.certificate_code) == (own.number, own.code)
    assert made[0].issuer_certificate_id == own.id
    assert told.programme.material_version == run.material.version
    mails = db.session.scalars(select(OutboxMail).where(OutboxMail.key.startswith("certified:"))).all()
    assert {mail.person_id for mail in mails} == {person.id for person in people}
    assert f"http://localhost/v/{made[0].code}" in mails[0].text


def test_pressing_twice_changes_nothing(app: Flask) -> None:
    _project, run, trainer, people = scene()
    first = certify(run, people, by=trainer)
    assert certify(run, people, by=trainer) == first
    assert db.session.scalar(select(func.count()).select_from(OutboxMail).where(OutboxMail.key.is_not(None))) == 2


def test_two_trainers_who_press_at_once_certify_each_person_once(app: Flask) -> None:
    _project, run, trainer, people = scene(people=3)
    run_id, trainer_id, ids = run.id, trainer.id, [person.id for person in people]
    db.session.commit()
    start, numbers, faults = threading.Barrier(3), [], []

    def press() -> None:
        with app.app_context(), clock.moved(clock.at(DAY, clock.local(clock.now()).time())):
            try:
                start.wait()
                chosen = [db.session.get_one(Person, each) for each in ids]
                made = certify(db.session.get_one(Run, run_id), chosen, by=db.session.get_one(Person, trainer_id))
                db.session.commit()
                numbers.append(sorted(certificate.number for certificate in made))
            except Exception as error:
                faults.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=press) for _each in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert numbers == [["SMA-A-2022-0001", "SMA-A-2022-0002", "SMA-A-2022-0003"]] * 3
    assert db.session.scalar(select(func.count()).select_from(Certificate).where(Certificate.level == "user")) == 3
    assert db.session.scalar(select(func.count()).select_from(OutboxMail).where(OutboxMail.key.is_not(None))) == 3


@pytest.mark.parametrize("missing", ["attendance", "assignment", "horizontal", "survey"])
def test_who_lacks_something_is_refused_and_then_nobody_is_certified(app: Flask, missing: str) -> None:
    project, run, trainer, people = scene(people=1)
    late = earning.earn(run, make_participant(project, "Late Person"), by=trainer, without=missing)
    assert not is_eligible(facts(run)[late.id])
    with pytest.raises(Refused) as refusal:
        certify(run, [*people, late], by=trainer)
    assert refusal.value.code == "not_eligible"
    assert refusal.value.values["names"] == ["Late Person"]
    assert db.session.scalar(select(func.count()).select_from(Certificate).where(Certificate.level == "user")) == 0


def test_unsigned_sheets_do_not_count(app: Flask) -> None:
    project = make_project()
    trainer = make_role("trainer", project)
    run = make_run(project, trainer, first_day=PAST)
    person = earning.earn(run, make_participant(project), by=trainer)
    earning.sign(run.sessions[0], by=trainer)
    assert [each.code for each in unmet(facts(run)[person.id])] == ["sheet_unsigned"]


def test_minutes_made_up_in_another_run_of_the_programme_count(app: Flask) -> None:
    project, run, trainer, _people = scene()
    other = make_run(project, trainer, first_day=PAST - timedelta(days=30))
    trainers_course = make_run(project, trainer, first_day=PAST - timedelta(days=60), programme="smail-utbildare")
    late = earning.earn(run, make_participant(project), by=trainer, without="attendance")
    earning.attend(run.sessions[0], late, by=trainer)
    earning.attend(run.sessions[1], late, by=trainer, minutes=100)
    earning.attend(trainers_course.sessions[1], late, by=trainer)
    earning.sign_all(trainers_course, by=trainer)
    assert [each.code for each in unmet(facts(run)[late.id])] == ["minutes_missing"]
    earning.attend(other.sessions[1], late, by=trainer, minutes=140)
    assert not is_eligible(facts(run)[late.id]), "the other sheet is not signed yet"
    earning.sign_all(other, by=trainer)
    assert is_eligible(facts(run)[late.id])
    told = register.statement_of(certify(run, [late], by=trainer)[0])
    assert [part.minutes for part in told.parts if part.kind == "session"] == [240, 240]


def test_a_revoked_certificate_does_not_come_back_from_the_same_run(app: Flask) -> None:
    project, run, trainer, people = scene(people=1)
    made = certify(run, people, by=trainer)[0]
    revoking.revoke(made, reason_code="mistake", by=make_role("project_leader", project))
    assert [each.code for each in unmet(facts(run)[people[0].id])] == ["revoked"]
    with pytest.raises(Refused, match="Not yet possible"):
        certify(run, people, by=trainer)


def test_who_is_certified_by_another_run_of_the_programme_gets_no_second_one(app: Flask) -> None:
    project, run, trainer, people = scene(people=1)
    made = certify(run, people, by=trainer)
    again = make_run(project, trainer, first_day=PAST)
    make_enrolment(again, people[0])
    assert certification.is_certified(facts(again)[people[0].id])
    assert certify(again, people, by=trainer) == made


def refusal_of(run: Run, people: list[Person], by: Person) -> str:
    with pytest.raises(Refused) as refusal:
        certify(run, people, by=by)
    return refusal.value.code


def test_who_certifies_passes_the_gate_on_the_day(app: Flask) -> None:
    project, run, trainer, people = scene()
    leader = make_role("project_leader", project)
    assert refusal_of(run, people, make_person()) == "not_trainer"
    assert refusal_of(run, people, leader) == "not_trainer"
    assert refusal_of(run, [], trainer) == "nobody"
    (own,) = register.of(trainer)
    revoking.revoke(own, reason_code="conduct", by=leader)
    assert refusal_of(run, people, trainer) == "gate"
    exemptions.grant(project, trainer, starts=DAY, ends=DAY, reason="The run is nearly done", by=leader)
    made = certify(run, people, by=trainer)[0]
    told = register.statement_of(made)
    assert made.issuer_certificate_id is None
    assert told.certified_by.exemption is not None
    assert "12 oktober 2022" in told.certified_by.exemption
    assert "nearly done" not in told.certified_by.exemption, "the reason is not for strangers"


def test_nothing_is_certified_in_a_cancelled_run_or_an_ended_project(app: Flask) -> None:
    _project, run, trainer, people = scene()
    with clock.moved(clock.now() + timedelta(days=365)):
        assert refusal_of(run, people, trainer) == "project_ended"
    run.cancelled_at = clock.now()
    assert refusal_of(run, people, trainer) == "cancelled"


def test_a_certified_trainer_may_teach_from_that_day(app: Flask) -> None:
    project, run, county, people = scene(people=1, programme="smail-utbildare")
    made = certify(run, people, by=county)[0]
    assert (made.level, made.valid_until) == ("trainer", date(2024, 10, 12))
    assert made.number.startswith("SMA-U-2022-")
    assert has_role(people[0], "trainer", project_id=project.id)


def test_a_protected_identity_is_certified_by_its_alias(app: Flask) -> None:
    project, run, trainer, _people = scene()
    hidden = make_participant(project, "Anna Hemlig", protected=True, alias="Deltagare 7")
    earning.earn(run, hidden, by=trainer)
    made = certify(run, [hidden], by=trainer)[0]
    assert "Hemlig" not in made.statement
    assert register.statement_of(made).holder_name == "Deltagare 7"


def test_facts_ask_as_many_questions_for_many_people_as_for_few(app: Flask) -> None:
    project, run, trainer, _people = scene(people=2)
    counts = []
    for more in (0, 8):
        for _each in range(more):
            earning.earn(run, make_participant(project), by=trainer)
        db.session.commit()
        db.session.expire_all()
        loaded = db.session.get_one(Run, run.id)
        with count_queries() as queries:
            assert len(facts(loaded)) == 2 + more
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_thirty_people_are_certified_in_one_act(app: Flask) -> None:
    _project, run, trainer, people = scene(people=30)
    assert len({certificate.number for certificate in certify(run, people, by=trainer)}) == 30
