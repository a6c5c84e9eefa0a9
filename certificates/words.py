"""The words of certificates that strangers read: reasons of revocation in general terms, levels, and what was assessed.

A reason never tells anything about the person (domain: no personal data beyond what is printed).
"""

from flask import current_app, render_template
from flask_babel import gettext as _
from markupsafe import Markup

from certificates.statement import Statement
from lms import filters


def reason(code: str) -> str:
    """A public reason of revocation, in general terms."""
    words: dict[str, str] = {
        "mistake": _("The certificate was issued by mistake."),
        "grounds": _("The grounds of the certificate turned out not to hold."),
        "conduct": _("The holder no longer meets the requirements."),
        "holder": _("The holder has asked for it."),
    }
    return words.get(code) or str(_("The reason is not public."))


def replaced(code: str) -> str:
    """Why a newer certificate has taken the place of one."""
    words: dict[str, str] = {
        "renewed": _("It was renewed."),
        "name": _("The holder has a new name."),
        "spelling": _("The name was misspelt."),
        "protected": _("The holder is shown under another name."),
        "limited": _("Its last day was changed."),
    }
    return words.get(code) or str(_("A newer certificate has taken its place."))


def project(statement: Statement) -> str:
    """The project and its owner, as they stand at the foot of a page about a certificate."""
    named = {"name": statement.project.name, "dnr": statement.project.dnr, "owner": statement.issuer}
    return str(_("Project %(name)s, dnr %(dnr)s, %(owner)s", **named))


def level(name: str) -> str:
    """A level as it is called on screen."""
    return str(_("Trainer certificate") if name == "trainer" else _("User certificate"))


def state(name: str) -> str:
    """A state of today as it is called on screen."""
    called: dict[str, str] = {
        "valid": _("Valid"),
        "review": _("Under review"),
        "expired": _("Expired"),
        "replaced": _("Replaced"),
        "revoked": _("Revoked"),
    }
    return called[name]


def paper(offline: bool) -> Markup:
    """Everything that the script may say about a scanned code (static/paper.js). It is the same for every certificate
    and nearly half the work of a page, so each language is drawn once."""
    kept: dict[tuple[str, bool], Markup] = current_app.extensions.setdefault("certificates.words.paper", {})
    language = filters.spoken()
    if (language, offline) not in kept:
        given = {"language": language, "offline": offline, "level": level}
        kept[language, offline] = Markup(render_template("certificates/_paper_words.html", **given))  # noqa: S704  ours
    return kept[language, offline]


def assessed(statement: Statement) -> list[tuple[str, int]]:
    """What was assessed, in words, with its minutes (0: no minutes are counted)."""
    parts = statement.parts
    sessions = [part for part in parts if part.kind == "session"]
    told = []
    if sessions:
        minutes = sum(part.minutes for part in sessions)
        told.append((_("Attendance at %(count)s sessions", count=len(sessions)), minutes))
    told += [(_("Home assignment, approved by a trainer"), part.minutes) for part in parts if part.kind == "assignment"]
    told += [
        (_("Gender equality, accessibility and non-discrimination, completed"), 0)
        for part in parts
        if part.kind == "horizontal"
    ]
    told += [(_("Renewed: %(what)s", what=part.title), 0) for part in parts if part.kind == "renewal"]
    return told
