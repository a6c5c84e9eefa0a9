"""Forms of the project leader and the administrator: files, roles, filters and aliases."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, SelectChoice, SelectField, StringField  # type: ignore[attr-defined]
from wtforms.validators import Email, InputRequired, Length, Optional

from lms import roles
from lms.forms import DayField
from lms.people import normal_email


class PlanFileForm(FlaskForm):  # type: ignore[misc]
    """The plan of the project as a TOML file."""

    file = FileField(_l("Plan file (TOML)"), [FileRequired(_l("Choose a file."))])


class PeopleFileForm(FlaskForm):  # type: ignore[misc]
    """A list of people as municipalities export it."""

    file = FileField(_l("List of people (CSV or XLSX)"), [FileRequired(_l("Choose a file."))])
    organisation = SelectField(_l("Employer of rows that name none"), choices=[], default="")
    esf = BooleanField(_l("Their hours are reported to the ESF Council"), default=True)


class RoleForm(FlaskForm):  # type: ignore[misc]
    """Who gets which role; names are needed only when the address is new."""

    email = StringField(
        _l("E-mail"),
        [
            InputRequired(_l("Write the e-mail address.")),
            Email(_l("Write the whole address, like name@kommun.se.")),
            Length(max=254),
        ],
        filters=[normal_email],
    )
    given_name = StringField(_l("First name"), [Optional(), Length(max=80)])
    family_name = StringField(_l("Family name"), [Optional(), Length(max=80)])
    role = SelectField(_l("Role"))

    made_person = False
    """Whether somebody was put into the register for it: nobody had the address."""


class ProjectRoleForm(RoleForm):
    """A role of the project."""

    role = SelectField(_l("Role"), choices=[SelectChoice(name, roles.NAMES[name]) for name in roles.IN_PROJECT])
    organisation = SelectField(_l("Whose staff (for managers)"), choices=[], default="")
    until = DayField(_l("Last day"), [Optional()])


class AliasForm(FlaskForm):  # type: ignore[misc]
    """The name that others see instead of a protected one."""

    alias = StringField(
        _l("Name that others see"), [InputRequired(_l("Write the name that others shall see.")), Length(max=80)]
    )


class PersonnummerForm(FlaskForm):  # type: ignore[misc]
    """The number of an ESF participant as it is typed; what is right about it is for lms/personnummer.py to say."""

    number = StringField(_l("Personnummer"), [InputRequired(_l("Write the personnummer.")), Length(max=30)])


class PeopleFilter(FlaskForm):  # type: ignore[misc]
    """Search and filter the people of a project."""

    class Meta:
        csrf = False

    q = StringField(_l("Name"), [Length(max=80)])
    organisation = SelectField(_l("Employer"), choices=[], default="", validate_choice=False)


class AuditFilter(FlaskForm):  # type: ignore[misc]
    """Search the log."""

    class Meta:
        csrf = False

    person = StringField(_l("Who (name or e-mail)"), [Length(max=120)])
    act = SelectField(_l("What"), choices=[], default="", validate_choice=False)
    day = DayField(_l("Day"))
