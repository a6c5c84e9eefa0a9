"""Trainers' preparation in the story: hours without a sheet, approved by the leader, one refused, two still waiting."""

from datetime import timedelta
from functools import partial

from courses.hours import declared, declaring
from courses.hours.declaring import Declaration
from courses.runs import Run, is_over
from lms import clock
from lms.demo.cast import leader
from lms.demo.personas import TRAINER
from lms.demo.stage import Stage

NOTES = {
    90: "Gick igenom övningarna och skrev ut materialet.",
    150: "Förberedde första tillfället tillsammans med en kollega.",
    240: "Läste deltagarnas hemuppgifter inför andra tillfället.",
}
DOUBLE = "Bedömningen av hemuppgifter ingår redan i kursens tid."


def begin(stage: Stage) -> None:
    """Declared in the weeks before today; the leader decided on what had come two weeks ago."""
    others = [email for emails in stage.trainers.values() for email in emails if email != TRAINER]
    told = [(24, TRAINER, 150), (17, TRAINER, 240), (16, others[0], 90), (2, TRAINER, 90), (1, others[0], 150)]
    for days, email, minutes in told:
        stage.agenda.at(stage.today - timedelta(days=days), 17.5, partial(_declare, stage, email, minutes))
    stage.agenda.at(stage.today - timedelta(days=12), 16.0, partial(_decide, stage))


def _declare(stage: Stage, email: str, minutes: int) -> None:
    """Preparation of the run that she leads next; who leads none has nothing to prepare."""
    person, today = stage.person(email), clock.today()
    led = [each for each, leads in declared.activities(person, stage.project) if leads and isinstance(each, Run)]
    coming = [run for run in led if not is_over(run)] or led
    if coming:
        what = Declaration(coming[-1], "preparation", today, minutes, NOTES[minutes])
        declaring.declare(what, nonce=f"demo-{today:%Y%m%d}-{person.id}", by=person)


def _decide(stage: Stage) -> None:
    for entry in declared.waiting(stage.project):
        if entry.minutes == max(NOTES):
            declaring.refuse(entry, DOUBLE, by=leader(stage))
        else:
            declaring.approve([entry], by=leader(stage))
