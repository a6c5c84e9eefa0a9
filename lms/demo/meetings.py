"""Meetings beside the courses: network, steering group, reference group, coaching and a lecture for managers."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial

from courses import attendance, meetings
from courses.activities import Activity
from courses.attendance import Mark
from lms import clock
from lms.demo import personas
from lms.demo.agenda import every, working_day, working_day_before
from lms.demo.cast import leader
from lms.demo.stage import Stage
from lms.demo.story import TRAINERS
from lms.people import Person, holders

Who = Callable[[], Sequence[Person] | None]
LINK = "https://mote.example/traff"


def begin(stage: Stage) -> None:
    """Put every meeting into the agenda; the latest network meeting is the one whose sheet waits for a signature."""
    today, plan = stage.today, stage.plan
    trainers, users = plan.phase("trainers").starts, plan.phase("users").starts
    latest = working_day_before(today - timedelta(days=4))
    for day in [*every(1, latest, users + timedelta(days=10)), working_day(today + timedelta(days=22))]:
        _meet(stage, day, "network", "Nätverksträff", _county, digital=True, signed=day != latest)
    planning = [working_day(plan.starts + timedelta(days=days)) for days in (12, 42)]
    for day in [*planning, *every(2, working_day(today + timedelta(days=9)), trainers)]:
        _meet(stage, day, "steering_group", "Styrgruppsmöte", leader)
    for day in every(3, working_day(today + timedelta(days=16)), trainers):
        _meet(stage, day, "reference_group", "Referensgrupp", leader, who=partial(_reference_group, stage))
    for number, back in enumerate((150, 95, 40)):
        day = working_day(today - timedelta(days=back))
        _meet(
            stage, day, "coaching", "Handledning för utbildare", _county, digital=True, hours=1.0,
            who=partial(_coached, stage, number),
        )  # fmt: skip
    lecture = working_day(users + timedelta(days=20))
    _meet(stage, lecture, "lecture", "SMAIL för chefer", _county, who=partial(_managers, stage))


def _county(stage: Stage) -> Person:
    return stage.person(personas.COUNTY_TRAINER)


def _reference_group(stage: Stage) -> list[Person]:
    """A trainer from each municipality that has one."""
    return [stage.person(stage.trainers[place][-1]) for place in TRAINERS]


def _coached(stage: Stage, number: int) -> list[Person]:
    places = list(TRAINERS)[number * 2 : number * 2 + 2]
    return [stage.person(stage.trainers[place][0]) for place in places]


def _managers(stage: Stage) -> list[Person]:
    return holders("manager", project_id=stage.project.id)


def _meet(
    stage: Stage,
    day: date,
    kind: str,
    title: str,
    by: Callable[[Stage], Person],
    *,
    who: Who | None = None,
    digital: bool = False,
    hours: float = 2.0,
    signed: bool = True,
) -> None:
    """Called two to three weeks ahead; attended, and signed when the meeting is over."""

    def call() -> None:
        starts = clock.at(day, time(13, 30))
        made = meetings.call(
            stage.project,
            kind,
            title=title,
            starts=starts,
            ends=starts + timedelta(hours=hours),
            mode="digital" if digital else "physical",
            place="" if digital else "Förbundet, stora rummet",
            link=LINK if digital else "",
            people=who() if who else None,
            by=by(stage),
        )
        stage.agenda.at(day, 13.5 + hours + 0.25, partial(_hold, stage, made, by(stage), signed=signed))

    begun = stage.plan.phase("users").starts if kind in ("network", "coaching", "lecture") else stage.plan.starts
    called = max(day - timedelta(days=18), begun + timedelta(days=6))
    stage.agenda.at(min(called, stage.today - timedelta(days=2)), 11.0, call)


def _hold(stage: Stage, meeting: Activity, by: Person, *, signed: bool) -> None:
    session = meeting.sessions[0]
    marks = [_mark(stage, person, session.ends_at) for person in attendance.on_sheet(session)]
    attendance.record(session, marks, by=by, nonce=f"demo-meet-{session.id:06d}")
    if signed:
        stage.agenda.at(clock.today(), 17.0, partial(attendance.sign_off, session, by=by))


def _mark(stage: Stage, person: Person, ends: datetime) -> Mark:
    luck = stage.chance.random()
    if luck < 0.12:
        return Mark(person.id, "absent", absence="other_duty" if luck < 0.07 else "ill")
    return Mark(person.id, "part", left=ends - timedelta(minutes=20)) if luck > 0.95 else Mark(person.id, "whole")
