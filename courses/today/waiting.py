"""What waits in the projects somebody leads or is county trainer in, of several kinds and in one question."""

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import union_all

from courses.renewal import SOON
from courses.today import approving, certificates
from courses.today.approving import approving_tasks
from courses.today.certificates import AFTER, certificate_tasks
from courses.today.task import Task
from lms import clock
from lms.db import db
from lms.people import Person


def waiting_tasks(person: Person, led: Collection[int], county: Collection[int]) -> list[Task]:
    """Hours to approve, certificates to decide about, to renew and in another name. One question at most."""
    if not led and not county:
        return []
    today = clock.today()
    values = {
        "led": led,
        "county": county,
        "both": {*led, *county},
        "me": person.id,
        "today": today,
        "now": clock.now(),
        "since": today - AFTER,
        "soon": today + SOON,
    }
    found = [tuple(row) for row in db.session.execute(_query(), values)]
    hours = [(project_id, name, count) for kind, project_id, name, count in found if kind == "approve"]
    return approving_tasks(hours) + certificate_tasks(row for row in found if row[0] != "approve")


@cache
def _query() -> Any:
    """Built once per process: building costs more than running."""
    return union_all(approving.question(), *certificates.questions())
