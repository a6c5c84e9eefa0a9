"""The main menu: each person sees the few places her roles lead to, and nothing she may not open."""

from flask import request, url_for
from flask_babel import gettext as _

from lms.people import Person


def navigation(person: Person) -> list[tuple[str, str, bool]]:
    """Label, address and whether it is the current page, for everything in the person's menu."""
    here = request.path
    return [(label, url, here == url or (url != "/" and here.startswith(url))) for label, url in _places(person)]


def _places(person: Person) -> list[tuple[str, str]]:
    return [(_("Home"), url_for("home.index"))]
