"""What befalls certificates of the story later: one ends soon, one was renewed, one is revoked, one has another name,
and one asks for another.

The branch of the revoked one is decided about half way, so that every state can be seen.
"""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from certificates import register
from certificates.acts import deciding, issuing, renaming, revoking
from certificates.acts.revoking import Outcome
from certificates.register import Certificate
from courses import renewal
from lms.demo.cast import leader
from lms.demo.personas import COUNTY_TRAINER
from lms.demo.stage import Stage
from lms.demo.story import Place

ENDS: Place = ("Heby", 0)
RENEWED: Place = ("Knivsta", 0)
REVOKED: Place = ("Enköping", 0)
NOTE = "Certifierade två deltagare innan deras hemuppgifter var bedömda."
MARRIED = "Björk Sandgren"
WANTED = "Ekman Sand"


def begin(stage: Stage) -> None:
    """Two certificates are limited when they are new; the rest happens in the last weeks."""
    today, early = stage.today, stage.plan.phase("users").starts + timedelta(days=12)
    for place, last in ((ENDS, today + timedelta(days=21)), (RENEWED, today - timedelta(days=9))):
        stage.agenda.at(early, 10.0, partial(_limit, stage, place, last))
    stage.agenda.at(today - timedelta(days=30), 10.0, partial(_renew, stage))
    stage.agenda.at(today - timedelta(days=15), 10.0, partial(_rename, stage))
    stage.agenda.at(today - timedelta(days=11), 11.0, partial(_revoke, stage))
    stage.agenda.at(today - timedelta(days=4), 14.0, partial(_decide, stage))
    stage.agenda.at(today - timedelta(days=2), 18.0, partial(_ask, stage))


def _held(stage: Stage, place: Place) -> Certificate:
    """The newest trainer certificate of this trainer."""
    return register.of(stage.person(stage.trainers[place[0]][place[1]]))[0]


def _limit(stage: Stage, place: Place, last: date) -> None:
    """Her assignment as a trainer is shorter than the programme's two years, so the certificate is issued anew."""
    certificate = _held(stage, place)
    draft = replace(register.statement_of(certificate), number=register.DRAFT, valid_until=last)
    issuing.reissue(certificate, draft, ground=f"limited:{certificate.id}", reason="limited", by=leader(stage))


def _renew(stage: Stage) -> None:
    """She has led a course since, which is what the programme asks for."""
    renewal.renew(_held(stage, RENEWED), by=stage.person(COUNTY_TRAINER))


def _rename(stage: Stage) -> None:
    """A user of the course in Tierp has married."""
    certificate = _under(stage, ("Tierp", 0))[1]
    given = certificate.holder.given_name
    renaming.rename(certificate, given_name=given, family_name=MARRIED, by=leader(stage))


def _ask(stage: Stage) -> None:
    """A user of the course in Knivsta has taken another name, and waits for the project leader's answer."""
    certificate = _under(stage, ("Knivsta", 0))[2]
    wanted = f"{certificate.holder.given_name} {WANTED}"
    renaming.ask(certificate, wanted, by=certificate.holder)


def _revoke(stage: Stage) -> None:
    """What she issued on the last day she certified on is doubted most."""
    doubted = max(each.issued_on for each in _under(stage, REVOKED))
    revoking.revoke(_held(stage, REVOKED), reason_code="conduct", note=NOTE, doubted_from=doubted, by=leader(stage))


def _decide(stage: Stage) -> None:
    """The leader has come half way: most stand, one falls, the rest is under review."""
    waiting = deciding.waiting(stage.project)
    choices: dict[int, Outcome] = {each.certificate.id: "keep" for each in waiting[::2]}
    falls = next((each for each in waiting if each.proposed == "revoke"), None)
    if falls is not None:
        choices[falls.certificate.id] = "revoke"
    deciding.decide(stage.project, choices, by=leader(stage))


def _under(stage: Stage, place: Place) -> list[Certificate]:
    return revoking.doubted(_held(stage, place))
