"""Acts of the log in words; what has no words yet is shown as it is written."""

from typing import Any

from flask_babel import gettext

from lms.message import N_

WORDS = {
    "accessibility.reported": N_("Reported something hard to use"),
    "attendance.corrected": N_("Corrected attendance"),
    "attendance.recorded": N_("Recorded attendance"),
    "attendance.signed_off": N_("Signed an attendance sheet"),
    "certificate.issued": N_("Issued a certificate"),
    "certificate.revoked": N_("Revoked a certificate"),
    "exemption.given": N_("Gave an exemption"),
    "mail.retried": N_("Tried a mail again"),
    "name.revealed": N_("Looked at the name behind an alias"),
    "participation.started": N_("Took a person into a project"),
    "people.imported": N_("Read a list of people"),
    "person.added": N_("Added a person"),
    "person.imported": N_("Changed a person from a list"),
    "person.protected": N_("Protected a person's identity"),
    "person.settings": N_("Changed own settings"),
    "person.signed_in": N_("Signed in"),
    "person.signed_out": N_("Signed out"),
    "person.unprotected": N_("Ended the protection of a person's identity"),
    "personnummer.revealed": N_("Looked at a personnummer"),
    "project.imported": N_("Updated the plan of a project"),
    "role.given": N_("Gave a role"),
    "role.taken": N_("Took a role"),
    "run.cancelled": N_("Cancelled a run"),
    "run.changed": N_("Changed a run"),
    "run.scheduled": N_("Scheduled a run"),
}


def in_words(act: str) -> str:
    """The act as people say it."""
    return str(gettext(WORDS[act])) if act in WORDS else act


def details(values: dict[str, Any]) -> str:
    """What the log says beside the act: names and values, lists after each other, nothing that is empty."""
    return ", ".join(f"{name}: {_plain(value)}" for name, value in values.items() if value not in (None, "", []))


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return {True: "✓", False: "–"}[value] if isinstance(value, bool) else str(value)
