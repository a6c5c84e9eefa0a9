"""The nine people that a visitor of the demo can be, each found again by an address that never changes."""

from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from lms.people import Person, find_person

ADMINISTRATOR = "administrator@parlband.example"
PROJECT_LEADER = "projektledare@samordningsforbundet.example"
ECONOMIST = "ekonom@samordningsforbundet.example"
COUNTY_TRAINER = "lansutbildare@samordningsforbundet.example"
TRAINER = "utbildare@habo.example"
PARTICIPANT = "deltagare@habo.example"
MANAGER = "chef@habo.example"
EVALUATOR = "utvarderare@larandeutvardering.example"
STEERING_GROUP = "styrgrupp@enkoping.example"


@dataclass(frozen=True)
class Persona:
    """A key (the word the form posts), an address, and what the person is and does today."""

    key: str
    email: str
    title: LazyString
    today: LazyString

    @property
    def person(self) -> Person | None:
        """The person in the database; None before the demo is loaded."""
        return find_person(email=self.email)


PERSONAS = (
    Persona(
        "project-leader",
        PROJECT_LEADER,
        _l("Project leader"),
        _l("Looks at what is late, asks for an unsigned sheet and puts together last month's hours."),
    ),
    Persona(
        "county-trainer",
        COUNTY_TRAINER,
        _l("County trainer"),
        _l("Signs the sheet of the latest network meeting and sees how far each string of trainers and users reaches."),
    ),
    Persona(
        "trainer",
        TRAINER,
        _l("Trainer"),
        _l("Leads a course session today: takes attendance, signs the sheet and assesses assignments."),
    ),
    Persona(
        "participant",
        PARTICIPANT,
        _l("Participant"),
        _l("Has a course session today, lessons to read and a home assignment to hand in."),
    ),
    Persona(
        "manager",
        MANAGER,
        _l("Manager"),
        _l("Follows how far the own staff have come and which sessions take them from their desks."),
    ),
    Persona(
        "economist",
        ECONOMIST,
        _l("Economist"),
        _l("Checks last month's hours for each employer before they are reported."),
    ),
    Persona(
        "evaluator",
        EVALUATOR,
        _l("External evaluator"),
        _l("Reads survey results of the courses that have ended."),
    ),
    Persona(
        "steering-group",
        STEERING_GROUP,
        _l("Member of the steering group"),
        _l("Prepares the next meeting: goals, what is on its way and what needs a decision."),
    ),
    Persona(
        "administrator",
        ADMINISTRATOR,
        _l("Administrator"),
        _l("Gives roles and reads the log of who did and who saw what."),
    ),
)
BY_KEY = {persona.key: persona for persona in PERSONAS}
