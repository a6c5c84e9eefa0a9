"""The bytecode of the templates is help that nobody may depend on: whatever lies there, pages come and `init` ends."""

from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment, FileSystemLoader
from jinja2.bccache import bc_magic

from lms import bytecode


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Templates of one file, and where their bytecode stands."""
    (tmp_path / "a.html").write_text("one")
    made = tmp_path / "__pycache__"
    monkeypatch.setattr(bytecode, "_ROOM", made)
    return made


def environment(room: Path) -> Environment:
    """What a process starts with."""
    return Environment(
        loader=FileSystemLoader(room.parent), bytecode_cache=bytecode.BesideTheTemplates(), autoescape=True
    )


def drawn(room: Path) -> str:
    return environment(room).get_template("a.html").render()


def test_a_template_is_compiled_once_and_anew_when_it_changed(room: Path) -> None:
    assert drawn(room) == "one"
    (kept,) = room.iterdir()
    first = kept.stat().st_mtime_ns
    assert (drawn(room), kept.stat().st_mtime_ns) == ("one", first)
    (room.parent / "a.html").write_text("two")
    assert drawn(room) == "two"
    assert kept.stat().st_mtime_ns != first


CUT = (b"", bc_magic[:5], bc_magic, bc_magic + b"\x80", b"\0" * 500, bc_magic + b"x" * 99, None)


@pytest.mark.parametrize("left", CUT)
def test_a_half_written_file_is_written_anew(room: Path, left: bytes | None) -> None:
    drawn(room)
    (kept,) = room.iterdir()
    whole = kept.read_bytes()
    for short in [left] if left is not None else [whole[:-number] for number in range(1, len(whole), 7)]:
        kept.write_bytes(short)
        assert drawn(room) == "one"
        assert len(kept.read_bytes()) == len(whole)


def test_where_nothing_can_be_kept_templates_are_compiled_each_time(room: Path) -> None:
    room.write_text("a file")
    assert drawn(room) == "one"
    assert room.read_text() == "a file"


def test_init_minds_nothing_that_others_left(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was cut off while it was written, what is being written, an editor's file, what another user wrote."""
    app = Flask("lms", template_folder=str(room.parent))
    app.jinja_env.bytecode_cache = cache = bytecode.BesideTheTemplates()
    room.mkdir()
    (room / f"cut.{cache.stamp}.jinjaabc.tmp").write_bytes(b"\xff\xfe")
    (room / "old.0123456789ab.jinja").write_bytes(b"\xff")
    (room.parent / ".a.html.swp").write_bytes(b"\xff{% if")
    bytecode.compile_all(app)
    assert [each.suffix for each in room.iterdir()] == [".jinja"], "only what is of use now"
    (room / "old.0123456789ab.jinja").write_bytes(b"\xff")

    def refused(_path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "unlink", refused)
    bytecode.compile_all(app)
