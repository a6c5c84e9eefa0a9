"""A real site for real browsers: the product on 127.0.0.1, mail over SMTP, a clock that moves."""

import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

import config
from lms import catalogue, clock, jobs
from lms.app import create_app
from lms.commands.installation import prepare
from lms.db import db
from lms.limits import limiter
from tests.conftest import fast_folder
from tests.smtp_sink import SmtpSink


@dataclass
class Site:
    """The running product: where it is, what time it is there, and the mail that left it."""

    app: Flask
    url: str
    sink: SmtpSink
    now: datetime
    looked_at: set[tuple[str, str]] = field(default_factory=set)
    """Kinds of pages and their parts that were checked here."""

    def act(self, what: Callable[[], object] | None = None) -> None:
        """Do something inside the product at its own time; without anything: what the worker does each minute."""
        with self.app.app_context(), clock.moved(self.now):
            if what is None:
                jobs.run_due(self.app)
            else:
                what()
                db.session.commit()
            db.session.remove()

    def code_for(self, email: str) -> str:
        """The newest sign-in code that was mailed to the address."""
        self.act()
        found = re.search(r"\b\d{6}\b", str(self.sink.to(email)[-1]["Subject"]))
        assert found
        return found.group()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  the name of the parent
        pass


def _clocked(site: Site) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with clock.moved(site.now):
            return site.app.wsgi_app(environ, start_response)

    return application


@contextmanager
def serving(now: datetime, **more: str) -> Iterator[Site]:
    """The product on an empty embedded database, served on a free port."""
    catalogue.compile_all()
    instance = fast_folder()
    with SmtpSink() as sink:
        server = make_server("127.0.0.1", 0, lambda e, s: [], threaded=True, request_handler=_Quiet)
        url = f"http://127.0.0.1:{server.server_port}"
        settings = config.read(
            {
                "LMS_SECRET_KEY": "journey",
                "LMS_KEY_ENCRYPTION_KEY": config.DEMO_KEY,
                "LMS_INSTANCE": str(instance),
                "LMS_BASE_URL": url,
                "LMS_SMTP_URL": sink.url,
                **more,
            }
        )
        app = create_app(settings)
        limiter.enabled = False  # a journey is quicker than people are
        made = Site(app, url, sink, now)
        made.act(lambda: prepare(app))
        server.app = _clocked(made)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()
    shutil.rmtree(instance)
