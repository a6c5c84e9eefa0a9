"""Surveys: who has answered is known, what was answered is shown in fives, and nothing ties the two."""

import threading
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from courses import background, surveys
from courses.runs import Run
from courses.surveys import LEAST, Receipt, Response, Survey, SurveyBatch
from courses.surveys.asking import opening_day
from lms import clock, jobs
from lms.audit import Audit
from lms.db import db
from lms.mail import OutboxMail
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused
from tests.factories import make_enrolment, make_person, make_project, make_run
from tests.queries import count_queries

KEY = "smail-anvandare"


def on(day: date, hour: int = 18) -> datetime:
    return clock.at(day, time(hour))


def make_ended(project: Project, people: int, *, trainers: int = 1, days_ago: int = 0) -> tuple[Run, list[Person]]:
    """A run whose last session was today at 08.30 (the clock of the tests stands at noon), or days ago."""
    run = make_run(
        project,
        *(make_person() for _each in range(trainers)),
        first_day=clock.today() - timedelta(days=7 + days_ago),
    )
    for session in run.sessions:
        session.ends_at -= timedelta(hours=1)
    participants = [make_person() for _each in range(people)]
    for person in participants:
        make_enrolment(run, person)
    return run, participants


def the_survey(run: Run, audience: str = "participant") -> Survey:
    return db.session.scalars(select(Survey).filter_by(run_id=run.id, audience=audience)).one()


def opened(project: Project, people: int, **values: int) -> tuple[Survey, list[Person]]:
    run, participants = make_ended(project, people, **values)
    surveys.open_due(clock.today())
    return the_survey(run), participants


def say(survey: Survey, people: Sequence[Person], step: int | None = 4, words: str = "") -> None:
    for person in people:
        given = {"knows_enough": step} | ({"change": f"{words} {person.id}"} if words else {})
        surveys.answer(survey, person, given, by=person)


def close_all(*, after: int = 15) -> None:
    with clock.moved(clock.now() + timedelta(days=after)):
        surveys.close_due(clock.today())


def mails(prefix: str) -> list[OutboxMail]:
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.key.startswith(prefix)).order_by(OutboxMail.id)))


# --- opening ------------------------------------------------------------------------------------------------


def test_a_survey_opens_for_each_audience_when_the_last_session_has_ended(app: Flask) -> None:
    project = make_project()
    run, participants = make_ended(project, 3)
    last = run.sessions[-1].ends_at
    with clock.moved(last - timedelta(minutes=1)):
        assert surveys.open_due(clock.today()) == 0
    assert surveys.open_due(clock.today()) == 4
    assert the_survey(run).opens == clock.today()
    assert the_survey(run).closes == clock.today() + timedelta(days=14)
    assert the_survey(run, "followup").opens == clock.today() + timedelta(weeks=8)
    assert [s.id for s in surveys.waiting(participants[0])] == [the_survey(run).id]
    assert [s.audience for s in surveys.waiting(run.trainers[0])] == ["trainer"]
    assert surveys.progress(run) == {"participant": (0, 3), "trainer": (0, 1)}
    assert {m.recipient for m in mails("survey:")} == {p.email for p in [*participants, *run.trainers]}
    assert f"/surveys/{the_survey(run).id}" in mails("survey:")[0].text


def test_opening_twice_asks_once_and_a_late_walk_in_is_asked_then(app: Flask) -> None:
    project = make_project()
    run, _people = make_ended(project, 2)
    surveys.open_due(clock.today())
    assert surveys.open_due(clock.today()) == 0
    late = make_person()
    make_enrolment(run, late).walk_in = True
    assert surveys.open_due(clock.today()) == 1
    assert surveys.waiting(late) == [the_survey(run)]
    assert len(mails("survey:")) == 4


def test_only_those_with_a_place_are_asked_and_cancelled_runs_ask_nobody(app: Flask) -> None:
    project = make_project()
    run, _people = make_ended(project, 1)
    for state in ("invited", "waiting", "declined", "withdrawn"):
        make_enrolment(run, make_person(), state)
    cancelled, _others = make_ended(project, 2)
    cancelled.cancelled_at = clock.now()
    surveys.open_due(clock.today())
    assert surveys.progress(run)["participant"] == (0, 1)
    assert surveys.progress(cancelled) == {}


