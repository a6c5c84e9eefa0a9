"""`make bench`: starts, memory, pages and weight beside their goals, each page beside a bare Flask page.

Everything happens in a temporary folder that is gone afterwards; benchmarks/result.json keeps the figures.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import check_in, credentials, data, ledger, month_files, pages, papers, servers
from benchmarks.pages import Figures, Page
from benchmarks.servers import Server
from benchmarks.weight import weigh

RESULT = Path(__file__).parent / "result.json"


@dataclass(frozen=True)
class Line:
    """A line of the table; `met` is None where there is no goal."""

    name: str
    figures: tuple[str, ...]
    goal: str = ""
    met: bool | None = None


class Report:
    """Lines for people and values for machines, kept as they come."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.values: dict[str, Any] = {}

    def one(self, key: str, name: str, value: float, unit: str, most: float | None = None) -> None:
        """A single figure that must not exceed a goal."""
        self.values[key] = {"value": round(value, 3), "unit": unit, "goal": most}
        goal = f"≤ {most:g} {unit}" if most else ""
        self.lines.append(Line(name, (f"{value:.1f} {unit}", "", "", ""), goal, value <= most if most else None))

    def page(self, page: Page, found: Figures) -> None:
        """A page with requests/s, p95, CPU and its share of the baseline."""
        self.values[page.key] = {**found.__dict__, "baseline": page.baseline, "goal_cpu": page.most_cpu}
        goals, met = [], []
        if page.most_cpu is not None:
            goals.append(f"≤ {page.most_cpu:g} ms CPU")
            met.append(found.cpu <= page.most_cpu)
        if page.least_share is not None:
            self.values[page.key]["goal_share"] = page.least_share
            goals.append(f"≥ {page.least_share:g} of {page.baseline}")
            met.append(found.share >= page.least_share)
        share = f"{found.share:.3f} of {page.baseline}"
        figures = (f"{found.per_second:.0f}", f"{found.p95:.1f}", f"{found.cpu:.2f}", share)
        self.lines.append(Line(page.name, figures, ", ".join(goals), all(met) if met else None))

    def table(self) -> str:
        """Everything as one table."""
        heads = ("", "requests/s", "p95 ms", "CPU ms", "requests/s as share", "goal", "")
        marks = {True: "✓", False: "✗", None: ""}
        rows = [heads, *((line.name, *line.figures, line.goal, marks[line.met]) for line in self.lines)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(heads))]
        return "\n".join(
            "  ".join(
                text.ljust(width) if place in (0, 5) else text.rjust(width)
                for place, (text, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        )


def say(text: str) -> None:
    """Progress, apart from the table."""
    print(text, file=sys.stderr, flush=True)


def first_start(folder: Path, report: Report) -> None:
    """From nothing to a page, as `make run` does it once everything is downloaded."""
    begun = time.perf_counter()
    servers.call(folder, "lms", "init")
    servers.call(folder, "lms", "demo", "load")
    with servers.product(folder):
        report.one("first_start", "First start with the demo", time.perf_counter() - begun, "s", most=90)


def prepare(folder: Path, size: str) -> dict[str, Any]:
    """Fill an instance; the answer holds cookies and stays in memory."""
    if size == "large":
        servers.call(folder, "lms", "init")
    found: dict[str, Any] = json.loads(servers.call(folder, "benchmarks.data", size))
    return found


def measure(folder: Path, only: str, seconds: float, report: Report) -> None:
    """Every start, page and weight."""
    small_folder, large_folder = folder / "small", folder / "large"
    say("first start …")
    first_start(small_folder, report)
    say("data …")
    small, large = prepare(small_folder, "small"), prepare(large_folder, "large")
    with ExitStack() as stack:
        bare = stack.enter_context(servers.bare(folder))
        server = stack.enter_context(servers.product(small_folder))
        report.one("second_start", "Second start", server.seconds, "s", most=5)
        time.sleep(2)
        report.one("memory_idle", "Web + worker, idle", server.memory(), "MiB", most=180)
        _baselines(bare, seconds, report)
        wanted = [page for page in pages.pages(small, large) if only in page.key]
        _measure_pages([page for page in wanted if not page.large], server, bare, seconds, report)
        if only in "save":
            say("Saving a sheet …")
            page = Page("save", "Attendance save, 30 people", (), most_cpu=10)
            report.page(page, pages.save(small["sheets"], small["cookies"]["trainer"], server, bare, seconds))
        if only in "check-in":
            say("Check-in …")
            crowd(small_folder, server, report)
        report.one("memory_loaded", "Web + worker, after the load", server.memory(), "MiB", most=180)
        _weigh(server, small["homes"], report)
        if only in "ledger":
            say("A million entries …")
            for line in ledger.lines(large_folder):
                report.one(*line)
        if any(page.large for page in wanted):
            other = stack.enter_context(servers.product(large_folder))
            _measure_pages([page for page in wanted if page.large], other, bare, seconds, report)
    if only in "credentials":
        say("Proof …")
        for line in credentials.lines(small_folder):
            report.one(*line)
    if only in "papers":
        say("Paper …")
        for line in papers.lines(small_folder):
            report.one(*line)
    if only in "month-files":
        say("Closing and fetching months …")
        for size, instance in (("small", small_folder), ("large", large_folder)):
            for line in month_files.lines(instance, data.MONTHS[size]):
                report.one(*line)


def crowd(folder: Path, server: Server, report: Report) -> None:
    """Four hundred people check in at once over forty connections: looking, pressing, and seeing that it is done."""
    hall = check_in.read(servers.call(folder, "benchmarks.check_in", str(check_in.CROWD)))
    before = server.cpu()
    came = check_in.arrive(hall, [server.port])
    if len(set(came.told)) != check_in.CROWD or set(came.outcome.statuses) != {200, 303}:
        raise RuntimeError(f"{len(set(came.told))} were told that they are in: {dict(came.outcome.statuses)}")
    report.one("check_in", "400 check in, all of them", came.outcome.seconds, "s", most=20)
    report.one("check_in_p95", "… 95th percentile of a request", came.outcome.p95 / 1000, "s", most=1)
    report.one("check_in_cpu", "… CPU of a whole check-in", (server.cpu() - before) / check_in.CROWD, "ms")


def _baselines(bare: Server, seconds: float, report: Report) -> None:
    for path, name in (("/bare", "A bare Flask page"), ("/row", "A Flask page with one row")):
        page = Page(path.strip("/"), name, (path,))
        report.page(page, pages.measure(page, bare, bare, seconds))


def _measure_pages(wanted: Iterable[Page], server: Server, bare: Server, seconds: float, report: Report) -> None:
    for page in wanted:
        say(f"{page.name} …")
        report.page(page, pages.measure(page, server, bare, seconds))


def _weigh(server: Server, homes: dict[str, str], report: Report) -> None:
    """The heaviest of the homes."""
    weighed = [weigh(server, "/", cookie) for cookie in homes.values()]
    heaviest = max(weighed, key=lambda weights: sum(weights.values()))
    report.one("weight", "Whole home page, gzipped", sum(heaviest.values()) / 1000, "kB", most=60)
    report.values["weight"]["files"] = heaviest


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME", help="only pages whose key holds NAME, such as sheet")
    parser.add_argument("--seconds", default=2.0, type=float, help="how long a page is asked in each of three rounds")
    arguments = parser.parse_args()
    report, begun = Report(), time.perf_counter()
    report.values["machine"] = {
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 2),
    }
    with tempfile.TemporaryDirectory(prefix="parlband-bench-") as folder:
        measure(Path(folder), arguments.only, arguments.seconds, report)
    report.values["machine"] |= {"seconds": round(time.perf_counter() - begun), "load_after": os.getloadavg()[0]}
    RESULT.write_text(json.dumps(report.values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(report.table())


if __name__ == "__main__":
    main()
