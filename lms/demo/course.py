"""One course run from its planning to its certificates, told by the operations that the trainers' screens call."""

import math
from collections.abc import Iterator
from datetime import date, time, timedelta
from functools import partial

from certificates import register
from certificates.acts import revoking
from courses import (
    assignments,
    attendance,
    certification,
    enrolment,
    exemptions,
    horizontal,
    lessons,
    materials,
    reviews,
    runs,
)
from courses.activities import Session
from courses.attendance import Mark
from courses.runs import Run, Slot
from lms import clock
from lms.db import db
from lms.demo import texts
from lms.demo.agenda import MORNING, Act, around, working_day, working_day_before
from lms.demo.cast import leader, protect
from lms.demo.personas import PARTICIPANT
from lms.demo.stage import Stage
from lms.demo.story import TRAINER_COURSES, Course
from lms.people import Person

HOURS = 4.0
ALIAS = "Deltagare Fjorton"


class CourseStory:
    """A course with its days; `plan` puts its planning into the agenda, and each act the ones after it."""

    def __init__(
        self, stage: Stage, course: Course, group: list[str], days: tuple[date, date], begins: float = MORNING
    ) -> None:
        self.stage, self.course, self.group = stage, course, group
        self.days, self.begins = days, begins
        self.guests: dict[int, list[str]] = {1: [], 2: []}
        self.run: Run

    @property
    def is_for_trainers(self) -> bool:
        return self.course in TRAINER_COURSES

    @property
    def trainers(self) -> list[Person]:
        return [self.stage.person(self.stage.trainers[place][number]) for place, number in self.course.trainers]

    def plan(self) -> None:
        """Begin: planned five weeks ahead (three for trainers), invited two days later."""
        first, _second = self.days
        ahead = first - timedelta(days=21 if self.is_for_trainers else 35)
        self.planned = min(ahead, self.stage.today - timedelta(days=3))
        self._at(self.planned, 9.0, self._schedule)

    def _at(self, day: date, hours: float, act: Act) -> None:
        self.stage.agenda.at(day, hours, act)

    def _work(self, day: date) -> date:
        """When a trainer does what falls on the day; county trainers are in a hurry and work on any."""
        return day if self.is_for_trainers else working_day(day)

    def _some(self, places: tuple[int, ...]) -> list[str]:
        return [self.group[place] for place in places]

    # --- before the course ----------------------------------------------------------------------------------

    def _schedule(self) -> None:
        stage, twists = self.stage, self.course.twists
        first, second = self.days
        if twists.exempted:
            reason = "Kommunen har ingen egen utbildare. Länsutbildaren har lett metoden i länet sedan starten."
            exemptions.grant(
                stage.project, self.trainers[0], starts=clock.today(), ends=second + timedelta(days=60), reason=reason,
                by=leader(stage),
            )  # fmt: skip
        for email in self._some(twists.protected):
            protect(stage, email, ALIAS)
        material = materials.latest("smail-utbildare" if self.is_for_trainers else "smail-anvandare")
        assert material is not None
        place = stage.chance.choice(texts.PLACES)
        self.run = runs.schedule(
            stage.project,
            material,
            organisation=stage.organisation(self.course.organisation),
            sessions=[
                self._slot(first, "physical", place=place),
                self._slot(second, "digital", link=f"https://mote.example/{self.course.key}"),
            ],
            capacity=self.course.capacity,
            register_by=first - timedelta(days=3),
            trainers=self.trainers,
            by=self.trainers[0],
        )
        self._at(self.planned + timedelta(days=2), 10.0, self._invite)

    def _slot(self, day: date, mode: str, *, place: str = "", link: str = "") -> Slot:
        first = around(self.stage.told_at) if day == self.stage.today else self.begins
        begins, ends = (clock.at(day, _clock(hours)) for hours in (first, first + HOURS))
        return Slot(begins, ends, mode, place, link)

    def _invite(self) -> None:
        """Invitations and the offer of the horizontal module; each answers within two weeks."""
        people = [self.stage.person(email) for email in self.group]
        enrolment.invite(self.run, people, by=self.trainers[0])
        horizontal.offer(self.stage.project, people, by=self.trainers[0])
        chance, twists = self.stage.chance, self.course.twists
        last = (self.days[0] - timedelta(days=4) - clock.today()).days
        needs = self._some(twists.needs)
        for email in self.group:
            wait = timedelta(days=chance.randrange(min(9, max(1, last))))
            if email not in self._some(twists.unanswered):
                comes = email not in self._some(twists.declines)
                need = chance.choice(texts.NEEDS) if email in needs else ""
                self._at(clock.today() + wait, chance.uniform(10.5, 20), partial(self._answer, email, comes, need))
        for number, day in enumerate(self.days, 1):
            self._at(day, self.begins + HOURS + 0.25, partial(self._hold, number))

    def _answer(self, email: str, comes: bool, need: str) -> None:
        person = self.stage.person(email)
        place = enrolment.of(self.run, person)
        assert place is not None
        enrolment.answer(place, comes=comes, adaptations=need, by=person)
        if comes and place.state == "registered":
            self._prepare(email)

    # --- what the participant does --------------------------------------------------------------------------

    def _prepare(self, email: str) -> None:
        """Lessons before and after the first session, the horizontal module, the assignment after the second."""
        chance, (first, second) = self.stage.chance, self.days
        soon = clock.today() + timedelta(days=1)
        if email == PARTICIPANT or chance.random() < 0.6:  # The others read on paper.
            self._at(max(soon, first - timedelta(days=chance.randrange(1, 5))), 19.0, partial(self._read, email, 1))
            self._at(second - timedelta(days=chance.randrange(1, 6)), 19.5, partial(self._read, email, 2))
        self._at(max(soon, first - timedelta(days=5)), 16.0, partial(self._accept, email))
        if email == PARTICIPANT:
            self._at(self.stage.today - timedelta(days=2), 20.0, partial(self._draft, email))
            return
        self._at(second + timedelta(days=chance.randrange(-4, 9)), 20.5, partial(self._complete, email))
        place, twists = self.group.index(email), self.course.twists
        if place in twists.eager:
            self._at(first + timedelta(days=3 + twists.eager.index(place)), 17.0, partial(self._submit, email))
        elif place not in twists.silent:
            latest = 6 if self.is_for_trainers else 9
            self._at(second + timedelta(days=chance.randrange(2, latest)), 17.0, partial(self._submit, email))

    def _read(self, email: str, session: int) -> None:
        person, material = self.stage.person(email), self.run.material
        for lesson in self.run.programme.lessons_of(session):
            if email != PARTICIPANT or session == 1:
                lessons.tick(person, material, lesson.slug, by=person)

    def _accept(self, email: str) -> None:
        person = self.stage.person(email)
        horizontal.accept(person, self.stage.project, by=person)

    def _complete(self, email: str) -> None:
        person, material = self.stage.person(email), materials.latest(horizontal.PROGRAMME)
        assert material is not None
        for lesson in materials.programme_of(material).lessons:
            lessons.tick(person, material, lesson.slug, by=person)
        horizontal.complete(person, self.stage.project, by=person)

    def _draft(self, email: str) -> None:
        person = self.stage.person(email)
        text = texts.assignment(self.stage.chance, self.run.programme.leads_to).split("\n\n")
        assignments.save_draft(self.run, person, "\n\n".join(text[:2]), 60, 0, by=person)

    def _submit(self, email: str) -> None:
        """Write, hand in; the trainer answers some days later."""
        person, chance = self.stage.person(email), self.stage.chance
        text = texts.assignment(chance, self.run.programme.leads_to)
        assignments.save_draft(self.run, person, text, chance.choice((150, 180, 195, 210, 240)), 0, by=person)
        place, twists = self.group.index(email), self.course.twists
        if place in twists.eager[1:2] or (not self.is_for_trainers and chance.random() < 0.06):
            assignments.add_file(self.run, person, texts.plan_as_pdf(), "Plan vecka för vecka.pdf", by=person)
        assignments.submit(self.run, person, by=person)
        if place in twists.eager[1:]:
            return
        returned = place in twists.stuck or (chance.random() < 0.15 and place != 0)
        wait = timedelta(days=chance.randrange(1, 3 if self.is_for_trainers else 5))
        self._at(self._work(clock.today() + wait), 15.0 + place / 100, partial(self._review, email, returned))

    def _review(self, email: str, returned: bool) -> None:
        person, chance = self.stage.person(email), self.stage.chance
        submission = assignments.latest(self.run, person)
        assert submission is not None
        feedback = chance.choice(texts.RETURNED if returned else texts.APPROVED)
        reviews.review(submission, "returned" if returned else "approved", feedback, by=self.trainers[0])
        if returned and self.group.index(email) not in self.course.twists.stuck:
            self._at(clock.today() + timedelta(days=chance.randrange(1, 4)), 18.0, partial(self._again, email))

    def _again(self, email: str) -> None:
        person, chance = self.stage.person(email), self.stage.chance
        draft = assignments.draft_of(self.run, person)
        assert draft is not None
        text = f"{draft.text}\n\n{chance.choice(texts.ADDED)}"
        assignments.save_draft(self.run, person, text, draft.minutes, draft.revision, by=person)
        assignments.submit(self.run, person, by=person)
        self._at(self._work(clock.today() + timedelta(days=1)), 15.5, partial(self._review, email, False))

    # --- what the trainer does ------------------------------------------------------------------------------

    def _hold(self, number: int) -> None:
        """The sheet on the day of the session, signed a little later unless it is the one that was forgotten."""
        trainer, session = self.trainers[0], self.run.sessions[number - 1]
        for email in self.guests[number]:
            attendance.add_to_sheet(session, self.stage.person(email), by=trainer)
        attendance.record(session, list(self._marks(session)), by=trainer, nonce=f"demo-{session.id:06d}")
        for email in self.guests[number]:
            place = enrolment.of(self.run, self.stage.person(email))
            assert place is not None
            enrolment.withdraw(place, by=trainer)
        if not (self.course.twists.unsigned and number == 2):
            self._at(clock.today(), self.begins + HOURS + 0.5, partial(attendance.sign_off, session, by=trainer))
        if number == 2:
            self._after_the_last(session)

    def _marks(self, session: Session) -> Iterator[Mark]:
        twists = self.course.twists
        early, away = self._some(twists.left_early), self._some(twists.absent)
        mistyped = self._some(twists.mistyped)
        for person in attendance.on_sheet(session):
            email = person.email
            if session.number == 2 and email in away:
                yield Mark(person.id, "absent", absence="ill")
            elif email in (early if session.number == 1 else mistyped):
                yield Mark(person.id, "part", left=session.ends_at - timedelta(hours=1))
            else:
                yield Mark(person.id, "whole")

    def _after_the_last(self, session: Session) -> None:
        second, twists = self.days[1], self.course.twists
        for email in self._some(twists.mistyped):
            self._at(second + timedelta(days=1), 9.0, partial(self._correct, session, email))
        for wait in (12, 16) if self.is_for_trainers else (21, 35):
            self._at(working_day_before(second + timedelta(days=wait + 1)), 14.0, self._certify)
        if self.is_for_trainers:
            self._at(working_day(second + timedelta(days=18)), 14.0, self._certify)
        for email in self._some(twists.revoked):
            self._at(second + timedelta(days=60), 11.0, partial(self._revoke, email))

    def _correct(self, session: Session, email: str) -> None:
        person = self.stage.person(email)
        seen = attendance.latest(session)[person.id].id
        reason = "Fel rad: det var grannen i listan som gick tidigare. Den här personen var kvar till slutet."
        mark = Mark(person.id, "whole", seen_entry_id=seen)
        attendance.correct(session, [mark], reason, by=self.trainers[0], nonce=f"demo-again-{session.id:06d}")

    def _certify(self) -> None:
        """Everybody who has earned it, in one decision."""
        ready = [number for number, facts in certification.facts(self.run).items() if certification.is_eligible(facts)]
        if ready:
            people = [db.session.get_one(Person, number) for number in ready]
            certification.certify(self.run, people, by=self.trainers[0])

    def _revoke(self, email: str) -> None:
        person = self.stage.person(email)
        for certificate in register.of(person):
            revoking.revoke(
                certificate, reason_code="grounds", note="Hemuppgiften visade sig vara skriven av en kollega.",
                by=leader(self.stage),
            )  # fmt: skip


def _clock(hours: float) -> time:
    return time(math.floor(hours), round(hours % 1 * 60))