def test_the_followup_comes_to_participants_eight_weeks_later(app: Flask) -> None:
    project = make_project()
    run, people = make_ended(project, 2)
    surveys.open_due(clock.today())
    with clock.moved(clock.now() + timedelta(weeks=8)):
        assert surveys.open_due(clock.today()) == 2
        assert surveys.waiting(people[0]) == [the_survey(run, "followup")]
        assert surveys.waiting(run.trainers[0]) == []


def test_the_followup_closes_with_the_project_but_never_comes_at_once() -> None:
    ends = date(2023, 4, 30)
    assert opening_day("participant", date(2023, 2, 28), ends) == date(2023, 2, 28)
    assert opening_day("followup", date(2022, 10, 1), ends) == date(2022, 11, 26)
    assert opening_day("followup", date(2023, 2, 28), ends) == date(2023, 4, 16)
    assert opening_day("followup", date(2023, 4, 28), ends) == date(2023, 5, 12)


def test_a_worker_that_was_down_still_gives_fourteen_days(app: Flask) -> None:
    run, _people = make_ended(make_project(), 1, days_ago=30)
    surveys.open_due(clock.today())
    assert the_survey(run).closes == clock.today() + timedelta(days=14)


# --- answering ----------------------------------------------------------------------------------------------


def test_an_answer_leaves_a_receipt_of_the_day_and_a_response_of_nobody(app: Flask) -> None:
    survey, people = opened(make_project(), 2)
    surveys.answer(survey, people[0], {"knows_enough": 5, "conversation": None, "change": "  Mer tid "}, by=people[0])
    receipt = db.session.get_one(Receipt, (survey.id, people[0].id))
    assert receipt.answered_on == clock.today()
    response = db.session.scalars(select(Response)).one()
    assert len(response.id) == 32
    assert response.answers["change"] == "Mer tid"
    assert list(response.answers.values()).count(None) == 5
    assert surveys.waiting(people[0]) == []
    assert surveys.progress(survey.run)["participant"] == (1, 2)


def test_answering_is_not_in_the_audit_log(app: Flask) -> None:
    survey, people = opened(make_project(), 2)
    before = db.session.scalar(select(func.count(Audit.id)))
    say(survey, people)
    assert db.session.scalar(select(func.count(Audit.id))) == before


def test_twice_somebody_else_not_asked_too_early_too_late(app: Flask) -> None:
    survey, people = opened(make_project(), 3)
    say(survey, people[:1])
    stranger = make_person()
    for person, by, code in (
        (people[0], people[0], "answered"),
        (people[1], people[0], "not_yours"),
        (stranger, stranger, "not_asked"),
    ):
        with pytest.raises(Refused) as refusal:
            surveys.answer(survey, person, {"knows_enough": 1}, by=by)
        assert refusal.value.code == code
    followup = the_survey(survey.run, "followup")
    with pytest.raises(Refused) as refusal:
        say(followup, people[1:2])
    assert refusal.value.code == "not_open"
    with clock.moved(on(survey.closes, 23)):
        say(survey, people[1:2])
    with clock.moved(on(survey.closes + timedelta(days=1), 0)), pytest.raises(Refused) as refusal:
        say(survey, people[2:3])
    assert refusal.value.code == "closed"
    assert db.session.scalar(select(func.count()).select_from(Response)) == 2


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({}, "empty"),
        ({"change": "   "}, "empty"),
        ({"knows_enough": 0}, "wrong"),
        ({"knows_enough": 6}, "wrong"),
        ({"knows_enough": "4"}, "wrong"),
        ({"knows_enough": True}, "wrong"),
        ({"knows_enough": 3.0}, "wrong"),
        ({"change": 4}, "wrong"),
        ({"change": "a" * 2001}, "wrong"),
        ({"shoe_size": 4}, "wrong"),
    ],
)
def test_answers_are_held_against_the_questions(app: Flask, answers: dict[str, Any], code: str) -> None:
    survey, people = opened(make_project(), 1)
    with pytest.raises(Refused) as refusal:
        surveys.answer(survey, people[0], answers, by=people[0])
    assert refusal.value.code == code
    assert db.session.get_one(Receipt, (survey.id, people[0].id)).answered_on is None


