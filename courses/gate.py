"""The gate: who may schedule, lead, sign off and certify a programme on a given day, and why not.

A county trainer leads what county trainers lead by the role alone. What trainers lead takes the role (trainer or
county trainer) and, for both, a trainer certificate of the project that is valid on the day or a documented
exemption: nobody certifies users without having been certified (S1: the trainers are trained first).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from flask_babel import gettext as _
from sqlalchemy import Select, bindparam, select

from certificates import register
from certificates.register import Certificate
from courses import exemptions
from courses.exemptions import Exemption
from courses.programmes import Programme
from lms import filters
from lms.db import db
from lms.people import Person, roles_of
from lms.permissions import YES, Answer, no
from lms.projects import Project

Proof = Literal["valid", "missing", "expired", "revoked"]


@dataclass(frozen=True)
class Standing:
    """What a person has to show in a project on a day: her roles there, her trainer certificate, an exemption.

    `since` is the first day on which an expired or revoked certificate no longer holds.
    """

    roles: frozenset[str]
    proof: Proof = "missing"
    since: date | None = None
    certificate: Certificate | None = None
    exemption: Exemption | None = None


def may_lead(person: Person, programme: Programme, project: Project, on: date) -> Answer:
    """Whether the person may lead the programme in the project on the day, or the reason why not."""
    return decide(programme.led_by, standing(person, project, on))


def decide(led_by: str, held: Standing) -> Answer:
    """The rule itself: `led_by` is the level that may lead (empty: nobody needs to)."""
    if not led_by:
        return YES
    if led_by == "county_trainer":
        if "county_trainer" in held.roles:
            return YES
        return no(_("Only a county trainer of the project may lead this programme."))
    if not held.roles & {"trainer", "county_trainer"}:
        return no(_("Only a trainer of the project may lead this programme."))
    if held.proof == "valid" or held.exemption is not None:
        return YES
    return no(_why(held))


def _why(held: Standing) -> str:
    day = filters.plain_day(held.since, filters.spoken()) if held.since else ""
    if held.proof == "revoked":
        told = _("The trainer certificate is revoked since %(day)s.", day=day)
    elif held.proof == "expired":
        told = _("The trainer certificate has not been valid since %(day)s.", day=day)
    else:
        told = _("There is no trainer certificate in this project.")
    return " ".join((told, _("The project leader can grant an exemption.")))


def standing(person: Person, project: Project, on: date) -> Standing:
    """What one person has to show on the day."""
    return standings([person], project, on)[person.id]


def standings(people: Iterable[Person], project: Project, on: date) -> dict[int, Standing]:
    """Person id → standing, for many people in a constant number of queries."""
    everybody = list(people)
    held = book(everybody, project)
    return {person.id: held.standing(person, on) for person in everybody}


@dataclass(frozen=True)
class Book:
    """What people have to show in a project, to be judged on any day without asking again."""

    project: Project
    held: Mapping[int, Sequence[Certificate]]
    exempt: Mapping[int, Sequence[Exemption]]

    def standing(self, person: Person, on: date) -> Standing:
        """Her roles, her best trainer certificate and an exemption that counts, on the day."""
        roles = frozenset(
            role.name for role in roles_of(person, on=on) if role.project_id in (None, self.project.id)
        )
        exemption = next((each for each in self.exempt.get(person.id, ()) if each.starts <= on <= each.ends), None)
        held = [each for each in self.held.get(person.id, ()) if each.issued_on <= on]
        best = next((each for each in held if register.state(each, on) == "valid"), held[0] if held else None)
        if best is None:
            return Standing(roles, exemption=exemption)
        state = register.state(best, on)
        proof: Proof = "missing" if state == "replaced" else state
        return Standing(roles, proof, _since(best, proof), best, exemption)


def book(people: Iterable[Person], project: Project) -> Book:
    """Everything these people have to show, in two queries."""
    ids = {person.id for person in people}
    held: dict[int, list[Certificate]] = {}
    for certificate in db.session.scalars(_held(), {"people": list(ids), "dnr": project.dnr}):
        held.setdefault(certificate.holder_id, []).append(certificate)
    return Book(project, held, exemptions.of_people(ids, project.id, "trainer"))


@cache
def _held() -> Select[Any]:
    """Every sheet asks it, so it is built once: building it costs more than running it."""
    people: Any = bindparam("people", expanding=True)
    theirs = (Certificate.holder_id.in_(people), Certificate.project_dnr == bindparam("dnr"))
    return select(Certificate).where(*theirs, Certificate.level == "trainer").order_by(Certificate.id.desc())


def _since(certificate: Certificate, proof: Proof) -> date | None:
    if proof == "revoked":
        revoked = register.revocation(certificate)
        return revoked.on if revoked else None
    return register.day_after(certificate.valid_until) if proof == "expired" else None
