"""The form that takes an attendance file."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SelectChoice  # type: ignore[attr-defined]


class AttendanceFileForm(FlaskForm):  # type: ignore[misc]
    """A file of Teams or Zoom, or our own; `clock` is for reports in UTC that do not say so."""

    file = FileField(_l("Attendance file (CSV or XLSX)"), [FileRequired(_l("Choose a file."))])
    clock = RadioField(
        _l("The clocks in the file are"),
        choices=[
            SelectChoice("stockholm", _l("Swedish time, unless the file says otherwise")),
            SelectChoice("utc", _l("UTC, one or two hours behind Swedish time")),
        ],
        default="stockholm",
    )