def test_do_not_know_alone_is_an_answer(app: Flask) -> None:
    survey, people = opened(make_project(), 1)
    surveys.answer(survey, people[0], {"knows_enough": None, "change": "a" * 2000}, by=people[0])
    assert db.session.scalars(select(Response)).one().answers["knows_enough"] is None


def _at_once(app: Flask, *acts: Any) -> list[str]:
    """Run the acts in threads of their own, each with its transaction; returns what became of each."""
    db.session.commit()
    gate = threading.Barrier(len(acts))
    told: list[str] = []
    moment = clock.now()

    def run(act: Any) -> None:
        with app.app_context(), clock.moved(moment):
            gate.wait()
            try:
                act()
                db.session.commit()
                told.append("done")
            except Refused as refusal:
                db.session.rollback()
                told.append(refusal.code)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(told)


def test_two_answers_at_once_become_one(app: Flask) -> None:
    survey, people = opened(make_project(), 1)
    survey_id, person_id = survey.id, people[0].id
    db.session.commit()

    def send() -> None:
        person = db.session.get_one(Person, person_id)
        say(db.session.get_one(Survey, survey_id), [person])

    assert _at_once(app, send, send, send) == ["answered", "answered", "done"]
    assert db.session.scalar(select(func.count()).select_from(Response)) == 1


def test_an_answer_at_the_moment_of_closing_is_counted_or_refused_never_lost(app: Flask) -> None:
    survey, people = opened(make_project(), 6)
    say(survey, people[:5])
    survey_id, person_id, project_id = survey.id, people[5].id, survey.run.project_id
    db.session.commit()

    def send() -> None:
        say(db.session.get_one(Survey, survey_id), [db.session.get_one(Person, person_id)])

    told = _at_once(app, send, lambda: surveys.close_due(clock.today() + timedelta(days=15)))
    found = surveys.results(db.session.get_one(Project, project_id), KEY, "participant")
    assert [batch.answered for batch in found] == [6 if told == ["done", "done"] else 5]
    assert db.session.scalar(select(func.count()).select_from(Response).where(Response.survey_id.is_not(None))) == 0


# --- closing ------------------------------------------------------------------------------------------------


def test_less_than_five_is_never_shown_and_two_small_courses_are_shown_together(app: Flask) -> None:
    project = make_project()
    first, people = opened(project, 4)
    say(first, people, 5, "första")
    assert surveys.results(project, KEY, "participant") == []
    close_all()
    assert surveys.results(project, KEY, "participant") == []
    assert surveys.share(project, "knows_enough") is None
    assert {kind.audience: kind.waiting for kind in surveys.overview(project)} == {"participant": 4, "trainer": 0}
    second, others = opened(project, 3)
    say(second, others[:2], 2, "andra")
    close_all()
    (batch,) = surveys.results(project, KEY, "participant")
    assert (batch.number, batch.answered, batch.asked) == (1, 6, 7)
    knows = batch.scales[0]
    assert (knows.counts, knows.unsure, knows.answered, knows.agree) == ((0, 2, 0, 0, 4), 0, 6, 4)
    assert {words.split()[0] for words in batch.texts[1].texts} == {"första", "andra"}
    assert surveys.share(project, "knows_enough") == (4, 6)


def test_while_it_is_open_nothing_is_read_even_with_many_answers(app: Flask) -> None:
    project = make_project()
    survey, people = opened(project, 12)
    say(survey, people)
    assert surveys.results(project, KEY, "participant") == []
    assert surveys.close_due(survey.closes) == 0
    assert surveys.close_due(survey.closes + timedelta(days=1)) > 0
    assert surveys.results(project, KEY, "participant")[0].answered == 12


