"""The shape of the house: every view declares who may use it, every operation leaves committing to its view."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from lms.acts import WORDS
from lms.permissions import check_all_declared

ROOT = Path(__file__).parents[1]
ROOMS = ("lms", "certificates", "courses")
COMMITS = {"lms/views", "certificates/views", "courses/views"}
OUTSIDE_REQUESTS = {"lms/mail.py", "lms/jobs.py", "lms/audit.py"}
ONLY_READS = {"certificates/answering/verification.py"}  # it ends what the driver began on a connection of its own
NO_REQUESTS = ("/demo/", "/commands/")


def test_a_view_that_says_nothing_stops_the_application(app: Flask) -> None:
    check_all_declared(app)
    app.view_functions["silent"] = lambda: ""
    try:
        with pytest.raises(RuntimeError, match="silent"):
            check_all_declared(app)
    finally:
        del app.view_functions["silent"]


def _modules() -> list[Path]:
    return [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts]


def test_only_views_and_what_runs_outside_requests_commit() -> None:
    guilty = []
    for path in _modules():
        name = path.relative_to(ROOT).as_posix()
        if path.parent.relative_to(ROOT).as_posix() in COMMITS or name in OUTSIDE_REQUESTS | ONLY_READS:
            continue
        if any(room in name for room in NO_REQUESTS):
            continue
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        guilty += [
            f"{name}:{call.lineno}"
            for call in calls
            if isinstance(call.func, ast.Attribute) and call.func.attr == "commit"
        ]
    assert guilty == []


def test_the_clock_is_read_in_one_place() -> None:
    """The demo and the tests move the clock; whoever reads another clock lives in another time."""
    guilty = []
    for path in _modules():
        if path.name == "clock.py":
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if any(word in line for word in ("datetime.now(", "date.today(", "utcnow(")):
                guilty.append(f"{path.relative_to(ROOT)}:{number}")
    assert guilty == []


def test_what_few_requests_need_is_imported_by_them() -> None:
    """Each of these weighs some MiB, in every process of a server."""
    heavy = {"alembic", "cryptography", "flask_migrate", "icalendar", "psycopg", "qrcode", "typst", "xlsxwriter"}
    code = f"import sys, lms.app; print(*({heavy} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.split() == []


def test_files_stay_small() -> None:
    everything = [*_modules(), *(ROOT / "tests").rglob("*.py")]
    long = {p.relative_to(ROOT).as_posix(): n for p in everything if (n := len(p.read_text().splitlines())) > 400}
    assert long == {}


def test_functions_stay_short() -> None:
    """A view has 25 lines with its decorators below; nothing has more than 45."""
    long = []
    for path in _modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                is_view = any(ast.unparse(each).startswith("bp.") for each in node.decorator_list)
                lines = (node.end_lineno or 0) - node.lineno + 1
                long += [f"{path.relative_to(ROOT)}:{node.name}"] if lines > (25 if is_view else 45) else []
    assert long == []


def test_every_act_of_the_log_has_words_and_every_word_an_act() -> None:
    acts = {
        value.value
        for path in _modules()
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("audit.record", "audit.seen")
        for value in ast.walk(call.args[0])
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }
    assert acts == set(WORDS)


def test_only_screens_know_requests_and_views() -> None:
    """Operations and questions are asked by commands, the worker and the demo as well."""
    screens = {"lms/app.py", "lms/permissions.py", "lms/limits.py", "lms/oversized.py", "courses/today/learning.py"}
    guilty = []
    for path in _modules():
        name = path.relative_to(ROOT).as_posix()
        if "views" in path.parts or name in screens:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                asks = node.module in ("flask", "flask_login") and {each.name for each in node.names} & {
                    "request", "session", "current_user", "flash"
                }
                guilty += [f"{name}:{node.lineno}"] if asks or ".views" in (node.module or "") else []
    assert guilty == []


def test_config_knows_nobody() -> None:
    text = (ROOT / "config.py").read_text()
    assert not any(f"import {room}" in text or f"from {room}" in text for room in ROOMS)
