"""A September with a run, its trainer, a leader and people, ready to be closed in October."""

from datetime import date

from courses.esf import closing
from courses.esf.closings import MonthClosing
from lms import clock, projects
from lms.db import db
from lms.people import Person
from lms.projects import Project
from tests.courses.ledger_rows import attended, signed
from tests.factories import make_participant, make_person, make_project, make_role, make_run

AUGUST, SEPTEMBER, OCTOBER = (date(2022, month, 1) for month in (8, 9, 10))


class September:
    """A run in Håbo on 6 and 13 September 2022; Anna and Bo were there, and both sheets are signed."""

    def __init__(self) -> None:
        self.project = make_project()
        self.trainer = make_role("county_trainer", self.project, person=make_person("Tove Trädgård"))
        self.leader = make_role("project_leader", self.project, person=make_person("Lea Ledare"))
        self.run = make_run(self.project, self.trainer, programme="smail-utbildare", first_day=date(2022, 9, 6))
        self.first, self.second = self.run.sessions
        self.anna, self.bo = self.person("Anna Alm"), self.person("Bo Björk", organisation="Heby")
        self.entries = {
            (session.number, person.id): attended(session, person, minutes)
            for session, minutes in ((self.first, 240), (self.second, 215))
            for person in (self.anna, self.bo)
        }
        for session in self.run.sessions:
            signed(session, self.trainer)

    def person(self, name: str, *, since: date = SEPTEMBER, **values: object) -> Person:
        made = make_participant(self.project, name, **values)
        part = projects.participation_of(made.id, self.project.id)
        assert part is not None
        part.since = since
        db.session.flush()
        return made

    def close(self, first: date = SEPTEMBER, **values: object) -> MonthClosing:
        """Close in spite of everything that may be accepted."""
        return close(self.project, first, self.leader, **values)

    def correct(self, minutes: int = 180, person: Person | None = None) -> None:
        """Somebody's first session was shorter; the sheet is corrected and signed anew, now."""
        who = person or self.anna
        old = self.entries[1, who.id]
        new = attended(self.first, who, minutes, recorded_at=clock.now(), replaces=old)
        self.entries[1, who.id] = new
        signed(self.first, self.trainer, clock.now())


def close(project: Project, first: date, leader: Person, **values: object) -> MonthClosing:
    accepted = ("unconfirmed", "objections", "numbers", "placeholders")
    return closing.close(project, first, by=leader, **{"accepted": accepted, **values})  # type: ignore[arg-type]
