"""The cookie that keeps somebody signed in, and the pages that neither read nor write one."""

from flask import Flask
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.wrappers import Request

WITHOUT = ("/v/", "/verify", "/.well-known/", "/did.json", "/credentials/", "/status/", "/achievements/")
"""Beginnings of the addresses where everybody is a stranger: what a certificate says depends on nobody's cookie."""


class CookiesForPeople(SecureCookieSessionInterface):
    """The signed cookie of Flask, except where there are only strangers."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie holds; a session that refuses to be written where there is none."""
        if request.path.startswith(WITHOUT):
            return self.make_null_session(app)
        return super().open_session(app, request)
