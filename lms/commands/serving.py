"""`lms serve` and `lms work`: the web processes and the background work."""

import gc
import os
import socket
import threading
import time
from functools import partial

import click
from flask import Flask

from lms import heap, jobs, rotation, schema
from lms.commands.line import application
from lms.db import db, reading
from lms.refusals import Refused


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="Web processes.")
@click.option("--with-worker", is_flag=True, help="Run the background work inside the web processes.")
def serve(host: str, port: int, workers: int, with_worker: bool) -> None:
    """Serve the web application (and, when asked, the worker)."""
    from granian import Granian  # noqa: PLC0415  only the server needs it
    from granian.constants import Interfaces  # noqa: PLC0415  goes with it

    with application(_served) as app:
        _check_prepared(app)
        _check_free(host, port)
    heap.one_arena()
    gc.collect()
    heap.give_back()
    gc.freeze()
    Granian(
        "lms.wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        websockets=False,
        workers=workers,
        blocking_threads=4,
        backpressure=64,
        respawn_failed_workers=True,
    ).serve(target_loader=partial(_web, os.getpid(), with_worker), wrap_loader=False)


def _served() -> Flask:
    """The application that the web processes serve: forks of this one, they find it made and share its memory."""
    from lms.wsgi import app  # noqa: PLC0415  made when it is imported

    return app


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


def _web(server: int, with_worker: bool) -> Flask:
    """The application of a web process, and in it the worker when asked."""
    _never_outlive(server)
    from lms.wsgi import app  # noqa: PLC0415  see _served; made here where processes cannot be forked

    if with_worker:
        threading.Thread(target=_work_inside, args=(app,), daemon=True).start()
    return app


def _work_inside(app: Flask) -> None:
    """The worker as threads of a web process: nothing more to start, to watch or to hold in memory.

    Several workers at once are safe, and a web process that is started again brings its worker along.
    """
    with app.app_context():
        jobs.run_due(app)
    consumer = jobs.consumer(app)
    consumer.scheduler.start()
    for _number, thread in consumer.worker_threads:
        thread.start()


def _never_outlive(server: int) -> None:
    """End this process when the server is gone, however it ended: a child alone would hold the port and answer on."""

    def watch() -> None:
        while os.getppid() == server:
            time.sleep(2)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def _check_prepared(app: Flask) -> None:
    """Refused when the database is not of this version. What is forked afterwards opens its own connections."""
    current = schema.is_current()
    reading(only=True)  # a start waits for no writer
    try:
        rotation.check_readable()
    finally:
        reading(only=False)
        db.session.remove()
        db.engine.dispose()
    app.extensions[jobs.EXTENSION].storage.close()
    if not current:
        raise Refused("the database is not prepared for this version. Run: lms init", "not_prepared")


def _check_free(host: str, port: int) -> None:
    """Refused when somebody listens already: the server shares its port, and half of the visitors would go astray."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refused(f"{host}:{port} cannot be used: {error.strerror}. Choose another --port", "port") from error
