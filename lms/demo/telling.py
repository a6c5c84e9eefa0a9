"""The whole story put together: people, courses, meetings and surveys in one agenda, told until today."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial

from flask_babel import gettext as _
from sqlalchemy import Row, select

from certificates.proof import status_lists
from courses import surveys
from courses.surveys import Receipt, Survey
from lms import clock
from lms.db import db
from lms.demo import cast, certifying, fates, meetings, months, preparing, texts
from lms.demo.agenda import Agenda, course_days, working_day
from lms.demo.course import CourseStory
from lms.demo.personas import COUNTY_TRAINER
from lms.demo.stage import Stage
from lms.demo.story import TRAINER_COURSES, TRAINERS, USER_COURSES, Course, Place, more_courses
from lms.people import Person
from lms.plan import Plan
from lms.projects import Project
from lms.refusals import Refused

FIRST_USER_COURSE = timedelta(days=45)
LAST_FINISHED = timedelta(days=37)
Slot = tuple[Place, date, float]
ANSWERS = 0.21
"""So many of those who were asked answer within two days."""
A_WEEK, TWO_WEEKS = timedelta(days=7), timedelta(days=14)


def tell(plan: Plan, today: date, *, scale: int, say: Callable[[str], None]) -> Project:
    """Tell the project of the plan until the morning of `today`; nothing is committed here."""
    stage = Stage(plan, Agenda(today))
    more = [course for batch in range(1, scale) for course in more_courses(batch)]
    cast.begin(stage, dict(_wanted(more)))
    _trainer_courses(stage)
    _more_courses(stage, more, _user_courses(stage))
    meetings.begin(stage)
    certifying.begin(stage)
    preparing.begin(stage)
    months.begin(stage)
    fates.begin(stage)
    for day in _days(plan.phase("trainers").starts, today)[::-2]:
        stage.agenda.at(day, 18.0, partial(_surveys, stage))
    stage.agenda.tell(say)
    status_lists.renew_due()  # signed now: those of the story are old, and nobody believes them
    return stage.project


def _wanted(courses: list[Course]) -> Counter[str]:
    wanted: Counter[str] = Counter()
    for course in courses:
        for place, number in course.people:
            wanted[place] += number
    return wanted


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days)]


# --- courses ------------------------------------------------------------------------------------------------


def _trainer_courses(stage: Stage) -> None:
    """Two courses side by side in part 1, half of the trainers in each; who misses one session visits the other's."""
    everybody = [email for place in TRAINERS for email in stage.trainers[place]]
    tuesday = _weekday(stage.plan.phase("trainers").starts + timedelta(days=1), 1)
    stories = []
    for number, course in enumerate(TRAINER_COURSES):
        day = tuesday + timedelta(days=2 * number)
        stories.append(CourseStory(stage, course, everybody[number::2], (day, day + A_WEEK)))
    _made_up(stories)
    for story in stories:
        story.plan()


def _user_courses(stage: Stage) -> set[Slot]:
    """The courses of the story; returns when their trainers are busy."""
    past = [course for course in USER_COURSES if course.starts_in is None]
    begin = stage.plan.phase("users").starts + FIRST_USER_COURSE
    days = dict(zip(past, course_days(begin, stage.today - LAST_FINISHED, len(past)), strict=True))
    stories = []
    for course in USER_COURSES:
        first = days.get(course) or working_day(stage.today + timedelta(days=course.starts_in or 0))
        second = stage.today if course.starts_in == -TWO_WEEKS.days else working_day(first + TWO_WEEKS)
        stories.append(CourseStory(stage, course, _group(stage, course), (first, second)))
    _made_up(stories)
    for story in stories:
        story.plan()
    return {slot for story in stories for slot in _slots(story)}


def _more_courses(stage: Stage, courses: list[Course], taken: set[Slot]) -> None:
    """Courses for more users, each on the first pair of days when its trainer leads nothing else."""
    begin = stage.plan.phase("users").starts + FIRST_USER_COURSE
    days = course_days(begin, stage.today - LAST_FINISHED, 90)
    for number, course in enumerate(courses):
        for step in range(2 * len(days)):
            first, begins = days[(number * 7 + step // 2) % len(days)], (13.0, 8.5)[step % 2]
            story = CourseStory(stage, course, [], (first, working_day(first + TWO_WEEKS)), begins)
            if not _slots(story) & taken:
                taken |= _slots(story)
                story.group = _group(stage, course)
                story.plan()
                break
        else:
            raise Refused(_("The trainers have no time for so many courses. Choose a smaller scale."), "scale")


def _slots(story: CourseStory) -> set[Slot]:
    return {(trainer, day, story.begins) for trainer in story.course.trainers for day in story.days}


def _group(stage: Stage, course: Course) -> list[str]:
    """The next so many users of each municipality."""
    group = []
    for place, number in course.people:
        group += [stage.users[place].pop(0).email for _number in range(number)]
    return group


def _made_up(stories: list[CourseStory]) -> None:
    """Who missed a session is a guest at the same session of another course."""
    by_key = {story.course.key: story for story in stories}
    for story in stories:
        twists = story.course.twists
        if twists.made_up_in:
            other = by_key[twists.made_up_in]
            other.guests[1] += [story.group[place] for place in twists.left_early]
            other.guests[2] += [story.group[place] for place in twists.absent]


def _weekday(day: date, weekday: int) -> date:
    return day + timedelta(days=(weekday - day.weekday()) % 7)


# --- surveys ------------------------------------------------------------------------------------------------


def _surveys(stage: Stage) -> None:
    """What the worker does every day, here every other, and then some of those who were asked answer."""
    today = clock.today()
    surveys.open_due(today)
    surveys.remind_due(today)
    surveys.close_due(today)
    for survey_id, person_id in _unanswered(today):
        if stage.chance.random() < ANSWERS:
            survey, person = db.session.get_one(Survey, survey_id), db.session.get_one(Person, person_id)
            surveys.answer(survey, person, _answers(stage, survey), by=person)


def _unanswered(today: date) -> Sequence[Row[int, int]]:
    """Ids of open surveys and of those who were asked and have not answered."""
    county = select(Person.id).where(Person.email == COUNTY_TRAINER)
    return db.session.execute(
        select(Survey.id, Receipt.person_id)
        .join(Receipt, Receipt.survey_id == Survey.id)
        .where(Receipt.answered_on.is_(None), Receipt.person_id.not_in(county))
        .where(Survey.closed_at.is_(None), Survey.opens <= today, Survey.closes >= today)
        .order_by(Survey.id, Receipt.person_id)
    ).all()


def _answers(stage: Stage, survey: Survey) -> dict[str, object]:
    answers: dict[str, object] = {}
    for question in survey.questions:
        if question.kind == "scale":
            answers[question.key] = stage.chance.choices((5, 4, 3, 2, None), (46, 40, 8, 3, 3))[0]
        elif question.key in texts.WRITTEN and stage.chance.random() < 0.4:
            answers[question.key] = stage.chance.choice(texts.WRITTEN[question.key])
    return answers
