"""`lms serve` and `lms work`: the web processes and the background work."""

import socket

import click
from flask import Flask

from lms import jobs, kept, rotation, schema, server
from lms.commands.line import application
from lms.db import db, only_reading
from lms.refusals import Refused


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="Web processes.")
@click.option("--with-worker", is_flag=True, help="Run the background work inside the web processes.")
def serve(host: str, port: int, workers: int, with_worker: bool) -> None:
    """Serve the web application (and, when asked, the worker)."""
    with application() as app:
        _check_prepared(app)
        _check_free(host, port)
        _warn_of_the_key()
    server.become(host, port, workers, with_worker=with_worker)


@click.command()
def work() -> None:
    """Do the background work: send mail, open and close surveys, remind."""
    with application() as app:
        _check_prepared(app)
    _work(app)


def _work(app: Flask) -> None:
    with app.app_context():
        jobs.run_due(app)
    jobs.consumer(app).run()


def _check_prepared(app: Flask) -> None:
    """Refused when the database is not of this version."""
    try:
        with only_reading():  # a start waits for no writer
            current = schema.is_current()
            rotation.check_readable()
    finally:
        db.session.remove()
        db.engine.dispose()
    app.extensions[jobs.EXTENSION].storage.close()
    if not current:
        raise Refused("the database is not prepared for this version. Run: lms init", "not_prepared")


def _warn_of_the_key() -> None:
    """Say that nobody has confirmed that the key is kept; it stops nothing."""
    with only_reading():
        if told := kept.warning():
            click.echo(told, err=True)


def _check_free(host: str, port: int) -> None:
    """Refused when somebody listens already: the server shares its port, and half of the visitors would go astray."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refused(f"{host}:{port} cannot be used: {error.strerror}. Choose another --port", "port") from error
