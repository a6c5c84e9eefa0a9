"""How everybody comes into the story: the project from its plan, roles by hand, participants from lists."""

from datetime import timedelta
from functools import partial

from lms import clock, people, people_file, people_import, projects, protection, roles
from lms.demo import personas
from lms.demo.names import Someone
from lms.demo.stage import Stage, as_list
from lms.demo.story import COUNTY, OWNER, TRAINERS, users_of
from lms.organisations import add_organisation
from lms.people import Person

EVALUATION = "Lärande utvärdering"
STEERING = {"Enköping": personas.STEERING_GROUP, "Uppsala": "", "Heby": "", "Östhammar": ""}


def begin(stage: Stage, extra_users: dict[str, int]) -> None:
    """Put into the agenda when each group comes; draws everybody at once, so that the cast is settled."""
    starts, users = stage.plan.starts, stage.plan.phase("users").starts
    trainers = [_trainers_of(stage, place, count) for place, count in TRAINERS.items()]
    everybody = [_users_of(stage, place, extra_users) for place in sorted({*TRAINERS, "Östhammar"})]
    stage.agenda.at(starts, 8.0, partial(_found, stage))
    stage.agenda.at(starts + timedelta(days=4), 9.0, partial(_staff, stage))
    for number, group in enumerate(trainers):
        stage.agenda.at(starts + timedelta(days=25), 9 + number / 10, partial(_import, stage, group))
    for number, group in enumerate(everybody):
        stage.agenda.at(users - timedelta(days=7), 9 + number / 10, partial(_import, stage, group))
    stage.agenda.at(users - timedelta(days=6), 9.0, partial(_managers, stage))


def protect(stage: Stage, email: str, alias: str) -> None:
    """The project leader gives the person an alias."""
    protection.protect(stage.person(email), alias, by=leader(stage))


def leader(stage: Stage) -> Person:
    return stage.person(personas.PROJECT_LEADER)


def _found(stage: Stage) -> None:
    """The installation: its administrator, the project from its plan, and the project leader."""
    administrator = _add(stage, stage.crowd.draw("", email=personas.ADMINISTRATOR, job_title="Systemförvaltare"), None)
    people.give_role(administrator, "administrator", by=None)
    project = projects.import_plan(stage.plan, by=administrator)
    add_organisation(OWNER, kind="authority")
    add_organisation(EVALUATION, kind="employer")
    drawn = stage.crowd.draw(OWNER, email=personas.PROJECT_LEADER, job_title="Projektledare", numbered=False)
    chosen = _add(stage, drawn, administrator)
    roles.give_as_administrator(chosen, "project_leader", project_id=project.id, by=administrator)


def _staff(stage: Stage) -> None:
    """Economist, county trainers, evaluator and steering group."""
    named = [
        (OWNER, personas.ECONOMIST, "economist", "Ekonom"),
        (OWNER, personas.COUNTY_TRAINER, "county_trainer", "Länsutbildare"),
        (OWNER, "", "county_trainer", "Länsutbildare"),
        (EVALUATION, personas.EVALUATOR, "evaluator", "Utvärderare"),
    ] + [(place, email, "steering_group", "Förvaltningschef") for place, email in STEERING.items()]
    for place, email, role, title in named:
        person = _add(stage, stage.crowd.draw(place, email=email, job_title=title, numbered=False), leader(stage))
        roles.give(stage.project, person, role, by=leader(stage))
        if role == "county_trainer":
            stage.trainers.setdefault(COUNTY, []).append(person.email or "")


def _managers(stage: Stage) -> None:
    """One manager for each municipality, who answers for its staff."""
    for place in sorted({*TRAINERS, "Östhammar"}):
        email = personas.MANAGER if place == "Håbo" else ""
        drawn = stage.crowd.draw(place, email=email, job_title="Enhetschef", numbered=False)
        person = _add(stage, drawn, leader(stage))
        assert person.organisation is not None
        roles.give(stage.project, person, "manager", organisation_id=person.organisation.id, by=leader(stage))


def _add(stage: Stage, drawn: Someone, by: Person | None) -> Person:
    person = people.add_person(
        drawn.given_name,
        drawn.family_name,
        email=drawn.email,
        organisation=stage.organisation(drawn.organisation) if drawn.organisation else None,
        gender=drawn.gender,
        job_title=drawn.job_title,
        by=by,
    )
    stage.people[drawn.email] = person
    return person


def _trainers_of(stage: Stage, place: str, count: int) -> list[Someone]:
    drawn = [
        stage.crowd.draw(place, email=personas.TRAINER if (place, number) == ("Håbo", 0) else "")
        for number in range(count)
    ]
    stage.trainers[place] = [each.email for each in drawn]
    return drawn


def _users_of(stage: Stage, place: str, extra: dict[str, int]) -> list[Someone]:
    """The municipality's users; the participant that a visitor can be is the first in Håbo's second course."""
    drawn = [
        stage.crowd.draw(place, email=personas.PARTICIPANT if (place, number) == ("Håbo", 8) else "")
        for number in range(users_of(place) + extra.get(place, 0))
    ]
    stage.users[place] = list(drawn)
    return drawn


def _import(stage: Stage, group: list[Someone]) -> None:
    """The project leader imports a municipality's list, file and all."""
    read = people_file.read_people(as_list(group), f"{group[0].organisation}.csv", today=clock.today())
    people_import.import_people(stage.project, read, by=leader(stage))
    stage.remember([each.email for each in group])
