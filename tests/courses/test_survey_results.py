"""Results of surveys: shown in fives, never twice, never divided, and nothing ties an answer to who gave it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from courses import materials, programmes, surveys
from courses.surveys import LEAST, Response, SurveyBatch
from lms import clock
from lms.db import db
from lms.projects import Project
from tests.courses.asked import KEY, close_all, make_ended, opened, say, the_survey
from tests.factories import make_project


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


@pytest.mark.one_engine
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
