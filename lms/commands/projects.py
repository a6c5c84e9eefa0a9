"""`lms project …` and `lms people …`: plans and lists of people come in, all or nothing."""

from pathlib import Path

import click

from lms import clock, people_file, people_import, plan, projects
from lms.commands.line import Refusal, application, give, project_with
from lms.db import db


@click.group()
def project() -> None:
    """Projects as data."""


@project.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--leader", metavar="EMAIL", help="Make this person project leader.")
def project_import(file: Path, dry_run: bool, leader: str | None) -> None:
    """Create or update a project from a TOML file."""
    with application():
        try:
            wanted = plan.read(file.read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            raise Refusal(f"{file.name}: the file is not UTF-8") from error
        except plan.PlanError as error:
            raise Refusal("\n".join(problem.sentence() for problem in error.problems)) from error
        existing = projects.project_with(wanted.dnr)
        changes = plan.difference(existing.plan if existing else None, wanted)
        for change in changes if existing else []:
            click.echo(f"{change.key}: {change.before} -> {change.after}")
        if dry_run:
            return
        imported = projects.import_plan(wanted, by=None)
        if leader:
            give(leader, "project_leader", imported.id)
        db.session.commit()
        click.echo("nothing to change" if existing and not changes else f"{wanted.title}: imported")


@click.group()
def people() -> None:
    """People from municipalities' lists."""


@people.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--project", "dnr", required=True, help="The project's dnr.")
@click.option("--dry-run", is_flag=True, help="List every problem by row, and change nothing.")
def people_import_command(file: Path, dnr: str, dry_run: bool) -> None:
    """Import people from CSV or XLSX; all or nothing."""
    with application():
        found = project_with(dnr)
        read = people_file.read_people(file.read_bytes(), file.name, today=clock.today())
        preview = people_import.preview(found, read)
        if preview.problems:
            raise Refusal("\n".join(problem.sentence() for problem in preview.problems))
        if not dry_run:
            people_import.import_people(found, read, by=None)
            db.session.commit()
        click.echo(preview.summary())
