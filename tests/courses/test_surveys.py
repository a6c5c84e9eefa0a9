"""Surveys: who is asked when, what an answer leaves behind, and who is reminded."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from courses import background, surveys
from courses.runs import Run
from courses.surveys import Receipt, Response, Survey, SurveyBatch
from courses.surveys.asking import opening_day
from lms import clock, jobs
from lms.audit import Audit
from lms.db import db
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused
from tests.courses.asked import KEY, at_once, mails, make_ended, on, opened, say, the_survey
from tests.factories import make_enrolment, make_person, make_project
from tests.queries import count_queries


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


def test_two_answers_at_once_become_one(app: Flask) -> None:
    survey, people = opened(make_project(), 1)
    survey_id, person_id = survey.id, people[0].id
    db.session.commit()

    def send() -> None:
        person = db.session.get_one(Person, person_id)
        say(db.session.get_one(Survey, survey_id), [person])

    assert at_once(app, send, send, send) == ["answered", "answered", "done"]
    assert db.session.scalar(select(func.count()).select_from(Response)) == 1


def test_an_answer_at_the_moment_of_closing_is_counted_or_refused_never_lost(app: Flask) -> None:
    survey, people = opened(make_project(), 6)
    say(survey, people[:5])
    survey_id, person_id, project_id = survey.id, people[5].id, survey.run.project_id
    db.session.commit()

    def send() -> None:
        say(db.session.get_one(Survey, survey_id), [db.session.get_one(Person, person_id)])

    told = at_once(app, send, lambda: surveys.close_due(clock.today() + timedelta(days=15)))
    found = surveys.results(db.session.get_one(Project, project_id), KEY, "participant")
    assert [batch.answered for batch in found] == [6 if told == ["done", "done"] else 5]
    assert db.session.scalar(select(func.count()).select_from(Response).where(Response.survey_id.is_not(None))) == 0


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
    assert at_once(app, background.open_surveys, background.open_surveys) == ["done", "done"]
    db.session.expire_all()
    assert len(mails("survey:")) == 6
    say(the_survey(db.session.get_one(Run, run_id)), people[:2])
    db.session.commit()
    with clock.moved(moment + timedelta(days=5)):
        assert at_once(app, background.remind_of_surveys, background.remind_of_surveys) == ["done", "done"]
        assert len(mails("survey_reminder:")) == 4
        say(the_survey(db.session.get_one(Run, run_id)), people[2:])
        db.session.commit()
    with clock.moved(moment + timedelta(days=15)):
        assert at_once(app, background.close_surveys, background.close_surveys) == ["done", "done"]
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