def test_a_published_batch_is_full_and_later_answers_wait_for_the_next(app: Flask) -> None:
    project = make_project()
    for size in (5, 3, 3):
        survey, people = opened(project, size)
        say(survey, people)
        close_all()
    assert [(b.number, b.answered) for b in surveys.results(project, KEY, "participant")] == [(2, 6), (1, 5)]


def test_the_trainers_of_many_runs_are_counted_together(app: Flask) -> None:
    project = make_project()
    for trainers in (1, 2, 1, 1):
        run, _people = make_ended(project, 1, trainers=trainers)
        surveys.open_due(clock.today())
        survey = the_survey(run, "trainer")
        assert surveys.results(project, KEY, "trainer") == []
        for trainer in run.trainers:
            surveys.answer(survey, trainer, {"prepared": 3}, by=trainer)
        close_all()
    (batch,) = surveys.results(project, KEY, "trainer")
    assert (batch.answered, batch.asked, batch.scales[0].counts) == (5, 5, (0, 0, 5, 0, 0))


def test_other_projects_programmes_and_audiences_never_fill_a_batch(app: Flask) -> None:
    project, other = make_project(), make_project(dnr="2024/00001")
    for where in (project, other):
        survey, people = opened(where, 4)
        say(survey, people)
    close_all()
    assert surveys.results(project, KEY, "participant") == surveys.results(other, KEY, "participant") == []


def test_closing_gives_every_answer_a_new_id_and_no_survey(app: Flask) -> None:
    survey, people = opened(make_project(), 3)
    say(survey, people)
    before = set(db.session.scalars(select(Response.id)))
    close_all()
    between = set(db.session.scalars(select(Response.id)))
    second, others = opened(survey.run.project, 1)
    say(second, others)
    close_all()
    after = set(db.session.scalars(select(Response.id)))
    assert not before & between
    assert not between & after
    assert list(db.session.scalars(select(Response.survey_id))) == [None] * 4


def test_the_response_table_keeps_no_order_of_arrival(app: Flask) -> None:
    survey, people = opened(make_project(), 12)
    for number, person in enumerate(people):
        surveys.answer(survey, person, {"change": f"nummer {number:02}"}, by=person)
    close_all()
    if db.engine.dialect.name == "sqlite":
        made = db.session.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'survey_response'"))
        assert "WITHOUT ROWID" in made
        stored = "SELECT answers ->> '$.change' FROM survey_response"
    else:
        stored = "SELECT answers ->> 'change' FROM survey_response ORDER BY ctid"
    words = list(db.session.scalars(text(stored)))
    assert sorted(words) == [f"nummer {number:02}" for number in range(12)]
    assert words != sorted(words)


def test_on_postgresql_the_transaction_of_an_answer_is_not_that_of_its_receipt(app: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        assert "xmin" not in Response.__table__.columns
        return
    survey, people = opened(make_project(), 6)
    db.session.commit()
    for person in people:
        say(survey, [person])
        db.session.commit()
    close_all()
    db.session.commit()
    responses = set(db.session.scalars(text("SELECT xmin::text FROM survey_response")))
    receipts = set(db.session.scalars(text("SELECT xmin::text FROM survey_receipt")))
    assert len(responses) == 1
    assert not responses & receipts


def test_new_questions_begin_a_new_batch_and_a_new_wording_does_not(app: Flask) -> None:
    from dataclasses import replace

    from courses import materials, programmes

    project = make_project()
    programme = programmes.load(programmes.CONTENT / KEY)
    plan = programme.surveys["participant"]
    reworded = replace(plan.questions[0], text={"sv": "Ny lydelse", "en": "New wording"})
    shorter = replace(plan, questions=(reworded, *plan.questions[1:3]))
    for questions in (replace(plan, questions=(reworded, *plan.questions[1:])), shorter):
        surveys_of = dict(programme.surveys) | {"participant": questions}
        run, people = make_ended(project, 3)
        run.material = materials.publish(replace(programme, surveys=surveys_of))
        db.session.flush()
        surveys.open_due(clock.today())
        say(the_survey(run), people)
        survey, people = opened(project, 2)
        say(survey, people)
        close_all()
    (batch,) = surveys.results(project, KEY, "participant")
    assert batch.answered == 5
    assert sorted(db.session.scalars(select(SurveyBatch.answers).filter_by(audience="participant"))) == [2, 3, 5]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(min_value=0, max_value=7), min_size=1, max_size=6))
