"""Production as README sets it up: PostgreSQL, two web processes, a worker of its own, a mail server."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tests.hall import Hall, code_in, furnish, sheet
from tests.served import Browser, Served, free_port, postgresql, start, surroundings, until
from tests.smtp_sink import SmtpSink


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL server of its own."""
    with postgresql() as url:
        yield url.replace("postgresql+psycopg://", "postgresql://")


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as running:
        yield running


@pytest.fixture
def hall(server: str, sink: SmtpSink, tmp_path: Path) -> Hall:
    url = server.replace("postgresql://", "postgresql+psycopg://")
    return furnish(surroundings(tmp_path, LMS_DATABASE_URL=url, LMS_SMTP_URL=sink.url), sessions=4)


def _healthy(port: int) -> tuple[int, dict[str, bool]]:
    answer = Browser(port).get("/healthz")
    return answer.status, json.loads(answer.body)


def _sign_in(port: int, sink: SmtpSink, address: str) -> Browser:
    """Sign in with the code from the mail."""
    browser, before = Browser(port), len(sink.to(address))
    browser.get("/sign-in")
    assert browser.post("/sign-in", email=address).status == 303
    until(lambda: len(sink.to(address)) > before, patience=30)
    browser.get("/sign-in/code")
    text = sink.to(address)[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert browser.post("/sign-in/code", code=code_in(text)).status == 303
    return browser


def test_production(hall: Hall, server: str, sink: SmtpSink, tmp_path: Path) -> None:
    processes: list[Served] = []
    try:
        web = start(hall.environment, tmp_path / "web", "serve", "--workers", "2", port=free_port())
        processes.append(web)
        assert _healthy(web.port) == (503, {"database": True, "worker": False})
        for number in range(2):
            processes.append(start(hall.environment, tmp_path / f"worker{number}", "work"))
        until(lambda: _healthy(web.port)[0] == 200, processes[1])
        until(lambda: len(sink.messages) == len(hall.invited))

        browser = _sign_in(web.port, sink, hall.trainer)
        _twenty_at_once(hall, server, browser)
        assert len(sink.messages) == len({str(each["Message-ID"]) for each in sink.messages}), "each mail once"
        for process in processes[1:]:
            assert process.ask_to_stop(15)[1] == []  # type: ignore[arg-type]
        logs = "".join(each.log.read_text() for each in processes)
        assert "Traceback" not in logs, logs
        assert "@" not in logs
    finally:
        for process in processes:
            if process.process.poll() is None:
                process.cut()


def _twenty_at_once(hall: Hall, server: str, browser: Browser) -> None:
    """Each of four sheets sent five times at once by one and the same message: saved once, all told that it is."""
    sheets = {session: sheet(hall, browser, session) for session in hall.sessions}
    wanted = [(session, values) for session, values in sheets.items() for _time in range(5)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda each: browser.post(f"/sessions/{each[0]}/attendance", **each[1]), wanted))
    assert [answer.status for answer in answers] == [303] * 20
    with psycopg.connect(server) as connection:
        written = connection.execute("SELECT session_id, count(*) FROM attendance_entry GROUP BY session_id").fetchall()
    assert dict(written) == dict.fromkeys(hall.sessions, len(hall.people))
