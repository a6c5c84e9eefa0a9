"""`lms certificates …`: what an operator does with all certificates at once."""

from pathlib import Path

import click

from certificates import bundle
from lms import audit
from lms.commands.line import application, is_heard
from lms.db import db, reading
from lms.notes import InstallationNote


@click.group()
def certificates() -> None:
    """All certificates of the installation."""


@certificates.command("export-bundle")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--years", default=bundle.YEARS, show_default=True, type=click.IntRange(1, 100),
    help="How long the lists of revocations in it are believed.",
)  # fmt: skip
@click.option("--replace", is_flag=True, help="Put it in the place of an earlier bundle.")
def export_bundle(folder: Path, years: int, replace: bool) -> None:
    """Write static files that answer every certificate when the service is closed."""
    with application():
        made = bundle.make(folder, years=years, replace=replace, **({"say": _say} if is_heard() else {}))
        db.session.rollback()  # the long look at the register is over
        reading(False)
        details = {"certificates": made.certificates, "files": made.files, "until": made.until.isoformat()}
        audit.record("bundle.made", InstallationNote(), by=None, details=details)
        db.session.commit()
    click.echo(f"{made.goal}: {made.certificates} certificates, {made.files} files, {made.bytes} bytes")
    click.echo(f"{made.sums}: the sum of each file. Keep it beside the folder and do not publish it")
    told = f"the lists of revocations in it are believed until {made.until}; nothing can be revoked in it"
    click.echo(told, err=True)
    if made.undecided:
        told = f"warning: {made.undecided} certificates are under review in it for ever. Decide first, and run it again"
        click.echo(told, err=True)


def _say(done: int, of: int) -> None:
    if done % 100 == 0 or done == of:
        click.echo(f"\r{done} of {of} certificates", nl=done == of, err=True)
