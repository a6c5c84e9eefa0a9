"""Statistics in words and as a workbook: the same rows as on the page, and nothing more."""

from collections.abc import Iterable
from datetime import date

from flask_babel import force_locale
from flask_babel import gettext as _

from courses.esf.days import last_day
from courses.esf.statistics import Row, Statistics
from courses.esf.suppression import GENDERS, Group
from lms import clock, filters, spreadsheet
from lms.projects import Project
from lms.spreadsheet import Cell, Column, Sheet

LANGUAGE = "sv"


def statistics_workbook(project: Project, found: Statistics) -> bytes:
    """The XLSX of the statistics, in Swedish, with a sheet per table of the page."""
    with force_locale(LANGUAGE):
        notes = (
            f"{project.name}, {_('Statistics')}",
            _("Project %(name)s, reg. no. %(dnr)s, %(owner)s", name=project.name, dnr=project.dnr, owner=project.owner),
            project.plan.publicity.within(LANGUAGE),
            _("ESF participants with signed hours in the months that are over."),
            _("No figure is of fewer than five people. What is smaller is counted together with something else."),
        )
        return spreadsheet.workbook(
            _sheets(project, found, notes), title=notes[0], created=clock.now(), publicity=notes[2]
        )


def _sheets(project: Project, found: Statistics, notes: tuple[str, ...]) -> list[Sheet]:
    period = [Column(_("Phase"), width=40), Column(_("Period"), width=30)]
    place = [Column(_("Organisation"), width=40)]
    every = [row for row, _is_phase in found.periods] + ([found.whole] if found.whole else [])
    by_period = ((_period_cells(project, row, found), row) for row in every)
    sheets = [_sheet(_("Periods"), period, found, by_period, notes)]
    if found.groups:
        rows = (([names(row.names)], row) for row in found.groups)
        sheets.append(_sheet(_("Organisations"), place, found, rows, notes))
    if found.both:
        crossed = (([names(row.names), *_period_cells(project, row, found)], row) for row in found.both)
        sheets.append(_sheet(_("Organisations and periods"), place + period, found, crossed, notes))
    units: list[list[Cell]] = [[names(unit), people] for unit, people in found.units]
    people = Column(_("People"), "integer", width=12)
    if found.spans:
        spans = [row for phase, rows in found.spans for row in ((phase, *rows) if len(rows) > 1 else (phase,))]
        told: list[list[Cell]] = [[*_period_cells(project, row, found), row.total.people] for row in spans]
        sheets.append(Sheet(_("People per period"), [*period, people], told, notes))
    return [*sheets, Sheet(_("People per organisation"), [*place, people], units, notes)]


def _sheet(
    name: str, before: list[Column], found: Statistics, rows: Iterable[tuple[list[str], Row]], notes: tuple[str, ...]
) -> Sheet:
    columns = list(before)
    for words in (*(class_name(genders) for genders in found.classes), _("Total")):
        width = max(12, len(words) * 0.8)
        columns += [Column(words, "integer", width), Column(_("%(who)s, hours", who=words), "minutes", width)]
    told: list[list[Cell]] = [
        [*first, *(value for each in row.every for value in (each.people, each.minutes))] for first, row in rows
    ]
    return Sheet(name, columns, told, notes)


def _period_cells(project: Project, row: Row, found: Statistics) -> list[str]:
    return [phase_name(project, found, row, LANGUAGE), period_name(row, LANGUAGE)]


def class_name(genders: Group) -> str:
    """A gender group in words; those that stand together are named together."""
    words: dict[Group, str] = {
        ("woman",): _("Women"),
        ("man",): _("Men"),
        ("other",): _("Other gender"),
        ("unknown",): _("Not stated"),
        ("other", "unknown"): _("Other gender or not stated"),
        ("man", "other", "unknown"): _("Men, other gender or not stated"),
        ("woman", "other", "unknown"): _("Women, other gender or not stated"),
        GENDERS: _("All genders"),
    }
    return words[genders]


def names(group: Group) -> str:
    """Organisations after each other; "" is people without an employer."""
    return ", ".join(name or _("Without employer") for name in group)


def phase_name(project: Project, found: Statistics, row: Row, language: str) -> str:
    """The phases of a row, or the whole project; what lies outside all phases is said."""
    if found.whole and (row.starts, row.ends) == (found.whole.starts, found.whole.ends):
        return str(_("The whole project"))
    titles = {phase.key: phase.title.within(language) for phase in project.plan.phases}
    return ", ".join(titles.get(key, _("Between phases")) for key in row.phases)


def period_name(row: Row, language: str) -> str:
    """September 2022, or from one month to another; days where a phase cuts a month."""
    if row.starts.day > 1 or row.ends != last_day(row.ends):
        return f"{row.starts.isoformat()}–{row.ends.isoformat()}"
    first, last = _month(row.starts, language), _month(row.ends, language)
    if first == last:
        return first
    if row.starts.year == row.ends.year:
        first = first.rsplit(" ", 1)[0]
    return f"{first}–{last}"


def _month(day: date, language: str) -> str:
    return filters.month(day.year, day.month, language)
