"""A backup file is opened and checked as a whole, before anything is done with it."""

import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from lms.backup.contents import (
    MANIFEST,
    Manifest,
    TableContents,
    member_of_upload,
    read_manifest,
)
from lms.refusals import Refused

Say = Callable[[str], object]
_CHUNK = 1 << 20
_MANIFEST = 16 << 20
"""Bytes of a manifest, which is read at once; that of a large installation has some 20 000."""
_DAMAGED = (BadZipFile, zlib.error, EOFError, ValueError, TypeError, NotImplementedError)


@dataclass(frozen=True)
class Opened:
    """A file that is what it says: its archive, its manifest, and the SHA-256 of each upload in it."""

    archive: ZipFile
    manifest: Manifest
    uploads: tuple[str, ...]

    def lines(self, table: TableContents) -> Generator[bytes]:
        """The rows of a table, one line each."""
        with self.archive.open(table.member) as member:
            yield from member

    def upload(self, digest: str) -> bytes:
        return self.archive.read(member_of_upload(digest))


@contextmanager
def opened(file: Path, say: Say = lambda _told: None) -> Iterator[Opened]:
    """The file, when every hash and count in it agrees. Refused `no_backup`, `newer` or `damaged` otherwise."""
    with _sound(file), ZipFile(file) as archive:
        if MANIFEST not in archive.namelist() or archive.getinfo(MANIFEST).file_size > _MANIFEST:
            raise BadZipFile
        manifest = read_manifest(archive.read(MANIFEST))
        prefix = member_of_upload("")
        uploads = tuple(name.removeprefix(prefix) for name in archive.namelist() if name.startswith(prefix))
        found = Opened(archive, manifest, uploads)
        _check(found, say)
    with ZipFile(file) as archive:
        yield Opened(archive, manifest, uploads)


@contextmanager
def _sound(file: Path) -> Iterator[None]:
    """Whatever a broken file makes the reader trip over is one refusal."""
    try:
        yield
    except _DAMAGED as error:
        raise Refused(f"{file}: the file is not a backup of Pärlband, or it is damaged", "no_backup") from error
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror or error}", "cannot_read") from error


def _check(found: Opened, say: Say) -> None:
    names = [table.member for table in found.manifest.tables]
    names += [*map(member_of_upload, found.uploads), MANIFEST]
    if sorted(names) != sorted(found.archive.namelist()) or len(found.uploads) != found.manifest.uploads:
        raise Refused("the backup is damaged: it does not hold what its manifest names. Nothing was changed", "damaged")
    for table in found.manifest.tables:
        say(f"checking {table.name}")
        if _measured(found.archive, table.member) != (table.sha256, table.rows):
            raise Refused(f"the backup is damaged: {table.member}. Nothing was changed", "damaged")
    say("checking uploads")
    for digest in found.uploads:
        if _measured(found.archive, member_of_upload(digest))[0] != digest:
            raise Refused(f"the backup is damaged: {member_of_upload(digest)}. Nothing was changed", "damaged")


def _measured(archive: ZipFile, name: str) -> tuple[str, int]:
    """The SHA-256 of a member and its number of line breaks, in constant memory."""
    digest, lines = sha256(), 0
    with archive.open(name) as member:
        while chunk := member.read(_CHUNK):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    return digest.hexdigest(), lines
