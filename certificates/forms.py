"""Forms about certificates: revoking one, and what strangers read of the holder's name."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectChoice, TextAreaField  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length

from certificates import words
from certificates.register import REASONS


class RevokeForm(FlaskForm):  # type: ignore[misc]
    """Why a certificate is revoked: a public reason in general terms, and a note for the file."""

    reason = RadioField(
        _l("Reason that anybody can read"), validators=[InputRequired(_l("Choose a reason."))], choices=[]
    )
    note = TextAreaField(
        _l("Note for the file"),
        [Length(max=2000)],
        description=_l("Only the project leader sees it. Write what the decision rests on."),
    )
    sure = BooleanField(
        _l("I have read what is issued under this certificate"),
        [InputRequired(_l("Read the list first, then tick here."))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = [SelectChoice(code, words.reason(code)) for code in REASONS]


class PresentationForm(FlaskForm):  # type: ignore[misc]
    """Initials, or the whole name, on the page that strangers open."""

    shown = RadioField(
        _l("What strangers see of your name"),
        choices=[SelectChoice("initials", _l("Only initials")), SelectChoice("name", _l("The whole name"))],
        default="initials",
    )
