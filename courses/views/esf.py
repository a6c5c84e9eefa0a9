"""Months for the funder and hours per employer: pages, and the files that go with them."""

from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from courses.esf import rates, workbook
from courses.esf.changes import changes as changes_of
from courses.esf.closing import left_of
from courses.esf.closings import MonthClosing, history, latest
from courses.esf.days import due, month_named
from courses.esf.employers import employers as employers_of
from courses.esf.month import Month, month
from courses.esf.months import MonthOverview, firsts, is_changed
from courses.esf.months import months as months_of
from courses.esf.posts import posts
from courses.esf.sending import queue_of, to_send
from lms import audit, clock, filters
from lms.permissions import guarded
from lms.policy import may_lead_project, may_see_employer_hours
from lms.projects import Project
from lms.views import asked_part, me

bp = Blueprint("esf", __name__)
PER_PAGE = 50


@bp.get("/projects/<int:project_id>/months")
@guarded(may_lead_project, Project)
def months(project: Project) -> ResponseReturnValue:
    """Every month and where it stands, and what must be sent in which order."""
    found = months_of(project)
    return render_template(
        "courses/esf/months.html",
        project=project,
        months=found,
        words=month_words(),
        queue=to_send(project),
        due=due,
    )


@bp.get("/projects/<int:project_id>/months/<name>")
@guarded(may_lead_project, Project)
def show(project: Project, name: str) -> ResponseReturnValue:
    """A month: signatures and hours per municipality, what is left before it is closed, what changed since, files."""
    first = first_day(project, name)
    found, closing = month(project, first), latest(project, first)
    every = months_of(project, found)
    earlier = [each.first for each in every if each.first < first and each.is_open]
    return render_template(
        "courses/esf/month.html",
        project=project,
        month=found,
        name=name,
        left=left_of(first, found.sheets, found.tallies, earlier),
        months=_around(every, first),
        words=month_words(),
        states=workbook.state_words(),
        rounding=workbook.rounding_words(found),
        days_left=(found.due - clock.today()).days,
        **_closed(closing),
        **_people(found),
    )


def _closed(closing: MonthClosing | None) -> dict[str, Any]:
    """What a closed month shows beside its figures: its versions, what changed since, what must be sent."""
    if closing is None:
        return {"closing": None, "versions": [], "changes": [], "queue": []}
    closings, sendings = history(closing.project)
    versions = [each for each in closings if each.first == closing.first]
    changed = changes_of(closing) if is_changed(closing) else []
    sent = [each for each in sendings if each.first == closing.first]
    queue = queue_of(closings, sendings)
    return {"closing": closing, "versions": versions[::-1], "changes": changed, "sent": sent, "queue": queue}


def _people(found: Month) -> dict[str, Any]:
    """The people of the municipality that was asked for, a page at a time."""
    wanted = request.args.get("employer", -1, int)
    place = next((each for each in found.places if (each.organisation_id or 0) == wanted), None)
    people, page, pages = asked_part(found.lines_of(place) if place else (), PER_PAGE)
    return {"place": place, "people": people, "page": page, "pages": pages}


@bp.get("/projects/<int:project_id>/months/<name>/hours.xlsx")
@guarded(may_lead_project, Project)
def hours(project: Project, name: str) -> ResponseReturnValue:
    """The workbook of a month; who fetched it is in the audit log."""
    first = first_day(project, name)
    found = month(project, first)
    file = workbook.month_workbook(found, posts(project, first))
    _log("esf.downloaded", project, {"month": name, "people": found.total.people})
    return _download(file, workbook.file_name(project, first, "xlsx"))


@bp.get("/projects/<int:project_id>/employers")
@guarded(may_see_employer_hours, Project)
def employers(project: Project) -> ResponseReturnValue:
    """Hours per employer and month, a year at a time; no people."""
    table = employers_of(project)
    years = sorted({first.year for first in table.months})
    year = request.args.get("year", 0, int)
    shown = year if year in years else (years[-1] if years else 0)
    return render_template(
        "courses/esf/employers.html",
        project=project,
        table=table.of_year(shown),
        years=years,
        year=shown,
        decimal=_decimal,
        worth=rates.table(rates.lines(project), table.of_year(shown).months),
        kronor=_kronor,
    )


@bp.get("/projects/<int:project_id>/employers.xlsx")
@guarded(may_see_employer_hours, Project)
def employers_file(project: Project) -> ResponseReturnValue:
    """The workbook of hours per employer, all months."""
    file = workbook.employers_workbook(project, employers_of(project), rates.lines(project))
    _log("esf.employers_downloaded", project, {})
    return _download(file, workbook.file_name(project, None, "xlsx"))


def _kronor(amount: Decimal) -> str:
    """SEK with two decimals, thousands apart."""
    language = filters.spoken()
    whole, ore = divmod(int(amount * 100), 100)
    return f"{filters.number(whole, language)}{',' if language == 'sv' else '.'}{ore:02}"


def _decimal(minutes: int) -> str:
    """Hours with two decimals, as in the workbook."""
    language = filters.spoken()
    whole, hundredths = divmod(round(minutes * 100 / 60), 100)
    return f"{filters.number(whole, language)}{',' if language == 'sv' else '.'}{hundredths:02}"


def first_day(project: Project, name: str) -> date:
    """The first day of the month named YYYY-MM, or 404 when the project has no such month."""
    first = month_named(name)
    if first is None or first not in firsts(project):
        abort(404)
    return first


def _around(every: list[MonthOverview], first: date) -> list[MonthOverview]:
    """The eight months that end with the one after this."""
    place = next(number for number, each in enumerate(every) if each.first == first)
    last = min(max(place + 2, 8), len(every))
    return every[max(last - 8, 0) : last]


def month_words() -> dict[str, tuple[str, str]]:
    """State of a month → the pearl's state and the words beside it."""
    return {
        "coming": ("kommande", _("To come")),
        "open": ("pagar", _("In progress")),
        "unsigned": ("saknas", _("Signatures missing")),
        "ready": ("pagar", _("Ready to close")),
        "none": ("klar", _("No hours")),
        "send": ("pagar", _("Closed, to be sent")),
        "sent": ("klar", _("Sent, closed")),
        "again": ("saknas", _("Send again")),
        "changed": ("saknas", _("Changed since closing")),
    }


def _log(act: str, project: Project, details: dict[str, object]) -> None:
    audit.seen(act, project, by=me(), details=details)


def _download(data: bytes, name: str) -> Response:
    response = Response(data, mimetype=workbook.XLSX)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
