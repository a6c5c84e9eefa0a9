"""The form of an exemption."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from lms.forms import DayField


class ExemptionForm(FlaskForm):  # type: ignore[misc]
    """Who may lead without a valid certificate, from which day through which, and why."""

    email = StringField(
        _l("E-mail of the person"), [InputRequired(_l("Write the e-mail address.")), Length(max=254)]
    )
    starts = DayField(_l("First day"), [InputRequired(_l("Write the first day."))])
    ends = DayField(_l("Last day"), [InputRequired(_l("Write the last day."))])
    reason = TextAreaField(
        _l("Reason"),
        [InputRequired(_l("Write why the exemption is needed.")), Length(max=2000)],
        description=_l("It is kept with the project. Strangers see only that there is an exemption."),
    )

    def granted(self) -> dict[str, Any]:
        """What a valid form says, as the operation takes it."""
        return {"starts": self.starts.data, "ends": self.ends.data, "reason": self.reason.data or ""}
