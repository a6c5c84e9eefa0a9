"""What the certificate of a run says: the statement, put together from the facts on the day of certification."""

import calendar
from dataclasses import dataclass
from datetime import date

from flask_babel import force_locale
from flask_babel import gettext as _

from certificates import register, statement
from certificates.statement import Certifier, Language, Level, Named, Part, ProgrammeRef, ProjectRef, Statement
from courses.certification.facts import Presence
from courses.certification.rule import Facts
from courses.gate import Standing
from courses.programmes import text
from courses.runs import Run
from lms import clock, filters
from lms.people import Person


@dataclass(frozen=True)
class Act:
    """One act of certification: the run, who certifies by what right, and what the signed sheets hold.

    `present`: person id → session number → minutes; `signers`: session id → who signed its sheet.
    """

    run: Run
    by: Person
    standing: Standing
    present: dict[int, dict[int, Presence]]
    signers: dict[int, str]


def draft(act: Act, person: Person, known: Facts) -> Statement:
    """The statement about the person; number and code are given when it is issued (`issuing.issue`)."""
    run, programme, project, today = act.run, act.run.programme, act.run.project, clock.today()
    language: Language = "en" if person.language == "en" else "sv"
    level: Level = "trainer" if programme.leads_to == "trainer" else "user"
    parts = tuple(sorted(_parts(act, known, language), key=lambda part: part.day))
    days = [part.day for part in parts] or [today]
    return Statement(
        format=statement.FORMAT,
        number=register.DRAFT,
        code=statement.new_code(),
        issued_on=today,
        valid_until=months_later(today, programme.validity_months) if programme.validity_months else None,
        language=language,
        holder_name=person.name,
        level=level,
        programme=ProgrammeRef(
            programme.key, text(programme.title, "sv"), text(programme.title, "en"), run.material.version
        ),
        competence=text(programme.competence, language),
        minutes=sum(part.minutes for part in parts),
        parts=parts,
        first_day=min(days),
        last_day=max(days),
        place=run.organisation.name if run.organisation else "",
        trainers=tuple(_named(trainer) for trainer in run.trainers),
        certified_by=certifier(act.by, act.standing, language),
        issuer=project.owner,
        project=ProjectRef(project.name, project.dnr),
        publicity=project.plan.publicity.text.within(language),
    )


def _parts(act: Act, known: Facts, language: Language) -> list[Part]:
    """What was assessed: sessions from signed sheets, the approved assignment, the completed module."""
    parts = _sessions(act, known, language)
    plan, work = act.run.programme.assignment, known.work
    if plan is not None and work.state == "approved" and work.day is not None:
        minutes = min(work.minutes, plan.minutes)
        parts.append(Part("assignment", text(plan.title, language), work.day, minutes, (work.by,)))
    if known.horizontal == "completed" and known.horizontal_day is not None:
        with force_locale(language):
            title = _("Horizontal principles")
        parts.append(Part("horizontal", title, known.horizontal_day, 0, ()))
    return parts


def _sessions(act: Act, known: Facts, language: Language) -> list[Part]:
    titles = {plan.number: text(plan.title, language) for plan in act.run.programme.sessions}
    parts = []
    for session in known.sessions:
        if session.counted:
            sources = act.present[known.person_id][session.number].sources
            names = tuple(dict.fromkeys(act.signers[session_id] for session_id, _day in sources))
            title = titles.get(session.number) or str(session.number)
            parts.append(Part("session", title, max(day for _id, day in sources), session.counted, names))
    return parts


def _named(person: Person) -> Named:
    return Named(person.name, person.organisation.name if person.organisation else "")


def certifier(by: Person, standing: Standing, language: Language) -> Certifier:
    """Who certifies, and by what right: the own certificate, else the exemption, else the role alone."""
    named = _named(by)
    if standing.proof == "valid" and standing.certificate is not None:
        own = standing.certificate
        return Certifier(named.name, named.organisation, own.number, own.code, None)
    if standing.exemption is not None:
        with force_locale(language):
            last = filters.plain_day(standing.exemption.ends, language)
            words = _("granted by the project leader, through %(day)s", day=last)
        return Certifier(named.name, named.organisation, None, None, words)
    return Certifier(named.name, named.organisation)


def months_later(day: date, months: int) -> date:
    """The same day some months later, or the last day of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
