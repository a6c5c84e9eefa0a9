"""Forms about certificates: revoking one, and what strangers read of the holder's name."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (  # type: ignore[attr-defined]
    BooleanField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional

from certificates import words
from certificates.answering.finding import STATES
from certificates.register import LEVELS, REASONS
from lms.forms import DayField


class RevokeForm(FlaskForm):  # type: ignore[misc]
    """Why a certificate is revoked: a public reason in general terms, more words if they help, a note for the file.

    `doubted_from`: what was issued under it on that day or later is proposed to fall with it.
    """

    doubted_from = DayField(_l("Doubted from"))

    reason = RadioField(
        _l("Reason that anybody can read"), validators=[InputRequired(_l("Choose a reason."))], choices=[]
    )
    public_text = TextAreaField(
        _l("More words that anybody can read"),
        [Optional(), Length(max=300, message=_l("The public text is at most 300 characters."))],
        description=_l(
            "It stands on the public page for ever, for whoever scans the code. Write nothing about the person: "
            "no illness, no conflict, no name."
        ),
    )
    note = TextAreaField(
        _l("Note for the file"),
        [Optional(), Length(max=2000)],
        description=_l("Only the project leader sees it. Write what the decision rests on."),
    )
    sure = BooleanField(
        _l("I have read what is issued under this certificate"),
        [InputRequired(_l("Read the list first, then tick here."))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = [SelectChoice(code, words.reason(code)) for code in REASONS]

    def why(self) -> dict[str, Any]:
        """What a valid form says, as the operation takes it."""
        return {
            "reason_code": self.reason.data,
            "public_text": self.public_text.data or "",
            "note": self.note.data or "",
            "doubted_from": self.doubted_from.data,
        }


class PresentationForm(FlaskForm):  # type: ignore[misc]
    """Initials, or the whole name, on the page that strangers open."""

    shown = RadioField(
        _l("What strangers see of your name"),
        choices=[SelectChoice("initials", _l("Only initials")), SelectChoice("name", _l("The whole name"))],
        default="initials",
    )


class NameForm(FlaskForm):  # type: ignore[misc]
    """The name as it should stand, and whether it has changed or was misspelt."""

    given_name = StringField(_l("First name"), [Length(max=80)])
    family_name = StringField(_l("Family name"), [Length(max=80)])
    reason = RadioField(
        _l("Why"),
        choices=[
            SelectChoice("name", _l("The holder has a new name")),
            SelectChoice("spelling", _l("The name was misspelt")),
        ],
        default="name",
    )

    def said(self) -> dict[str, Any]:
        """What a valid form says, as the operation takes it."""
        return {
            "given_name": self.given_name.data or "",
            "family_name": self.family_name.data or "",
            "reason": self.reason.data,
        }


class AskNameForm(FlaskForm):  # type: ignore[misc]
    """What the holder wants to stand on the certificate."""

    wanted = StringField(_l("The name as it should stand"), [InputRequired(_l("Write the name as it should stand."))])


class KeepNameForm(FlaskForm):  # type: ignore[misc]
    """Why the name on a certificate stays, in a word to its holder."""

    why = TextAreaField(
        _l("Why the name stays"),
        [InputRequired(_l("Write why the name stays.")), Length(max=300)],
        description=_l("The holder gets it by mail. For example: send a copy of the decision about your new name."),
    )


class FindForm(FlaskForm):  # type: ignore[misc]
    """What is looked for among the certificates of a project."""

    class Meta:
        csrf = False

    q = StringField(
        _l("Number, code, name or municipality"),
        description=_l("Never a personnummer: what you write here stands in the address of the page."),
    )
    state = SelectField(_l("State"), choices=[], default="", validate_choice=False)
    level = SelectField(_l("Level"), choices=[], default="", validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everything = SelectChoice("", _l("All"))
        self.state.choices = [everything, *(SelectChoice(each, words.state(each)) for each in STATES)]
        self.level.choices = [everything, *(SelectChoice(each, words.level(each)) for each in LEVELS)]
