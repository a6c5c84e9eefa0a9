"""The pages of the bundle: rendered from the templates of the live ones, as a stranger sees them in Swedish.

They hold no cookie, no form that a server must answer, and no host name: addresses begin at the root of the site.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, g, render_template
from flask_login import AnonymousUserMixin
from sqlalchemy import func, select

from certificates import words
from certificates.answering.verification import entries, judged
from certificates.proof import credentials
from certificates.proof.credentials import Achievement
from certificates.register import Certificate
from certificates.statement import Statement, from_json
from lms import clock
from lms.db import db

PARTS = ("theme.css", "stranger.css", "paper.js", "archive.js", "eu.svg", "favicon.svg")
"""What the pages are made of, out of the static folder."""
FOLDERS = (".well-known", "credentials", "status", "achievements", "static", "v")
"""Nobody is to list these: who knew all addresses would know all names."""


class Pages:
    """The pages as they were at the moment `made`; lists of revocations in the bundle are believed `until`.

    `undecided` counts certificates that are under review, and will be for ever.
    """

    def __init__(self, made: datetime, until: datetime) -> None:
        self.made, self.until = made, until
        self.undecided = 0

    @contextmanager
    def open(self) -> Iterator["Pages"]:
        """Inside, pages can be rendered: as if a stranger asked for one, in Swedish."""
        with current_app.test_request_context("/v/offline", base_url=credentials.base_url()):
            g._login_user = AnonymousUserMixin()
            g.language = "sv"
            yield self

    def certificate(self, code: str) -> str:
        """What is known about one code on the day."""
        known = judged(entries(code), clock.local(self.made).date())
        assert known is not None, code
        self.undecided += known.subject.now == "review"
        return self._page("certificates/v.html", known.subject.statement, known=known, words=words)

    def fixed(self, total: int) -> Iterator[tuple[str, str | bytes]]:
        """Everything that is there once: path and content."""
        facts: dict[str, Any] = {"total": total, "projects": _projects()}
        yield "index.html", self._page("certificates/bundle/index.html", **facts)
        yield "verify/index.html", self._page("certificates/bundle/verify.html", **facts)
        yield "404.html", self._page("certificates/v.html", known=None, words=words)
        yield "v/offline/index.html", self._page("certificates/offline.html", known=None, words=words, offline=True)
        for slug in db.session.scalars(select(Achievement.slug).order_by(Achievement.slug)):
            yield f"achievements/{slug}/index.html", self._achievement(slug)
        hidden = self._page("certificates/bundle/hidden.html")
        yield from ((f"{name}/index.html", hidden) for name in FOLDERS)
        static = Path(current_app.static_folder or "")
        yield from ((f"static/{name}", (static / name).read_bytes()) for name in PARTS)
        yield "v/sw.js", (static / "paper-sw.js").read_bytes()
        yield "README.md", render_template("certificates/bundle/README.md", **self._values(), **facts)

    def _achievement(self, slug: str) -> str:
        found = credentials.achievement_with(slug)
        assert found is not None, slug
        g.language = found["inLanguage"]
        try:
            return self._page("certificates/achievement.html", achievement=found, words=words)
        finally:
            g.language = "sv"

    def _page(self, template: str, about: Statement | None = None, **values: Any) -> str:
        g.footer_project = words.project(about) if about else ""
        return render_template(template, **self._values(), **values)

    def _values(self) -> dict[str, Any]:
        return {
            "layout": "certificates/bundle/_layout.html",
            "archived": self.made,
            "checked": self.made,
            "until": self.until,
            "base": urlsplit(credentials.base_url()).path.rstrip("/"),
            "address": credentials.base_url(),
        }


def _projects() -> list[Statement]:
    """One certificate of each project, for the project's name and owner as they stand on it."""
    latest = select(func.max(Certificate.id)).group_by(Certificate.project_dnr)
    query = select(Certificate.statement).where(Certificate.id.in_(latest)).order_by(Certificate.project_dnr)
    return [from_json(text) for text in db.session.scalars(query)]
