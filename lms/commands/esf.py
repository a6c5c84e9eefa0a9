"""`lms esf …`: the files of a month for the funder."""

from datetime import date
from pathlib import Path

import click

from courses.esf import export
from lms.commands.line import application, project_with
from lms.db import db


@click.group()
def esf() -> None:
    """What the funder needs."""


@esf.command("export")
@click.argument("dnr")
@click.argument("month", metavar="YYYY-MM")
@click.option("--out", "folder", required=True, type=click.Path(file_okay=False, path_type=Path))
def esf_export(dnr: str, month: str, folder: Path) -> None:
    """Write the files of a closed month into a folder; of an open one its draft as XLSX and CSV."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise click.BadParameter("write the month as 2022-11", param_hint="YYYY-MM") from error
    with application():
        written = export.export(project_with(dnr), first, folder)
        db.session.commit()
        for path in written:
            click.echo(path)
