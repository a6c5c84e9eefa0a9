"""A folder that comes into being whole: written beside its place under another name, and moved there when it is done.

The rule that matters most: whatever happens in between, there is the earlier folder, or the new one, or none.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from lms.refusals import Refused

MARK = "bundle.json"
"""By this file an earlier bundle is known."""
FORMAT = "parlband-bundle"


class Folder:
    """A folder on its way; `sums` gets the SHA-256 of each file, as `sha256sum --check` reads it."""

    def __init__(self, root: Path, name: str, sums: Path) -> None:
        self.root, self.name, self.sums = root, name, sums
        self.files = self.bytes = 0
        self._sums = sums.open("w", encoding="utf-8")

    def write(self, path: str, content: str | bytes) -> None:
        """One file, by its path below the folder."""
        data = content.encode() if isinstance(content, str) else content
        place = self.root / path
        if not place.parent.is_dir():
            place.parent.mkdir(parents=True)
        place.write_bytes(data)
        self._sums.write(f"{sha256(data).hexdigest()}  {self.name}/{path}\n")
        self.files += 1
        self.bytes += len(data)

    def close(self) -> None:
        self._sums.close()


@contextmanager
def being_made(goal: Path, *, replace: bool) -> Iterator[Folder]:
    """The folder to write into; it stands at `goal`, with its sums in a file beside it, when the block ends well.

    Refused: a goal without a folder around it (`no_parent`), with files in it (`not_empty`), an earlier bundle that is
    not to be replaced (`bundle`), or a disk that does not take it (`disk`).
    """
    goal = goal.resolve()
    check(goal, replace=replace)
    try:
        with _beside(goal) as folder:
            yield folder
            folder.close()
            check(goal, replace=replace)  # somebody else may have made one meanwhile
            _move(folder, goal)
    except OSError as error:
        raise Refused(f"{goal} cannot be written: {error.strerror or error}", "disk") from error


@contextmanager
def _beside(goal: Path) -> Iterator[Folder]:
    """A folder to write into, on the same disk; what is left of it afterwards is thrown away."""
    parts = Path(tempfile.mkdtemp(prefix=f".{goal.name}.", suffix=".unfinished", dir=goal.parent))
    root = parts / goal.name
    root.mkdir()
    folder = Folder(root, goal.name, parts / sums_of(goal).name)
    try:
        yield folder
    finally:
        folder.close()
        shutil.rmtree(parts, ignore_errors=True)


def check(goal: Path, *, replace: bool) -> None:
    """Refused when nothing may be written there."""
    if not goal.parent.is_dir():
        raise Refused(f"there is no folder {goal.parent}", "no_parent")
    if goal.exists() and not goal.is_dir():
        raise Refused(f"{goal} is a file", "not_empty")
    if not goal.exists() or not any(goal.iterdir()):
        return
    if not _is_bundle(goal):
        raise Refused(f"{goal} holds files that are no bundle. Name a new or empty folder", "not_empty")
    if not replace:
        raise Refused(f"{goal} holds an earlier bundle. Add --replace to put a new one in its place", "bundle")


def sums_of(goal: Path) -> Path:
    """Where the sums of a bundle lie: beside it, since they name every file and nobody is to list those."""
    return goal.with_name(f"{goal.name}.sha256")


def _is_bundle(goal: Path) -> bool:
    try:
        return bool(json.loads((goal / MARK).read_bytes())["format"] == FORMAT)
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _move(folder: Folder, goal: Path) -> None:
    """Two names are changed; between them there is no folder for a moment, and never half a one."""
    earlier = folder.sums.with_name("earlier")
    if goal.exists() and any(goal.iterdir()):
        os.rename(goal, earlier)
    try:
        os.rename(folder.root, goal)
    except OSError:
        if earlier.exists():
            os.rename(earlier, goal)
        raise
    os.replace(folder.sums, sums_of(goal))
