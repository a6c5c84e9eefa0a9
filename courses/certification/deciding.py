"""The act: certify people of a run in one decision, each exactly once, all of them or none.

Whoever certifies passes the gate on the day. A protected identity gets a certificate on the alias, never on the name.
"""

from collections.abc import Collection

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from certificates.acts import issuing, numbering
from certificates.register import Certificate
from courses import gate
from courses.attendance import SignOff
from courses.certification.facts import Presence, facts, ground, presence
from courses.certification.rule import Facts, is_certified, unmet
from courses.certification.wording import Act, draft
from courses.gate import Standing
from courses.policy import may_certify
from courses.programmes import text
from courses.runs import Run
from lms import audit, clock, mail, people
from lms.db import db
from lms.people import Person
from lms.projects import check_open
from lms.refusals import Refused


def certify(run: Run, persons: Collection[Person], *, by: Person) -> list[Certificate]:
    """Certify the persons; who has the certificate of this run or programme already gets it back unchanged.

    Refused: `not_trainer`, `gate` (the certifier's own certificate on the day), `cancelled`, `project_ended`,
    `no_level` (the programme leads to nothing), `nobody`, `own_certificate`, `not_eligible` (values: names), `glyphs`.
    """
    standing = _check(run, persons, by)
    numbering.lock_series(numbering.series_name(run.project.name, run.programme.leads_to, clock.today().year))
    known = facts(run)
    lacking = [person.name for person in persons if not _can(known.get(person.id))]
    if lacking:
        raise Refused(
            _("Not yet possible for %(names)s. Look at what is missing.", names=", ".join(lacking)),
            "not_eligible",
            names=lacking,
        )
    present = presence(run, [person.id for person in persons])
    act = Act(run, by, standing, present, _signers(present))
    return [_one(act, person, known[person.id]) for person in persons]


def _check(run: Run, persons: Collection[Person], by: Person) -> Standing:
    if not (allowed := may_certify(by, run)):
        raise Refused(allowed.reason, "not_trainer")
    if run.cancelled_at is not None:
        raise Refused(_("The run is cancelled."), "cancelled")
    if not run.programme.leads_to:
        raise Refused(_("This programme leads to no certificate."), "no_level")
    if not persons:
        raise Refused(_("Choose at least one person."), "nobody")
    if any(person.id == by.id for person in persons):
        raise Refused(_("Nobody certifies themselves. Another trainer of the run does it."), "own_certificate")
    check_open(run.project, clock.today())
    db.session.execute(select(Certificate.id).where(Certificate.holder_id == by.id).with_for_update(read=True))
    standing = gate.standing(by, run.project, clock.today())
    if not (allowed := gate.decide(run.programme.led_by, standing)):
        raise Refused(allowed.reason, "gate")
    return standing


def _can(known: Facts | None) -> bool:
    return known is not None and (is_certified(known) or not unmet(known))


def _one(act: Act, person: Person, known: Facts) -> Certificate:
    if is_certified(known):
        return db.session.get_one(Certificate, known.certificate_id)
    run, standing = act.run, act.standing
    certificate = issuing.issue(
        draft(act, person, known),
        holder=person,
        ground=ground(run.id, person.id),
        issuer_certificate=standing.certificate if standing.proof == "valid" else None,
        by=act.by,
    )
    if certificate.level == "trainer":
        _make_trainer(person, run, act.by)
    url = f"{current_app.config['SETTINGS'].base_url}/v/{certificate.code}"
    title = text(run.programme.title, person.language)
    mail.enqueue(person, "certified", key=f"certified:{certificate.id}", certificate=certificate, title=title, url=url)
    audit.record("run.certified", run, by=act.by, details={"person": person.id, "number": certificate.number})
    return certificate


def _make_trainer(person: Person, run: Run, by: Person) -> None:
    """A certified trainer may teach in the project, without end: the certificate itself has the last day."""
    mine = [role for role in person.roles if role.name == "trainer" and role.project_id == run.project_id]
    if not any(role.until is None for role in mine):
        people.give_role(person, "trainer", project_id=run.project_id, by=by)


def _signers(present: dict[int, dict[int, Presence]]) -> dict[int, str]:
    """Session id → who signed its sheet last, for every session that somebody's minutes come from."""
    ids = {session_id for each in present.values() for held in each.values() for session_id, _day in held.sources}
    query = (
        select(SignOff.session_id, Person)
        .join(Person, Person.id == SignOff.by_id)
        .where(SignOff.session_id.in_(ids))
        .order_by(SignOff.id)
    )
    return {session_id: person.name for session_id, person in db.session.execute(query)}
