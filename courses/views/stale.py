"""What two people made of the same run: every field that differs, as it is stored and as it was typed."""

from typing import Any

from flask_babel import gettext as _

from courses.forms.runs import RunForm
from courses.runs import Run

PLAIN = ("title", "organisation", "capacity", "register_by", "trainers")
PARTS = ("day", "starts", "ends", "mode", "place", "link")


def differences(form: RunForm, run: Run) -> list[tuple[str, str, str]]:
    """Label, stored value and typed value of each field that is not the same."""
    stored = RunForm(formdata=None)
    stored.organisation.choices, stored.trainers.choices = form.organisation.choices, form.trainers.choices
    stored.show(run)
    pairs = [(form[name].label.text, stored[name], form[name]) for name in PLAIN]
    for number, (theirs, mine) in enumerate(zip(stored.sessions, form.sessions, strict=False), 1):
        for name in PARTS:
            label = _("Session %(number)s: %(field)s", number=number, field=mine.form[name].label.text)
            pairs.append((label, theirs.form[name], mine.form[name]))
    return [(str(label), said(a), said(b)) for label, a, b in pairs if a.data != b.data and said(a) != said(b)]


def said(field: Any) -> str:
    """The value of a field in words: what is chosen, or what stands in the box."""
    if hasattr(field, "choices"):
        chosen = field.data if isinstance(field.data, list) else [field.data]
        return ", ".join(str(choice.label) for choice in field.choices if choice.value in chosen)
    return str(field._value()) if hasattr(field, "_value") else str(field.data or "")
