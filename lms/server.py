"""`python -m lms.server`: web processes that hold the application, and a small one that watches over them.

`lms serve` becomes this once everything is checked, so that the one that watches has never loaded the application.
"""

import gc
import os
import sys
import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from lms import heap

if TYPE_CHECKING:
    from flask import Flask

PATIENCE = 15
"""Seconds that a web process gets to answer what it has begun when the server stops. One that was told in the very
moment it started can miss it (it then waits without end), so nobody is waited for longer."""


def become(host: str, port: int, workers: int, *, with_worker: bool) -> NoReturn:
    """Put the server in the place of this process: number, signals and output stay what they were."""
    given = (host, str(port), str(workers), str(int(with_worker)))
    os.execv(sys.executable, [sys.executable, "-m", "lms.server", *given])  # noqa: S606  ourselves, with numbers and a host


def main(arguments: Sequence[str]) -> None:
    """Serve until told to end; the arguments are those of `become`, in its order."""
    from granian import Granian  # noqa: PLC0415  only the server needs it
    from granian.constants import Interfaces  # noqa: PLC0415  goes with it

    host, port, workers, with_worker = arguments
    Granian(
        "lms.wsgi:app",
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        websockets=False,
        workers=int(workers),
        blocking_threads=4,
        backpressure=64,
        respawn_failed_workers=True,
        workers_kill_timeout=PATIENCE,
    ).serve(target_loader=partial(_web, os.getpid(), with_worker == "1"), wrap_loader=False)


def _web(server: int, with_worker: bool) -> "Flask":
    """The application of a web process, and in it the worker when asked."""
    heap.keep_little()
    _never_outlive(server)
    from lms.wsgi import app  # noqa: PLC0415  made when it is imported

    gc.collect()
    heap.give_back()
    gc.freeze()
    gc.set_threshold(10_000, 10, 5)  # A page makes thousands of objects, hardly a cycle; looking took a tenth.
    if with_worker:
        threading.Thread(target=_work_inside, args=(app,), daemon=True).start()
    return app


def _work_inside(app: "Flask") -> None:
    """The worker as threads of a web process: nothing more to start, to watch or to hold in memory.

    Several workers at once are safe, and a web process that is started again brings its worker along.
    """
    from lms import jobs  # noqa: PLC0415  loaded by the application

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


if __name__ == "__main__":
    main(sys.argv[1:])
