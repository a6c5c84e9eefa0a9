"""A hall full of people who check in by themselves, all at once: scan, press the button, read the answer.

`python -m benchmarks.check_in 400` on the instance of the environment prepares the hall and prints one JSON document;
`arrive` is the crowd. Everybody in it is made up.
"""

import json
import re
import secrets
import selectors
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

from flask import current_app

from benchmarks import data
from benchmarks.load import LONGEST, Answer, Connection, Outcome, request_bytes
from courses.attendance.checking_in import open_check_in, rules_of
from courses.attendance.codes import code_at
from lms import clock
from lms.app import create_app
from lms.db import db

CROWD = 400
CONNECTIONS = 40
_FORM = re.compile(r'action="(/in/\d+\?t=[^"]+)"><input type="hidden" name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Hall:
    """A session that is going on, the secret of its codes, and the cookies of who comes, by person id."""

    session: int
    secret: str
    cookies: dict[int, str]


@dataclass
class Crowd:
    """What came of it: every request, how long each whole visit took (ms), and who was told that she is in."""

    outcome: Outcome = field(default_factory=Outcome)
    visits: list[float] = field(default_factory=list)
    told: list[int] = field(default_factory=list)


def furnish(number: int) -> dict[str, object]:
    """A session that began five minutes ago with so many people called to it, open for check-in."""
    group = data.make_group(number + 2_000_000)
    everybody = data.make_people(number, group.organisations)
    run = data.make_run(group, group.organisations[0], [clock.now() - timedelta(minutes=5)], everybody)
    session = run.sessions[0]
    open_check_in(session, 30, 10, by=group.trainer)
    cookies = {person.id: data.make_cookie(person) for person in everybody}
    name = f"{current_app.config['SESSION_COOKIE_NAME']}-device"
    cookies = {number: f"{each}; {name}={secrets.token_urlsafe(18)}" for number, each in cookies.items()}
    rules = rules_of(session)
    assert rules is not None
    db.session.commit()
    return {"session": session.id, "secret": rules.secret, "cookies": cookies}


def read(document: str) -> Hall:
    """The hall as it was printed."""
    found: dict[str, Any] = json.loads(document)
    cookies = {int(number): cookie for number, cookie in found["cookies"].items()}
    return Hall(found["session"], found["secret"], cookies)


def arrive(
    hall: Hall,
    ports: Sequence[int],
    people: Sequence[int] = (),
    *,
    connections: int = CONNECTIONS,
    noticed: Callable[[Crowd], None] = lambda _crowd: None,
) -> Crowd:
    """Everybody comes over so many keep-alive connections, each with the next person as soon as one is through.

    A server that is cut ends it: whoever had not been told is not in `told`. `noticed` hears of each who was.
    """
    crowd, waiting = Crowd(), iter(people or hall.cookies)
    begun = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for place in range(connections):
            connection = Connection(ports[place % len(ports)])
            visit = visits(hall, waiting, crowd, noticed)
            selector.register(connection.socket, selectors.EVENT_READ, (connection, visit))
        with suppress(ConnectionError):
            _go_on(selector, crowd)
        crowd.outcome.seconds = time.perf_counter() - begun
        for key in list(selector.get_map().values()):
            key.data[0].socket.close()
    return crowd


def _go_on(selector: selectors.BaseSelector, crowd: Crowd) -> None:
    """Every connection asks, and asks what comes next when it is answered, until nobody is left."""
    for key in list(selector.get_map().values()):
        connection, visit = key.data
        _ask(selector, connection, next(visit, None))
    while selector.get_map():
        ready = selector.select(timeout=LONGEST)
        if not ready:
            raise TimeoutError(f"no answer in {LONGEST:.0f} s")
        for key, _events in ready:
            connection, visit = key.data
            answer = connection.receive()
            if answer is None:
                continue
            crowd.outcome.latencies.append(connection.waited())
            crowd.outcome.statuses[answer.status] += 1
            try:
                _ask(selector, connection, visit.send(answer))
            except StopIteration:
                _ask(selector, connection, None)


def _ask(selector: selectors.BaseSelector, connection: Connection, request: bytes | None) -> None:
    if request is None:
        selector.unregister(connection.socket)
        connection.socket.close()
    else:
        connection.ask(request)


def visits(
    hall: Hall, waiting: Iterator[int], crowd: Crowd, noticed: Callable[[Crowd], None]
) -> Generator[bytes, Answer, None]:
    """One person after the other: requests to send, answered with their answers."""
    for number in waiting:
        cookie, begun = hall.cookies[number], time.perf_counter()
        code = code_at(hall.secret, hall.session, clock.now())
        scanned = yield request_bytes(f"/in/{hall.session}?c={code}", cookie=cookie)
        found = _FORM.search(scanned.body.decode())
        if found is not None:  # else she is in already
            body = urlencode({"csrf_token": found[2]}).encode()
            pressed = yield request_bytes(unescape(found[1]), cookie=cookie, body=body)
            if pressed.status != 303:
                continue
        crowd.told.append(number)
        noticed(crowd)
        yield request_bytes(f"/in/{hall.session}", cookie=cookie)
        crowd.visits.append((time.perf_counter() - begun) * 1000)


def p95(latencies: Sequence[float]) -> float:
    ordered = sorted(latencies)
    return ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]


if __name__ == "__main__":
    app = create_app()
    with app.app_context():
        print(json.dumps(furnish(int(sys.argv[1]))))
