"""Workbooks and CSV files that support the report to the funder, always in Swedish and never with a personnummer.

Every figure can be followed: organisations are sums of the sheet of people, people of the sheet of entries.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from flask_babel import force_locale
from flask_babel import gettext as _

from courses.esf import wording
from courses.esf.employers import Table
from courses.esf.month import Month
from courses.esf.posts import Post
from courses.esf.rates import Line
from courses.esf.sheets import Sheet as Unsigned
from lms import clock, filters, spreadsheet
from lms.projects import Project
from lms.spreadsheet import Cell, Column, Formula, Sheet

LANGUAGE = "sv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def month_workbook(month: Month, posts: Iterable[Post]) -> bytes:
    """The draft of a month (XLSX): organisations, people, the entries behind them, and what is not signed."""
    with force_locale(LANGUAGE):
        notes = _notes(month.project, f"{_month_name(month.first)}, {_('draft')}") + _month_notes(month)
        people = _people(month, notes)
        sheets = [_summary(month, people, notes), people, _entries(posts, notes), _unsigned(month.unsigned, notes)]
        return spreadsheet.workbook(
            sheets, title=notes[0], created=clock.now(), publicity=month.project.plan.publicity.within(LANGUAGE)
        )


def month_csv(month: Month) -> bytes:
    """Hours per person and employer as CSV for Swedish Excel: the same figures as the sheet of people."""
    with force_locale(LANGUAGE):
        people = _people(month, ())
        return spreadsheet.csv_text(people.columns, people.rows)


def employers_workbook(project: Project, table: Table, lines: Sequence[Line] = ()) -> bytes:
    """The XLSX of hours per employer and month, and what they are worth where the plan has rates."""
    with force_locale(LANGUAGE):
        notes = _notes(project, _("Hours per employer"))
        columns = [
            Column(_("Employer"), width=28),
            *(Column(_month_name(first), "minutes", width=11, total=True) for first in table.months),
            Column(_("Total"), "minutes", width=11, total=True),
        ]
        rows: list[list[Cell]] = [[each.name or _no_employer(), *each.minutes, each.total] for each in table.employers]
        sheets = [Sheet(_("Employers"), columns, rows, notes, _("Total"))]
        if lines:
            sheets.append(_amounts(lines, notes))
        return spreadsheet.workbook(
            sheets, title=notes[0], created=clock.now(), publicity=project.plan.publicity.within(LANGUAGE)
        )


def _amounts(lines: Sequence[Line], notes: tuple[str, ...]) -> Sheet:
    """One row per employer, month and rate; what has no rate has no amount."""
    columns = [
        Column(_("Employer"), width=28),
        Column(_("Month"), width=16),
        Column(_("Hours"), "minutes", width=11, total=True),
        Column(_("SEK per hour"), "money", width=12),
        Column(_("Amount, SEK"), "money", width=14, total=True),
        Column(_("From"), "day", width=12),
        Column(_("Source of the rate"), width=40),
    ]
    rows: list[list[Cell]] = [
        [
            line.employer or _no_employer(), _month_name(line.first), line.minutes,
            line.rate.sek_per_hour if line.rate else None, line.amount, line.rate.starts if line.rate else None,
            line.rate.source if line.rate else _("The plan has no rate for this employer and day"),
        ]
        for line in lines
    ]  # fmt: skip
    return Sheet(_("Amounts"), columns, rows, notes, _("Total"))


def file_name(project: Project, first: date | None, kind: str, subject: str = "arbetsgivare") -> str:
    """smail-2022-11-timmar.xlsx; without a month smail-arbetsgivare.xlsx, or another subject in its place."""
    name = wording.plain(project.name) or "projekt"
    return f"{name}-{first:%Y-%m}-timmar.{kind}" if first else f"{name}-{subject}.{kind}"


def _notes(project: Project, subject: str) -> tuple[str, ...]:
    return (
        f"{project.name}, {subject}",
        _("Project %(name)s, reg. no. %(dnr)s, %(owner)s", name=project.name, dnr=project.dnr, owner=project.owner),
        project.plan.publicity.within(LANGUAGE),
        _("Supporting material for the funder's own portal or forms. It does not replace them."),
    )


def _month_notes(month: Month) -> tuple[str, ...]:
    made = clock.local(clock.now())
    return (
        _(
            "Signed sheets and approved assignments only, as of %(day)s at %(clock)s. Report by %(due)s.",
            day=made.date().isoformat(),
            clock=filters.clock(made),
            due=month.due.isoformat(),
        ),
        rounding_words(month),
        _(
            "Others who attended, not ESF participants: %(people)s, %(hours)s.",
            people=month.others.people,
            hours=filters.hours(month.others.minutes),
        ),
    )


def rounding_words(month: Month) -> str:
    """How hours are rounded and what that takes away."""
    if month.rounding == "none":
        return str(_("Hours are not rounded."))
    lost = filters.hours(month.total.lost)
    if month.rounding == "quarter":
        return str(_("Quarters of an hour, rounded down per person and employer: %(lost)s are lost.", lost=lost))
    return str(_("Whole hours, rounded down per person and employer: %(lost)s are lost.", lost=lost))


def _summary(month: Month, people: Sheet, notes: tuple[str, ...]) -> Sheet:
    """Organisations as sums over the sheet of people: people, exact hours, reported hours."""
    columns = [
        Column(_("Organisation"), width=28),
        Column(_("People with hours"), "integer", width=16),
        Column(_("Hours"), "formula", width=12, total=True),
        Column(_("Hours to report"), "formula", width=16, total=True),
        Column(_("Sessions held"), "integer", width=16, total=True),
        Column(_("Sheets not signed"), "integer", width=16, total=True),
    ]
    rows: list[list[Cell]] = [
        [
            place.name or _no_employer(),
            place.hours.people,
            _sum_over(people, "C", place.hours.minutes),
            _sum_over(people, "D", place.hours.reported),
            place.held,
            len(place.unsigned),
        ]
        for place in month.places
    ]
    return Sheet(_("Summary"), columns, rows, notes, _("Total"))


def _sum_over(people: Sheet, column: str, minutes: int) -> Formula:
    """Hours of the organisation in this row, summed from the sheet of people (exact comparison, no wildcards)."""
    first = len(people.notes) + 3
    last = first + max(len(people.rows), 1) - 1
    name = people.name.replace("'", "''")
    names, values = f"'{name}'!$A${first}:$A${last}", f"'{name}'!${column}${first}:${column}${last}"
    return Formula(f"=SUMPRODUCT(({names}=A{{row}})*{values})" if people.rows else "=0", minutes / 60)


def _people(month: Month, notes: tuple[str, ...]) -> Sheet:
    columns = [
        Column(_("Employer"), width=28),
        Column(_("Name"), width=30),
        Column(_("Hours"), "minutes", width=12, total=True),
        Column(_("Hours to report"), "minutes", width=16, total=True),
    ]
    rows: list[list[Cell]] = [
        [line.organisation or _no_employer(), line.name, line.hours.minutes, line.hours.reported]
        for line in month.lines
    ]
    return Sheet(_("Per person"), columns, rows, notes, _("Total"))


def _entries(posts: Iterable[Post], notes: tuple[str, ...]) -> Sheet:
    kinds = kind_words()
    columns = [
        Column(_("Employer"), width=28),
        Column(_("Name"), width=30),
        Column(_("Day"), "day", width=12),
        Column(_("Kind"), width=20),
        Column(_("Activity"), width=36),
        Column(_("Hours"), "minutes", width=12, total=True),
        Column(_("Entry"), "integer", width=10),
        Column(_("Sheet"), "integer", width=10),
        Column(_("Trainer"), width=40),
        Column(_("Participant"), width=40),
    ]
    rows: list[list[Cell]] = [
        [
            post.organisation or _no_employer(), post.name, post.day, kinds[post.kind], post.activity,
            post.minutes, post.entry_id, post.session_id, wording.trainer(post.trainer),
            wording.participant(post.participant),
        ]
        for post in posts
    ]  # fmt: skip
    return Sheet(_("Entries"), columns, rows, notes, _("Total"))


def _unsigned(sheets: Iterable[Unsigned], notes: tuple[str, ...]) -> Sheet:
    words = state_words()
    columns = [
        Column(_("Day"), "day", width=12),
        Column(_("Activity"), width=36),
        Column(_("State"), width=26),
        Column(_("Can sign"), width=36),
        Column(_("ESF participants waiting"), "integer", width=16),
        Column(_("Hours waiting"), "minutes", width=14, total=True),
        Column(_("Sheet"), "integer", width=10),
    ]
    rows: list[list[Cell]] = [
        [
            sheet.day, sheet.title, words[sheet.state], ", ".join(sheet.signers), sheet.people,
            sheet.minutes, sheet.session_id,
        ]
        for sheet in sheets
    ]  # fmt: skip
    return Sheet(_("Not signed"), columns, rows, notes, _("Total"))


def state_words() -> dict[str, str]:
    """What is wrong with a sheet, in two or three words."""
    return {
        "unsigned": _("Not signed"),
        "changed": _("Changed after it was signed"),
        "empty": _("Sheet not filled in"),
        "signed": _("Signed"),
    }


def kind_words() -> dict[str, str]:
    """The kinds of the ledger as people call them."""
    return {
        "session": _("Course session"),
        "assignment": _("Home assignment"),
        "network": _("Network meeting"),
        "reference_group": _("Reference group"),
        "steering_group": _("Steering group"),
        "coaching": _("Coaching"),
        "horizontal": _("Horizontal principles"),
        "lecture": _("Lecture"),
        "conference": _("Conference"),
        "preparation": _("Trainer's preparation"),
    }


def _no_employer() -> str:
    return str(_("Without employer"))


def _month_name(first: date) -> str:
    return filters.month(first.year, first.month, LANGUAGE)