def test_no_two_looks_can_be_subtracted(app: Flask, sizes: list[int]) -> None:
    """Whatever closes in whatever order: batches are at least five, never grow, and share no answer."""
    db.session.rollback()
    project = make_project(dnr=f"2024/{db.session.scalar(select(func.count(Project.id))):05}")
    seen: dict[int, set[str]] = {}
    for turn, size in enumerate(sizes):
        survey, people = opened(project, 7)
        for person in people[:size]:
            surveys.answer(survey, person, {"change": f"{turn}-{person.id}"}, by=person)
        close_all()
        for batch in surveys.results(project, KEY, "participant"):
            texts = set(batch.texts[1].texts)
            assert len(texts) == batch.answered >= LEAST
            assert seen.setdefault(batch.number, texts) == texts
    every = [words for texts in seen.values() for words in texts]
    assert len(every) == len(set(every))
    assert sum(sizes) - len(every) < LEAST
    db.session.rollback()


# --- reminding and background ---------------------------------------------------------------------------------


def test_reminders_go_twice_and_only_to_who_has_not_answered(app: Flask) -> None:
    survey, people = opened(make_project(), 3)
    say(survey, people[:1])
    counts = []
    for days in range(15):
        with clock.moved(clock.now() + timedelta(days=days)):
            counts.append(surveys.remind_due(clock.today()) + surveys.remind_due(clock.today()))
            if days == 7:
                say(survey, people[1:2])
    assert counts == [0] * 5 + [3] + [0] * 4 + [2] + [0] * 4
    recipients = [mail.recipient for mail in mails("survey_reminder:")]
    assert people[0].email not in recipients
    assert recipients.count(people[2].email or "") == 2
    assert recipients.count(people[1].email or "") == 1


def test_who_is_reached_late_is_reminded_once_not_twice(app: Flask) -> None:
    opened(make_project(), 1, trainers=0)
    with clock.moved(clock.now() + timedelta(days=12)):
        assert surveys.remind_due(clock.today()) == 1
        assert surveys.remind_due(clock.today()) == 0


def test_two_workers_at_once_open_remind_and_close_once(app: Flask) -> None:
    project = make_project()
    run, people = make_ended(project, 5)
    db.session.commit()
    run_id, project_id, moment = run.id, project.id, clock.now()
    assert _at_once(app, background.open_surveys, background.open_surveys) == ["done", "done"]
    db.session.expire_all()
    assert len(mails("survey:")) == 6
    say(the_survey(db.session.get_one(Run, run_id)), people[:2])
    db.session.commit()
    with clock.moved(moment + timedelta(days=5)):
        assert _at_once(app, background.remind_of_surveys, background.remind_of_surveys) == ["done", "done"]
        assert len(mails("survey_reminder:")) == 4
        say(the_survey(db.session.get_one(Run, run_id)), people[2:])
        db.session.commit()
    with clock.moved(moment + timedelta(days=15)):
        assert _at_once(app, background.close_surveys, background.close_surveys) == ["done", "done"]
    db.session.expire_all()
    batch = db.session.scalars(select(SurveyBatch).filter_by(audience="participant")).one()
    assert (batch.answers, batch.asked) == (5, 5)
    assert len(surveys.results(db.session.get_one(Project, project_id), KEY, "participant")) == 1


def test_the_worker_does_it_each_minute_with_few_questions_when_nothing_is_due(app: Flask) -> None:
    project = make_project()
    for _each in range(3):
        make_ended(project, 2)
    db.session.commit()
    jobs.run_due(app)
    assert len(mails("survey:")) == 9
    db.session.expire_all()
    with count_queries() as queries:
        background.open_surveys()
        background.remind_of_surveys()
        background.close_surveys()
    assert len([q for q in queries if q.startswith("SELECT")]) <= 4
