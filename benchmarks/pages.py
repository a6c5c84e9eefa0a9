"""What is measured, what each page may cost, and how: baseline and page by turns in the same run, then medians."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from statistics import median
from typing import Any
from urllib.parse import urlencode

from benchmarks.load import Connection, Outcome, load, request_bytes
from benchmarks.servers import Server

ROUNDS = 3
VISITORS = 4000


@dataclass(frozen=True)
class Page:
    """A page, or some of a kind by turns, and its goals: CPU in ms, requests/s as a share of the baseline's."""

    key: str
    name: str
    paths: tuple[str, ...]
    cookie: str = ""
    large: bool = False
    most_cpu: float | None = None
    baseline: str = "/bare"
    least_share: float | None = None


@dataclass(frozen=True)
class Figures:
    """Medians of the rounds: requests/s, 95th percentile in ms, CPU in ms per request, share of the baseline."""

    per_second: float
    p95: float
    cpu: float
    share: float
    requests: int


def pages(small: dict[str, Any], large: dict[str, Any]) -> list[Page]:
    """Every page under measure; the save of a sheet is measured by `save`."""
    homes, leader, trainer = small["homes"], small["cookies"]["leader"], small["cookies"]["trainer"]
    row = "/row"
    return [
        Page("verify", "Verification page", tuple(small["codes"]), most_cpu=2, baseline=row, least_share=0.55),
        Page("verify-bare", "Verification page beside hello", tuple(small["codes"]), least_share=0.5),
        Page("public", "Public home", ("/",)),
        Page("participant", "Home of a participant", ("/",), homes["participant"], most_cpu=8),
        Page("trainer", "Home of a trainer", ("/",), homes["trainer"], most_cpu=8),
        Page("leader", "Home of the project leader", ("/",), homes["leader"], most_cpu=8),
        Page("roster", "Run with 30 people", (small["run"],), trainer),
        Page("sheet", "Attendance sheet, 30 people", (small["sheet"],), trainer, most_cpu=10),
        Page("pdf", "Certificate PDF, sealed", tuple(small["pdfs"]), homes["leader"], most_cpu=60),
        Page("month", "ESF month, 159 people", (small["month"],), leader),
        Page(
            "large-verify", "Verification page nobody asked for lately", tuple(large["codes"]), large=True,
            most_cpu=2, baseline=row,
        ),
        Page(
            "large-month", "ESF month, 10 000 people", (large["month"],), large["cookies"]["leader"], large=True,
            most_cpu=200,
        ),
        Page(
            "large-cascade", "Cascade, 5 000 people", (large["cascade"],), large["cookies"]["leader"], large=True,
            most_cpu=100,
        ),
    ]  # fmt: skip


def measure(page: Page, server: Server, bare: Server, seconds: float) -> Figures:
    """Rounds of baseline and page by turns."""

    def request(number: int) -> bytes:
        return request_bytes(page.paths[number % len(page.paths)], cookie=page.cookie, sender=number % VISITORS)

    load(server.port, request, seconds=0.2)
    rounds = []
    for _round in range(ROUNDS):
        base = baseline(bare, page.baseline, seconds / 2)
        rounds.append((*_cost(server, lambda: load(server.port, request, seconds=seconds)), base))
    return _figures(page.name, rounds, 200)


def baseline(bare: Server, path: str, seconds: float, connections: int = 4) -> Outcome:
    """The baseline for a moment."""
    return load(bare.port, lambda _number: request_bytes(path), seconds=seconds, connections=connections)


def _cost(server: Server, act: Callable[[], Outcome]) -> tuple[Outcome, float]:
    before = server.cpu()
    outcome = act()
    return outcome, server.cpu() - before


def _figures(name: str, rounds: list[tuple[Outcome, float, Outcome]], status: int) -> Figures:
    for outcome, _cpu, base in rounds:
        if set(outcome.statuses) != {status} or set(base.statuses) != {200}:
            raise RuntimeError(f"{name} answered {dict(outcome.statuses)}, the baseline {dict(base.statuses)}")
    return Figures(
        per_second=median(outcome.per_second for outcome, _cpu, _base in rounds),
        p95=median(outcome.p95 for outcome, _cpu, _base in rounds),
        cpu=median(cpu / outcome.requests for outcome, cpu, _base in rounds),
        share=median(outcome.per_second / base.per_second for outcome, _cpu, base in rounds),
        requests=sum(outcome.requests for outcome, _cpu, _base in rounds),
    )


# --- saving a sheet -----------------------------------------------------------------------------------------


class Form(HTMLParser):
    """The values that a browser would send of the form with the id `sheet`."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._inside = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self._inside = given.get("id") == "sheet"
        elif not self._inside:
            return
        elif tag == "select":
            self._select = name
        elif tag == "option" and (self._select not in self.values or "selected" in given):
            self.values[self._select] = given.get("value", "")
        elif tag == "input" and (given.get("type") != "radio" or "checked" in given):
            self.values[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


def save(sheets: list[str], cookie: str, server: Server, bare: Server, seconds: float) -> Figures:
    """Save every sheet once a round with thirty changed rows, one after the other; only the POST is counted."""
    rounds = []
    for number in range(ROUNDS):
        base = baseline(bare, "/bare", seconds / 2, connections=1)
        outcome, cpu = Outcome(), 0.0
        connection = Connection(server.port)
        for path, body in _typed(sheets, cookie, connection, "absent" if number % 2 == 0 else "whole"):
            before = server.cpu()
            answer = connection.exchange(request_bytes(path, cookie=cookie, body=body))
            outcome.latencies.append(connection.waited())
            outcome.statuses[answer.status] += 1
            cpu += server.cpu() - before
        connection.socket.close()
        outcome.seconds = sum(outcome.latencies) / 1000
        rounds.append((outcome, cpu, base))
    return _figures("Saving a sheet", rounds, 303)


def _typed(sheets: list[str], cookie: str, connection: Connection, state: str) -> Iterator[tuple[str, bytes]]:
    """Each sheet as it is read, every row changed to `state`; refuses rows that have it already."""
    for path in sheets:
        answer = connection.exchange(request_bytes(path, cookie=cookie))
        form = Form()
        form.feed(answer.body.decode())
        rows = [name for name in form.values if re.fullmatch(r"state\d+", name)]
        if len(rows) != 30 or any(form.values[name] == state for name in rows):
            raise RuntimeError(f"{path} answered {answer.status} and was not ready to be changed in thirty rows")
        yield path, urlencode(form.values | dict.fromkeys(rows, state) | {"save": "1"}).encode()
