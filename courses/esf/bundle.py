"""All files of a closed month as one ZIP, streamed while it is made: one file in memory at a time.

The rule that matters most: a count that must agree. When another number of files is made than was announced, the
stream is broken off, so that nobody holds an archive that looks whole. The same snapshot gives the same bytes.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from courses.esf.files import File
from lms import spreadsheet
from lms.spreadsheet import Column

CONTENTS = "innehall.csv"


class BrokenOff(RuntimeError):  # noqa: N818  named for what happens to the stream
    """The archive cannot become what was announced."""


def zipped(
    files: Sequence[File], announced: int, moment: datetime, told: Callable[[int], object] = lambda _made: None
) -> Iterator[bytes]:
    """The bytes of the archive as they come: `files`, then a list of contents with their checksums.

    `announced` counts that list as well; `told` hears how many files are made; `moment` stands on each of them.
    Raises BrokenOff when the numbers do not agree.
    """
    window = _Window()
    made: list[tuple[str, bytes]] = []
    with zipfile.ZipFile(window, "w", zipfile.ZIP_STORED) as archive:
        for number, file in enumerate(files, start=1):
            data = file.make()
            archive.writestr(_entry(file.name, moment), data)
            made.append((file.name, hashlib.sha256(data).digest()))
            yield window.taken()
            told(number)
        archive.writestr(_entry(CONTENTS, moment), contents(made))
        names = set(archive.namelist())
        if len(names) != announced or len(made) + 1 != announced:
            raise BrokenOff(f"{len(names)} files were made and {announced} announced")
    yield window.taken()
    told(announced)


def _entry(name: str, moment: datetime) -> zipfile.ZipInfo:
    """Nothing of the machine or the hour of its making: UTC, since archives know no zone; readable by everybody."""
    entry = zipfile.ZipInfo(name, moment.astimezone(UTC).timetuple()[:6])
    entry.create_system, entry.external_attr = 3, 0o644 << 16
    return entry


def contents(made: Sequence[tuple[str, bytes]]) -> bytes:
    """The list of contents: each file's name and SHA-256 (given as bytes), as CSV."""
    columns = [Column("Fil"), Column("SHA-256")]
    return spreadsheet.csv_text(columns, [[name, mark.hex()] for name, mark in made])


class _Window(io.RawIOBase):
    """What has been written and not yet taken; seeking works within it.

    So each file's header can be completed before it leaves: no data descriptors, which some programs cannot read.
    """

    def __init__(self) -> None:
        super().__init__()
        self._begins = 0
        self._held = io.BytesIO()

    def taken(self) -> bytes:
        """Everything held, which is forgotten here."""
        data = self._held.getvalue()
        self._begins += len(data)
        self._held = io.BytesIO()
        return data

    def write(self, data: Any) -> int:
        return self._held.write(data)

    def tell(self) -> int:
        return self._begins + self._held.tell()

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or place < self._begins:
            raise OSError("this has been sent already")
        return self._begins + self._held.seek(place - self._begins)

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True
