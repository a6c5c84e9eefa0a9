"""What the pages for strangers share: nobody is signed in there, nothing is written, and no index lists them."""

from flask import Response, g
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin


def nobody() -> None:
    """Whoever asks is nobody: the session is not opened, so that no cookie and no query depends on it."""
    g._login_user = AnonymousUserMixin()


def answer(page: str, status: int = 200) -> ResponseReturnValue:
    """A page for strangers."""
    headers = {"X-Robots-Tag": "noindex, nofollow", "Vary": "Accept-Language"}
    return Response(page, status, headers, mimetype="text/html")
