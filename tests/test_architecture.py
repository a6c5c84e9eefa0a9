"""The shape of the house: every view declares who may use it, every operation leaves committing to its view."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from lms.permissions import check_all_declared

ROOT = Path(__file__).parents[1]
ROOMS = ("lms", "certificates", "courses")
COMMITS = {"lms/views", "certificates/views", "courses/views"}
OUTSIDE_REQUESTS = {"lms/mail.py", "lms/jobs.py", "lms/commands.py", "lms/audit.py"}


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
        if path.parent.relative_to(ROOT).as_posix() in COMMITS or name in OUTSIDE_REQUESTS or "/demo/" in name:
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
    heavy = {"alembic", "cryptography", "flask_migrate", "qrcode", "typst", "xlsxwriter"}
    code = f"import sys, lms.app; print(*({heavy} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.split() == []


def test_files_stay_small() -> None:
    long = {p.relative_to(ROOT).as_posix(): n for p in _modules() if (n := len(p.read_text().splitlines())) > 400}
    assert long == {}


def test_config_knows_nobody() -> None:
    text = (ROOT / "config.py").read_text()
    assert not any(f"import {room}" in text or f"from {room}" in text for room in ROOMS)
