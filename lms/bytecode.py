"""Templates are compiled once: their bytecode stands beside them, as Python's own does, so no web process compiles.

Compiling takes memory that a process never gives back (some 4 MiB for a handful of pages), and a visitor waits for it.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

import config

_ROOM = config.ROOT / "templates" / "__pycache__"
_SHAPING = (Path(__file__).with_name("app.py"), config.ROOT / "requirements.txt")
"""What decides how a template becomes code, besides its own text: our settings of Jinja and the libraries' versions."""


class BesideTheTemplates(FileSystemBytecodeCache):
    """Bytecode in `templates/__pycache__`; where nothing can be written, templates are compiled in each process."""

    def __init__(self) -> None:
        stamp = hashlib.sha256(b"".join(each.read_bytes() for each in _SHAPING)).hexdigest()[:12]
        super().__init__(str(_ROOM), f"%s.{stamp}.jinja")
        self.stamp = stamp

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read what was compiled earlier; where that cannot be read, nothing was."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # a file that was cut off is told in many ways
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled, for every user who may serve it."""
        with suppress(OSError):
            _ROOM.mkdir(exist_ok=True)
            super().dump_bytecode(bucket)
            Path(self._get_cache_filename(bucket)).chmod(0o644)


def compile_all(app: Flask) -> None:
    """Compile every template that has changed, and remove what an earlier version left or nobody finished."""
    cache = app.jinja_env.bytecode_cache
    assert isinstance(cache, BesideTheTemplates)
    for old in _ROOM.glob("*.jinja*"):
        if not old.name.endswith(f".{cache.stamp}.jinja"):
            with suppress(OSError):  # of another user, or gone
                old.unlink()
    for name in app.jinja_env.list_templates(extensions=("html", "md", "txt")):
        app.jinja_env.get_template(name)
