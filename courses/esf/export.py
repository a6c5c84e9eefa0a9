"""The files of a month written to a directory: all of them or none, and never half a file under its real name.

A closed month gives the files of its newest version, an open one the draft workbook.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from datetime import date
from functools import partial
from pathlib import Path

from flask_babel import gettext as _

from courses.esf import bundle, files, scb
from courses.esf.closings import MonthClosing, latest
from courses.esf.files import File
from courses.esf.month import month
from courses.esf.months import firsts
from courses.esf.posts import posts
from courses.esf.workbook import file_name, month_csv, month_workbook
from lms import audit
from lms.db import db
from lms.people import Person
from lms.projects import Project
from lms.refusals import Refused


def export(project: Project, first: date, directory: Path, *, by: Person | None = None) -> list[Path]:
    """Write the files of the month that begins on `first`; earlier files of the same names are replaced.

    Raises Refused: `outside_project` for a month the project does not have, `snapshot_changed` (see files.py),
    `directory` when it cannot be written.
    """
    if first not in firsts(project):
        raise Refused(_("The project has no such month."), "outside_project")
    closing = latest(project, first)
    wanted = _closed(closing, by) if closing else _draft(project, first, by)
    db.session.flush()  # before the files: what cannot be written in the log is not handed out
    try:
        return _write_all(directory, wanted, with_contents=closing is not None)
    except OSError as error:
        message = _("The files cannot be written to %(place)s: %(why)s", place=directory, why=error.strerror)
        raise Refused(message, "directory") from error


def _closed(closing: MonthClosing, by: Person | None) -> list[File]:
    """Everything that the archive of a closed month holds."""
    snapshot = files.snapshot_of(closing)
    digits = scb.numbers(closing) if snapshot.project.scb else {}
    told = {"month": f"{closing.first:%Y-%m}", "version": closing.version, "people": closing.people}
    audit.record("esf.exported", closing.project, by=by, details=told)
    if digits:
        audit.record("esf.scb_downloaded", closing.project, by=by, details=told | {"people": len(digits)})
    return files.files(snapshot, digits)


def _draft(project: Project, first: date, by: Person | None) -> list[File]:
    found = month(project, first)
    details = {"month": f"{first:%Y-%m}", "people": found.total.people}
    audit.record("esf.exported", project, by=by, details=details)
    return [
        File(file_name(project, first, "xlsx"), lambda: month_workbook(found, posts(project, first))),
        File(file_name(project, first, "csv"), partial(month_csv, found)),
    ]


def _write_all(directory: Path, wanted: Iterable[File], *, with_contents: bool) -> list[Path]:
    """Every file is complete on disk before the first gets its name; one at a time is in memory."""
    directory.mkdir(parents=True, exist_ok=True)
    written: dict[Path, Path] = {}
    marks: list[tuple[str, bytes]] = []
    try:
        for file in wanted:
            data = file.make()
            marks.append((file.name, hashlib.sha256(data).digest()))
            written[directory / file.name] = _aside(directory, data)
        if with_contents:
            written[directory / bundle.CONTENTS] = _aside(directory, bundle.contents(marks))
        for target, temporary in written.items():
            target.parent.mkdir(exist_ok=True)
            temporary.replace(target)
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)
    return list(written)


def _aside(directory: Path, data: bytes) -> Path:
    """The data in a file that has no name of its own yet."""
    handle, name = tempfile.mkstemp(dir=directory, prefix=".esf-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o640)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
