"""The main menu: each person sees the few places her roles lead to, and nothing she may not open.

The rule that matters most: it is drawn on every page, so it asks the database one small question at most.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import current_app, request, url_for
from flask_babel import gettext as _
from sqlalchemy import bindparam, select

from courses.activities import Activity
from courses.enrolment import Enrolment
from lms.db import rows
from lms.people import Person, has_role, managed_organisations, roles_of


@dataclass(frozen=True)
class Place:
    """An entry of the menu; `below` are beginnings of other addresses that belong to it."""

    label: str
    url: str
    below: tuple[str, ...] = ()

    def covers(self, path: str) -> int:
        """How much of the path the entry stands for: the longest one is the current one."""
        if path == self.url:
            return len(path)
        beginnings = (f"{self.url}/", *self.below) if self.url != "/" else self.below
        return max((len(begin) for begin in beginnings if path.startswith(begin)), default=0)


def navigation(person: Person) -> list[tuple[str, str, bool]]:
    """Label, address and whether it is the current page, for everything in the person's menu."""
    places = _places(person)
    longest = max((place.covers(request.path) for place in places), default=0)
    current = next((place for place in places if longest and place.covers(request.path) == longest), None)
    return [(place.label, place.url, place is current) for place in places]


def _places(person: Person) -> list[Place]:
    found = [Place(_("Home"), url_for("home.index")), *_own(person)]
    project_id = _project(person)
    if project_id is not None:
        found += _in_project(person, project_id)
    if managed_organisations(person):
        found += _place(_("Staff"), "staff.index")
    if has_role(person, "administrator"):
        found += _place(_("Log"), "admin.log")
        found += _place(_("The ledger"), "ledger.show")
        found += _place(_("Mail"), "admin.outbox")
        found += _place(_("Administrators"), "admin.people")
    return list({place.url: place for place in found}.values())


def _own(person: Person) -> list[Place]:
    """The own course and certificates, for who has a place in a run."""
    newest = rows(_newest_run(), {"me": person.id})
    if not newest:
        reads = not person.roles or has_role(person, "manager", "steering_group")
        hers = [] if person.roles else _place(_("My hours"), "hours.mine", ("/hours/",))
        return [*_place(_("To read"), "learning.shelves", ("/learn/",)), *hers] if reads else []
    return [
        *_place(_("My course"), "learning.course", ("/courses/", "/learn", "/horizontal"), run_id=newest[0].run_id),
        *_place(_("My hours"), "hours.mine", ("/hours/",)),
        *_place(_("My certificates"), "certificates.mine", ("/certificates/",)),
    ]


@cache
def _newest_run() -> Any:
    """Built once per process: every page asks it, and building costs more than running."""
    return (
        select(Enrolment.run_id)
        .join(Activity, Activity.id == Enrolment.run_id)
        .where(
            Enrolment.person_id == bindparam("me"),
            Enrolment.state.in_(("registered", "waiting")),
            Activity.cancelled_at.is_(None),
        )
        .order_by(Enrolment.id.desc())
        .limit(1)
    )


def _in_project(person: Person, project_id: int) -> list[Place]:
    names = {role.name for role in roles_of(person) if role.project_id == project_id}
    roles = f"/projects/{project_id}/roles"
    unsigned, to_approve = f"/projects/{project_id}/unsigned-sheets", f"/projects/{project_id}/hours-to-approve"
    branch = tuple(f"/projects/{project_id}/{name}" for name in ("branch", "renewals", "certificates-under-review"))
    leads, teaches = "project_leader" in names, bool(names & {"trainer", "county_trainer", "project_leader"})
    wanted: list[tuple[bool, str, str, tuple[str, ...]]] = [
        (teaches, _("Runs"), "runs.index", ("/runs/", "/sessions/", "/submissions/", "/attendance-files/", unsigned)),
        (teaches, _("Meetings"), "activities.index", ("/meetings/",)),
        (leads or "county_trainer" in names, _("The cascade"), "cascade.show", branch),
        (teaches and not leads and "county_trainer" not in names, _("My branch"), "cascade.branch", ()),
        (leads, _("Certificates"), "finding.index", ("/certificates/", f"/projects/{project_id}/name-wishes")),
        (leads, _("Months"), "esf.months", ("/ledger", "/months/", to_approve)),
        (leads or "economist" in names, _("Hours"), "esf.employers", (f"/projects/{project_id}/statistics",)),
        (not leads and bool(names & {"evaluator", "steering_group"}), _("Statistics"), "statistics.show", ()),
        (leads or "steering_group" in names, _("Goals"), "goals.board", ()),
        (teaches or "evaluator" in names, _("Surveys"), "surveys.overview", ()),
        (leads, _("People"), "people.index", ("/people/", roles, "/uploads/", "/roles/", "/participations/")),
        (leads or bool(names & {"county_trainer", "steering_group"}), _("Project"), "project.show", ()),
    ]
    return [
        place
        for is_for, label, endpoint, below in wanted
        if is_for
        for place in _place(label, endpoint, below, project_id=project_id)
    ]


def _place(label: str, endpoint: str, below: tuple[str, ...] = (), **values: object) -> list[Place]:
    """The entry, or nothing while no such page is part of the site."""
    if endpoint not in current_app.view_functions:
        return []
    return [Place(label, url_for(endpoint, **values), below)]  # type: ignore[arg-type]


def _project(person: Person) -> int | None:
    """The project of the address when the person has a role in it, else her newest."""
    mine = {role.project_id for role in roles_of(person) if role.project_id}
    asked = (request.view_args or {}).get("project_id")
    return asked if asked in mine else max(mine, default=None)
