"""Views of the platform: sign-in, settings, people, projects, public pages, the demo."""

from flask import redirect, request
from flask.typing import ResponseReturnValue


def see(url: str) -> ResponseReturnValue:
    """After a write: look at this page (303, so that reloading writes nothing)."""
    return redirect(url, 303)


def safe_next(fallback: str) -> str:
    """The address in `next` when it lies on this site, else the fallback."""
    wanted = request.values.get("next", "")
    inside = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and "\\" not in wanted
    return wanted if inside and "\n" not in wanted and "\r" not in wanted else fallback
