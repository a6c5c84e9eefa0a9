"""A string of five thousand certified people: written into the register, unsigned, since pages are measured on it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from itertools import islice

from sqlalchemy import insert, select

from certificates import statement
from certificates.register import Certificate
from certificates.statement import Certifier, Level, Named, Part, ProgrammeRef, ProjectRef, Statement
from lms import clock
from lms.db import db
from lms.people import Person, Role
from lms.projects import Project

TRAINERS, USERS = 150, 4850


@dataclass(frozen=True)
class Issued:
    """One certificate to write: who gets it, from whom, on the strength of which."""

    number: int
    holder: Person
    by_id: int
    above_id: int | None = None


def hang(project: Project, county: Person, everybody: Sequence[Person]) -> str:
    """Trainers and users of one county trainer, spread over three years; the address of the page."""
    trainers, users = everybody[:TRAINERS], everybody[TRAINERS:]
    roles = [{"person_id": each.id, "name": "trainer", "project_id": project.id} for each in trainers]
    db.session.execute(insert(Role), roles)
    _issue(project, "trainer", [Issued(number, each, county.id) for number, each in enumerate(trainers)])
    held = {holder: number for holder, number in db.session.execute(select(Certificate.holder_id, Certificate.id))}  # noqa: C416  rows are not pairs to the type checker
    above = [trainers[number % TRAINERS].id for number in range(USERS)]
    under = [Issued(number, each, above[number], held[above[number]]) for number, each in enumerate(users)]
    _issue(project, "user", under)
    return f"/projects/{project.id}/cascade"


def _issue(project: Project, level: Level, wanted: Iterable[Issued]) -> None:
    waiting = iter(wanted)
    while some := list(islice(waiting, 500)):
        db.session.execute(insert(Certificate), [_row(project, level, each) for each in some])


def _row(project: Project, level: Level, issued: Issued) -> dict[str, object]:
    day = clock.today() - timedelta(days=1 + issued.number * 7 % 1000)
    said = make_statement(project, level, issued, day)
    text = statement.to_json(said)
    return {
        "number": said.number, "code": said.code, "project_dnr": project.dnr, "holder_id": issued.holder.id,
        "level": level, "programme_key": said.programme.key, "issued_at": clock.now(), "issued_on": day,
        "valid_until": said.valid_until, "statement": text, "digest": sha256(text.encode()).hexdigest(),
        "issuer_certificate_id": issued.above_id, "issued_by_id": issued.by_id,
        "ground": f"measured:{level}:{project.id}:{issued.number}",
    }  # fmt: skip


def make_statement(project: Project, level: Level, issued: Issued, day: date) -> Statement:
    trainer = Named("Eva Dahlgren", "Enköping")
    parts = [Part("session", f"Tillfälle {each}", day, 240, (trainer.name,)) for each in (1, 2)]
    return Statement(
        format=1, number=f"MAT-{level[0].upper()}-{project.id}-{issued.number:05}", code=statement.new_code(),
        issued_on=day, valid_until=day + timedelta(days=1100) if level == "trainer" else None, language="sv",
        holder_name=issued.holder.full_name, level=level,
        programme=ProgrammeRef("smail-anvandare", "SMAIL för användare", "SMAIL for users", f"0.{issued.number % 3}"),
        competence="kan använda SMAIL i sitt arbete och följa upp det tillsammans med deltagare", minutes=720,
        parts=(*parts, Part("assignment", "Hemuppgift", day, 240, (trainer.name,))), first_day=day, last_day=day,
        place="Enköping", trainers=(trainer,), certified_by=Certifier("Eva Dahlgren", "Enköping", "SMA-U-2026-0007"),
        issuer="Samordningsförbundet Uppsala län", project=ProjectRef("SMAIL", project.dnr),
        publicity="Medfinansieras av Europeiska unionen",
    )  # fmt: skip
