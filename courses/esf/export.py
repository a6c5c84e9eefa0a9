"""The files of a month written to a directory: all of them or none, and never half a file under its real name."""

import os
import tempfile
from datetime import date
from pathlib import Path

from flask_babel import gettext as _

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
    """Write workbook and CSV of the month that begins on `first`; earlier files of the month are replaced.

    Raises Refused: `outside_project` for a month the project does not have, `directory` when it cannot be written.
    """
    if first not in firsts(project):
        raise Refused(_("The project has no such month."), "outside_project")
    found = month(project, first)
    contents = {
        directory / file_name(project, first, "xlsx"): month_workbook(found, posts(project, first)),
        directory / file_name(project, first, "csv"): month_csv(found),
    }
    audit.record("esf.exported", project, by=by, details={"month": f"{first:%Y-%m}", "people": found.total.people})
    db.session.flush()  # before the files: what cannot be written in the log is not handed out
    try:
        _write_all(directory, contents)
    except OSError as error:
        message = _("The files cannot be written to %(place)s: %(why)s", place=directory, why=error.strerror)
        raise Refused(message, "directory") from error
    return list(contents)


def _write_all(directory: Path, contents: dict[Path, bytes]) -> None:
    """Every file is complete on disk before the first gets its name."""
    directory.mkdir(parents=True, exist_ok=True)
    written: dict[Path, Path] = {}
    try:
        for target, data in contents.items():
            handle, temporary = tempfile.mkstemp(dir=directory, prefix=".esf-")
            written[target] = Path(temporary)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o640)
        for target, temporary_path in written.items():
            temporary_path.replace(target)
    finally:
        for temporary_path in written.values():
            temporary_path.unlink(missing_ok=True)
