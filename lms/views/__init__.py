"""Views of the platform: sign-in, settings, people, projects, public pages, the demo."""

from collections.abc import Sequence
from typing import TypeVar

from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from lms.people import Person

Row = TypeVar("Row")


def me() -> Person:
    """Who is signed in, as the row that operations take; for views that somebody signed in has been let into."""
    person: Person = current_user._get_current_object()
    return person


def see(url: str) -> ResponseReturnValue:
    """After a write: look at this page (303, so that reloading writes nothing)."""
    return redirect(url, 303)


def asked_page(total: int, each: int) -> tuple[int, int]:
    """Which page of a list the address asks for (`page`; the last when it asks for more), and how many there are."""
    pages = max(1, -(-total // each))
    return min(max(1, request.args.get("page", 1, int)), pages), pages


def asked_part(rows: Sequence[Row], each: int) -> tuple[Sequence[Row], int, int]:
    """The rows of the page that the address asks for, which page that is, and how many pages there are."""
    page, pages = asked_page(len(rows), each)
    return rows[(page - 1) * each : page * each], page, pages


def safe_next(fallback: str) -> str:
    """The address in `next` when it lies on this site, else the fallback.

    Browsers drop tabs and line breaks out of an address, which makes `/<tab>/elsewhere` lead elsewhere.
    """
    wanted = request.values.get("next", "")
    inside = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    return wanted if inside and wanted.isprintable() else fallback
