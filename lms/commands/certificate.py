"""`lms certificate …`: checking one certificate without network, database or settings.

The rule that matters most: `verify` imports nothing of the application, so that whoever has this package can check a
certificate after the service is gone. docs/verification.md tells its output, which programs rely on.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from certificates.reading import MAX_BYTES, UnreadableError
from lms import clock

if TYPE_CHECKING:
    from certificates.examining import Examined
    from certificates.examining.pinned import Pinned

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def certificate() -> None:
    """One certificate: is it genuine, and what does it take to find out."""


@certificate.command()
@click.argument("thing", metavar="FILE|URL")
@click.option("--trust", type=_FILE, required=True, help="The county's did.json, or what `certificate trust` wrote.")
@click.option("--status", type=_FILE, multiple=True, help="A list of revocations; may be given several times.")
@click.option("--at", metavar="DATE", help="Judge at the end of a day (2026-11-22), or at a moment (…T10:00:00Z).")
@click.option("--json", "as_json", is_flag=True, help="Tell it for programs.")
def verify(thing: str, trust: Path, status: tuple[Path, ...], at: str | None, as_json: bool) -> None:
    """Check a PDF, JSON, PNG or SVG file (- for standard input), or the whole text of a scanned QR code; offline.

    Exit 0: genuine and valid. 1: not, or it cannot be told. 2: wrong usage.
    """
    pinned, moment = _pinned(trust, status), _moment(at)
    try:
        examined = _examined(thing, pinned, moment)
    except UnreadableError as error:
        if as_json:
            told = {"verdict": "unreadable", "valid": False, "code": error.code, "reason": str(error)}
            click.echo(json.dumps(told, ensure_ascii=False))
        click.echo(str(error), err=True)
        sys.exit(1)
    _tell(examined, moment, as_json=as_json)
    for address in dict.fromkeys(pinned.missing):
        advice = f"no list of revocations: give --status with what {address} serves, or a newer trust file"
        click.echo(_shown(advice), err=True)
    sys.exit(0 if examined.good else 1)


@certificate.command()
def trust() -> None:
    """Write what checking our certificates needs: keys, seals, and lists of revocations that hold for seven days."""
    from certificates.answering import examined  # noqa: PLC0415  verify must not load the application
    from lms.commands.line import application  # noqa: PLC0415  goes with it

    with application():
        click.echo(examined.trust_file(), nl=False)


def _pinned(trust: Path, status: tuple[Path, ...]) -> Pinned:
    from certificates.examining import pinned  # noqa: PLC0415  `--help` needs no cryptography
    from certificates.standards import integrity  # noqa: PLC0415  goes with it

    try:
        found = pinned.read(trust.read_bytes())
        found.given = pinned.by_address(integrity.read(path.read_bytes()) for path in status)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    return found


def _moment(at: str | None) -> datetime:
    if at is None:
        return clock.now()
    try:
        if "T" in at:
            return datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return clock.at(date.fromisoformat(at), time(23, 59, 59))
    except ValueError as error:
        raise click.BadParameter("write a day as 2026-11-22, or a moment as 2026-11-22T10:00:00Z") from error


def _examined(thing: str, pinned: Pinned, at: datetime) -> Examined:
    from certificates.examining import examine, scanned  # noqa: PLC0415  see _pinned
    from certificates.reading import read  # noqa: PLC0415  goes with it

    if thing != "-" and not _is_file(thing):
        found = scanned.scanned(thing)
        if found is None:
            raise click.UsageError(f"{thing} is neither a file nor what a scanner reads from a certificate")
        if not found.digits:
            raise UnreadableError("digits", "The address has no digits behind #. Scan the code again.")
        return scanned.examine(found.digits, pinned.trusted.trust, pinned.named, at)
    with click.open_file(thing, "rb") as file:
        return examine(read(file.read(MAX_BYTES + 1)), pinned.trusted, pinned.at, at)


def _is_file(thing: str) -> bool:
    try:
        return Path(thing).is_file()
    except OSError:  # digits are longer than a name can be
        return False


def _tell(examined: Examined, at: datetime, *, as_json: bool) -> None:
    from certificates.examining import words  # noqa: PLC0415  see _pinned
    from certificates.examining.outcome import plain  # noqa: PLC0415  goes with it

    title, more = words.VERDICTS[examined.verdict]
    if as_json:
        told = plain(examined) | {"at": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "title": title}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for fact in examined.facts if examined.proven else ():
        missing = " (NOT on the page)" if fact.found is False else ""
        click.echo(_shown(f"signed   {words.FACTS[fact.code]}: {fact.plain()}{missing}"))
    for line in examined.lines:
        reason = f": {line.words.render()}" if line.words else ""
        click.echo(_shown(f"{line.outcome:8} {words.CHECKS.get(line.code, line.code)}{reason}"))
    click.echo(f"{examined.verdict}: {title}. {more}")


def _shown(line: str) -> str:
    """One line, whatever a file calls its issuer: nothing that moves in a terminal, or begins another line."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in line)
