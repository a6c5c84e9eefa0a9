"""Closed by default: every view says who may use it with `@guarded` or `@public`, or the application does not start.

A policy is a function `may_…(person, subject) -> Answer`; a view, its template and its test use the same one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_login import current_user

from lms.db import Base, db
from lms.people import Person, has_role

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


@dataclass(frozen=True)
class Answer:
    """Yes, or no with the reason that the person is told."""

    allowed: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.allowed


YES = Answer(True)


def no(reason: object) -> Answer:
    return Answer(False, str(reason))


def yes_if(condition: object, otherwise: object) -> Answer:
    """Yes when the condition holds, no with the reason otherwise."""
    return YES if condition else no(otherwise)


def guarded(
    policy: Callable[..., Answer], model: type[Base] | None = None
) -> Callable[[Callable[..., ResponseReturnValue]], Callable[..., ResponseReturnValue]]:
    """The view may be used by whom `policy` lets in.

    With a model the view's first URL value is its id; the loaded row is passed to the policy and the view.
    Not signed in: to the sign-in page (and back afterwards). No such row: 404. Refused: 403 with the reason.
    """

    def decorate(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
        @wraps(view)
        def inner(**values: Any) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")), 303)
            person: Person = current_user._get_current_object()
            subject: tuple[Any, ...] = ()
            if model is not None:
                name = next(iter(values))
                row = db.session.get(model, values.pop(name))
                if row is None:
                    abort(404)
                subject = (row,)
            answer = policy(person, *subject)
            if not answer:
                g.refused = answer.reason
                abort(403)
            g.footer_project = LazyString(project_line, *subject)
            return view(*subject, **values)

        inner.permission = policy.__name__  # type: ignore[attr-defined]
        return inner

    return decorate


def project_line(row: Any = None) -> str:
    """The project that a row belongs to, for the foot of the page; asked for only when a page is drawn."""
    for step in ("run", "activity", "project"):
        row = getattr(row, step, row)
    if not hasattr(row, "dnr"):
        return ""
    return str(_("Project %(name)s, dnr %(dnr)s, %(owner)s", name=row.name, dnr=row.dnr, owner=row.owner))


def public(view: View) -> View:
    """Anybody may use the view, signed in or not."""
    view.permission = "public"  # type: ignore[attr-defined]
    return view


def check_all_declared(app: Flask) -> None:
    """Refuse to start with a view that says nothing about who may use it."""
    silent = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if not hasattr(view, "permission") and not endpoint.endswith("static")
    ]
    if silent:
        raise RuntimeError(f"views without @guarded or @public: {', '.join(sorted(silent))}")


def may_be_signed_in(person: Person) -> Answer:
    """Everybody who is signed in."""
    return YES


def may_administer(person: Person) -> Answer:
    """The administrator of the installation."""
    return yes_if(has_role(person, "administrator"), _("Only the administrator may see this."))
