"""Processes under measure: started the way production starts them, their CPU and memory read from the kernel."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"


@dataclass
class Server:
    """A running server and everything it has started; `seconds` is how long it took to answer."""

    process: subprocess.Popen[bytes]
    port: int
    seconds: float = 0.0

    def tree(self) -> list[psutil.Process]:
        """The process and its children."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def cpu(self) -> float:
        """Milliseconds of CPU that all threads of the tree have used so far."""
        return sum(_cpu(process.pid) for process in self.tree())

    def memory(self) -> float:
        """MiB that the tree takes: proportional set size, so that shared pages count once."""
        return float(sum(process.memory_full_info().pss for process in self.tree())) / 2**20


def _cpu(pid: int) -> float:
    """The scheduler counts in nanoseconds; the usual CPU times come in steps of ten milliseconds."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e6


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, environment: Mapping[str, str], healthy: str) -> Iterator[Server]:
    """The command until the block ends; entered when the address answers 200."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    server = Server(process, port)
    try:
        wait(server, healthy)
        server.seconds = time.perf_counter() - begun
        yield server
    finally:
        _stop(server)


def _stop(server: Server) -> None:
    """Ask the server to end, and end what is left of its own tree."""
    with suppress(psutil.NoSuchProcess):
        tree = server.tree()
        server.process.send_signal(signal.SIGINT)
        _gone, left = psutil.wait_procs(tree, timeout=15)
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
    server.process.wait()


def wait(server: Server, path: str, *, patience: float = 90) -> None:
    """Return when the address answers 200; raises when the process ends or nothing comes in `patience` seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended with {server.process.returncode}")
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(HOST, server.port, timeout=2)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing healthy answers on port {server.port}")


def surroundings(instance: Path) -> dict[str, str]:
    """The environment of the product on an instance folder, in demo mode behind a proxy for https."""
    cleared = {name: "" for name in os.environ if name.startswith("LMS_")}
    return {**cleared, "LMS_DEMO": "1", "LMS_INSTANCE": str(instance), "LMS_BASE_URL": "https://localhost"}


def call(instance: Path, *arguments: str) -> str:
    """Run a module of Python on the instance until it ends; answers with what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **surroundings(instance)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    return done.stdout


@contextmanager
def product(instance: Path) -> Iterator[Server]:
    """Web and worker on the instance, one web process; entered when both are healthy."""
    port = free_port()
    command = [sys.executable, "-m", "lms", "serve", "--port", str(port), "--workers", "1", "--with-worker"]
    with running(command, port, surroundings(instance), "/healthz") as server:
        yield server


@contextmanager
def bare(folder: Path) -> Iterator[Server]:
    """The baselines, served by the same server with the same settings."""
    port = free_port()
    command = [
        str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--host", HOST, "--port", str(port),
        "--workers", "1", "--blocking-threads", "4", "--backpressure", "64", "benchmarks.bare:app",
    ]  # fmt: skip
    with running(command, port, {"BARE_DATABASE_URL": f"sqlite:///{folder / 'bare.db'}"}, "/row") as server:
        yield server
