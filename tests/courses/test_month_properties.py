"""In whatever order a month is recorded, imported, corrected, moved about, signed and closed: its sums are the same."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from courses import attendance
from courses.activities import Session
from courses.attendance import Mark, correct, latest, moving, questions, record, sign_off
from courses.attendance.marks import presence_of
from courses.esf import closing, snapshot
from courses.esf.changes import changes
from courses.esf.closings import MonthClosing, closings_of
from courses.esf.freezing import freeze
from courses.esf.month import month
from courses.esf.months import is_changed
from courses.runs import Run
from lms import clock, plan, projects
from lms.db import db
from lms.people import Person
from lms.refusals import Refused
from tests.factories import make_enrolment, make_participant, make_project, make_role, make_run

SEPTEMBER = date(2022, 9, 1)
ALL = ("unconfirmed", "objections", "numbers", "placeholders")
Said = tuple[str, int, int]
SAID = st.tuples(st.sampled_from(["whole", "part", "absent"]), st.integers(0, 200), st.integers(1, 240))
WHOLE = ("whole", 0, 1)
WAYS = st.sampled_from(["sheet", "import", "offline", "paper"])
PEOPLE = 4
ACTS = st.permutations([*range(PEOPLE), *range(PEOPLE), "move", "sign 0", "sign 1", "close", "close"])


class Hall:
    """Two groups that meet on the same morning, and in November: three people in the first, one in the second."""

    def __init__(self, rounding: str) -> None:
        document = plan.to_document(make_project().plan)
        document["rules"]["rounding"] = rounding
        self.project = projects.import_plan(plan.from_document(document), by=None)
        self.trainer = make_role("county_trainer", self.project)
        self.leader = make_role("project_leader", self.project)
        self.groups = [self._group("Håbo"), self._group("Heby")]
        self.people = [self._person(place, number) for number, place in enumerate(("Håbo", "Heby", "Tierp", "Håbo"))]
        self.where = dict.fromkeys((person.id for person in self.people[:3]), 0) | {self.people[3].id: 1}
        self.numbers = count(1)

    def _group(self, place: str) -> Run:
        run = make_run(
            self.project, self.trainer, programme="smail-utbildare", first_day=date(2022, 9, 6), organisation=place
        )
        later = run.sessions[1]
        later.starts_at, later.ends_at = (each + timedelta(days=60) for each in (later.starts_at, later.ends_at))
        db.session.flush()
        return run

    def _person(self, place: str, number: int) -> Person:
        made = make_participant(self.project, organisation=place)
        part = projects.participation_of(made.id, self.project.id)
        assert part is not None
        part.since = SEPTEMBER
        make_enrolment(self.groups[number // 3], made)
        return made

    def sheet_of(self, person: Person) -> Session:
        return self.groups[self.where[person.id]].sessions[0]

    def say(self, person: Person, said: Said, way: str) -> None:
        """Somebody writes it down, as a correction where the sheet is signed."""
        session = self.sheet_of(person)
        mark, nonce = self.mark(person, said), f"nonce-{next(self.numbers):04}"
        if attendance.is_signed(session):
            marks = [mark, *self.unanswered(session, person)]
            correct(session, marks, "Listan var fel", by=self.trainer, nonce=nonce)
        else:
            record(session, [mark], by=self.trainer, nonce=nonce, method=way)

    def unanswered(self, session: Session, but: Person) -> list[Mark]:
        """Who was moved to a sheet after it was signed is answered for with the first correction of it."""
        answered = questions.answers(session, attendance.on_sheet(session))
        missing = [each for each in attendance.on_sheet(session) if each.id not in answered and each.id != but.id]
        last = latest(session)
        return [Mark(each.id, "absent", last[each.id].id if each.id in last else None) for each in missing]

    def mark(self, person: Person, said: Said) -> Mark:
        session = self.sheet_of(person)
        seen, (state, came, stayed) = latest(session).get(person.id), said
        begins = session.starts_at + timedelta(minutes=came)
        return Mark(person.id, state, seen.id if seen else None, begins, begins + timedelta(minutes=stayed))

    def act(self, act: str) -> None:
        """Sign, move or close; where that may not be now, nothing happens."""
        with suppress(Refused):
            if act == "move":
                person = self.people[2]
                moving.move(self.groups[0].sessions[0], person, self.groups[1], by=self.trainer)
                self.where[person.id] = 1
            elif act == "close":
                self.close()
            else:
                sign_off(self.groups[int(act[-1])].sessions[0], by=self.trainer)

    def close(self) -> MonthClosing:
        reason = "Det blev annorlunda"
        return closing.close(self.project, SEPTEMBER, by=self.leader, accepted=ALL, reason=reason)


@example(
    acts=[0, 1, 2, 3, "sign 1", 1, 2, 3, "move", "sign 0", 0, "close", "close"],
    said=[(WHOLE, WHOLE), (WHOLE, WHOLE), (WHOLE, ("absent", 0, 1)), (WHOLE, WHOLE)],
    way="sheet",
    rounding="none",
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=ACTS,
    said=st.lists(st.tuples(SAID, SAID), min_size=PEOPLE, max_size=PEOPLE),
    way=WAYS,
    rounding=st.sampled_from(["none", "quarter", "hour"]),
)
def test_any_order_gives_the_same_month(
    app: Flask, acts: list[object], said: list[tuple[Said, Said]], way: str, rounding: str
) -> None:
    """Everybody is written down twice, and the second word counts."""
    try:
        _tell(Hall(rounding), acts, said, way)
    finally:
        db.session.rollback()


def _tell(hall: Hall, acts: list[object], said: list[tuple[Said, Said]], way: str) -> None:
    spoken: set[int] = set()
    kept: dict[int, bytes] = {}
    lasts = [last for _first, last in said]
    moment = datetime(2022, 10, 4, 8, 0, tzinfo=UTC)
    for act in acts:
        moment += timedelta(minutes=1)
        with clock.moved(moment):
            if isinstance(act, int):
                hall.say(hall.people[act], said[act][act in spoken], way)
                spoken.add(act)
            else:
                hall.act(str(act))
            kept |= {each.id: each.snapshot for each in closings_of(hall.project) if each.id not in kept}
    with clock.moved(moment + timedelta(minutes=1)):
        if hall.where[hall.people[2].id] == 1:
            hall.say(hall.people[2], lasts[2], way)  # who was moved has no answer there before somebody gives one
        for each in ("sign 0", "sign 1", "close"):
            hall.act(each)
        _check(hall, lasts, kept)


def _check(hall: Hall, lasts: list[Said], kept: dict[int, bytes]) -> None:
    minutes = {
        person.id: presence_of(hall.mark(person, said), hall.sheet_of(person)).minutes
        for person, said in zip(hall.people, lasts, strict=True)
    }
    found, newest = month(hall.project, SEPTEMBER), closings_of(hall.project)[-1]
    stands = snapshot.unpacked(newest.snapshot)
    assert {each.person_id: each.minutes for each in stands.participants} == minutes
    step = {"none": 1, "quarter": 15, "hour": 60}[hall.project.plan.rules.rounding]
    told = {number: total - total % step for number, total in minutes.items()}
    assert {each.person_id: each.reported for each in stands.participants} == told
    assert (found.total.minutes, found.total.reported) == (sum(minutes.values()), sum(told.values()))
    assert sum(place.hours.minutes for place in found.places) == found.total.minutes == newest.minutes
    for line in stands.lines:
        assert 0 < line.minutes <= 240
    for session in (group.sessions[0] for group in hall.groups):
        assert all(0 <= entry.minutes <= session.minutes for entry in attendance.entries_of(session))
    if newest.at == clock.now():  # an older one stands when what was written since says the same to the funder
        again = freeze(hall.project, SEPTEMBER, version=newest.version, reason=newest.reason, closed_at=newest.at,
                       closed_by=newest.by.name)  # fmt: skip
        assert again == stands
        assert snapshot.digest(again) == newest.snapshot_hash
    assert changes(newest) == []
    assert not is_changed(newest)
    for closed in closings_of(hall.project):
        assert closed.snapshot == kept.get(closed.id, closed.snapshot)
    assert attendance.verify().faults == ()


@pytest.mark.parametrize("act", ["move", "sign 0", "close"])
def test_the_acts_of_the_test_do_something(app: Flask, act: str) -> None:
    hall = Hall("none")
    for person in hall.people:
        hall.say(person, ("whole", 0, 240), "sheet")
    for each in ("sign 0", "sign 1") if act == "close" else ():
        hall.act(each)
    before = attendance.head(), len(closings_of(hall.project)), attendance.is_signed(hall.groups[0].sessions[0])
    hall.act(act)
    after = attendance.head(), len(closings_of(hall.project)), attendance.is_signed(hall.groups[0].sessions[0])
    assert before != after
